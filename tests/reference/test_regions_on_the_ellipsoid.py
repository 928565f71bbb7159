"""The tests of the shipped regions by pyproj, in a process of their own: eccodes brings another PROJ into this one."""

import subprocess
import sys
from pathlib import Path

ALONE = Path(__file__).parents[1] / "alone" / "regions_on_the_ellipsoid.py"


def test_regions_on_the_ellipsoid():
    run = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", str(ALONE)]
    done = subprocess.run(run, capture_output=True, text=True, cwd=ALONE.parents[2], check=False)
    assert done.returncode == 0, done.stdout
    assert "%" in done.stdout  # tests ran
