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
from rehearse.ui.gate import Gate, Keys
from rehearse.ui.quiet import keep_quiet

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rehearse.ui.room import Room

HOST = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
PORTS_TRIED = 20
MEDIA = {"markdown": ("text/markdown", ".md"), "html": ("text/html", ".html"), "json": ("application/json", ".json")}


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


def application(room: "Room", keys: Keys) -> "FastAPI":
    """Return the whole application: the gate, the lobby, copies to download, and the page."""
    import gradio as gr
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from rehearse.ui.lobby import Lobby
    from rehearse.ui.page import build

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # The last one added is the first one met.
    app.add_middleware(Lobby, room=room)
    app.add_middleware(Gate, keys=keys)
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
        # Inline, like Gradio's own: one file less to ask for, and nothing that another address could stand in for.
        head=_head(folder),
    )
    return mounted


def _head(folder: Path) -> str:
    script, style = ((folder / name).read_text(encoding="utf-8") for name in ("page.js", "print.css"))
    # Gradio says English of every page.
    language = f"document.documentElement.lang = '{settings.language()}';"
    return f"<script>{language}\n{script}</script><style>{style}</style>"


def _add_copies(app: "FastAPI", room: "Room") -> None:
    """Let a rehearsal be downloaded straight from the store, so that no copy of it lies in a temporary folder."""
    from fastapi import Response

    from rehearse.transcripts import file_name, to_bundle, written

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

    @app.get("/copies/all")
    def copies() -> Response:
        store = room.parts.transcripts
        made = to_bundle(store.export(each.id) for each in reversed(room.shelf(most=None)))
        headers = {"content-disposition": 'attachment; filename="rehearsals.zip"', "cache-control": "no-store"}
        return Response(made, media_type="application/zip", headers=headers)


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
    from rehearse.ui.room import Room

    settings.empty_temporary_folder()
    return open_page(Room.open(), free_port(wanted), browser=not chosen.no_browser)


def open_page(room: "Room", port: int, *, browser: bool) -> int:
    """Serve the page over a room until Ctrl+C, with keys of its own."""
    import uvicorn

    keep_quiet()
    keys = Keys()
    server = uvicorn.Server(
        uvicorn.Config(
            application(room, keys), host=HOST, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=2
        )
    )
    threading.Thread(target=_once_up, args=(server, room, keys, browser), name="opening", daemon=True).start()
    try:
        server.run()
    finally:
        room.close()
        settings.empty_temporary_folder()
    return 0


def _once_up(server: Any, room: "Room", keys: Keys, browser: bool) -> None:
    """When the page answers: say so, open it, and only then load what is heavy."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    address = f"http://{HOST}:{server.config.port}/?key="
    sys.stdout.write(
        f"rehearse is at {address}{keys.key}\n"
        "That address opens the page on this computer only, and only until you stop it with Ctrl+C. Keep it to yourself.\n"
    )
    sys.stdout.flush()
    if browser:
        webbrowser.open(address + keys.ticket())
    room.load()
