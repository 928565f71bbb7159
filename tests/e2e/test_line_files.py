"""The line without a network: bundles, keys, certificates, and refusals in one line."""

import base64
import datetime as dt
import ipaddress
import json
import os
import subprocess
import sys

import pytest
from cli_calls import refused
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from line_parties import FULL, PASSPHRASE, Party, ending, until

from overflight.cli.main import main
from overflight.line.exchange.line import Line


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """Return two parties that know each other, with no address."""
    monkeypatch.setenv("OVERFLIGHT_PASSPHRASE", PASSPHRASE)
    alice, bob = Party(tmp_path, "alice"), Party(tmp_path, "bob")
    alice.trust(bob)
    bob.trust(alice)
    return alice, bob


def call(capsys, *arguments, code=0):
    """Call a verb of the line, and return what it printed."""
    assert main(["line", *map(str, arguments)]) == code, capsys.readouterr().err
    return capsys.readouterr().out


def test_the_whole_exchange_by_disk(pair, tmp_path, capsys):
    alice, bob = pair
    photo = tmp_path / "photo.png"
    photo.write_bytes(os.urandom(200_000))
    call(capsys, "send", "bob", "query", "is it yours?", "--line", alice.folder)
    call(capsys, "send", "bob", "evidence", "a photo", "--file", photo, "--line", alice.folder)
    to_bob, to_alice = tmp_path / "to-bob", tmp_path / "to-alice"
    assert (
        call(capsys, "export", "bob", "-o", to_bob, "-l", alice.folder)
        == f"{to_bob}: 2 messages and 0 receipts for bob\n"
    )
    assert call(capsys, "import", to_bob, "-l", bob.folder) == "messages applied: 2, known before: 0; new receipts: 0\n"
    assert call(capsys, "import", to_bob, "-l", bob.folder) == "messages applied: 0, known before: 2; new receipts: 0\n"
    query, evidence = json.loads(call(capsys, "inbox", "-l", bob.folder, "--json"))
    call(capsys, "answer", query["id"], "no", "-l", bob.folder)
    whole = call(capsys, "inbox", query["id"], "-l", bob.folder)
    assert whole.startswith(f"id: {query['id']}\nparty: alice\nsequence: 1\nkind: query\n")
    assert whole.endswith("\n\nis it yours?\n")
    shown = json.loads(call(capsys, "inbox", evidence["id"][:10], "-l", bob.folder, "-o", tmp_path / "got", "--json"))
    assert (tmp_path / "got" / f"{evidence['id'][:12]}-photo.png").read_bytes() == photo.read_bytes()
    assert shown["files"] == [{"name": "photo.png", "sha256": evidence["files"][0]["sha256"], "bytes": 200_000}]
    assert call(capsys, "export", "alice", "-o", to_alice, "-l", bob.folder).endswith(
        "1 message and 2 receipts for alice\n"
    )
    assert call(capsys, "import", to_alice, "-l", alice.folder).endswith(
        "applied: 1, known before: 0; new receipts: 2\n"
    )
    assert alice.texts() == ["no"]
    assert alice.status().queries == ()
    assert not alice.waiting()
    out = call(capsys, "outbox", "-l", alice.folder)
    assert out.count("received 20") == 2
    for party in pair:
        assert main(["case", "verify", str(party.folder)]) == 0


def test_a_bundle_out_of_order_torn_or_for_another_is_told_in_one_line(pair, tmp_path, capsys):
    alice, bob = pair
    first, both = tmp_path / "first", tmp_path / "both"
    alice.send(bob, "one", "two")
    call(capsys, "export", "bob", "-o", both, "-l", alice.folder)
    header, one, two = both.read_text().splitlines()
    first.write_text(f"{header}\n{two}\n")
    capsys.readouterr()
    before = capsys.readouterr()
    assert main(["line", "import", str(first), "-l", str(bob.folder)]) == 1
    err = capsys.readouterr().err
    assert err == (
        f"overflight: {first}:2: sequence: got message 2 came before message 1, expected message 1 of alice; "
        "import the bundle that holds it first\n"
    ), before
    torn = tmp_path / "torn"
    torn.write_text(f"{header}\n{one[:-40]}")
    future = tmp_path / "future"
    future.write_text(header.replace('_bundle": 1', '_bundle": 2') + "\n")
    lone = tmp_path / "lone"
    lone.write_bytes(os.urandom(3000))
    for file, code, line in (
        (
            torn,
            2,
            "bundle: got a line without an end, expected lines of at most 4,259,840 bytes; it was cut off on its way",
        ),
        (future, 2, f"{future}: bundle: got version 2, expected version 1; a newer overflight reads it"),
        (
            tmp_path / "none",
            2,
            f"case: got {tmp_path / 'none'} (No such file or directory), expected a place that can be read and written",
        ),
        (lone, 2, r"~.*"),
    ):
        refused(capsys, ["line", "import", file, "-l", bob.folder], code, line, tmp_path / "nothing")
    refused(capsys, ["line", "import", both, "-l", alice.folder], 2,
            f"{both}: to: got {bob.public.id[:16]}, expected a bundle for this line", tmp_path / "nothing")  # fmt: skip
    assert bob.texts() == []


def test_refusals_are_one_line_each(pair, tmp_path, capsys, monkeypatch):
    alice, _ = pair
    big, nothing = tmp_path / "big", tmp_path / "nothing"
    big.write_bytes(b"0" * (2**21 + 1))
    line = ["-l", alice.folder]
    key = next(alice.folder.glob("*.pem"))
    for arguments, code, expected in (
        (["send", "carol", "notice", "x", *line], 2,
         "party: got 'carol', expected a party that this line trusts (bob); line trust NAME KEY"),
        (["status", "-l", nothing], 2, f"line: got {nothing}, expected a folder with line.json; line init NAME makes one"),
        (["init", "a b", "-l", nothing], 2, "party: got 'a b', expected 1 to 64 letters, digits, dots and dashes"),
        (["init", "alice", *line], 2, f"line: got {alice.folder}, expected a folder without a line"),
        (["trust", "alice", key, *line], 2, f"~{key}: key: .*|key: .*"),
        (["trust", "bob", alice.folder / "none", *line], 2, f"key: got {alice.folder / 'none'} (No such file or directory), expected a file that can be read"),
        (["trust", "bob", "--url", "bob:80", *line], 2, "--url: got 'bob:80', expected http://host:port or https://host:port"),
        (["send", "bob", "notice", *line], 2, "message: got nothing, expected a text, a --file or --data"),
        (["send", "bob", "notice", "--file", big, *line], 2,
         f"--file: got {big} of more than 2,097,152 bytes, expected at most 2,097,152; send its digest, and the file by mail or disk"),
        (["answer", "abcdef", "x", *line], 2,
         "id: got 'abcdef', which no id starts with, expected the id of a message, or its first 6 characters or more"),
        (["serve", "--certificate", key, *line], 2,
         "--certificate: got one file, expected a certificate and its key, --certificate and --tls-key"),
        (["serve", "--certificate", key, "--tls-key", key, *line], 2, f"~{key}: --certificate: got .*, expected a certificate and its key in PEM"),
        (["send-now", *line, "--party", "bob"], 3, None),
        (["export", "carol", "-o", nothing, *line], 2, "party: got 'carol', expected a party that this line trusts (bob); line trust NAME KEY"),
        (["export", "bob", "-o", big, *line], 2, f"output: got {big}, which is there, expected the name of a new file"),
    ):  # fmt: skip
        if expected is None:
            assert main([str(a) for a in ("line", *arguments)]) == code
            assert capsys.readouterr().err == "overflight: bob: no address; line export writes a file for it\n"
        else:
            refused(capsys, ["line", *arguments], code, expected, nothing)
    monkeypatch.setenv("OVERFLIGHT_PASSPHRASE", "wrong")
    refused(capsys, ["line", "send", "bob", "notice", "x", *line], 2,
            f"{key}: passphrase: got a wrong one, expected the passphrase of the key", nothing)  # fmt: skip
    monkeypatch.delenv("OVERFLIGHT_PASSPHRASE")
    monkeypatch.setattr(sys, "stdin", None)
    refused(capsys, ["line", "send", "bob", "notice", "x", *line], 2,
            "passphrase: got none, expected --passphrase-file FILE or OVERFLIGHT_PASSPHRASE", nothing)  # fmt: skip
    (alice.folder / "line.json").write_text('{"line": 2, "name": "alice"}')
    refused(capsys, ["line", "status", *line], 2,
            f"{alice.folder}: line: got version 2, expected version 1; a newer overflight reads it", nothing)  # fmt: skip


def test_a_full_disk_is_one_line_and_the_message_comes_when_there_is_room(pair):
    alice, bob = pair
    store = bob.folder / "case.sqlite"
    pages = store.stat().st_size // 4096 + 4
    text = "x" * 60_000
    with ending(bob):
        bob.serve(before=("-c", FULL, str(pages)))
        alice.trust(bob)
        alice.send(bob, text)
        assert main(["line", "send-now", "-l", str(alice.folder)]) == 3
        said = alice.status().parties[0].problem
        assert said == f"bob says: {store}: case: got No space left on device, expected a disk with room (507)"
        assert bob.texts() == []
        bob.stop()
        bob.serve()
        alice.trust(bob)
        assert main(["line", "send-now", "-l", str(alice.folder)]) == 0
    assert bob.texts() == [text]
    assert bob.verify().problems == ()


def test_a_new_key_goes_over_the_line_and_an_old_one_is_worth_nothing_after(pair, capsys):
    alice, bob = pair
    with ending(alice, bob):
        alice.serve()
        bob.serve()
        alice.trust(bob)
        bob.trust(alice)
        old = bob.public
        bob.send(alice, "before")
        bob.stop()
        bob.send(alice, "with the old key")
        new = json.loads(call(capsys, "rotate", "-l", bob.folder, "--reason", "a new clerk", "--json"))["fingerprint"]
        bob.serve(port=bob.port)
        bob.send(alice, "with the new key")
        alice.send(bob, "hello")
        until(lambda: not bob.waiting() and not alice.waiting())
        assert alice.status().parties[0].fingerprint == new == bob.public.fingerprint != old.fingerprint
        assert alice.texts() == ["before", "with the old key", "None", "with the new key"]
        again = json.loads(call(capsys, "rotate", "-l", bob.folder, "--json"))["fingerprint"]  # beside the server
        alice.send(bob, "still there?")
        until(lambda: not bob.waiting() and not alice.waiting())
        assert alice.status().parties[0].fingerprint == again != new
        call(capsys, "revoke", "bob", "--reason", "stolen", "-l", alice.folder)
        bob.send(alice, "with a stolen key")
        until(lambda: "revoked in record" in bob.status().parties[0].problem)
    assert "with a stolen key" not in alice.texts()
    assert alice.status().parties[0].fingerprint == ""
    assert alice.verify().problems == bob.verify().problems == ()


def certificate(folder):
    """Make a certificate of 127.0.0.1 that no authority vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "cert.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    return folder / "cert.pem", folder / "cert.key"


def test_tls_by_file(pair, tmp_path, capsys):
    alice, bob = pair
    pem, key = certificate(tmp_path)
    alice.send(bob, "in private")
    with ending(bob):
        bob.serve("--certificate", str(pem), "--tls-key", str(key))
        assert bob.url.startswith("https://127.0.0.1:")
        call(capsys, "trust", "bob", "--url", bob.url, "-l", alice.folder)
        assert main(["line", "send-now", "-l", str(alice.folder)]) == 3
        assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().err
        call(capsys, "trust", "bob", "--url", bob.url, "--certificate", pem, "-l", alice.folder)
        call(capsys, "send-now", "-l", alice.folder)
    assert bob.texts() == ["in private"]


def test_a_file_that_is_not_what_was_signed_of_it_is_not_written(pair, tmp_path, capsys):
    from overflight.line.exchange.receiving import take
    from overflight.line.exchange.sending import outgoing, send

    alice, bob = pair
    data = base64.b64encode(b"other").decode()
    files = [{"name": "../../evil.sh", "sha256": "0" * 64, "bytes": 5, "data": data}]
    with alice.line() as out, Line.open(bob.folder, PASSPHRASE) as into:
        name = send(out, "bob", "evidence", {"text": "", "files": files})
        take(into, outgoing(out, "bob", 1)[1])
    arguments = ["line", "inbox", name, "-l", bob.folder, "-o", tmp_path / "got"]
    refused(
        capsys,
        arguments,
        2,
        r"~file: got evil.sh of digest [0-9a-f]{64}, expected that of the message, 0{64}",
        tmp_path / "got",
    )


def test_the_command_starts_without_the_web(tmp_path):
    code = "import sys, overflight.cli.line as l; print([m for m in ('fastapi', 'uvicorn', 'httpx', 'sqlalchemy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
