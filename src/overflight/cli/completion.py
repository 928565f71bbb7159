"""``overflight --show-completion``."""

from __future__ import annotations

from typing import Literal

from overflight.cli.screen import say


def show_completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print the completion script of a shell, to be sourced or installed by hand."""
    from overflight.cli.main import application

    say(application().generate_completion(shell=shell))
