"""Serving the page on this computer, to this computer alone."""

import argparse
import os
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearse import settings
from rehearse.errors import NotFound, SettingError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rehearse.ui.room import Room

HOST = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
PORTS_TRIED = 20
MEDIA = {"markdown": ("text/markdown", ".md"), "html": ("text/html", ".html"), "json": ("application/json", ".json")}
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
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'self'",
    )
)


def prepare_environment() -> None:
    """Turn off everything that would reach out; must run before gradio or the hub's library is imported.

    Variables a person set otherwise are overruled: the promise is that nothing leaves this computer.
    """
    temporary = settings.private_folder(settings.temporary_folder())
    os.environ.update(
        GRADIO_ANALYTICS_ENABLED="False",
        GRADIO_RUN_HISTORY="False",
        GRADIO_TEMP_DIR=str(temporary),
        GRADIO_SHARE="False",
        HF_HUB_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        TRANSFORMERS_OFFLINE="1",
        DO_NOT_TRACK="1",
    )
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name, ""), *NAMES]))


def application(room: "Room") -> "FastAPI":
    """Return the whole application: guard, copies to download, and the page."""
    import gradio as gr
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from rehearse.ui.page import build

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES), www_redirect=False)
    _add_copies(app, room)
    folder = Path(__file__).parent
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build(room),
        path="/",
        server_name=HOST,
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        max_file_size="50mb",
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        blocked_paths=[str(settings.data_folder())],
        theme=gr.themes.Base(font=["system-ui", "Segoe UI", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        css_paths=[folder / "style.css"],
    )
    return mounted


class OwnPagesOnly:
    """Refuses what another site asks through her browser, and tells the browser to keep the page to itself.

    A page of another site cannot hide where a request that changes something comes from: the browser sends ``Origin`` with
    it. Requests without one come from programs on this computer, such as the tests.
    """

    def __init__(self, app: Any) -> None:
        """Wrap an ASGI application."""
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 403 to foreign origins; add the headers to everything else."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not _own(headers):
            from starlette.responses import PlainTextResponse

            await PlainTextResponse("This page answers only to itself.", status_code=403)(scope, receive, send)
            return

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", POLICY.encode()),
                    (b"referrer-policy", b"no-referrer"),
                    (b"x-content-type-options", b"nosniff"),
                    (b"x-frame-options", b"DENY"),
                    (b"cross-origin-resource-policy", b"same-origin"),
                ]
            await send(message)

        await self.app(scope, receive, sending)


def _own(headers: dict[str, str]) -> bool:
    """Whether a request comes from our own page: its origin, where there is one, is the host it was sent to."""
    if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _add_copies(app: "FastAPI", room: "Room") -> None:
    """Let a rehearsal be downloaded straight from the store, so that no copy of it lies in a temporary folder."""
    from fastapi import Response

    from rehearse.terminal import written
    from rehearse.transcripts import file_name

    @app.get("/copy/{id}/{form}")
    def copy(id: str, form: str) -> Response:
        if form not in MEDIA:
            return Response("There is no such form.", status_code=404, media_type="text/plain")
        kind, suffix = MEDIA[form]
        try:
            saved = room.parts.transcripts.get(id)
            text = written(room.parts.transcripts.export(id), form)
        except NotFound as error:
            return Response(str(error), status_code=404, media_type="text/plain")
        name = file_name(saved, suffix)
        from urllib.parse import quote

        return Response(
            text,
            media_type=kind,
            headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", "cache-control": "no-store"},
        )


def free_port(first: int) -> int:
    """Return the first port from ``first`` on that nobody uses.

    :raises SettingError: if twenty in a row are taken.
    """
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((HOST, port))
            except OSError:
                continue
            return port
    raise SettingError(f"The ports from {first} on are all in use.", "Close other programs, or choose another with --port.")


def start(chosen: argparse.Namespace) -> int:
    """Run ``rehearse start``: serve the page until Ctrl+C."""
    if chosen.port is not None:
        os.environ["REHEARSE_PORT"] = str(chosen.port)
    wanted = settings.port()
    prepare_environment()
    sys.stdout.write("Opening the page…\n")
    sys.stdout.flush()
    import uvicorn

    from rehearse.ui.room import Room

    settings.empty_temporary_folder()
    room = Room.open()
    port = free_port(wanted)
    server = uvicorn.Server(
        uvicorn.Config(
            application(room), host=HOST, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=2
        )
    )
    threading.Thread(target=_once_up, args=(server, room, port, not chosen.no_browser), name="opening", daemon=True).start()
    try:
        server.run()
    finally:
        room.parts.transcripts.close()
        settings.empty_temporary_folder()
    return 0


def _once_up(server: Any, room: "Room", port: int, browser: bool) -> None:
    """When the page answers: say so, open it, and only then load what is heavy."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    address = f"http://{HOST}:{port}"
    sys.stdout.write(f"rehearse is at {address} (on this computer only). Stop it with Ctrl+C.\n")
    sys.stdout.flush()
    if browser:
        webbrowser.open(address)
    room.load()
