"""An OpenAI-compatible server (llama.cpp's, Ollama, vLLM): where it is, what it is asked, and in words what may go wrong.

Nothing here keeps one talk waiting for another: every answer has a connection of its own, which ends with it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from rehearse.errors import Sentence, VoiceError

if TYPE_CHECKING:
    import ssl

    import httpx

# What says that the server, or what stands before it, will answer in a moment.
_BUSY = frozenset({429, 502, 503, 504})
_REFUSED = frozenset({401, 403})
_OK, _MISSING = 200, 404
# So many names of models are told, and so much of each.
_NAMES, _LETTERS = 5, 60


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for, in seconds.

    ``connect`` until it picks up, ``silence`` until the next word of an answer; ``pauses`` before each further try, as long as
    no word has come; a server that asks for more than ``longest_pause`` is not tried again.
    """

    connect: float = 5.0
    silence: float = 120.0
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)
    longest_pause: float = 20.0


def is_address(name: str) -> bool:
    """Whether the name of a voice is the address of a server."""
    return name.startswith(("http://", "https://"))


def elsewhere(address: str) -> bool:
    """Whether a server is not on this computer, or not to be told where it is."""
    try:
        host = urlsplit(address).hostname or ""
        return host != "localhost" and not ip_address(host).is_loopback
    except ValueError:
        # A name, or no address at all. Only “localhost” is known to be here; what another name means is for others to say.
        return True


def shown(address: str) -> str:
    """Return an address as it may be shown: without a password, and without what follows a question mark."""
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{place(address)}{parts.path}"
    except ValueError:
        return "the server"


def place(address: str) -> str:
    """Return which computer an address is on, and which port if it says so; empty if it is none."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")


class Server:
    """One server. Nothing is asked of it until an answer is."""

    def __init__(self, address: str, *, key: str = "", patience: Patience | None = None) -> None:
        """Remember where it is.

        :param address: up to and with ``/v1``; a bare host gets ``/v1`` added.
        :param key: sent with every request, where the server wants one.
        :raises VoiceError: if this is no address.
        """
        if not place(address):
            raise VoiceError(
                "The voice's address is not one of a server.", "Set REHEARSE_VOICE to one such as http://127.0.0.1:8080/v1."
            )
        parts = urlsplit(address)
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        self._parts: SplitResult = parts._replace(path=path if path.endswith("/v1") else f"{path}/v1", fragment="")
        self.address = shown(self._parts.geturl())
        self.patience = patience or Patience()
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        # What it said it serves, first the one that answers if none was chosen.
        self.models: tuple[str, ...] = ()

    async def answer(self, body: dict[str, Any], model: str) -> AsyncIterator[str]:
        """Yield the lines of an answer as they come; what fails before the first of its words is tried again.

        :param body: what is asked, without the model's name.
        :param model: its name; empty for the first one the server names.
        :raises VoiceError: if the server cannot be reached, refuses, or breaks off.
        """
        import httpx

        begun = False
        for pause in (*self.patience.pauses, None):
            try:
                async with self._client() as client:
                    chosen = model or await self._first(client)
                    asked = {"model": chosen or "default", **body}
                    async with client.stream("POST", self._url("chat/completions"), json=asked) as response:
                        if response.status_code == _OK:
                            async for line in response.aiter_lines():
                                begun = begun or line.startswith("data:")
                                yield line
                            return
                        wait = await self._again(client, response, chosen, pause)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.ReadError) as error:
                if begun:
                    raise self.broke_off() from error
                if pause is None:
                    raise self._unreachable() from error
                wait = pause
            except httpx.ReadTimeout as error:
                raise self.silent() from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise self._unreachable() from error
            await asyncio.sleep(wait)

    async def _first(self, client: "httpx.AsyncClient") -> str:
        """Return the model that answers if none was chosen; empty if the server names none."""
        if not self.models:
            self.models = await self._served(client)
        return self.models[0] if self.models else ""

    async def _served(self, client: "httpx.AsyncClient") -> tuple[str, ...]:
        response = await client.get(self._url("models"))
        if response.status_code == _OK:
            with suppress(ValueError, KeyError, TypeError):
                return tuple(each["id"] for each in response.json()["data"] if isinstance(each["id"], str) and each["id"])
        return ()

    async def _again(self, client: "httpx.AsyncClient", response: "httpx.Response", model: str, pause: float | None) -> float:
        """Return in how many seconds to try again.

        :param pause: how long to wait if the server does not say; ``None`` if it was tried often enough.
        :raises VoiceError: if trying again is of no use.
        """
        status = response.status_code
        if status in _BUSY:
            wait = _asked_for(response.headers.get("retry-after", ""))
            if pause is None or (wait or 0) > self.patience.longest_pause:
                raise self._busy(wait)
            return pause if wait is None else wait
        if status in _REFUSED:
            raise VoiceError(
                "The server at {address} wants a key, or another one (error {status}).",
                "Set REHEARSE_VOICE_KEY to the key that its operator gave you.",
                address=self.address,
                status=status,
            )
        if status == _MISSING:
            raise await self._missing(client, model)
        raise VoiceError(
            "The server at {address} answered with error {status}.",
            "Its own log says why. Check that it serves a chat model and that REHEARSE_VOICE_MODEL names one it has.",
            address=self.address,
            status=status,
        )

    async def _missing(self, client: "httpx.AsyncClient", model: str) -> VoiceError:
        # It may serve another one by now than when it was asked first.
        self.models = await self._served(client)
        if not self.models or model in self.models:
            return VoiceError(
                "The server at {address} gives no answers under this address (error {status}).",
                "Check that its address ends in /v1 and that it serves a chat model.",
                address=self.address,
                status=_MISSING,
            )
        names = ", ".join(each[:_LETTERS] for each in self.models[:_NAMES])
        return VoiceError(
            "The server at {address} has no model “{model}”.",
            "Set REHEARSE_VOICE_MODEL to one that it has: {names}.",
            address=self.address,
            model=model[:_LETTERS],
            names=names,
        )

    def _client(self) -> "httpx.AsyncClient":
        import httpx

        patience = self.patience
        # No proxy of the environment comes between, and no answer may send her words on to another address.
        return httpx.AsyncClient(
            timeout=httpx.Timeout(patience.silence, connect=patience.connect),
            headers=self._headers,
            trust_env=False,
            follow_redirects=False,
            verify=_trusted(),
        )

    def _url(self, what: str) -> str:
        return self._parts._replace(path=f"{self._parts.path}/{what}").geturl()

    # -- in words --------------------------------------------------------------------------------------------------------

    def broke_off(self) -> VoiceError:
        """Return what is said where an answer ends before it is finished."""
        return VoiceError(
            "The server at {address} broke off in the middle of his answer.",
            "What he said until then is kept; let him answer again.",
            address=self.address,
        )

    def silent(self) -> VoiceError:
        """Return what is said where no word has come for too long."""
        return VoiceError(
            "The server at {address} has said nothing for {seconds} seconds.",
            "It may have too much to do: let him answer again in a moment, or choose a smaller model there.",
            address=self.address,
            seconds=round(self.patience.silence),
        )

    def not_an_answer(self) -> VoiceError:
        """Return what is said where something else than an answer came."""
        return VoiceError(
            "What the server at {address} sent is not an answer.", "Check that its address ends in /v1.", address=self.address
        )

    def _unreachable(self) -> VoiceError:
        return VoiceError(
            "The server at {address} cannot be reached.", "Start it, or set REHEARSE_VOICE to `embedded`.", address=self.address
        )

    def _busy(self, wait: float | None) -> VoiceError:
        when = Sentence("in a moment") if wait is None else Sentence("in {seconds} seconds", {"seconds": round(wait)})
        return VoiceError(
            "The server at {address} has too much to do, or is still loading its model.",
            "Let him answer again {when}.",
            address=self.address,
            when=when,
        )


@cache
def _trusted() -> "ssl.SSLContext":
    """Return whom to believe over TLS; made once, since it takes longer than a short answer's first word."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _asked_for(told: str) -> float | None:
    """Return for how many seconds a server asks to be left alone: a number of them, or a date; ``None`` if it does not say."""
    told = told.strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    from datetime import datetime, timezone

    return max(0.0, (until.replace(tzinfo=until.tzinfo or timezone.utc) - datetime.now(timezone.utc)).total_seconds())
