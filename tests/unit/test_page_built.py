"""The committed page was built from the committed sources, and names nobody else's server."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"
PAGE = Path(__file__).parents[2] / "src/overflight/serve/page"
INPUTS = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "finish.mjs")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_page_is_built_from_these_sources():
    names = sorted([*INPUTS, *(p.relative_to(WEB).as_posix() for p in (WEB / "src").rglob("*") if p.is_file())])
    listing = "".join(f"{sha256(WEB / name)}  {name}\n" for name in names)
    built = json.loads((PAGE / "built.json").read_text())
    assert built["sources"] == hashlib.sha256(listing.encode()).hexdigest(), "run web/build and commit what it writes"


def test_page_files_are_those_that_were_built():
    built = json.loads((PAGE / "built.json").read_text())["files"]
    assert built == {path.name: sha256(path) for path in PAGE.iterdir() if path.name != "built.json"}
    assert {"index.html", "app.js", "app.css", "worker.js", "NOTICE.txt"} <= set(built)


def test_lock_pins_versions_and_names_no_registry():
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = {path: about for path, about in lock["packages"].items() if path}
    assert packages
    assert all("integrity" in about and "resolved" not in about for about in packages.values())
    wanted = json.loads((WEB / "package.json").read_text())
    versions = [*wanted["dependencies"].values(), *wanted["devDependencies"].values()]
    assert all(re.fullmatch(r"[\d.]+", version) for version in versions)


@pytest.mark.parametrize("path", sorted((WEB / "src").rglob("*.ts")), ids=lambda path: path.name)
def test_sources_make_no_markup_of_text_and_name_no_other_server(path: Path):
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|eval\(", text)
    assert not [url for url in re.findall(r"https?://[^\s\"'`]+", text) if "www.w3.org" not in url]


def test_page_itself_names_no_other_server():
    text = (PAGE / "index.html").read_text()
    assert "//" not in re.sub(r"<!doctype[^>]*>", "", text)
