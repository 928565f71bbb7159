"""The documentation's Python runs, its files name nothing of any one machine, and every verb is described."""

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from overflight.cli.main import GROUPS, VERBS
from overflight.cli.options import Source

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERFLIGHT_WINDS_STORE", str(tmp_path / "store"))
    names: dict[str, object] = {"__name__": "example"}
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        exec(compile(block, page.name, "exec"), names)  # noqa: S102 - our own pages


def test_every_verb_is_described():
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    for verb in VERBS:
        assert f"`{verb}" in text, verb
    for group, (_, verbs) in GROUPS.items():
        for verb in verbs:
            assert f"`{group} {verb}" in text


def test_every_mirror_is_described():
    for page in ("reference/cli.md", "howto/winds.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for source in get_args(Source):
            assert f"`OVERFLIGHT_{source.upper()}_URL`" in text, (page, source)


def test_the_tables_of_options_are_those_of_the_command():
    """`python scripts/cli_tables.py` writes them anew."""
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    named = re.findall(r"<!-- options of ([a-z -]+) -->", text)
    every = [*VERBS, *(f"{group} {verb}" for group, (_, verbs) in GROUPS.items() for verb in verbs)]
    assert set(every) - set(named) == {"hindcast"}  # it has the options of forecast
    done = subprocess.run([sys.executable, "scripts/cli_tables.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_no_file_names_a_machine_or_a_registry():
    words = ["/wo" + "rk/", "/ro" + "ot/", "pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js"]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a git checkout")
    for name in listed:
        data = (ROOT / name).read_bytes()
        for word in words:
            assert word.encode() not in data, (name, word)
