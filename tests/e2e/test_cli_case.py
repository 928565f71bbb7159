"""``overflight case`` from opening to hand-over, through the real command."""

import contextlib
import json
import re
import sqlite3
import subprocess
import sys

import pytest
from cli_calls import refused
from line_parties import FULL, SKEWED

from overflight.cli.main import main

TABLE = "time,lat,lon,altitude_m\n2023-02-01T00:00:00Z,45,-110,18000\n2023-02-01T06:00:00Z,45,-105,18000\n"


@pytest.fixture
def case(tmp_path, monkeypatch):
    """Return a folder with a signed case of seven records, and its keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERFLIGHT_PASSPHRASE", "secret")
    (tmp_path / "s.csv").write_text(TABLE)
    for arguments in (
        ["keys", "new", "north.key"],
        ["keys", "new", "later.key"],
        ["new", "incident", "--title", "A light", "--as", "north", "--key", "north.key"],
        [
            "add",
            "incident",
            "s.csv",
            "--source",
            "a telescope",
            "--had-at",
            "2023-02-02T00:00+01:00",
            "--said-by",
            "A. Witness",
            "--sightings",
        ],
        [
            "state",
            "incident",
            "It was drifting.",
            "--who",
            "A. Speaker",
            "--when",
            "2023-02-03T00:00Z",
            "--source",
            "a press conference",
            "--as",
            "south",
        ],
        ["claim", "incident", "was-drifting", "--party", "south", "--statement", "6", "--key", "north.key"],
    ):
        assert main(["case", *arguments]) == 0
    return tmp_path


def answer(capsys, *arguments):
    capsys.readouterr()
    assert main(["case", *arguments]) == 0
    return capsys.readouterr().out


def test_what_was_recorded_is_listed_and_verified(case, capsys):
    records = json.loads(answer(capsys, "list", "incident", "--json"))
    kinds = ["opening", "head", "evidence", "sighting", "sighting", "statement", "claim", "head"]
    assert [record["kind"] for record in records] == kinds
    assert records[2]["body"]["had_at"] == "2023-02-01T23:00:00Z"
    assert records[5]["author"] == "south"
    assert records[6]["inputs"] == [records[5]["hash"]]
    assert "south: 2023-02-03" not in answer(capsys, "list", "incident", "--kind", "claim")
    assert json.loads(answer(capsys, "show", "incident", "6"))["body"]["language"] == "en"
    told = json.loads(answer(capsys, "verify", "incident", "--json"))
    assert (told["problems"], told["records"], told["signed"]) == ([], 8, 7)
    weighed = answer(capsys, "weigh", "incident")
    assert weighed == "record 7: south says that it was drifting with the wind: cannot be tested with what is known.\n"


def test_a_key_is_rotated_and_revoked(case, capsys):
    record = json.loads(
        answer(capsys, "keys", "rotate", "incident", "--key", "north.key", "--public", "later.key.pub", "--json")
    )
    assert (record["kind"], record["body"]["party"]) == ("key", "north")
    answer(capsys, "sign", "incident", "--key", "later.key", "-o", "head.json")
    assert answer(capsys, "verify", "incident", "--head", "head.json", "--key", "north.key.pub").count("later") == 0
    answer(capsys, "keys", "revoke", "incident", "--public", "later.key.pub", "--reason", "stolen")
    rows = json.loads(answer(capsys, "keys", "show", "incident", "--json"))
    assert [(row["party"], row["ended"]) for row in rows] == [("north", "rotate"), ("north", "revoke")]
    assert main(["case", "verify", "incident", "--key", "later.key.pub"]) == 1
    assert "is revoked since record 11: stolen" in capsys.readouterr().err


def test_a_case_is_proved_corrected_redacted_closed_and_handed_over(case, capsys):
    answer(capsys, "prove", "incident", "6", "-o", "proof.json")
    said = answer(capsys, "check-proof", "proof.json", "--key", "north.key.pub")
    assert said.startswith("record 6, a statement by south of ")
    answer(capsys, "correct", "incident", "6", "He said: it was climbing.")
    answer(capsys, "redact", "incident", "6", "--reason", "at his wish")
    answer(capsys, "close", "incident", "--key", "north.key")
    digest = json.loads(answer(capsys, "export", "incident", "-o", "case.ovf", "--json"))["sha256"]
    found = json.loads(answer(capsys, "import", "case.ovf", "again", "--json"))
    assert (found["records"], found["notes"]) == (12, [])
    assert json.loads(answer(capsys, "export", "again", "-o", "again.ovf", "--json"))["sha256"] == digest
    answer(capsys, "crate", "incident")
    answer(capsys, "prov", "incident", "-o", "prov.json")
    assert "@graph" in json.loads((case / "incident" / "ro-crate-metadata.json").read_text())
    assert "wasDerivedFrom" in json.loads((case / "prov.json").read_text())
    assert "drifting" not in (case / "prov.json").read_text()


REFUSED = {
    "clock": (["state", "incident", "x", "--who", "a", "--when", "yesterday", "--source", "b"], 2, "~--when: got 'yesterday', expected an ISO 8601 time with offset.*"),
    "region": (["claim", "incident", "passed-over", "Canda", "--party", "a"], 2, "region: got 'Canda', expected a country, or its three letters; did you mean Canada?"),
    "statement": (["claim", "incident", "was-civil", "--party", "a", "--statement", "3"], 2, "--statement: got record 3, of kind evidence, expected a statement"),
    "altitude": (["claim", "incident", "at-altitude", "9000,8000", "--party", "a"], 2, "WHAT: got '9000,8000', expected one altitude, or a lowest and a highest, m"),
    "window": (["claim", "incident", "was-drifting", "--party", "a", "--from", "2023-01-02T00:00Z", "--to", "2023-01-01T00:00Z"], 2, "claim: got 2023-01-02T00:00:00Z to 2023-01-01T00:00:00Z, expected a time and one that is not before it"),
    "purpose": (["claim", "incident", "purpose", "--party", "a"], 2, "claim: got purpose without it, expected the purpose in words"),
    "record": (["show", "incident", "99"], 2, "record: got 99, expected the number of a record of this case"),
    "no key": (["sign", "incident"], 2, "--key: got nothing, expected the file of a key"),
    "unknown key": (["sign", "incident", "--key", "later.key"], 2, "~key: got one of an unknown party .keyid [0-9a-f]{16}., expected a key that the log names"),
    "unknown party": (["check-proof", "proof.json", "--key", "later.key.pub"], 2, "~envelope: got a signature by an unknown party .*, expected one by a key that is known"),
    "no proof": (["check-proof", "s.csv", "--key", "later.key.pub"], 2, "~proof: got .*, expected JSON"),
    "another case": (["new", "incident", "--title", "x"], 2, "case: got incident/case, expected a folder without a case"),
    "a key that is there": (["keys", "new", "north.key"], 2, "key: got north.key, which is there, expected the name of a new file"),
    "no file of a case": (["import", "s.csv", "again"], 2, "case: got s.csv (File is not a zip file), expected a file that case export wrote (.ovf)"),
    "another name": (["export", "incident", "-o", "case.zip"], 2, "output: got 'case.zip', expected a name that ends in .ovf"),
    "another head": (["verify", "incident", "--head", "ab" * 32], 1, f"no record has the hash {'ab' * 32}: the log is another, or was cut before it"),
    "no findings": (["verify", "incident", "--rerun"], 2, "case: got no finding, expected a case with findings to compute again"),
    "no server": (["new", "other", "--title", "x", "--store", "postgresql://me:secret@127.0.0.1:9/base"], 3, "~store: postgresql://me:[*]{3}@127.0.0.1:9/base: .*"),
}  # fmt: skip


@pytest.mark.parametrize("which", REFUSED)
def test_what_is_refused_is_refused_in_one_line(case, capsys, which):
    answer(capsys, "prove", "incident", "6", "-o", "proof.json")
    arguments, code, line = REFUSED[which]
    capsys.readouterr()
    refused(capsys, ["case", *arguments], code, line, case)


def test_a_wrong_passphrase_is_told(case, capsys, monkeypatch):
    monkeypatch.setenv("OVERFLIGHT_PASSPHRASE", "wrong")
    line = "north.key: passphrase: got a wrong one, expected the passphrase of the key"
    capsys.readouterr()
    refused(capsys, ["case", "close", "incident", "--key", "north.key"], 2, line, case)
    monkeypatch.delenv("OVERFLIGHT_PASSPHRASE")
    line = "north.key: passphrase: got none, expected it in OVERFLIGHT_PASSPHRASE, or a terminal to ask on"
    refused(capsys, ["case", "close", "incident", "--key", "north.key"], 2, line, case)


def run(case, script, number, *arguments):
    """Run a verb of the case in a process whose clock is off, or whose disk is full."""
    words = [sys.executable, "-c", script, str(number), "case", *arguments]
    return subprocess.run(words, cwd=case, capture_output=True, text=True, check=False)


STATED = ("state", "incident", "It rose.", "--who", "a", "--when", "2023-02-03T00:00Z", "--source", "b")


def test_a_clock_behind_the_log_is_told(case, capsys):
    done = run(case, SKEWED, -3600, *STATED)
    last = json.loads(answer(capsys, "list", "incident", "--json"))[-1]["made_at"]
    assert (done.returncode, done.stdout) == (2, "")
    pattern = rf"overflight: clock: got \S+Z, expected a time after the last record's, {last}; set the clock\n"
    assert re.fullmatch(pattern, done.stderr)
    assert run(case, SKEWED, 3600, *STATED).returncode == 0  # nobody can tell that a clock is ahead


def test_a_full_disk_is_told_and_loses_nothing(case, capsys):
    before = answer(capsys, "list", "incident")
    pages = (case / "incident" / "case" / "case.sqlite").stat().st_size // 4096
    done = run(case, FULL, pages, "state", "incident", "x" * 60_000, *STATED[3:])
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"overflight: \S+: case: got No space left on device, expected a disk with room\n", done.stderr)
    assert answer(capsys, "list", "incident") == before
    assert "hold" in answer(capsys, "verify", "incident")


def test_a_schema_of_the_future_is_told(case, capsys):
    store = case / "incident" / "case" / "case.sqlite"
    with contextlib.closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE overflight_cases SET schema = 9")
    for verb in (STATED, ("list", "incident"), ("weigh", "incident"), ("export", "incident", "-o", "x.ovf")):
        capsys.readouterr()
        line = "incident/case/case.sqlite: case: got schema 9, expected schema 1; a newer overflight reads it"
        refused(capsys, ["case", *verb], 2, f"~.*{re.escape(line)}", case)


def test_commands_of_a_stranger_are_not_run(case, capsys):
    from overflight.case.case_file import Case

    for command in (
        "rm -rf /",
        "overflight case redact x 1",
        "overflight demo --case here",
        "overflight demo -o x",
        "overflight 'demo",
    ):
        with Case.open(case / "incident" / "case") as opened:
            opened.append("finding", {"name": "track", "parameters": {"command": command}, "result": {}})
        assert main(["case", "verify", "incident", "--rerun"]) == 2
        assert "command: got " in capsys.readouterr().err
        assert not (case / "here").exists()
        with Case.open(case / "incident" / "case") as opened:
            opened.redact(opened.head().size, "a test")
