"""Errors read the same wherever they were raised."""

import pickle
from dataclasses import replace

import pytest

from overflight.errors import InvalidInput, OutOfCoverage, Unavailable

BAD = InvalidInput("lat", "95", "degrees", "s.csv:4", "are lat and lon swapped?")
FAR = OutOfCoverage("winds", "2021", "2022", "fetch the rest")


@pytest.mark.parametrize(
    "error",
    [BAD, replace(BAD, field="lon"), InvalidInput(field="a", got="b", expected="c"), FAR, replace(FAR, hint=""),
     Unavailable("no network")],
)  # fmt: skip
def test_an_error_comes_whole_from_another_process(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(again), str(again), again.exit_code) == (type(error), str(error), error.exit_code)
