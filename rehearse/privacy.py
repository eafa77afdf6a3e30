"""``rehearse doctor --privacy``: the whole way of a talk, with every connection and every look-up of a name counted.

The way is walked by another process, in a folder that is thrown away: the page is opened and read by a real client, a line is
checked, reworded and sent, he answers, the talk is looked back on, carried out in each form, brought back and deleted. Python's
own audit hooks tell of each socket and each name. On Linux that process is also cut off from every network, in a name space
of its own, and the kernel's counters tell what any library in it, native ones too, tried to send.
"""

import argparse
import ctypes
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPResponse
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from rehearse.errors import RehearseError, SettingError

if TYPE_CHECKING:
    from rehearse.ui.room import Room

# The two models are loaded and read from the disk on the way.
PATIENCE = 900.0
LINE = "You never call me anymore. I miss our talks."
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_SET_FLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_COUNTED = (("packets with nowhere to go", "Ip:OutNoRoutes"), ("datagrams", "Udp:OutDatagrams"))
_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from rehearse.privacy import walked; walked()"


@dataclass(slots=True)
class Walk:
    """What was done on the way, and what was asked of anybody on it."""

    steps: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    local: int = 0
    cut_off: bool = False
    # What the kernel counted, where it could be asked: packets with nowhere to go, and datagrams sent or refused.
    kernel: dict[str, int] | None = None
    failure: str = ""

    @property
    def quiet(self) -> bool:
        """Whether the whole way was walked and nobody but this computer was asked for anything."""
        return not (self.connections or self.lookups or self.failure or any((self.kernel or {}).values()))


def proven() -> Walk:
    """Walk the way in another process and return what was counted.

    :raises SettingError: if the process cannot be started or says nothing.
    """
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory(prefix="rehearse-") as folder:
        # Every cache of the hub's library is an empty folder: what is not carried with the app would have to be fetched.
        settled = {name: value for name, value in os.environ.items() if not name.startswith(("REHEARSE_", "HF_"))}
        settled |= {"REHEARSE_HOME": str(Path(folder) / "home"), "HF_HOME": str(Path(folder) / "hub"), "TMPDIR": folder}
        try:
            done = subprocess.run(
                [sys.executable, "-c", _CODE, str(root)],
                env=settled,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            return Walk(**json.loads(done.stdout.splitlines()[-1]))
        except (OSError, subprocess.TimeoutExpired, ValueError, TypeError, IndexError) as error:
            raise SettingError("The proof did not come to its end.", "Close other programs and try again.") from error


def told(walk: Walk) -> str:
    """Return what was counted, in words."""
    lines = [f"Walked: {', '.join(walk.steps)}." if walk.steps else "Nothing was walked."]
    if walk.failure:
        lines.append(f"Then it stopped: {walk.failure}")
    lines.append(f"Connections to anybody but this computer: {len(walk.connections)}")
    lines += [f"  {each}" for each in sorted(set(walk.connections))]
    lines.append(f"Names looked up: {len(walk.lookups)}")
    lines += [f"  {each}" for each in sorted(set(walk.lookups))]
    lines.append(f"Connections within this computer, to the page: {walk.local}")
    if walk.cut_off:
        lines.append("It was cut off from every network meanwhile, and missed nothing.")
        if walk.kernel is not None:
            lines.append(f"The system counted {sum(walk.kernel.values())} attempts to send anything elsewhere.")
    else:
        lines.append("This system does not let a program be cut off from the network, so Python's own counting is all there is.")
    lines.append("Nothing left this computer." if walk.quiet else "This is not as it should be.")
    return "\n".join(lines) + "\n"


# -- in the other process ---------------------------------------------------------------------------------------------------


def walked() -> None:
    """Walk the way in this process and print what was counted; ends with the process, since its hooks cannot be taken away."""
    walk = Walk(cut_off=_cut_off())
    sys.addaudithook(_counting(walk))
    before = _counters() if walk.cut_off else None
    try:
        _way(walk.steps.append)
    except RehearseError as error:
        walk.failure = str(error)
    except OSError as error:
        walk.failure = f"{type(error).__name__}."
    after = _counters() if walk.cut_off else None
    if before is not None and after is not None:
        walk.kernel = {name: after[name] - before[name] for name in after}
    sys.stdout.write("\n" + json.dumps(asdict(walk)) + "\n")
    sys.stdout.flush()
    # At once: where something is still being loaded, in native code, Python could not put itself away without a crash.
    os._exit(0)


def _counting(walk: Walk) -> Callable[[str, tuple[Any, ...]], None]:
    def count(event: str, given: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo" or event.startswith("socket.gethostby"):
            if not _here(given[0]):
                walk.lookups.append(str(given[0]))
        elif event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(given[1], tuple):
            if _here(given[1][0]):
                walk.local += 1
            else:
                walk.connections.append(str(given[1][0]))

    return count


def _here(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if name in ("", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _cut_off() -> bool:
    """Leave every network but the loopback of this process; say whether the system allowed it."""
    if not sys.platform.startswith("linux"):
        return False
    # Tried in a process of its own first: where only half of it is allowed, this one would be left without its loopback.
    trying = os.fork()
    if trying == 0:
        os._exit(0 if _left() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(trying, 0)[1]) == 0 and _left()


def _left() -> bool:
    import fcntl

    who = os.getuid()
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK) != 0:
        return False
    try:
        # Under the number it had, so that files go on being its own.
        Path("/proc/self/uid_map").write_text(f"{who} {who} 1", encoding="ascii")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))
    except OSError:
        return False
    return True


def _counters() -> dict[str, int] | None:
    """Return what the kernel counted in this process's own network, ``None`` if it does not say."""
    try:
        rows = [line.split() for line in Path("/proc/self/net/snmp").read_text(encoding="ascii").splitlines()]
    except OSError:
        return None
    found = {
        f"{names[0]}{name}": int(value)
        for names, values in zip(rows[::2], rows[1::2], strict=False)
        for name, value in zip(names[1:], values[1:], strict=False)
    }
    return {name: found.get(key, 0) for name, key in _COUNTED}


def _way(done: Callable[[str], None]) -> None:
    """Do all that a talk consists of, with the page served and read meanwhile."""
    from rehearse import settings
    from rehearse.ui import serve

    serve.prepare_environment()
    import uvicorn

    from rehearse.terminal_transcripts import open_store
    from rehearse.ui.gate import Keys
    from rehearse.ui.room import Room

    room, keys = Room.open(open_store()), Keys()
    port = serve.free_port(settings.port())
    server = uvicorn.Server(uvicorn.Config(serve.application(room, keys), host=serve.HOST, port=port, log_level="critical"))
    serving = Thread(target=server.run, name="serving", daemon=True)
    serving.start()
    done("start")
    room.load()
    while not (server.started and room.settled):
        time.sleep(0.05)
    for part in (room.voice, room.check):
        if part.state == "failed":
            raise SettingError("A part of the app did not load.", part.failure)
    cookie = _asked(port, f"/?key={keys.key}").getheader("set-cookie") or ""
    _page(port, cookie)
    done("page")
    _talk(room, lambda path: _asked(port, path, cookie).read(), done)
    server.should_exit = True
    serving.join(timeout=20)
    room.close()
    done("exit")


def _asked(port: int, path: str, cookie: str = "") -> HTTPResponse:
    from rehearse.ui.serve import HOST

    connection = HTTPConnection(HOST, port, timeout=60)
    connection.request("GET", path, headers={"Cookie": cookie.partition(";")[0]} if cookie else {})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SettingError(f"The page answered with {answer.status}.", "See what `rehearse doctor` says.")
    return answer


def _page(port: int, cookie: str) -> None:
    """Read the page and every file of ours that it names, as a browser would; its policy keeps a browser from all others."""
    answer = _asked(port, "/", cookie)
    if "default-src 'self'" not in (answer.getheader("content-security-policy") or ""):
        raise SettingError("The page does not forbid a browser to load from elsewhere.", "Install rehearse again.")
    for path in sorted(set(re.findall(r'"\.?(/assets/[\w.-]+)"', answer.read().decode()))):
        _asked(port, path, cookie).read()


def _talk(room: "Room", asked: Callable[[str], bytes], done: Callable[[str], None]) -> None:
    from rehearse.rehearsal import Rehearsal
    from rehearse.scenario import Scenario
    from rehearse.transcripts import read_document

    rehearsal = Rehearsal.start(Scenario.load("missed-calls"), parts=room.parts)
    rehearsal.check(LINE)
    done("check")
    with room.rewriter(rehearsal.id) as rewriter:
        rehearsal.check(LINE, rewriter=rewriter)
    done("reword")
    for _ in rehearsal.say(LINE):
        pass
    done("talk")
    rehearsal.end()
    done("look back")
    copies = {form: asked(f"/copy/{rehearsal.id}/{form}") for form in ("markdown", "html", "json")}
    done("export")
    room.parts.transcripts.import_(read_document(copies["json"]))
    done("import")
    for each in room.parts.transcripts.list(limit=10):
        room.parts.transcripts.delete(each.id)
    done("delete")


def privacy(chosen: argparse.Namespace) -> int:
    """Run ``rehearse doctor --privacy``; the exit status is 0 if nothing left this computer, and 1 otherwise."""
    if not chosen.json:
        sys.stdout.write("Walking through a whole talk in a folder that is thrown away. This takes a minute or two.\n")
        sys.stdout.flush()
    walk = proven()
    sys.stdout.write(json.dumps({**asdict(walk), "quiet": walk.quiet}) + "\n" if chosen.json else told(walk))
    return 0 if walk.quiet else 1
