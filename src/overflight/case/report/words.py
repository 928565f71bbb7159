"""Every text of a case's report, by language: the files in ``texts``, with numbers, shares and times written in it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from overflight.errors import InvalidInput
from overflight.geo.times import parse_utc

NO_BREAK = "\u00a0"


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language.

    Attributes
    ----------
    language : str. Two letters, ISO 639-1.
    texts : dict. Text by key, as ``drift.verdict``.
    """

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its {placeholders} filled."""
        return self.texts[key].format_map(values)

    def of(self, group: str, name: str) -> str:
        """Return the word for a name that a finding uses; a name that is not known stands for itself."""
        return self.texts.get(f"{group}.{name.replace(' ', '_').replace('-', '_').lower()}", name)

    def number(self, value: float | None, digits: int = 0) -> str:
        """Write a number with so many digits after the sign; a dash where there is none."""
        if value is None or not math.isfinite(value):
            return "–"
        plain = f"{value:,.{digits}f}"
        marks = {",": self.texts["format.thousands"], ".": self.texts["format.decimal"]}
        return "".join(marks.get(sign, sign) for sign in plain)

    def brief(self, value: float | None, digits: int = 2) -> str:
        """Write a number with so many digits that count."""
        if value is None or not math.isfinite(value):
            return "–"
        return f"{value:.{digits}g}".replace(".", self.texts["format.decimal"])

    def share(self, value: float | None, digits: int = 0) -> str:
        """Write a probability in per cent; what is neither 0 nor 1 is not rounded to it."""
        if value is None:
            return "–"
        least = 0.5 * 10.0 ** -(digits + 2)
        if 0.0 < value < least:
            return f"<{NO_BREAK}{self._percent(2.0 * least, digits)}"
        if 1.0 - least < value < 1.0:
            return f">{NO_BREAK}{self._percent(1.0 - 2.0 * least, digits)}"
        return self._percent(value, digits)

    def _percent(self, value: float, digits: int) -> str:
        return f"{self.number(100.0 * value, digits)}{NO_BREAK}%"

    def between(self, low: str, high: str) -> str:
        """Write a range."""
        return low if low == high else self("format.range", low=low, high=high)

    def moment(self, text: str | None, *, year: bool = True) -> str:
        """Write a time, given in ISO 8601, to the minute, UTC."""
        if not text:
            return "–"
        time = parse_utc(text)
        month = self.texts["format.months"].split()[time.month - 1]
        told = {"day": time.day, "month": month, "year": time.year if year else "", "clock": f"{time:%H:%M}"}
        return " ".join(self("format.moment", **told).split()).replace(" ", NO_BREAK)

    def chance(self, row: Mapping[str, Any], members: int) -> str:
        """Write a share of members with what their number allows: never 0 % or 100 %."""
        if row["members"] == members:
            return f">{NO_BREAK}{self._percent(1.0 - 3.0 / members, 1)}" if members > 3 else f"{members}/{members}"
        low, high = (self.share(row[f"probability_{end}"], 1) for end in ("low", "high"))
        return f"{self.share(row['probability'], 1)} ({self.between(low, high)})"


def languages() -> tuple[str, ...]:
    """Return the languages that there are texts in."""
    names = (entry.name for entry in files("overflight.case.report").joinpath("texts").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def words(language: str) -> Words:
    """Return the texts of a language.

    Raises
    ------
    InvalidInput
        There are none in it.
    """
    if language not in languages():
        raise InvalidInput("--language", repr(language), " or ".join(languages()))
    text = files("overflight.case.report").joinpath("texts").joinpath(f"{language}.toml").read_text("utf-8")
    return Words(language, dict(_flat(tomllib.loads(text))))


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(value)
