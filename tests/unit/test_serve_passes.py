"""Passes: one file, one party, half a minute."""

from __future__ import annotations

import re

import pytest

from overflight.errors import InvalidInput
from overflight.serve import passes
from overflight.serve.access import Party
from overflight.serve.passes import Passes

READER = Party(name="a b", role="read")
PATH = "/api/cases/known/report.html"


def sent(cookie: str) -> str:
    """Return what a browser sends back of a cookie."""
    return f"other=1; {cookie.partition(';')[0]}"


def test_a_pass_opens_one_path_for_whom_it_was_made():
    cookie = Passes("key").cookie(READER, PATH, is_secure=True)
    assert re.search(rf"; Path={PATH}; Max-Age=30; HttpOnly; SameSite=Strict; Secure$", cookie)
    assert "Secure" not in Passes("key").cookie(READER, PATH, is_secure=False)
    assert Passes("key").party(sent(cookie), PATH) == READER
    assert Passes("key").party(sent(cookie), "/api/cases/known/report.pdf") is None
    assert Passes("another").party(sent(cookie), PATH) is None


def test_a_pass_that_is_over_or_changed_is_none(monkeypatch):
    cookie = sent(Passes("key").cookie(READER, PATH, is_secure=False))
    text, _, sign = cookie.partition(f"{passes.COOKIE}=")[2].rpartition(".")
    for wrong in ("", "overflight-pass", f"{passes.COOKIE}={text}", f"{passes.COOKIE}=.{sign}", f"{passes.COOKIE}=x.{sign}", "\u00e9=;;;\x00",
                  cookie.replace(sign, "\u00e9"), f"{passes.COOKIE}={text}.{sign[:-1]}"):  # fmt: skip
        assert Passes("key").party(wrong, PATH) is None, wrong
    monkeypatch.setattr(passes, "HOLDS_S", -1)
    over = Passes("key").cookie(READER, PATH, is_secure=False)
    assert Passes("key").party(sent(over), PATH) is None


@pytest.mark.parametrize(
    "path", ["/", "/api/audit", "/api/jobs/", "/api/jobs/a; Path=/", "/api/cases/../audit", "/api/jobs/a\r\nX: y", "//x/api/jobs/a"]
)  # fmt: skip
def test_no_pass_opens_anything_else(path):
    with pytest.raises(InvalidInput, match="below /api/jobs/"):
        Passes("key").cookie(READER, path, is_secure=False)
