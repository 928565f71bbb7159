"""Keys in files and in logs: who may sign, from which record to which."""

import stat

import pytest

from overflight.case.case_file import Case
from overflight.case.expect import expect_head, expect_key
from overflight.case.keyring import new_key, revocation, rotation
from overflight.case.keys import PublicKey, SecretKey, read_public
from overflight.case.verify import verify
from overflight.errors import InvalidInput, Tampered


@pytest.fixture
def signed(tmp_path):
    key = SecretKey.new()
    with Case.create(tmp_path / "case", title="test", author="north", key=key) as case:
        case.append("statement", {"words": "It was drifting."})
        case.sign(key)
        yield case, key


def test_a_key_is_read_with_its_passphrase_only(tmp_path):
    key, path = SecretKey.new(), tmp_path / "key"
    key.write(path, "secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
    assert SecretKey.read(path, "secret").public == key.public
    for passphrase, got in (("other", "a wrong one"), ("", "none")):
        with pytest.raises(InvalidInput, match=f"key: passphrase: got {got}, expected the passphrase of the key"):
            SecretKey.read(path, passphrase)
    with pytest.raises(InvalidInput, match="which is there"):
        key.write(path, "secret")
    with pytest.raises(InvalidInput, match="passphrase: got nothing"):
        key.write(tmp_path / "other", "")


def test_public_keys_are_read_as_pem_and_as_base64(tmp_path):
    key = SecretKey.new().public
    for data in (key.pem(), key.text.encode() + b"\n"):
        (tmp_path / "key.pub").write_bytes(data)
        assert read_public(tmp_path / "key.pub") == key
    assert len(key.fingerprint) == 23
    assert PublicKey(key.raw).fingerprint == key.fingerprint
    for data in (b"", b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----\n", b"c2hvcnQ="):
        (tmp_path / "key.pub").write_bytes(data)
        with pytest.raises(InvalidInput, match="key: got "):
            read_public(tmp_path / "key.pub")
    for data in (b"", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"):
        (tmp_path / "key").write_bytes(data)
        with pytest.raises(InvalidInput):
            SecretKey.read(tmp_path / "key", "secret")


def test_a_rotated_key_signs_no_more_and_its_heads_still_hold(signed):
    case, first = signed
    second, third = SecretKey.new(), SecretKey.new()
    with pytest.raises(InvalidInput, match="a signature by an unknown party"):
        case.add_key(rotation("north", third, second.public))
    record = case.add_key(rotation("north", first, second.public, "yearly"))
    with pytest.raises(InvalidInput, match=f"of north, replaced in record {record.number}, expected a live key"):
        case.sign(first)
    case.sign(second)
    found = verify(case.folder)
    assert (found.problems, found.signed) == ((), record.number)
    assert found.signer == f"north ({second.public.fingerprint})"
    assert expect_key(case, found, first.public).problems == ()
    assert "does not name the key" in expect_key(case, found, third.public).problems[0]


def test_a_head_by_a_rotated_key_is_told(signed):
    case, first = signed
    case.add_key(rotation("north", first, SecretKey.new().public))
    case.append("head", {"party": "north", "envelope": case.head().signed(first)})
    assert "a signature by an unknown party" in str(verify(case.folder).problems)


def test_a_revoked_key_is_refused_from_there_on(signed):
    case, key = signed
    case.append("key", revocation("north", key.public, "the laptop was stolen").body)
    with pytest.raises(InvalidInput, match="revoked in record 4"):
        case.sign(key)
    found = verify(case.folder)
    assert found.problems == ()
    assert "revoked since record 4: the laptop was stolen" in expect_key(case, found, key.public).problems[0]


def test_what_no_log_may_say_of_keys_is_refused_and_told(signed):
    case, key = signed
    other = SecretKey.new().public
    with pytest.raises(InvalidInput, match="a second one for north"):
        case.add_key(new_key("north", other))
    with pytest.raises(InvalidInput, match="which the log knows"):
        case.add_key(new_key("south", key.public))
    with pytest.raises(InvalidInput, match="which is unknown"):
        case.add_key(revocation("north", other, ""))
    lie = rotation("north", key, other).body | {"public_key": SecretKey.new().public.text}
    case.append("key", lie)
    case.append("key", {"action": "steal", "party": "north", "public_key": other.text})
    problems = verify(case.folder).problems
    assert problems[0] == "record 4: what is signed is another rotation"
    assert problems[1].startswith("record 5: action: got 'steal'")


def test_a_head_that_was_kept_tells_a_log_that_was_cut_or_forked(signed, tmp_path):
    case, key = signed
    head, (envelope,) = case.head(), [r.body["envelope"] for r in case.records("head")]
    found = verify(case.folder)
    assert "is that of record 3 of 3" in expect_head(case, found, head.hash).notes[-1]
    assert "no record has the hash" in expect_head(case, found, "ab" * 32).problems[0]
    (tmp_path / "head.json").write_bytes(__import__("rfc8785").dumps(envelope))
    assert expect_head(case, found, str(tmp_path / "head.json")).problems == ()
    with Case.create(tmp_path / "fork", title="test", author="north", key=key) as fork:
        fork.append("statement", {"words": "It was steered."})
        told = expect_head(fork, verify(fork.folder), str(tmp_path / "head.json"))
    assert "it was cut or forked" in told.problems[0]
    with pytest.raises(InvalidInput, match="--head: got"):
        expect_head(case, found, "nonsense")


def test_two_heads_of_another_s_log_that_do_not_agree_are_a_fork(signed):
    case, _ = signed
    other = SecretKey.new()
    case.add_key(new_key("south", other.public))
    head = case.head()
    for root in ("aa" * 32, "bb" * 32):
        envelope = type(head)(log="cc" * 32, size=7, root=root, hash="dd" * 32, made_at=head.made_at).signed(other)
        case.append("head", {"party": "south", "envelope": envelope})
    assert verify(case.folder).problems == ("record 6: a fork: south signed another head of 7 records in record 5",)


def test_a_log_whose_last_record_is_broken_is_not_appended_to(signed):
    case, _ = signed
    with case.store.writing() as connection:
        connection.exec_driver_sql("UPDATE overflight_records SET author = 'x' WHERE number = 3")
    with pytest.raises(Tampered, match="record 3"):
        case.append("statement", {})
