"""A case handed over: one file, a proof, PROV, RO-Crate; and the logs of earlier versions."""

import hashlib
import json
import zipfile

import prov.model
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rocrate.rocrate import ROCrate
from test_case_store import small

from overflight.case.archive import read_archive, write_archive
from overflight.case.case_file import CASE, Case
from overflight.case.claims import Claim, claim_of
from overflight.case.crate import to_crate
from overflight.case.heads import opened_head
from overflight.case.keys import SecretKey
from overflight.case.merkle import is_consistent
from overflight.case.proof import check_proof, consistency, prove, signed_heads
from overflight.case.prov import to_prov
from overflight.case.verify import verify
from overflight.errors import InvalidInput, OverflightError, Tampered

KEY = SecretKey.new()


@pytest.fixture
def signed(tmp_path):
    (tmp_path / "incident").mkdir()
    folder = small(tmp_path / "incident", closes=False)
    with Case.open(folder, author="north") as case:
        case.append("key", {"action": "new", "party": "north", "public_key": KEY.public.text})
        case.sign(KEY)
        case.redact(3, "names a person")
        case.append("claim", Claim(party="south", subject="was-drifting", statement=3).to_json())
        case.sign(KEY)
    return folder


def test_one_file_is_the_same_bytes_and_the_same_case(signed, tmp_path):
    write_archive(signed, tmp_path / "a.ovf")
    found = read_archive(tmp_path / "a.ovf", tmp_path / "again")
    assert found == verify(signed)
    write_archive(tmp_path / "again" / CASE, tmp_path / "b.ovf")
    assert (tmp_path / "a.ovf").read_bytes() == (tmp_path / "b.ovf").read_bytes()
    with pytest.raises(InvalidInput, match="a new or empty folder"):
        read_archive(tmp_path / "a.ovf", tmp_path / "again")


def test_a_case_of_postgresql_is_handed_over_as_a_file(tmp_path, postgres):
    (tmp_path / "x").mkdir()
    folder = small(tmp_path / "x", postgres)
    write_archive(folder, tmp_path / "a.ovf")
    assert read_archive(tmp_path / "a.ovf", tmp_path / "again").head == verify(folder).head


def test_a_file_that_is_changed_makes_no_case(signed, tmp_path):
    write_archive(signed, tmp_path / "a.ovf")
    data = (tmp_path / "a.ovf").read_bytes()
    for old, new in ((b"a witness", b"a w1tness"), (b"a light", b"a night"), (b"time,lat", b"time,lot")):
        (tmp_path / "b.ovf").write_bytes(data.replace(old, new))
        with pytest.raises(OverflightError):
            read_archive(tmp_path / "b.ovf", tmp_path / "bad")
        assert not (tmp_path / "bad").exists()


@pytest.mark.parametrize(
    "name", ["../out", "/out", "evidence/../../out", "beside/../out", "beside/case/case.sqlite", "evidence\\x", "other"]
)
def test_a_file_that_reaches_out_is_refused(signed, tmp_path, name):
    write_archive(signed, tmp_path / "a.ovf")
    with zipfile.ZipFile(tmp_path / "a.ovf", "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    with pytest.raises(InvalidInput, match="a file named"):
        read_archive(tmp_path / "a.ovf", tmp_path / "bad")
    assert not (tmp_path / "bad").exists()
    assert not (tmp_path / "out").exists()


def test_a_compressed_file_is_refused(signed, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.ovf", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("records.jsonl", b"0" * 10_000_000)
    with pytest.raises(InvalidInput, match="a ZIP that only stores"):
        read_archive(tmp_path / "a.ovf", tmp_path / "bad")


fuzz = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzz
@given(st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=3)), max_size=5), st.integers(0, 400))
def test_bytes_changed_at_random_make_a_case_or_one_line(signed, tmp_path_factory, changes, cut):
    folder = tmp_path_factory.mktemp("fuzz")
    write_archive(signed, folder / "a.ovf")
    data = bytearray((folder / "a.ovf").read_bytes())
    for at, new in changes:
        data[at % len(data) : at % len(data) + len(new)] = new
    (folder / "a.ovf").write_bytes(data[: len(data) - cut])
    try:
        assert read_archive(folder / "a.ovf", folder / "got").problems == ()
    except OverflightError as problem:
        assert "\n" not in str(problem)
        assert not (folder / "got").exists()


def test_a_proof_shows_one_record_and_no_other(signed):
    with Case.open(signed) as case:
        proof = json.loads(json.dumps(prove(case, 2)))
        redacted = prove(case, 3)
        heads = signed_heads(case)
        steps = consistency(case, heads[0][0].size, heads[1][0].size)
    record, head = check_proof(proof, KEY.public)
    assert (record.kind, record.body["source"], head.size) == ("evidence", "a witness", 6)
    assert check_proof(redacted, KEY.public)[0].body is None
    first, second = (opened_head(envelope, [KEY.public])[0] for _, envelope in heads)
    roots = [bytes.fromhex(one.root) for one in (first, second)]
    assert is_consistent(first.size, roots[0], second.size, roots[1], [bytes.fromhex(step) for step in steps])
    with pytest.raises(InvalidInput, match="unknown party"):
        check_proof(proof, SecretKey.new().public)
    for change in ({"author": "south"}, {"body": {"source": "another"}}, {"id": 3}, {"hash": "ab" * 32}):
        with pytest.raises(Tampered, match="record "):
            check_proof({**proof, "record": {**proof["record"], **change}}, KEY.public)
    with pytest.raises(Tampered, match="not in the log"):
        check_proof({**proof, "path": proof["path"][:-1]}, KEY.public)
    with Case.open(signed) as case, pytest.raises(InvalidInput, match="no signed head covers"):
        prove(case, len(case.records()))


plain = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9),
                     lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3))  # fmt: skip


@given(st.dictionaries(st.sampled_from(["form", "record", "path", "head", "version", "id"]), plain))
def test_what_is_no_proof_is_refused_in_one_line(value):
    with pytest.raises(InvalidInput):
        check_proof({"form": "overflight proof of inclusion 1", **value}, KEY.public)


@given(st.dictionaries(st.sampled_from(sorted(Claim.__dataclass_fields__)), plain))
def test_what_is_no_claim_is_refused_in_one_line(value):
    try:
        claim = claim_of(value)
    except InvalidInput:
        return
    assert claim_of(json.loads(json.dumps(claim.to_json()))) == claim


def test_prov_names_every_record_once_and_relates_only_what_is_there(signed):
    with Case.open(signed) as case:
        found, records = to_prov(case), case.records()
    assert {f"case:{record.hash}" for record in records} <= set(found["entity"])
    for relation, ends in (("wasAttributedTo", (("prov:entity", "entity"), ("prov:agent", "agent"))),
                           ("wasDerivedFrom", (("prov:generatedEntity", "entity"), ("prov:usedEntity", "entity"))),
                           ("wasGeneratedBy", (("prov:entity", "entity"), ("prov:activity", "activity")))):  # fmt: skip
        assert found[relation]
        for one in found[relation].values():
            assert all(one[end] in found[kind] for end, kind in ends)
    claim = next(r for r in records if r.kind == "claim")
    derived = [
        d["prov:usedEntity"]
        for d in found["wasDerivedFrom"].values()
        if d["prov:generatedEntity"] == f"case:{claim.hash}"
    ]
    assert derived == [f"case:{records[2].hash}"]
    assert found["entity"][f"case:{records[2].hash}"]["overflight:redacted"] is True


def test_others_read_the_provenance(signed):
    with Case.open(signed) as case:
        found, records = to_prov(case), case.records()
    document = prov.model.ProvDocument.deserialize(content=json.dumps(found), format="json")
    names = {str(entity.identifier) for entity in document.get_records(prov.model.ProvEntity)}
    assert {f"case:{record.hash}" for record in records} <= names
    assert len(document.get_records()) == sum(len(v) for kind, v in found.items() if kind != "prefix")


def test_others_read_the_crate(signed):
    folder = signed.parent
    with Case.open(signed) as case:
        (folder / "ro-crate-metadata.json").write_text(json.dumps(to_crate(case, folder)))
    read = ROCrate(folder)
    assert {"track.csv", "case/case.sqlite"} < {entity.id for entity in read.data_entities}
    assert read.name
    assert read.root_dataset["license"]


def test_a_crate_names_files_that_are_there(signed):
    folder = signed.parent
    with Case.open(signed) as case:
        crate = to_crate(case, folder)
    by_id = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(by_id) == len(crate["@graph"])
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license"} <= set(by_id["./"])
    parts = [part["@id"] for part in by_id["./"]["hasPart"]]
    assert {"track.csv", "case/case.sqlite"} < set(parts)
    assert len(parts) == 3
    for name in parts:
        assert (folder / name).is_file()
        if "sha256" in by_id[name]:
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == by_id[name]["sha256"]


def old_log(folder, *kinds):
    (folder / "evidence").mkdir(parents=True)
    previous, lines = "", []
    for number, kind in enumerate(kinds, start=1):
        record = {"id": str(number), "kind": kind, "made_at": "2026-01-01T00:00:00Z", "author": "overflight",
                  "inputs": [], "body": {"text": "x"}, "previous": previous}  # fmt: skip
        record["hash"] = previous = hashlib.sha256(rfc8785.dumps(record)).hexdigest()
        lines.append(rfc8785.dumps(record) + b"\n")
    (folder / "log.jsonl").write_bytes(b"".join(lines))
    return previous


def test_a_log_of_an_earlier_version_is_verified_and_not_added_to(tmp_path):
    head = old_log(tmp_path / "case", "opening", "statement", "closing")
    found = verify(tmp_path)
    assert (found.records, found.head, found.problems) == (3, head, ())
    assert "is of an earlier overflight" in found.notes[0]
    with pytest.raises(InvalidInput, match="case verify reads it; to add to it, investigate anew"):
        Case.open(tmp_path / "case")
    log = tmp_path / "case" / "log.jsonl"
    sound = log.read_bytes()
    for at in range(0, len(sound), 3):
        log.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        assert verify(tmp_path).problems, at
    log.write_bytes(sound[: sound.rindex(b"{")])
    assert verify(tmp_path).problems
    log.write_bytes(b"".join(sound.splitlines(keepends=True)[:2]))
    assert "no closing" in str(verify(tmp_path))
    log.write_bytes(sound[:-1])
    assert "torn" in str(verify(tmp_path))
