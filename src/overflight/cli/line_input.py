"""What ``overflight line`` takes in: passphrases, texts, files and addresses."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from overflight.errors import InvalidInput


def passphrase_of(path: Path | None, *, new: bool = False) -> str:
    """Return the passphrase from a file, the environment or the terminal."""
    if path is not None:
        return read_text(path, "--passphrase-file").split("\n", 1)[0].rstrip("\r")
    given = os.environ.get("OVERFLIGHT_PASSPHRASE")
    if given is not None:
        return given
    if sys.stdin is None or not sys.stdin.isatty():
        raise InvalidInput("passphrase", "none", "--passphrase-file FILE or OVERFLIGHT_PASSPHRASE")
    from getpass import getpass

    first = getpass("passphrase: ")
    if new and getpass("once more: ") != first:
        raise InvalidInput("passphrase", "two that differ", "the same one twice")
    return first


def body_of(text: str, files: tuple[Path, ...], data: Path | None) -> dict[str, Any]:
    """Return the body of a message."""
    import base64
    import hashlib

    from overflight.case.canonical import parsed

    body: dict[str, Any] = {"text": sys.stdin.read() if text == "-" else text}
    if data is not None:
        body["data"] = parsed(read_text(data, "--data"), str(data))
    if files:
        body["files"] = []
        for path in files:
            content = read_bytes(path, "--file")
            body["files"].append({
                "name": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
                "data": base64.b64encode(content).decode(),
            })  # fmt: skip
    if not any(body.values()):
        raise InvalidInput("message", "nothing", "a text, a --file or --data")
    return body


def read_bytes(path: Path, field: str, most: int = 2**21) -> bytes:
    """Read a file that is not too large."""
    try:
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as problem:
        raise InvalidInput(field, f"{path} ({problem.strerror})", "a file that can be read") from None
    if len(content) > most:
        raise InvalidInput(field, f"{path} of more than {most:,} bytes", f"at most {most:,}",
                           hint="send its digest, and the file by mail or disk")  # fmt: skip
    return content


def read_text(path: Path, field: str) -> str:
    """Read a small file of text."""
    try:
        return read_bytes(path, field).decode()
    except UnicodeDecodeError:
        raise InvalidInput(field, f"{path}, which is no text", "text in UTF-8") from None


def require_url(url: str) -> None:
    """Refuse what is no address of a line."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        fine = not url or (parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1))
    except ValueError:
        fine = False
    if not fine:
        raise InvalidInput("--url", repr(url), "http://host:port or https://host:port")
