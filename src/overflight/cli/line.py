"""``overflight line``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from overflight.cli.line_input import body_of, passphrase_of, read_text, require_url
from overflight.cli.options import Json, counted, measured
from overflight.cli.screen import remark, say, say_json
from overflight.errors import InvalidInput, OverflightError

if TYPE_CHECKING:
    from overflight.line.exchange.line import Line

Folder = Annotated[Path, Parameter(name=["--line", "-l"], help="The line's folder.")]
Passphrase = Annotated[
    Path | None,
    Parameter(help="File whose first line is the passphrase; else OVERFLIGHT_PASSPHRASE, or it is asked for."),
]
Text = Annotated[str, Parameter(help="What it says; - reads standard input.")]
Files = Annotated[
    tuple[Path, ...], Parameter(name="--file", negative="", help="A file to go with it, 2 MiB in all; may be repeated.")
]
Data = Annotated[Path | None, Parameter(help="A JSON file to go with it: a notice, a claim in structured form.")]
PartyName = Annotated[str, Parameter(name="PARTY", help="The party, as `line trust` named it.")]
Id = Annotated[str, Parameter(name="ID", help="Id of a message, or its first characters.")]
Most = Annotated[int, counted("How many, the last ones.", 1, 100_000)]
Only = Annotated[str, Parameter(help="Only of this party.")]
Kind = Literal["notice", "query", "answer", "evidence", "statement", "acknowledgement", "correction"]
DEFAULT = Path("line")


def init_(
    name: Annotated[str, Parameter(name="NAME", help="What this party calls itself.")],
    *,
    line: Folder = DEFAULT,
    store: Annotated[str, Parameter(help="URL of a PostgreSQL to keep the log in, instead of a file.")] = "",
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> None:
    """Make a line: its log, and a key with a passphrase."""
    from overflight.line.exchange.line import Line

    with Line.create(line, name, passphrase_of(passphrase_file, new=True), store=store) as made:
        key, path = made.public(), made.key_file().with_suffix(".pub")
        if json:
            say_json({"name": name, "fingerprint": key.fingerprint, "public_key": key.text, "file": path})
        else:
            say(f"{name}: key {key.fingerprint}; give {path} to the others, and read them the fingerprint out loud")


def trust_(
    party: PartyName,
    key: Annotated[
        Path | None, Parameter(name="KEY", help="Its public key, a file; not needed to change an address.")
    ] = None,
    *,
    line: Folder = DEFAULT,
    url: Annotated[str, Parameter(help="Where it listens: http://host:port or https://host:port.")] = "",
    certificate: Annotated[
        Path | None, Parameter(help="PEM file of its TLS certificate, where no authority vouches.")
    ] = None,
    json: Json = False,
) -> None:
    """Name another party by its key; compare the fingerprint by another way, before."""
    from overflight.case.keys import read_public

    require_url(url)
    pem = "" if certificate is None else read_text(certificate, "--certificate")
    with opened(line) as own:
        public = read_public(key) if key is not None else known_key(own, party)
        is_new = own.trust(party, public, address=url, certificate=pem)
    if json:
        say_json({"party": party, "fingerprint": public.fingerprint, "is_new": is_new, "url": url})
    else:
        say(f"{party}: key {public.fingerprint} {'is trusted from now on' if is_new else 'was trusted before'}")


def send_(
    party: PartyName,
    kind: Annotated[Kind, Parameter(name="KIND", help="What it is.")],
    text: Text = "",
    *,
    file: Files = (),
    data: Data = None,
    reply_to: Annotated[
        str, Parameter(help="Id of a message that it replies to or corrects, or the start of it.")
    ] = "",
    line: Folder = DEFAULT,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> None:
    """Write a message; `line serve` or `line send-now` delivers it, or `line export` writes it to a file."""
    from overflight.line.exchange.sending import send

    body = body_of(text, file, data)
    with opened(line, passphrase_file) as own:
        with own.reading() as index:
            replied = index.find(reply_to).id if reply_to else ""
        name = send(own, party, kind, body, replied)
    say_json({"id": name}) if json else say(f"{kind} {name[:12]} to {party} is in the outbox")


def answer_(
    message: Id,
    text: Text = "",
    *,
    file: Files = (),
    data: Data = None,
    line: Folder = DEFAULT,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> None:
    """Answer a query that came."""
    from overflight.line.exchange.sending import answer

    body = body_of(text, file, data)
    with opened(line, passphrase_file) as own:
        name = answer(own, message, body)
    say_json({"id": name}) if json else say(f"answer {name[:12]} is in the outbox")


def outbox_(*, line: Folder = DEFAULT, party: Only = "", most: Most = 50, json: Json = False) -> None:
    """List what was sent, and what of it was acknowledged."""
    listing(line, "out", party, most, json)


def inbox_(
    message: Annotated[str, Parameter(name="ID", help="Show this message, by its id or the start of it.")] = "",
    *,
    line: Folder = DEFAULT,
    party: Only = "",
    most: Most = 50,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Folder to write the message's files to.")
    ] = None,
    json: Json = False,
) -> None:
    """List what came, or show one message and write its files."""
    from overflight.line.exchange.status import show

    if not message:
        listing(line, "in", party, most, json)
        return
    with opened(line) as own:
        found = show(own, message, output)
    if json:
        say_json(found)
    else:
        say(told_whole(found))


def send_now_(
    *, line: Folder = DEFAULT, party: Only = "", passphrase_file: Passphrase = None, json: Json = False
) -> None:
    """Deliver what waits, and take the receipts; exit code 3 where a party cannot be reached."""
    from overflight.errors import Unavailable
    from overflight.line.exchange.courier import deliver

    with opened(line, passphrase_file) as own:
        with own.reading() as index:
            names = [party] if party else [row.party for row in index.parties() if index.waiting(row.party)]
        done = [deliver(own, name) for name in names]
    if json:
        say_json([asdict(one) for one in done])
    else:
        say(
            "\n".join(f"{one.party} acknowledged {counted_of(one.acknowledged, 'message')}" for one in done)
            or "nothing waits"
        )
    failed = [f"{one.party}: {one.problem}" for one in done if one.problem]
    if failed:
        raise Unavailable("; ".join(failed))


def status_(*, line: Folder = DEFAULT, json: Json = False) -> None:
    """Say what is open: queries without an answer, messages not acknowledged, clocks that differ, forks."""
    from overflight.line.exchange.status import status

    with opened(line) as own:
        found = status(own)
    say_json(asdict(found)) if json else say(str(found))


def serve_(
    *,
    line: Folder = DEFAULT,
    host: Annotated[str, Parameter(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, counted("Port; 0 takes a free one.", 0, 65535)] = 8600,
    certificate: Annotated[Path | None, Parameter(help="PEM file of the TLS certificate.")] = None,
    tls_key: Annotated[Path | None, Parameter(help="PEM file of its key.")] = None,
    rate: Annotated[
        float, measured("Messages a second that a party may send in the long run.", 0.01, 1e5, "a second")
    ] = 20.0,
    bytes_rate: Annotated[
        float, measured("Bytes a second that a party may send in the long run.", 1e3, 1e10, "a second")
    ] = 1e6,
    longest_pause: Annotated[
        float, measured("Longest pause before a party is tried again, s.", 0.1, 86_400, "s")
    ] = 900.0,
    passphrase_file: Passphrase = None,
) -> None:
    """Receive over HTTP, and deliver what waits, until stopped."""
    from overflight.line.exchange.limits import Rate
    from overflight.line.exchange.serve import Place, serve

    place = Place(host=host, port=port, certificate=certificate, key=tls_key)
    with opened(line, passphrase_file) as own:
        try:
            serve(own, place, rate=Rate(messages_per_s=rate, bytes_per_s=bytes_rate), most_s=longest_pause, tell=say)
        except KeyboardInterrupt:
            remark("stopped")


def export_(
    party: PartyName,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="File to write.")],
    line: Folder = DEFAULT,
    json: Json = False,
) -> None:
    """Write what a party has not acknowledged, and the receipts it may lack, as one file for mail or disk."""
    from overflight.line.exchange.bundle import write_bundle

    with opened(line) as own:
        messages, receipts = write_bundle(own, party, output)
    if json:
        say_json({"messages": messages, "receipts": receipts, "file": output})
    else:
        say(f"{output}: {counted_of(messages, 'message')} and {counted_of(receipts, 'receipt')} for {party}")


def import_(
    bundle: Annotated[Path, Parameter(name="FILE", help="What the other party exported.")],
    *,
    line: Folder = DEFAULT,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> None:
    """Take what a party exported; what is refused is told, and does not keep the rest out."""
    from overflight.line.exchange.bundle import read_bundle

    with opened(line, passphrase_file) as own:
        found = read_bundle(own, bundle)
    say_json(asdict(found)) if json else say(str(found))
    if found.refused:
        more = f" ({found.refusals - 1} more like it)" if found.refusals > 1 else ""
        raise OverflightError(f"{found.refused[0]}{more}")


def rotate_(
    *,
    line: Folder = DEFAULT,
    reason: Annotated[str, Parameter(help="Why.")] = "",
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> None:
    """Take a new key with the same passphrase, signed by the old one, and tell all parties."""
    from overflight.line.exchange.sending import rotate

    secret = passphrase_of(passphrase_file)
    with opened(line, passphrase_file) as own:
        key = rotate(own, secret, reason).public
    say_json({"fingerprint": key.fingerprint}) if json else say(f"new key {key.fingerprint}; the parties will be told")


def revoke_(
    party: PartyName,
    *,
    reason: Annotated[str, Parameter(help="Why.")] = "",
    line: Folder = DEFAULT,
    json: Json = False,
) -> None:
    """Trust the key of a party no more; `line trust` may name another."""
    with opened(line) as own:
        keys = [key.fingerprint for key in own.revoke(party, reason)]
    say_json({"revoked": keys}) if json else say(f"{party}: key {', '.join(keys)} is trusted no more")


def opened(folder: Path, passphrase_file: Path | Literal[False] | None = False) -> Line:
    """Open a line; with its key where a file of the passphrase, or None for other ways to give it, is named."""
    from overflight.line.exchange.line import FILE, Line

    if passphrase_file is False or not (folder / FILE).is_file():  # open() says what is wrong with the folder
        return Line.open(folder)
    return Line.open(folder, passphrase_of(passphrase_file))


def known_key(line: Line, party: str) -> Any:
    """Return the live key of a party that is trusted already."""
    with line.reading() as index:
        index.party(party)
    live = line.ring.live(party)
    if not live:
        raise InvalidInput("KEY", "none", f"the key file of {party}, whose key was revoked")
    return live[-1]


def counted_of(number: int, what: str) -> str:
    """Return a number of things: 1 message, 2 messages."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def told_whole(found: dict[str, Any]) -> str:
    """Say all of a message, line by line, without what a terminal would obey."""
    import json

    from overflight.errors import one_line

    body = dict(found["body"])
    text = str(body.pop("text", ""))
    plain = {name: value for name, value in found.items() if name not in ("body", "files", "written")}
    lines = [f"{name}: {value}" for name, value in plain.items() if value]
    lines += [f"{name}: {json.dumps(value)}" for name, value in body.items()]
    lines += [f"file: {file['name']} of {file['bytes']} bytes, sha256 {file['sha256']}" for file in found["files"]]
    lines += [f"written: {path}" for path in found.get("written", ())]
    return "\n".join(one_line(line, 100_000) for line in (*lines, "", *text.splitlines()))


def listing(folder: Path, direction: str, party: str, most: int, json: bool) -> None:
    """Print messages, the oldest first."""
    from overflight.errors import one_line
    from overflight.line.exchange.status import listed

    with opened(folder) as own:
        found = listed(own, direction, party, most)
    if json:
        say_json(found)
        return
    lines = []
    for one in found:
        got = f"received {one['receipt_at']}" if one["receipt_at"] else "not acknowledged"
        side = f"to {one['party']}, {got}" if direction == "out" else f"from {one['party']}"
        text = one_line(str(one["body"].get("text", "")), 100)
        files = f" [{len(one['files'])} files]" if one["files"] else ""
        lines.append(f"{one['id'][:12]} {one['at']} {one['kind']} {one['sequence']} {side}: {text}{files}")
    say("\n".join(lines) or "nothing")
