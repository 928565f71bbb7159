"""What the verbs of a case share: who writes and signs, the passphrase, and how a record is told."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.options import Json
from overflight.cli.screen import say, say_json
from overflight.errors import InvalidInput

if TYPE_CHECKING:
    from overflight.case.case_file import Case
    from overflight.case.keys import PublicKey, SecretKey
    from overflight.case.record import Record

PASSPHRASE = "OVERFLIGHT_PASSPHRASE"  # noqa: S105 - the name of a variable
Folder = Annotated[Path, Parameter(help="An incident's folder, or the case folder in it.")]
Number = Annotated[int, Parameter(help="Number of a record.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Who appends to a case."""

    as_: Annotated[str, Parameter(name="--as", help="Who appends; the case's first party if not given.")] = ""
    key: Annotated[
        Path | None,
        Parameter(
            help=f"Key to sign the log with when it is written; its passphrase is asked for, or in {PASSPHRASE}."
        ),
    ] = None
    json: Json = False


UNSIGNED = Writing()


def case_folder(folder: Path) -> Path:
    """Return the case's folder of an incident's."""
    from overflight.case.case_file import CASE, OLD_LOG, is_case

    inside = folder / CASE
    return inside if is_case(inside) or (inside / OLD_LOG).is_file() else folder


@contextmanager
def opened(folder: Path, writing: Writing = UNSIGNED) -> Iterator[Case]:
    """Open a case, and sign it in the end where a key is given."""
    from overflight.case.case_file import Case

    key = None if writing.key is None else secret_key(writing.key)
    with Case.open(case_folder(folder)) as case:
        if key is not None:
            case.require_key(key.public)
        case.author = writing.as_ or case.first_author()
        yield case
        if key is not None:
            case.sign(key)


def told(writing: Writing, record: Record) -> None:
    """Print a record that was appended."""
    say_json(record.to_json()) if writing.json else say(f"record {record.number}: {record.kind}, hash {record.hash}")


def secret_key(path: Path) -> SecretKey:
    """Read a key with its passphrase."""
    from overflight.case.keys import SecretKey

    return SecretKey.read(path, passphrase(path))


def public_key(path: Path) -> PublicKey:
    """Read a public key from a file of one, or of a secret one."""
    from overflight.case.keys import read_public

    try:
        is_secret = b"PRIVATE KEY" in path.read_bytes()[:4096]
    except OSError as problem:
        raise InvalidInput("key", f"{path} ({problem.strerror})", "a file that can be read") from None
    return secret_key(path).public if is_secret else read_public(path)


def passphrase(path: Path, *, twice: bool = False) -> str:
    """Return the passphrase: from the environment, or asked for on a terminal."""
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given
    if sys.stdin is None or not sys.stdin.isatty():
        raise InvalidInput("passphrase", "none", f"it in {PASSPHRASE}, or a terminal to ask on", str(path))
    first = getpass.getpass(f"Passphrase of {path}: ")
    if twice and getpass.getpass("Once more: ") != first:
        raise InvalidInput("passphrase", "two that differ", "the same twice")
    return first


def write_or_say(data: object, output: Path | None, say_it: Callable[[object], None] = say_json) -> None:
    """Write plain data to a file, or print it."""
    from overflight.case.export import write_json
    from overflight.case.placing import require_place

    if output is None:
        say_it(data)
        return
    require_place(output, (".json",))
    write_json(data, output)
    say(f"written: {output}")
