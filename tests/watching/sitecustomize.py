"""Write down every look-up and connection that is not to this machine, in every Python that has this folder on its path.

Python imports a module of this name at its start, so the app is watched as well as whoever starts it, and what it starts in turn.
``WATCHED_NOTES`` names the file that is written to.
"""

import os
import sys
from ipaddress import ip_address
from pathlib import Path

NOTES = Path(os.environ["WATCHED_NOTES"])
NAMES = (None, "", "localhost", "0.0.0.0", "::")


def here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in NAMES:
        return True
    try:
        return ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def watch(event: str, arguments: tuple) -> None:
    if event == "socket.getaddrinfo" or event.startswith("socket.gethostby"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not here(host):
        with NOTES.open("a", encoding="utf-8") as notes:
            notes.write(f"{event} {host}\n")


NOTES.touch()
sys.addaudithook(watch)
