"""``overflight case`` keys, sign, stamp, prove and check-proof."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from overflight.cli.case_options import (
    UNSIGNED,
    Folder,
    Number,
    Writing,
    case_folder,
    opened,
    passphrase,
    public_key,
    secret_key,
    told,
    write_or_say,
)
from overflight.cli.options import Json, Output
from overflight.cli.screen import say, say_json
from overflight.errors import InvalidInput

Action = Literal["new", "show", "add", "rotate", "revoke"]


def keys_(
    action: Annotated[Action, Parameter(help="What to do.")],
    path: Annotated[Path, Parameter(help="A file of a key for new and show; else the incident's folder.")],
    *,
    public: Annotated[Path | None, Parameter(help="The key to add, to change to, or to revoke.")] = None,
    party: Annotated[str, Parameter(help="Whose it is; who appends if not given.")] = "",
    reason: Annotated[str, Parameter(help="Why a key is changed or revoked.")] = "",
    writing: Writing = UNSIGNED,
) -> None:
    """Make and show keys; name, rotate and revoke them in a case."""
    if action == "new":
        _new(path, writing)
    elif action == "show":
        _show(path, writing)
    else:
        if public is None:
            raise InvalidInput("--public", "nothing", "the file of the key")
        _change(action, path, public, (party, reason), writing)


def _new(path: Path, writing: Writing) -> None:
    from overflight.case.keys import SecretKey

    key = SecretKey.new()
    key.write(path, passphrase(path, twice=True))
    beside = path.with_name(f"{path.name}.pub")
    beside.write_bytes(key.public.pem())
    about = {"key": str(path), "public": str(beside), "fingerprint": key.public.fingerprint, "keyid": key.public.id}
    say_json(about) if writing.json else say(f"{path}, and {beside} for the others: {key.public.fingerprint}")


def _show(path: Path, writing: Writing) -> None:
    if not path.is_dir():
        key = public_key(path)
        about = {"fingerprint": key.fingerprint, "keyid": key.id, "public_key": key.text}
        say_json(about) if writing.json else say(f"{key.fingerprint}  keyid {key.id}")
        return
    from overflight.case.case_file import Case

    with Case.open(case_folder(path)) as case:
        states = list(case.keyring().states.values())
    rows = [{"party": s.party, "fingerprint": s.key.fingerprint, "keyid": s.key.id, "since": s.since, "until": s.until,
             "ended": s.ended, "reason": s.reason} for s in states]  # fmt: skip
    if writing.json:
        say_json(rows)
        return
    for s in states:
        end = "live" if s.until is None else f"{s.ended} in record {s.until} {s.reason}".strip()
        say(f"{s.key.fingerprint}  {s.party}, since record {s.since}, {end}")
    if not states:
        say("no keys")


def _change(action: str, folder: Path, public: Path, about: tuple[str, str], writing: Writing) -> None:
    from dataclasses import replace

    from overflight.case.keyring import new_key, revocation, rotation

    key, (party, reason) = public_key(public), about
    if action == "rotate":
        if writing.key is None:
            raise InvalidInput("--key", "nothing", "the file of the key that is replaced")
        former = secret_key(writing.key)
        with opened(folder, replace(writing, key=None)) as case:
            state = case.keyring().require(former.public.id)
            record = case.add_key(rotation(state.party, former, key, reason))
    else:
        with opened(folder, writing) as case:
            state_of = case.keyring().states.get(key.id)
            party = party or (case.author if state_of is None else state_of.party)
            record = case.add_key(new_key(party, key) if action == "add" else revocation(party, key, reason))
    told(writing, record)


def sign_(folder: Folder, *, output: Output = None, writing: Writing = UNSIGNED) -> None:
    """Sign the log as it is now; -o keeps the signed head in a file, for others to hold against it."""
    from dataclasses import replace

    if writing.key is None:
        raise InvalidInput("--key", "nothing", "the file of a key")
    key = secret_key(writing.key)
    with opened(folder, replace(writing, key=None)) as case:
        record = case.sign(key)
    if output is not None:
        write_or_say((record.body or {})["envelope"], output)
    told(writing, record)


def stamp_(
    folder: Folder,
    *,
    url: Annotated[str, Parameter(help="Address of a time-stamping authority (RFC 3161).")],
    writing: Writing = UNSIGNED,
) -> None:
    """Let a time-stamping authority say that the log was there by now."""
    from overflight.case.timestamp import stamp

    with opened(folder, writing) as case:
        record = stamp(case, url)
    told(writing, record)


def prove_(folder: Folder, number: Number, *, output: Output = None) -> None:
    """Write a record with the proof that it is in the signed log, to show without the rest."""
    from overflight.case.case_file import Case
    from overflight.case.proof import prove

    with Case.open(case_folder(folder)) as case:
        proof = prove(case, number)
    write_or_say(proof, output)


def check_proof_(
    proof: Annotated[Path, Parameter(help="A file that case prove wrote.")],
    *,
    key: Annotated[Path, Parameter(help="Public key of the party whose log it is.")],
    json: Json = False,
) -> None:
    """Check a proof, with nothing but the party's public key."""
    from overflight.case.canonical import parsed
    from overflight.case.proof import check_proof

    try:
        data = proof.read_bytes()
    except OSError as problem:
        raise InvalidInput("proof", f"{proof} ({problem.strerror})", "a file that can be read") from None
    record, head = check_proof(parsed(data, "proof"), public_key(key))
    if json:
        say_json({"record": record.to_json(), "size": head.size, "signed_at": head.made_at})
    else:
        say(f"record {record.number}, a {record.kind} by {record.author} of {record.made_at}, is in the log of "
            f"{head.size} records that was signed at {head.made_at}")  # fmt: skip
