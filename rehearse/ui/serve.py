"""Serving the page on this computer, to this computer alone."""

import argparse
import json
import logging
import os
import socket
import sys
import threading
import time
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearse import settings
from rehearse.errors import NotFound, SettingError
from rehearse.lifeline import Lifeline
from rehearse.turn import Openness
from rehearse.ui.gate import ALIVE, Gate, Keys
from rehearse.ui.head import Head
from rehearse.ui.quiet import keep_quiet
from rehearse.ui.stubs import leave_out
from rehearse.ui.words import how_open, say, trouble

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rehearse.ui.room import Room

HOST = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
PORTS_TRIED = 20
# How long the port may refuse before the page says that the app is closed. Where the keeper holds the port, it never refuses
# between two lives; elsewhere it does until the next one is up.
PATIENCE_HELD, PATIENCE_BOUND_ANEW = 3, 60
# What a shell reports of a program that Ctrl+C ended.
INTERRUPTED = 130
MEDIA = {"markdown": ("text/markdown", ".md"), "html": ("text/html", ".html"), "json": ("application/json", ".json")}


def prepare_environment() -> None:
    """Turn off what would reach out, and what delays the page; must run before gradio or the hub's library is imported.

    Variables a person set otherwise are overruled: the promise is that nothing leaves this computer.
    """
    temporary = settings.private_folder(settings.temporary_folder())
    os.environ.update(
        GRADIO_ANALYTICS_ENABLED="False",
        # Gradio keeps a record of its last 10,000 events and sums all of them up anew after each one: memory and time that
        # grow with the evening, for a summary that nobody reads here.
        GRADIO_ANALYTICS_MAX_EVENTS="1",
        GRADIO_ANALYTICS_CACHE_FREQUENCY=str(10**9),
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
    leave_out()


def application(room: "Room", keys: Keys, patience: int = 0) -> "FastAPI":
    """Return the whole application: the gate, the lobby, copies to download, and the page.

    :param patience: how many seconds the page waits for an app that refuses to answer; 0 where nobody would start it again.
    """
    import gradio as gr
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from rehearse.ui.lobby import Lobby
    from rehearse.ui.page import build
    from rehearse.ui.screen import VOICE
    from rehearse.ui.visits import Visits

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _add_copies(app, room)

    @app.get(ALIVE)
    def alive() -> dict[str, int]:
        # A page that was open before there was a passphrase to give again is of no use.
        return {"life": room.line.life, "locked": int(room.locked)}

    folder, page = Path(__file__).parent, build(room)
    # The events that wait for his voice, by the number that the page knows them by.
    voice = [number for number, event in page.fns.items() if event.concurrency_id == VOICE["concurrency_id"]]
    known = json.dumps({"life": room.line.life, "patience": patience, "alive": ALIVE, "voice": voice})
    away = (folder / "away.js").read_text(encoding="utf-8")
    app.add_middleware(Head, first=f"<script>const APP = {known};\n{away}</script>")
    # The last one added is the first one met.
    app.add_middleware(Lobby, room=room)
    app.add_middleware(Gate, keys=keys)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES), www_redirect=False)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
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
    page_itself: Any = mounted.routes[-1]
    app.state.ending = page_itself.app.stop_event
    page_itself.app.state_holder = Visits(page)
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
            return Response(say("gate.nothing"), status_code=404, media_type="text/plain")
        kind, suffix = MEDIA[form]
        try:
            saved = room.parts.transcripts.get(id)
            labels = {int(each): how_open(each) for each in Openness}
            text = written(room.parts.transcripts.export(id), form, labels, lang=settings.language())
        except NotFound as error:
            return Response(trouble(error), status_code=404, media_type="text/plain")
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
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        return _bound(tried, first)


def _bound(listening: socket.socket, first: int) -> int:
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with suppress(OSError):
            listening.bind((HOST, port))
            return port
    raise SettingError(
        "The ports from {first} on are all in use.", "Close other programs, or choose another with --port.", first=first
    )


def _listening(line: Lifeline, first: int) -> socket.socket:
    """Return the socket that the page is served on: the keeper's where it has one, at the port of the life before.

    :raises SettingError: if no port is free, or that one was taken meanwhile.
    """
    listening = line.listening or socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    before = line.left("port")
    if not listening.getsockname()[1] and _bound(listening, before or first) != before and before:
        raise SettingError("Another program has taken the port of the page meanwhile.", "Start rehearse again.")
    return listening


def start(chosen: argparse.Namespace) -> int:
    """Run ``rehearse start`` as the app: serve the page until Ctrl+C, or until the keeper is gone."""
    line = Lifeline.taken()
    if chosen.port is not None:
        os.environ["REHEARSE_PORT"] = str(chosen.port)
    wanted = settings.port()
    prepare_environment()
    if line.life == 1:
        sys.stdout.write("Opening the page…\n")
        sys.stdout.flush()
    from rehearse.ui.room import Room

    settings.empty_temporary_folder()
    return open_page(Room.open(line=line), wanted, browser=not chosen.no_browser)


def open_page(room: "Room", first: int, *, browser: bool) -> int:
    """Serve the page over a room until Ctrl+C, or until the keeper wants it to end.

    :param first: the port to try first.
    :raises SettingError: if no port is free.
    """
    import uvicorn

    keep_quiet()
    line = room.line
    listening = _listening(line, first)
    keys = Keys(line.left("keys"))
    patience = 0 if not line.kept else PATIENCE_HELD if line.listening else PATIENCE_BOUND_ANEW
    served = application(room, keys, patience)

    class Server(uvicorn.Server):
        """Ends though pages are open: each holds a connection that lasts as long as the page, and would be waited for."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            served.state.ending.set()
            # What is cut off by the end is no failure, and would be told at length in her terminal.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            await super().shutdown(sockets)

    server = Server(
        uvicorn.Config(
            served,
            host=HOST,
            port=listening.getsockname()[1],
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
        )
    )
    line.ends(lambda: setattr(server, "should_exit", True))
    threading.Thread(target=_once_up, args=(server, room, keys, browser), name="opening", daemon=True).start()
    status = 0
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        room.close()
        settings.empty_temporary_folder()
    if room.busy:
        # Something is still being loaded, in native code: while that goes on, Python cannot put itself away without a crash.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _once_up(server: Any, room: "Room", keys: Keys, browser: bool) -> None:
    """When the page answers: say so, open it, and only then load what is heavy."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    room.line.leave(keys=keys.leaving, port=server.config.port)
    # In a later life the address was told, and the page is open.
    if room.line.life == 1:
        address = f"http://{HOST}:{server.config.port}/?key="
        sys.stdout.write(
            f"rehearse is at {address}{keys.key}\n"
            "That address opens the page on this computer only, and only until you stop it with Ctrl+C. Keep it to yourself.\n"
        )
        sys.stdout.flush()
        if browser:
            webbrowser.open(address + keys.ticket())
    room.load()
