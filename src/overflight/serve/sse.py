"""Server-sent events as they go over the wire."""

from __future__ import annotations

from typing import Any

import msgspec

HEARTBEAT_S = 15.0
HEARTBEAT = b": still here\n\n"
"""A comment, so that nobody on the way takes a quiet stream for a dead one."""


def encoded(name: str, mark: str, data: Any) -> bytes:
    """Write one event; ``mark`` is what a client comes back with. JSON holds no line break."""
    return b"event: %s\nid: %s\ndata: %s\n\n" % (name.encode(), mark.encode(), msgspec.json.encode(data))
