"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests import postgres_server

settings.register_profile("overflight", deadline=None)  # the first call of a kernel compiles it
settings.load_profile("overflight")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real winds and flights; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("OVERFLIGHT_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("shared data not at hand: set OVERFLIGHT_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL that the tests run; those that need it are skipped where it is not installed."""
    folder = postgres_server.programs()
    if folder is None:
        pytest.skip("PostgreSQL not at hand: apt-get install postgresql")
    with postgres_server.running(folder) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Where a case keeps its records: "" for a file in its folder, or the URL of a PostgreSQL."""
    return str(request.getfixturevalue("postgres")) if request.param == "postgresql" else ""
