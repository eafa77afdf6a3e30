"""The door of the page: every request is looked at here before anything else sees it.

The page answers its own pages only, and only whoever brings the key of this start. The key is printed where rehearse was
started; the browser swaps it for a cookie on its first visit, so that it stands neither in the address on the screen nor in a
link. Of the routes that come with Gradio, those the page needs are open and all others are closed, to everybody.
"""

import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from html import escape
from typing import Any
from urllib.parse import parse_qs

from rehearse import settings
from rehearse.ui.peer import stranger
from rehearse.ui.words import say

# The page may load from, and speak to, nothing but itself. Gradio's own scripts and styles are inline.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'self'",
    )
)
# Where the page asks whether the app is there again, and which life of it.
ALIVE = "/alive"
# What the page asks for, and nothing else: a name that ends in a slash stands for all below it.
OPEN = (
    "/",
    ALIVE,
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/assets/",
    "/static/",
    "/copy/",
    "/copies/",
    "/unlock",
    "/forgotten",
    "/set-aside",
    "/gradio_api/app_id",
    "/gradio_api/cancel",
    "/gradio_api/reset",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/gradio_api/heartbeat/",
    "/gradio_api/queue/",
    "/gradio_api/run/predict",
)
# Code and pictures that came with the installation: all that a browser may keep on its disk.
_KEPT = ("/assets/", "/static/")
_SHUT = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_TALK = re.compile(r"[0-9A-Za-z-]{1,64}")


class Keys:
    """What lets her in during one start of the app."""

    def __init__(self, left: Sequence[str] | None = None) -> None:
        """Make new ones: those of an earlier start open nothing.

        :param left: what :attr:`leaving` was in an earlier life of the same start, which the page is still open with.
        """
        self.key, self._session = left or (secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        self._ticket = ""

    @property
    def leaving(self) -> tuple[str, str]:
        """What the next life needs to let in whoever is let in now."""
        return self.key, self._session

    def ticket(self) -> str:
        """Return a key that opens once.

        A browser is started with the address as an argument, which other accounts of the computer may read as long as it runs.
        """
        self._ticket = secrets.token_urlsafe(32)
        return self._ticket

    def opens(self, given: str) -> bool:
        """Whether a key from an address opens the door; a ticket is used up by that."""
        if self._ticket and _same(given, self._ticket):
            self._ticket = ""
            return True
        return _same(given, self.key)

    def admits(self, given: str) -> bool:
        """Whether a cookie is the one that was given out at the door."""
        return _same(given, self._session)

    def cookie(self, port: int) -> str:
        """Return the cookie that is given out at the door."""
        return f"{name(port)}={self._session}; Path=/; HttpOnly; SameSite=Strict"


def name(port: int) -> str:
    """Return the cookie's name: browsers share cookies between the ports of a computer, and two apps may be open."""
    return f"rehearse-{port}"


def _same(given: str, wanted: str) -> bool:
    # In constant time: how long a comparison takes must not tell how much of a guess was right.
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


class Gate:
    """Refuses whatever another site, another account or a guess asks, and tells the browser to keep the page to itself."""

    def __init__(self, app: Any, keys: Keys, outsider: Callable[[tuple[str, int]], bool] = stranger) -> None:
        """Stand before an ASGI application.

        :param outsider: says of a connection's address whether a program of another account holds it.
        """
        self.app = app
        self.keys = keys
        self.outsider = outsider

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request through, open the door, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refused = _foreign(scope, headers) or (scope.get("client") is not None and self.outsider(tuple(scope["client"][:2])))
        if refused:
            await _answer(scope, receive, send, 403, say("gate.foreign"))
        elif _entering(scope):
            await self._enter(scope, receive, send, headers)
        elif not self._inside(scope, headers):
            await _answer(scope, receive, send, 403, say("gate.shut"), html="text/html" in headers.get("accept", ""))
        elif not _open(scope["path"]):
            await _answer(scope, receive, send, 404, say("gate.nothing"))
        else:
            await self.app(scope, receive, _marked(scope, send))

    def _inside(self, scope: Any, headers: dict[str, str]) -> bool:
        wanted = name(scope["server"][1])
        cookies = (each.strip().partition("=") for each in headers.get("cookie", "").split(";"))
        return any(found == wanted and self.keys.admits(value) for found, _, value in cookies)

    async def _enter(self, scope: Any, receive: Any, send: Any, headers: dict[str, str]) -> None:
        """Swap a key for the cookie and go on to the address without it.

        By a page that goes on by itself and not by a redirect: after a redirect the browser would hold back the new cookie if she
        came by a link in a mail or a file, and the address with the key would stay in the tab's history.
        """
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        already = self._inside(scope, headers)
        if not (self.keys.opens(asked["key"][0]) or already):
            await _answer(scope, receive, send, 403, say("gate.shut"), html=True)
            return
        talk = asked.get("talk", [""])[0]
        further = f"/?talk={talk}" if _TALK.fullmatch(talk) else "/"
        cookie = None if already else self.keys.cookie(scope["server"][1])
        await _answer(scope, receive, send, 200, say("gate.opening"), html=True, further=further, cookie=cookie)


def _foreign(scope: Any, headers: dict[str, str]) -> bool:
    """Whether a request comes from another site.

    A page of another site cannot hide where a request that changes something comes from: the browser sends ``Origin`` with it.
    Requests without one come from programs on this computer, or are links; of those only one to the page itself is followed.
    """
    site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode", "navigate")
    if site not in ("none", "same-origin") and not (mode == "navigate" and scope["path"] == "/" and _reads(scope)):
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def _reads(scope: Any) -> bool:
    return bool(scope["type"] == "http" and scope["method"] in ("GET", "HEAD"))


def _entering(scope: Any) -> bool:
    return scope["path"] == "/" and _reads(scope) and "key" in parse_qs(scope["query_string"].decode("latin-1"))


def _open(path: str) -> bool:
    # No file of ours has such a name; what looks like a way out of a folder is not even shown to the code behind.
    if "\\" in path or "\0" in path or "//" in path or ".." in path.split("/"):
        return False
    return any(path == each or (each.endswith("/") and each != "/" and path.startswith(each)) for each in OPEN)


def _marked(scope: Any, send: Any) -> Callable[[Any], Any]:
    """Return a ``send`` that adds our headers, and forbids keeping on the disk what may hold her words."""
    kept = scope["path"].startswith(_KEPT)

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            found = [pair for pair in message["headers"] if kept or pair[0].lower() != b"cache-control"]
            message["headers"] = [*found, *_headers(POLICY, kept=kept)]
        await send(message)

    return sending


def _headers(policy: str, *, kept: bool = False) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        *([] if kept else [(b"cache-control", b"no-store")]),
    ]


async def _answer(
    scope: Any,
    receive: Any,
    send: Any,
    status: int,
    words: str,
    *,
    html: bool = False,
    further: str = "",
    cookie: str | None = None,
) -> None:
    """Answer without asking the application: a sentence, or a small page with it."""
    from starlette.responses import Response

    body = _page(words, further) if html else words
    answer = Response(body, status, media_type="text/html" if html else "text/plain")
    answer.raw_headers += _headers(_SHUT)
    if cookie is not None:
        answer.raw_headers.append((b"set-cookie", cookie.encode()))
    await answer(scope, receive, send)


def _page(words: str, further: str) -> str:
    onward = f'<meta http-equiv="refresh" content="0; url={escape(further)}">' if further else ""
    link = f'<p><a href="{escape(further)}">{escape(say("gate.onward"))}</a></p>' if further else ""
    title = escape(say("header.title"))
    return (
        f'<!doctype html><html lang="{settings.language()}"><head><meta charset="utf-8"><title>{title}</title>{onward}'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><style>:root{color-scheme:light dark}'
        "body{font:1.15rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.2rem}</style></head>"
        f"<body><p>{escape(words)}</p>{link}</body></html>"
    )
