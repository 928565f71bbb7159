"""Ed25519 keys: secret ones in files with a passphrase (PKCS #8), public ones by their 32 bytes and fingerprint."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from overflight.errors import InvalidInput

KEY_BYTES = 32
LARGEST_FILE = 64 * 1024


class PublicKey:
    """A key to check signatures with.

    Attributes
    ----------
    raw : bytes, 32.
    id : str. SHA-256 of ``raw`` in hex; the ``keyid`` of envelopes.
    fingerprint : str. The first 100 bits of it in base32, in four groups to read out loud.
    """

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise InvalidInput("key", f"{len(raw)} bytes", f"an Ed25519 public key of {KEY_BYTES} bytes")
        self.raw = raw
        digest = hashlib.sha256(raw)
        self.id = digest.hexdigest()
        text = base64.b32encode(digest.digest())[:20].decode().lower()
        self.fingerprint = "-".join(text[i : i + 5] for i in range(0, 20, 5))
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    @staticmethod
    def of_text(text: object) -> PublicKey:
        """Read a key from the base64 of its 32 bytes."""
        try:
            return PublicKey(base64.b64decode(str(text), validate=True))
        except (binascii.Error, ValueError):
            raise InvalidInput("key", "no base64", "the base64 of an Ed25519 public key") from None

    @property
    def text(self) -> str:
        """The base64 of its 32 bytes."""
        return base64.b64encode(self.raw).decode()

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise InvalidSignature where a signature does not hold."""
        self._key.verify(signature, data)

    def pem(self) -> bytes:
        """Return it as PEM (SubjectPublicKeyInfo)."""
        return self._key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"PublicKey({self.fingerprint})"


class SecretKey:
    """A key to sign with."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(
            key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        )

    @staticmethod
    def new() -> SecretKey:
        """Draw a key."""
        return SecretKey(Ed25519PrivateKey.generate())

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``, 64 bytes."""
        return self._key.sign(data)

    def write(self, path: Path, passphrase: str) -> None:
        """Write the key, encrypted, to a file that is not there yet and that its owner alone may read.

        Raises
        ------
        InvalidInput
            The passphrase is empty, the file is there already, or cannot be written.
        """
        if not passphrase:
            raise InvalidInput("passphrase", "nothing", "a passphrase of one character or more")
        data = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase.encode()),
        )
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        except FileExistsError:
            raise InvalidInput("key", f"{path}, which is there", "the name of a new file") from None
        except OSError as problem:
            raise InvalidInput("key", f"{path} ({problem.strerror})", "a file that can be written") from None

    @staticmethod
    def read(path: Path, passphrase: str) -> SecretKey:
        """Read a key from its file.

        Raises
        ------
        InvalidInput
            The passphrase is wrong, or the file holds no Ed25519 key.
        """
        data = _read(path)
        try:
            key = serialization.load_pem_private_key(data, passphrase.encode() or None)
        except TypeError:
            got = "none" if not passphrase else "one for a key that has none"
            raise InvalidInput("passphrase", got, "the passphrase of the key", str(path)) from None
        except ValueError:
            if b"PRIVATE KEY" in data:
                raise InvalidInput("passphrase", "a wrong one", "the passphrase of the key", str(path)) from None
            raise InvalidInput("key", "no secret key", "an Ed25519 key in PEM (PKCS #8)", str(path)) from None
        except UnsupportedAlgorithm:
            raise InvalidInput("key", "another kind of key", "an Ed25519 key", str(path)) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise InvalidInput("key", "another kind of key", "an Ed25519 key", str(path))
        return SecretKey(key)


def read_public(path: Path) -> PublicKey:
    """Read a public key from a file: PEM, or the base64 of its 32 bytes.

    Raises
    ------
    InvalidInput
        The file holds none.
    """
    data = _read(path)
    if b"-----BEGIN PUBLIC KEY" not in data:
        return PublicKey.of_text(data.decode("ascii", "replace").strip())
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput("key", "another kind of key", "an Ed25519 public key", str(path))
    return PublicKey(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST_FILE)
    except OSError as problem:
        raise InvalidInput("key", f"{path} ({problem.strerror})", "a file that can be read") from None
