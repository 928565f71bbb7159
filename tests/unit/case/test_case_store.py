"""The store keeps what it acknowledged, and tells every change; on SQLite and on PostgreSQL."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
import sqlalchemy as sa

from overflight.case import case_file
from overflight.case.canonical import plain
from overflight.case.case_file import Case
from overflight.case.keys import SecretKey
from overflight.case.record import Draft
from overflight.case.seal import SEAL
from overflight.case.store import CASES, FILE, RECORDS, Store
from overflight.case.verify import verify
from overflight.errors import InvalidInput, Tampered, Unavailable


def small(folder, store="", *, closes=True):
    with Case.create(folder / "case", title="test", store=store, closes=closes) as case:
        evidence = folder / "photo.txt"
        evidence.write_text("a light in the sky")
        case.add_evidence(evidence, source="a witness", had_at="2023-02-01T00:00:00Z", said_by="A. Witness")
        case.append("statement", {"text": "It was drifting."})
        (folder / "track.csv").write_text("time,lat,lon\n")
        case.add_file(folder / "track.csv", inputs=("ab",))
        case.append("closing", {})
    return folder / "case"


def changed(folder, **values):
    """Change fields of record 3 behind the store's back."""
    with Case.open(folder) as case, case.store.writing() as connection:
        row = (RECORDS.c.case_id == case.store.case_id) & (RECORDS.c.number == 3)
        connection.execute(sa.update(RECORDS).where(row).values(**values))


def test_a_sound_case_holds(tmp_path, store_url):
    folder = small(tmp_path, store_url)
    found = verify(folder)
    assert (found.records, found.evidence, found.files, found.problems, found.notes) == (5, 1, 1, (), ())
    with Case.open(folder) as case:
        records = case.records()
        assert [r.kind for r in records] == ["opening", "evidence", "statement", "file", "closing"]
        assert [r.number for r in case.records("file", "statement", after=3)] == [4]
        assert case.record(3).body == {"text": "It was drifting."}
        head = case.head()
    assert records[3].body["path"] == "track.csv"
    assert (found.head, found.root) == (records[-1].hash, head.root) == (head.hash, head.root)
    assert found.head in str(found)
    assert verify(tmp_path) == found


@pytest.mark.parametrize("field", ["kind", "made_at", "author", "label", "inputs", "body_sha256", "previous", "hash"])
def test_every_field_that_is_changed_is_told_with_its_record(tmp_path, store_url, field):
    folder = small(tmp_path, store_url)
    changed(folder, **{field: '["a"]' if field == "inputs" else "ab" * 32})
    assert any(problem.startswith("record 3: ") for problem in verify(folder).problems)


@pytest.mark.parametrize("body", [b'{"text":"It was climbing."}', b"no JSON", b"[" * 100_000, None])
def test_a_changed_body_is_told(tmp_path, store_url, body):
    folder = small(tmp_path, store_url)
    changed(folder, body=body)
    problems = verify(folder).problems
    assert problems[0].startswith("record 3: ")
    assert all(problem.startswith(("record 3: ", "case.sqlite")) for problem in problems)


def test_a_record_taken_out_or_cut_off_is_found(tmp_path, store_url):
    for gone in range(1, 6):
        (tmp_path / str(gone)).mkdir()
        folder = small(tmp_path / str(gone), store_url)
        with Case.open(folder) as case, case.store.writing() as connection:
            row = (RECORDS.c.case_id == case.store.case_id) & (RECORDS.c.number == gone)
            connection.execute(sa.delete(RECORDS).where(row))
        assert verify(folder).problems
    told = "the log ends with record 4 and no closing: its tail is cut off, or it is not done"
    assert told in verify(folder).problems


def test_a_case_that_goes_on_may_be_open(tmp_path, store_url):
    folder = small(tmp_path, store_url, closes=False)
    with Case.open(folder) as case:
        case.append("correction", {"record": 3, "text": "It was climbing."})
        assert verify(folder).notes[0] == "the case is open again after record 5"
        case.append("closing", {})
    assert (verify(folder).problems, verify(folder).notes) == ((), ())


def test_files_that_were_changed_removed_or_replaced_are_found(tmp_path):
    (tmp_path / "incident").mkdir()
    folder = small(tmp_path / "incident")
    kept = next((folder / "evidence").iterdir())
    kept.write_text("a light in the sea")
    assert "record 2: evidence photo.txt differs" in str(verify(folder))
    kept.unlink()
    with pytest.raises(Tampered, match="missing"):
        verify(folder).or_raise()
    kept.write_text("a light in the sky")
    track = tmp_path / "incident" / "track.csv"
    track.write_text("time,lat,lon \n")
    assert "record 4: track.csv differs" in str(verify(folder))
    track.unlink()
    assert verify(folder).problems == ("record 4: track.csv is missing",)
    (tmp_path / "outside.csv").write_text("time,lat,lon\n")
    track.symlink_to(tmp_path / "outside.csv")
    assert verify(folder).problems == ("record 4: track.csv lies outside the folder",)


def test_a_case_that_names_files_elsewhere_reads_none_of_them(tmp_path):
    (tmp_path / "a").mkdir()
    folder = small(tmp_path / "a")
    (tmp_path / "secret").write_text("secret")
    with Case.open(folder) as case:
        for kind, key in (("file", "path"), ("evidence", "kept")):
            case.append(kind, {key: f"../../{tmp_path.name}/secret", "name": "secret", "sha256": "00"})
    assert verify(folder).problems == (
        f"record 6: ../../{tmp_path.name}/secret lies outside the folder",
        "record 7: evidence secret lies outside the folder",
    )


def test_a_redaction_leaves_a_digest_and_a_reason(tmp_path, store_url):
    folder = small(tmp_path, store_url, closes=False)
    before = verify(folder).head
    with Case.open(folder) as case:
        digest = case.record(3).body_sha256
        case.redact(3, "names a person")
        case.redact(2, "shows a person")
        record = case.record(3)
        assert (record.body, record.salt, record.body_sha256) == (None, None, digest)
        assert case.records("redaction")[0].body["reason"] == "names a person"
        assert case.record(5).hash == before
        for number, line in ((3, "redacted"), (1, "of kind opening"), (6, "of kind redaction"), (99, "record: got 99")):
            with pytest.raises(InvalidInput, match=line):
                case.redact(number, "again")
    assert verify(folder).problems == ()
    assert list((folder / "evidence").iterdir()) == []
    if not store_url:
        assert b"It was drifting" not in (folder / FILE).read_bytes()


def test_a_body_that_went_without_a_redaction_is_told(tmp_path, store_url):
    folder = small(tmp_path, store_url)
    changed(folder, body=None, salt=None)
    assert "record 3: its body is missing, and no redaction says why" in verify(folder).problems


def test_signed_heads_hold_and_a_log_written_anew_under_them_does_not(tmp_path, store_url):
    key = SecretKey.new()
    with Case.create(tmp_path / "case", title="test", author="north", key=key, store=store_url) as case:
        case.append_many([Draft(kind="statement", body={"n": n}) for n in range(5)])
        case.sign(key)
        case.append("statement", {"text": "later"})
    found = verify(tmp_path / "case")
    assert (found.problems, found.signed, found.records) == ((), 6, 8)
    assert found.signer == f"north ({key.public.fingerprint})"
    with Case.open(tmp_path / "case", author="north") as case:
        forged = case.head().signed(SecretKey.new())
        case.append("head", {"party": "north", "envelope": forged})
        lie = {**forged, "signatures": [{**forged["signatures"][0], "keyid": key.public.id}]}
        case.append("head", {"party": "north", "envelope": lie})
    problems = verify(tmp_path / "case").problems
    assert "record 9: envelope: got a signature by an unknown party" in problems[0]
    assert problems[1] == f"record 10: the signature of {key.public.fingerprint} does not hold"


def test_what_is_asked_once_is_there_once(tmp_path, store_url):
    folder = small(tmp_path, store_url, closes=False)
    draft = Draft(kind="message", body={"text": "hello"}, label="m1")
    with Case.open(folder) as case:
        first = case.append_many([draft, draft, Draft(kind="message", body={}, label="m2")], once=True)
        again = case.append("message", {"text": "other"}, label="m1", once=True)
        assert [r.number for r in first] == [6, 6, 7]
        assert again == case.labelled("message", "m1") == first[0]
        assert case.labelled("message", "m3") is None


def test_records_are_written_all_or_none(tmp_path, store_url):
    folder = small(tmp_path, store_url, closes=False)
    with Case.open(folder) as case:
        with pytest.raises(InvalidInput, match="canonical JSON"):
            case.append_many([Draft(kind="statement", body={}), Draft(kind="statement", body={"a": "\ud800"})])
        with pytest.raises(InvalidInput, match="kind"):
            case.append("rumour", {})
        assert len(case.records()) == 5


WRITER = """
import sys
from pathlib import Path
from overflight.case.case_file import Case
with Case.open(Path(sys.argv[1])) as case:
    for i in range(10_000):
        print(case.append("statement", {"n": i}).hash, flush=True)
"""


def test_kills_in_mid_write_lose_nothing_acknowledged(tmp_path, store_url):
    folder = small(tmp_path, store_url, closes=False)
    acknowledged = []
    for round_number in range(6):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(0.013 * round_number)
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.communicate()[0].split("\n")
        acknowledged += [line for line in rest if len(line) == 64]
        assert verify(folder).problems == ()
    with Case.open(folder) as case:
        case.append("closing", {})
        kept = {record.hash for record in case.records()}
    assert (verify(folder).problems, verify(folder).notes) == ((), ())
    assert set(acknowledged) <= kept


def test_two_writers_do_not_harm_each_other(tmp_path, store_url):
    folder = small(tmp_path, store_url, closes=False)
    script = WRITER.replace("10_000", "60")
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [w.wait() for w in writers] == [0, 0]
    found = verify(folder)
    assert (found.records, found.problems) == (125, ())
    assert (folder / SEAL).exists() == (not store_url)


def test_every_flipped_bit_is_found(tmp_path):
    folder = small(tmp_path)
    rng = np.random.default_rng(5)
    for path in (folder / FILE, folder / SEAL, next((folder / "evidence").iterdir())):
        sound = path.read_bytes()
        for at in rng.integers(0, len(sound), 150):
            path.write_bytes(sound[:at] + bytes([sound[at] ^ (1 << rng.integers(8))]) + sound[at + 1 :])
            assert verify(folder).problems, (path.name, at)
        path.write_bytes(sound)
    assert verify(folder).problems == ()


def test_without_a_seal_every_flipped_bit_of_a_record_is_found(tmp_path):
    folder = small(tmp_path)
    (folder / SEAL).unlink()
    assert "has no seal" in verify(folder).notes[0]
    sound = (folder / FILE).read_bytes()
    at = sound.index(b"It was drifting")
    for byte in range(at, at + 15):
        (folder / FILE).write_bytes(sound[:byte] + bytes([sound[byte] ^ 4]) + sound[byte + 1 :])
        assert verify(folder).problems[0].startswith("record 3: its body has the digest ")


def test_bytes_between_records_are_told_by_their_place(tmp_path):
    folder = small(tmp_path)
    data = bytearray((folder / FILE).read_bytes())
    at = data.rindex(bytes(64))  # a page's middle is empty
    data[at] = 1
    (folder / FILE).write_bytes(data)
    low = at - at % 4096
    assert verify(folder).problems == (f"case.sqlite: bytes {low} to {low + 4095} differ from case.seal",)


def test_what_cannot_be_written_or_read_is_refused(tmp_path, store_url):
    folder = small(tmp_path, store_url)
    with pytest.raises(InvalidInput, match="without a case"):
        Case.create(folder, title="again")
    with pytest.raises(InvalidInput, match=r"a folder with case\.sqlite"):
        Case.open(tmp_path)
    with pytest.raises(InvalidInput, match=r"a folder with case\.sqlite"):
        verify(tmp_path / "none")
    with Case.open(folder) as case, pytest.raises(InvalidInput):
        case.add_evidence(tmp_path / "none.txt", source="nobody")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput):
        Case.create(tmp_path / "file" / "case", title="in a file")


def test_a_schema_of_the_future_is_refused(tmp_path, store_url):
    folder = small(tmp_path, store_url)
    with Case.open(folder) as case, case.store.writing() as connection:
        connection.execute(sa.update(CASES).where(CASES.c.id == case.store.case_id).values(schema=9))
    with pytest.raises(InvalidInput, match="case: got schema 9, expected schema 1; a newer overflight reads it"):
        Case.open(folder)


def test_a_clock_behind_the_log_is_refused(tmp_path, store_url, monkeypatch):
    folder = small(tmp_path, store_url)
    with Case.open(folder) as case:
        last = case.records()[-1].made_at
        ahead = case_file.datetime.now(case_file.UTC) - case_file.timedelta(hours=1)

        class Behind(case_file.datetime):
            @classmethod
            def now(cls, tz=None):
                return ahead

        monkeypatch.setattr(case_file, "datetime", Behind)
        with pytest.raises(InvalidInput, match=f"expected a time after the last record's, {last}; set the clock"):
            case.append("statement", {})


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path):
    folder = small(tmp_path, closes=False)
    with Case.open(folder) as case:
        with case.store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 30")
            connection.commit()
        with pytest.raises(InvalidInput, match="No space left on device"):
            case.append("statement", {"text": "x" * 200_000})
        case.append("statement", {"text": "short"})
    assert (verify(folder).problems, verify(folder).records) == ((), 6)


def test_a_server_that_is_not_there_and_other_urls_are_told(tmp_path):
    with pytest.raises(Unavailable, match="store: postgresql"):
        Case.create(tmp_path / "case", title="x", store="postgresql://me:secret@127.0.0.1:9/base")
    for url in ("mysql://me@host/base", "no url"):
        with pytest.raises(InvalidInput, match="store: got"):
            Case.create(tmp_path / "case", title="x", store=url)


def test_a_password_is_not_kept(tmp_path, postgres):
    folder = small(tmp_path, postgres.replace("overflight@", "overflight:secret@"))
    assert all(b"secret" not in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert verify(folder).problems == ()


@pytest.mark.parametrize("data", [b"", b"not a database, though as long as a header of one would be" * 40])
def test_what_is_no_database_is_told(tmp_path, data):
    folder = small(tmp_path)
    (folder / FILE).write_bytes(data)
    (folder / SEAL).unlink()
    with pytest.raises((Tampered, InvalidInput)):
        verify(folder).or_raise()


def test_rows_of_other_types_are_told(tmp_path):
    folder = small(tmp_path)
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("UPDATE overflight_records SET author = x'ff' WHERE number = 3")
    connection.close()
    assert any("record 3" in problem for problem in verify(folder).problems)


def test_plain_json_has_no_surprises():
    value = {"a": np.float32(1.5), "b": np.nan, "c": 2**60, "d": np.array([1, 2]), "e": (True, None), "f": np.int8(3)}
    assert plain(value) == {"a": 1.5, "b": None, "c": str(2**60), "d": [1, 2], "e": [True, None], "f": 3}
    assert plain(np.datetime64("2023-02-01T00:00:00", "ns")) == "2023-02-01T00:00:00Z"


def test_a_store_says_where_it_is(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be opened"):
        Store.of_file(tmp_path / "none" / FILE)
