"""The lobby: where she is asked for the passphrase before the rooms open, and where there is a way on if it is forgotten.

Small pages without a script. What is typed comes in the body of a request, goes to the store, and is kept nowhere; every
answer to it is a redirect, so that a browser has nothing to send again.
"""

import sys
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from rehearse import settings
from rehearse.errors import RehearseError, WrongPassphrase
from rehearse.transcripts.cipher import available
from rehearse.ui.gate import ALIVE
from rehearse.ui.room import Room
from rehearse.ui.words import say, trouble

FORM, UNLOCK, FORGOTTEN, ASIDE = "/", "/unlock", "/forgotten", "/set-aside"
# Longer than any passphrase, whatever it is written in.
LONGEST_BODY = 20_000


class Lobby:
    """Answers in place of the application as long as the room is locked."""

    def __init__(self, app: Any, room: Room) -> None:
        """Stand before an ASGI application, behind the door."""
        self.app = app
        self.room = room
        self._told = ""
        self._aside: Path | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request through once the room is open; what belongs to the lobby leads to the page then."""
        ours = scope["type"] == "http" and scope["path"] in (UNLOCK, FORGOTTEN, ASIDE)
        if scope["type"] == "lifespan" or scope["path"] == ALIVE or not (self.room.locked or ours):
            await self.app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close"})
        else:
            answer = await self._answer(scope["method"], scope["path"], receive)
            await answer(scope, receive, send)

    async def _answer(self, method: str, path: str, receive: Any) -> Any:
        from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse

        if path == ASIDE and self._aside is not None:
            return HTMLResponse(_aside(self._aside))
        if not self.room.locked:
            return RedirectResponse(FORM, 303)
        if method == "POST" and path in (UNLOCK, ASIDE):
            return RedirectResponse(await self._done(path, await _fields(receive)), 303)
        if method in ("GET", "HEAD") and path in (FORM, UNLOCK):
            told, self._told = self._told, ""
            return HTMLResponse(_form(told) if available() else _missing())
        if method in ("GET", "HEAD") and path in (FORGOTTEN, ASIDE):
            return HTMLResponse(_forgotten())
        return PlainTextResponse(say("gate.nothing"), 404)

    async def _done(self, path: str, given: dict[str, str]) -> str:
        """Do what a form asks, and return where to go on."""
        from starlette.concurrency import run_in_threadpool

        try:
            if path == UNLOCK:
                # In a thread: to make a key takes a moment, on purpose.
                await run_in_threadpool(self.room.unlock, given.get("passphrase", ""))
                return FORM
            if given.get("sure") != "yes":
                return FORGOTTEN
            self._aside = await run_in_threadpool(self.room.begin_anew)
        except WrongPassphrase:
            self._told = say("lobby.wrong")
        except RehearseError as error:
            self._told = trouble(error)
        return ASIDE if self._aside is not None else FORM


async def _fields(receive: Any) -> dict[str, str]:
    body = b""
    while len(body) <= LONGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return {name: values[0] for name, values in parse_qs(body[:LONGEST_BODY].decode("utf-8", "replace")).items()}


def _form(told: str) -> str:
    alert = f'<p class="error" role="alert" id="told">{escape(told)}</p>' if told else ""
    typed = 'type="password" maxlength="1000" autocomplete="off" required autofocus'
    typed += ' aria-describedby="told"' if told else ""
    return _page(
        f"<h2>{escape(say('lobby.heading'))}</h2><p>{escape(say('lobby.ask'))}</p>{alert}"
        f'<form method="post" action="{UNLOCK}" autocomplete="off"><label for="passphrase">{escape(say("lobby.field"))}</label>'
        f'<input id="passphrase" name="passphrase" {typed}>'
        f"<button>{escape(say('lobby.open'))}</button></form>"
        f'<p class="note">{escape(say("lobby.tries"))}</p><p class="note">{escape(say("lock.browser"))}</p>'
        f'<p><a href="{FORGOTTEN}">{escape(say("lobby.forgotten"))}</a></p>'
    )


def _forgotten() -> str:
    return _page(
        f"<h2>{escape(say('lobby.anew'))}</h2><p>{escape(say('lobby.lost'))}</p><p>{escape(say('lobby.set_aside'))}</p>"
        f'<form method="post" action="{ASIDE}"><label class="sure">'
        f'<input type="checkbox" name="sure" value="yes" required> {escape(say("lobby.sure"))}</label>'
        f"<button>{escape(say('lobby.do'))}</button></form>"
        f'<p><a href="{FORM}">{escape(say("lobby.back"))}</a></p>'
    )


def _aside(path: Path) -> str:
    return _page(
        f"<h2>{escape(say('lobby.done'))}</h2><p>{escape(say('lobby.where'))}</p><p><code>{escape(str(path))}</code></p>"
        f'<p><a href="{FORM}">{escape(say("lobby.begin"))}</a></p>'
    )


def _missing() -> str:
    return _page(
        f'<h2>{escape(say("lobby.heading"))}</h2><p class="error">{escape(say("lobby.missing"))}</p>'
        f"<p><code>{escape(command())}</code></p><p>{escape(say('lobby.then'))}</p>"
    )


def command() -> str:
    """Return what adds the package that encrypts, to be typed in a terminal of this computer."""
    return f'"{sys.executable}" -m pip install sqlcipher3'


def _page(body: str) -> str:
    style = Path(__file__).with_name("lobby.css").read_text(encoding="utf-8")
    title = escape(say("header.title"))
    # The door tells browsers to say nowhere where they come from, and then a form that is sent says so neither: of this page
    # it may be said to the app itself, which answers to nobody else.
    return (
        f'<!doctype html><html lang="{settings.language()}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="same-origin">'
        '<link rel="icon" href="data:,">'
        f"<style>{style}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
