"""The Merkle tree against the published values of Certificate Transparency's own tests, and DSSE against its own."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from overflight.case import merkle
from overflight.case.envelope import opened, pre_authentication, signed
from overflight.case.keys import PublicKey, SecretKey
from overflight.errors import InvalidInput, Tampered

# google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc: entries, roots, paths (facts).
ENTRIES = [bytes.fromhex(t) for t in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                      "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (5, 8): ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
}  # fmt: skip
CONSISTENCY = {
    (1, 1): [],
    (1, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (6, 8): ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 5): ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
}  # fmt: skip


def test_published_roots():
    assert merkle.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [merkle.root_of(ENTRIES[:n]).hex() for n in range(1, 9)] == ROOTS


def test_published_proofs():
    for (index, size), path in INCLUSION.items():
        assert [p.hex() for p in merkle.inclusion_proof(ENTRIES[:size], index)] == path
    for (first, second), path in CONSISTENCY.items():
        assert [p.hex() for p in merkle.consistency_proof(ENTRIES[:second], first)] == path


def definition(entries):
    """Return MTH as section 2.1.1 defines it, by recursion."""
    if len(entries) == 1:
        return merkle.leaf_hash(entries[0])
    k = 1
    while 2 * k < len(entries):
        k *= 2
    return merkle.node_hash(definition(entries[:k]), definition(entries[k:]))


def test_every_proof_of_small_trees_holds_and_none_other():
    entries = [bytes([n]) * 32 for n in range(20)]
    for size in range(1, 21):
        root = merkle.root_of(entries[:size])
        assert root == definition(entries[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(entries[:size], index)
            assert merkle.is_included(entries[index], index, size, proof, root)
            assert not merkle.is_included(entries[index] + b"x", index, size, proof, root)
            assert not merkle.is_included(entries[index], index, size, [*proof, root], root)
            assert not merkle.is_included(entries[index], index, size, proof, bytes(32))
            assert all(
                not merkle.is_included(entries[index], i, size, proof, root) for i in range(-1, size + 1) if i != index
            )
        for first in range(size + 1):
            proof, before = merkle.consistency_proof(entries[:size], first), merkle.root_of(entries[:first])
            assert merkle.is_consistent(first, before, size, root, proof)
            assert not merkle.is_consistent(first, bytes(32), size, root, proof)
            assert not merkle.is_consistent(first, before, size, root, [*proof, root])
            assert first == 0 or not merkle.is_consistent(first, before, size, bytes(32), proof)


@given(st.integers(0, 40), st.integers(0, 40), st.lists(st.binary(min_size=32, max_size=32), max_size=8))
def test_a_proof_that_was_made_up_does_not_hold(first, second, proof):
    root = merkle.root_of([bytes([n]) for n in range(40)])
    assert not merkle.is_included(b"made up", first, second, proof, root)
    assert not merkle.is_consistent(first, b"\x01" * 32, second, root, proof)


def test_the_encoding_that_is_signed():
    # secure-systems-lab/dsse, protocol.md, test vectors.
    assert pre_authentication("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pre_authentication("é", b"\x00") == b"DSSEv1 2 \xc3\xa9 1 \x00"


def test_signatures_are_those_of_rfc_8032():
    # RFC 8032, section 7.1, test 2.
    secret = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = SecretKey(Ed25519PrivateKey.from_private_bytes(secret))
    assert key.public.raw.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert key.sign(b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")


def test_an_envelope_opens_for_its_key_and_no_other():
    key, other = SecretKey.new(), SecretKey.new()
    envelope = signed(b"payload", "text/plain", key)
    assert opened(json.loads(json.dumps(envelope)), "text/plain", [other.public, key.public]) == (
        b"payload",
        key.public,
    )
    with pytest.raises(InvalidInput, match="unknown party"):
        opened(envelope, "text/plain", [other.public])
    with pytest.raises(InvalidInput, match="payloadType"):
        opened(envelope, "text/html", [key.public])
    with pytest.raises(Tampered, match="does not hold"):
        opened({**envelope, "payload": base64.b64encode(b"other").decode()}, "text/plain", [key.public])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["payload", "payloadType", "signatures", "keyid", "sig"]), inner)
    ),
)


@given(values)
def test_what_is_no_envelope_is_refused_in_one_line(value):
    with pytest.raises(InvalidInput):
        opened(value, "text/plain", [KEY.public])


KEY = SecretKey.new()


@given(st.binary(max_size=200))
def test_a_key_is_32_bytes(data):
    if len(data) == 32:
        assert PublicKey(data).raw == data
    else:
        with pytest.raises(InvalidInput):
            PublicKey(data)
