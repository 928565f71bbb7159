"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("overflight", deadline=None)  # the first call of a kernel compiles it
settings.load_profile("overflight")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real winds and flights; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("OVERFLIGHT_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("shared data not at hand: set OVERFLIGHT_SHARED_DATA")
    return folder
