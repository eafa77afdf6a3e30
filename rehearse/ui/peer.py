"""Whose program is at the other end of a connection, where the system tells."""

import os
import socket
import sys
from pathlib import Path

_TABLES = ("tcp", "tcp6")
# What stands before an IPv4 address that an IPv6 socket connects to.
_MAPPED = b"\0" * 10 + b"\xff\xff"


def stranger(peer: tuple[str, int], *, tables: Path = Path("/proc/self/net")) -> bool:
    """Whether a connection on this computer comes from a program of another account.

    Only Linux tells, in a table of its own; elsewhere, and where the connection is not listed, nobody is called a stranger
    and the key alone decides. The administrator is none: nothing is hidden from that account anyway.
    """
    if not sys.platform.startswith("linux"):
        return False
    owner = _owner(peer, tables)
    return owner is not None and owner not in (0, os.getuid())


def _owner(peer: tuple[str, int], tables: Path) -> int | None:
    """Return the account that holds the socket with this address, ``None`` if the tables do not say."""
    try:
        raw = socket.inet_aton(peer[0])
    except OSError:
        return None
    wanted = {f"{_written(each)}:{peer[1]:04X}" for each in (raw, _MAPPED + raw)}
    for name in _TABLES:
        try:
            lines = (tables / name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if len(columns) > 7 and columns[1] in wanted and columns[7].isdigit():
                return int(columns[7])
    return None


def _written(address: bytes) -> str:
    """Return an address as the kernel writes it: each four bytes as one number of this machine."""
    return "".join(f"{int.from_bytes(address[at : at + 4], sys.byteorder):08X}" for at in range(0, len(address), 4))
