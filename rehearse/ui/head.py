"""What stands first in the page, before anything of Gradio's has run.

What Gradio is given for the head of its page, its own scripts put there later, after they have begun to speak to the app.
"""

from typing import Any

_FIRST = b"<head>"


class Head:
    """Puts a piece of HTML at the very beginning of the page's head."""

    def __init__(self, app: Any, first: str) -> None:
        """Stand before an ASGI application whose page is at ``/``."""
        self.app = app
        self.first = first.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Add to the page, and let everything else through."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        # Nothing can be added to what is packed; and the way is short.
        plain = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
        begun: list[Any] = []
        body = bytearray()

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            whole = bytes(body).replace(_FIRST, _FIRST + self.first, 1)
            headers = [pair for pair in begun[0]["headers"] if pair[0].lower() != b"content-length"]
            headers.append((b"content-length", str(len(whole)).encode()))
            await send({**begun[0], "headers": headers})
            await send({"type": "http.response.body", "body": whole})

        await self.app({**scope, "headers": plain}, receive, sending)
