"""``overflight recover``."""

from overflight.cli.recover_plan import plan_, update_

__all__ = ["plan_", "update_"]
