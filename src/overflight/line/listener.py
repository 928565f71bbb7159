"""The socket that a server of ours listens at."""

from __future__ import annotations

import socket

from overflight.errors import InvalidInput


def listening(host: str, port: int, backlog: int) -> socket.socket:
    """Listen at an address; port 0 takes a free one.

    Raises
    ------
    InvalidInput
        The address cannot be listened at.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=backlog)
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InvalidInput("--port", f"{host}:{port} ({reason})", "a free address of this machine") from None
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the end of each answer waits 40 ms
    return listener
