"""``overflight case``: verify, weigh, list and show; its other verbs are beside."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overflight.cli.case_hand import crate_, export_, import_, prov_
from overflight.cli.case_options import Folder, Number, case_folder, public_key
from overflight.cli.case_sign import check_proof_, keys_, prove_, sign_, stamp_
from overflight.cli.case_write import add_, claim_, close_, correct_, new_, redact_, state_
from overflight.cli.options import Json
from overflight.cli.screen import say, say_json

if TYPE_CHECKING:
    from overflight.case.record import Record

__all__ = [
    "add_", "check_proof_", "claim_", "close_", "correct_", "crate_", "export_", "import_", "keys_", "list_", "new_",
    "prov_", "prove_", "redact_", "show_", "sign_", "stamp_", "state_", "verify_", "weigh_",
]  # fmt: skip


def verify_(
    folder: Folder,
    *,
    head: Annotated[str | None, Parameter(help="A head that was kept: a hash, or a file with a signed one.")] = None,
    key: Annotated[Path | None, Parameter(help="A party's public key that the log must be signed with.")] = None,
    tsa: Annotated[Path | None, Parameter(help="Root certificates, PEM, that time-stamps must rest on.")] = None,
    rerun: Annotated[
        bool, Parameter(negative="", help="Compute the findings again with their own command, and compare.")
    ] = False,
    in_: Annotated[Path, Parameter(name="--in", help="Where the paths in that command start from.")] = Path(),
    json: Json = False,
) -> None:
    """Check an incident's log, and every file it names, against their hashes; exit code 1 where anything differs."""
    from overflight.case.case_file import Case
    from overflight.case.expect import expect_head, expect_key
    from overflight.case.rerun import rerun as run_again
    from overflight.case.timestamp import read_roots
    from overflight.case.verify import verify

    wanted = None if key is None else public_key(key)
    found = verify(folder, () if tsa is None else read_roots(tsa))
    if head is not None or wanted is not None:
        with Case.open(case_folder(folder)) as case:
            found = found if head is None else expect_head(case, found, head)
            found = found if wanted is None else expect_key(case, found, wanted)
    again = run_again(folder, in_) if rerun and not found.problems else None
    if json:
        say_json({**asdict(found), "rerun": None if again is None else asdict(again)})
    elif not found.problems and (again is None or not again.problems):
        say(str(found) if again is None else f"{found}\n{again}")
    found.or_raise()
    if again is not None:
        again.or_raise()


def weigh_(folder: Folder, *, json: Json = False) -> None:
    """Set each claim beside the findings that bear on it: how strongly, and which way."""
    from overflight.case.case_file import Case
    from overflight.case.weigh import weigh

    with Case.open(case_folder(folder)) as case:
        weighed = weigh(case)
    if json:
        say_json([asdict(one) | {"sentence": str(one)} for one in weighed])
        return
    for one in weighed:
        say(f"record {one.record}: {one}")
        for bearing in one.bearings:
            say(f"  - record {bearing.record}, {bearing.finding}: {bearing.sentence}")
    if not weighed:
        say("no claims")


def list_(
    folder: Folder,
    *,
    kind: Annotated[tuple[str, ...], Parameter(help="Only records of this kind.", negative="")] = (),
    json: Json = False,
) -> None:
    """List the records of a case."""
    from overflight.case.case_file import Case

    with Case.open(case_folder(folder)) as case:
        records = case.records(*kind)
    if json:
        say_json([record.to_json() for record in records])
        return
    for record in records:
        say(f"{record.number:>6}  {record.made_at}  {record.kind:<15} {record.author}: {_gist(record)}")


def show_(folder: Folder, number: Number, *, json: Json = False) -> None:
    """Show a record as it is kept."""
    from json import dumps

    from overflight.case.case_file import Case

    with Case.open(case_folder(folder)) as case:
        record = case.record(number)
    say_json(record.to_json()) if json else say(dumps(record.to_json(), ensure_ascii=False, indent=2))


def _gist(record: Record) -> str:
    from overflight.errors import one_line

    if record.body is None:
        return "(redacted)"
    names = ("title", "words", "name", "path", "subject", "reason", "time", "fingerprint", "party", "text")
    found = [str(record.body[name]) for name in names if isinstance(record.body.get(name), str)]
    return one_line(", ".join(found[:2]), 90)
