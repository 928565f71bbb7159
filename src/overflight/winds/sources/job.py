"""The interface that every source of winds keeps."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from overflight.errors import InvalidInput
from overflight.winds.request import Area, Request
from overflight.winds.sources.http import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file to make: the winds at one valid time.

    Attributes
    ----------
    source, grid : str
        As in `Request`.
    valid, run : datetime
        Valid time and analysis time.
    step_h : int
        Valid time less run. [h]
    urls : tuple of str
        Where the file lies; the second is tried where the first is missing.
    levels_hpa : tuple of float
        Levels to take. [hPa]
    exact : bool
        Whether each level must be there.
    variables : tuple of str
        Of ``u v t z``.
    area : tuple of float or None
        What to cut out; None is the globe, and all that sources of whole messages give.
    suffix : str
        Of the file.
    """

    source: str
    grid: str
    valid: datetime
    run: datetime
    step_h: int
    urls: tuple[str, ...]
    levels_hpa: tuple[float, ...]
    exact: bool
    variables: tuple[str, ...]
    area: Area | None
    suffix: str

    @property
    def stem(self) -> str:
        """The file's name: its time and a digest of what is in it."""
        content = repr((self.run, self.levels_hpa, self.exact, self.variables, self.area, self.urls))
        digest = hashlib.sha256(content.encode()).hexdigest()[:10]
        return f"{self.valid:%Y%m%dT%HZ}_{digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a source put into a part.

    Attributes
    ----------
    levels_hpa : tuple of float
        Levels that are there. [hPa]
    variables : tuple of str
        Of ``u v t z``.
    area : tuple of float or None
        As in `Job`.
    url : str
        Where it came from.
    network_bytes : int
        What came over the network. [bytes]
    """

    levels_hpa: tuple[float, ...]
    variables: tuple[str, ...]
    area: Area | None
    url: str
    network_bytes: int


class Source(Protocol):
    """A source of winds."""

    @property
    def workers(self) -> int:
        """Return how many of its files may be made at once."""

    def bytes_each(self, request: Request) -> int:
        """Return about how many bytes one time costs."""

    def template(self) -> str:
        """Return the address in use, for messages."""

    def jobs(self, request: Request, client: Client, now: datetime) -> tuple[Job, ...]:
        """Return what to make for ``request``.

        Raises
        ------
        OutOfCoverage
            The source never has such times or levels.
        Unavailable
            It cannot be asked.
        """

    def make(self, job: Job, part: Path, client: Client) -> Made:
        """Write the winds of ``job`` to ``part``, going on from what is there, and check them.

        Raises
        ------
        Unavailable
            The download failed; what came is kept where it can be taken up.
        """


def fill(template: str, values: Mapping[str, str], *, default: str, field: str) -> str:
    """Fill ``{NAMES}`` into a URL template; a template without any is a mirror's root.

    Raises
    ------
    InvalidInput
        A name is not known, or braces do not match.
    """
    if "{" not in template:
        template = template.rstrip("/") + "/" + default.partition("://")[2].partition("/")[2]
    known = ", ".join(f"{{{name}}}" for name in values)
    try:
        string.Formatter().parse(template)
        return template.format_map(dict(values))
    except (KeyError, ValueError, IndexError, AttributeError):
        raise InvalidInput(field, repr(template), f"a URL with {known} or none of them") from None
