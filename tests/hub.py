"""A hub on this machine: a real HTTP server that speaks what a download of one file needs, and can be told to do it badly."""

import hashlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What it has and how it behaves; ``asked`` and ``headers`` are what it was asked, in order."""

    body: bytes
    etag: str = ""
    # Answered instead of the file; for a revision alone under its name.
    status: int = 200
    missing: tuple[str, ...] = ()
    # After so many bytes of an answer the connection is cut, so many times.
    cut_after: int = 0
    cuts: int = 0
    # Once so many bytes were sent in all, it answers nobody any more.
    gone_after: int = 0
    ranges: bool = True
    # Seconds between two pieces of an answer.
    pause: float = 0.0
    # Where the file itself is, if another host is to give it out.
    elsewhere: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    address: str = ""
    sent: int = 0

    def __post_init__(self) -> None:
        self.etag = self.etag or hashlib.sha256(self.body).hexdigest()

    @property
    def ranged(self) -> list[str]:
        """The ranges that were asked for."""
        return [each["range"] for each in self.headers if "range" in each]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def answer(self, *, body: bool) -> None:
        self.hub.asked.append(f"{self.command} {self.path}")
        self.hub.headers.append({name.lower(): value for name, value in self.headers.items()})
        if self.hub.gone_after and self.hub.sent >= self.hub.gone_after:
            self.close()
            return
        revision = self.path.split("/resolve/")[-1].split("/")[0]
        status = 404 if revision in self.hub.missing else self.hub.status
        if status != 200:
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", "RevisionNotFound" if self.hub.missing else "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.hub.elsewhere and not body:
            self.redirect()
            return
        start = self.start() if self.hub.ranges else 0
        self.send_response(206 if start else 200)
        self.told()
        self.send_header("Content-Length", str(len(self.hub.body) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.hub.body) - 1}/{len(self.hub.body)}")
        self.end_headers()
        if body:
            self.send(start)

    def redirect(self) -> None:
        self.send_response(302)
        self.told()
        self.send_header("Location", self.hub.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def told(self) -> None:
        self.send_header("ETag", f'"{self.hub.etag}"')
        self.send_header("X-Linked-Etag", f'"{self.hub.etag}"')
        self.send_header("X-Linked-Size", str(len(self.hub.body)))
        self.send_header("X-Repo-Commit", COMMIT)

    def start(self) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0

    def send(self, start: int) -> None:
        cutting = self.hub.cut_after if self.hub.cuts > 0 else 0
        for place in range(start, len(self.hub.body), 16384):
            if (cutting and place - start >= cutting) or (self.hub.gone_after and self.hub.sent >= self.hub.gone_after):
                self.hub.cuts -= 1
                self.close()
                return
            piece = self.hub.body[place : place + 16384]
            try:
                self.wfile.write(piece)
            except OSError:
                # Whoever asked has gone.
                return
            self.hub.sent += len(piece)
            if self.hub.pause:
                time.sleep(self.hub.pause)

    def close(self) -> None:
        self.wfile.flush()
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def log_message(self, *given: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *given: object) -> None:
        """Say nothing of a connection that was cut."""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve a hub until the end of the block."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
