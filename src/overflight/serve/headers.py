"""Headers that keep a browser safe, and who of other origins may ask."""

from __future__ import annotations

from collections.abc import Iterable

from overflight.serve.problems import Refusal
from overflight.serve.settings import LOOPBACK_NAMES, Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The page: its own files, and no styles or scripts in markup."""
CSP_OF_FILES = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
"""What a job or a case holds was written by others: it is shown without scripts, and as if from nowhere."""
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), payment=(), usb=()"),
)
CORS_ALLOWED = "authorization, content-type, last-event-id"
CORS_METHODS = "GET, POST, DELETE"
CORS_SHOWN = "link, retry-after, x-cache, location"
Header = tuple[bytes, bytes]


def name_of(host: str) -> str:
    """Return the name in a header ``Host``, without its port."""
    if host.startswith("["):
        return host[1 : host.find("]")].lower() if "]" in host else host
    return host.partition(":")[0].lower()


def require_host(host: str, settings: Settings, *, is_open: bool) -> None:
    """Refuse a name that the service is not asked by.

    Where all is open, a page of another site could else give its own name this machine's address, and ask through the
    visitor's browser (DNS rebinding). With tokens it could not, and any name will do unless some are given.
    """
    if not is_open and not settings.hosts:
        return
    allowed = (*LOOPBACK_NAMES, settings.host.lower(), *(one.lower() for one in settings.hosts))
    if name_of(host) not in allowed:
        raise Refusal(421, f"Host: got {host!r}, expected {', '.join(dict.fromkeys(allowed))}")


def require_origin(origin: str, host: str, settings: Settings) -> bool:
    """Say whether a request comes from another origin that is allowed.

    Raises
    ------
    Refusal
        It comes from one that is not.
    """
    if not origin:
        return False
    if origin in settings.origins:
        return True
    if origin.partition("://")[2].lower() == host.lower():
        return False
    raise Refusal(403, f"Origin: got {origin!r}, expected the page of this service, or an --origin of it")


def cors(origin: str, *, preflight: bool) -> list[Header]:
    """Return the headers that let another origin read an answer."""
    found = {"access-control-allow-origin": origin, "access-control-expose-headers": CORS_SHOWN, "vary": "Origin"}
    if preflight:
        found |= {"access-control-allow-methods": CORS_METHODS, "access-control-allow-headers": CORS_ALLOWED,
                  "access-control-max-age": "600"}  # fmt: skip
    return [(name.encode(), value.encode()) for name, value in found.items()]


def secured(headers: Iterable[Header], more: Iterable[Header] = ()) -> list[Header]:
    """Return the headers of a response with those that every one has; what a route has set itself stays."""
    found = [*headers, *more]
    names = {name.lower() for name, _ in found}
    found += [header for header in ALWAYS if header[0] not in names]
    if b"content-security-policy" not in names:
        found.append((b"content-security-policy", CSP.encode()))
    if b"cache-control" not in names:
        found.append((b"cache-control", b"no-store"))
    return found
