"""Who the page answers to, and what it never asks for."""

import http.client
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from disk import files, holding, read
from rehearse.errors import SettingError
from rehearse.scenario import Scenario
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from rehearse.ui import serve
from rehearse.ui.gate import Keys
from rehearse.ui.peer import stranger
from running import Address, running_app

pytestmark = pytest.mark.timeout(180)

# One of each kind: the page, its files, its questions, her talks, and what Gradio brings along.
ROUTES = ["/", "/config", "/theme.css", "/assets/x.js", "/static/x", "/favicon.ico", "/copy/{talk}/json", "/copy/{talk}/html"]
ROUTES += ["/gradio_api/queue/join", "/gradio_api/queue/data?session_hash=x", "/gradio_api/run/predict", "/gradio_api/upload"]
ROUTES += [
    "/gradio_api/heartbeat/x",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/info",
    "/gradio_api/startup-events",
    "/monitoring",
]
ROUTES += ["/login", "/gradio_api/app_id", "/nowhere", "/?talk={talk}"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "home"


@pytest.fixture(scope="module")
def talk(home: Path) -> str:
    with Transcripts(home / "rehearsals.db") as kept:
        saved = kept.create(Scenario.load("missed-calls"), "Sunday: “call” me/<b>")
        kept.append(saved.id, Turn("mother", "I thought of you <today>.", Openness.GUARDED))
    return saved.id


@pytest.fixture(scope="module")
def address(home: Path, talk: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with running_app(home, tmp_path_factory.mktemp("log") / "log.txt") as found:
        found.inside = {"Cookie": found.cookie}  # type: ignore[attr-defined]
        yield found


def ask(
    address: Address, path: str = "/", *, method: str = "GET", body: bytes | None = None, stranger: bool = False, **headers: str
) -> http.client.HTTPResponse:
    """Ask with a real client: as her browser would after it came in, or as somebody who has no key."""
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=60)
    sent = {} if stranger else dict(address.inside)  # type: ignore[attr-defined]
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body=body, headers=sent)
    return connection.getresponse()


def test_it_answers_itself(address: Address) -> None:
    assert ask(address).status == 200
    assert ask(address, Host=f"localhost:{address.port}").status == 200


# -- the key ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_without_the_key_nothing_is_open(address: Address, talk: str, method: str, path: str) -> None:
    answer = ask(address, path.format(talk=talk), method=method, body=b"{}" if method == "POST" else None, stranger=True)
    assert answer.status == 403
    assert b"I thought of you" not in answer.read()


@pytest.mark.parametrize(
    "cookie", ["", "rehearse-{port}=", "rehearse-{port}=guess", "other={value}", "rehearse-1={value}", "{key}"]
)
def test_another_cookie_opens_nothing(address: Address, cookie: str) -> None:
    given = cookie.format(port=address.port, value=address.cookie.partition("=")[2], key=f"rehearse-{address.port}={address.key}")
    assert ask(address, stranger=True, Cookie=given).status == 403


@pytest.mark.parametrize("key", ["", "guess", "%00", "%F0%9F%98%80", "a" * 5000])
def test_another_key_opens_nothing(address: Address, key: str) -> None:
    answer = ask(address, f"/?key={key}", stranger=True)
    assert answer.status == 403
    assert answer.getheader("set-cookie") is None
    words = answer.read().decode()
    assert "This page is private." in words and (not key or key not in words)


def test_the_key_is_swapped_for_a_cookie_and_leaves_the_address(address: Address) -> None:
    answer = ask(address, f"/?key={address.key}&talk=abc-1", stranger=True)
    cookie = answer.getheader("set-cookie") or ""
    assert answer.status == 200
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Max-Age" not in cookie and "xpires" not in cookie
    assert address.key not in cookie
    page = answer.read().decode()
    assert 'content="0; url=/?talk=abc-1"' in page
    assert address.key not in page
    assert answer.getheader("referrer-policy") == "no-referrer"
    assert answer.getheader("cache-control") == "no-store"


@pytest.mark.parametrize("further", ["//evil.example", "a%22%3E%3Cscript%3E", "javascript:alert(1)", "%0d%0aX:%20y"])
def test_the_door_leads_nowhere_else(address: Address, further: str) -> None:
    answer = ask(address, f"/?key={address.key}&talk={further}", stranger=True)
    assert 'content="0; url=/"' in answer.read().decode()
    assert answer.getheader("x") is None


def test_a_ticket_opens_once() -> None:
    keys = Keys()
    ticket = keys.ticket()
    assert ticket != keys.key
    assert [keys.opens(ticket), keys.opens(ticket), keys.opens(keys.key), keys.opens(keys.key), keys.opens("")] == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert not keys.admits(keys.key) and not keys.admits("")
    assert Keys().key != keys.key


def test_the_browser_is_started_with_a_ticket_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    opened: list[str] = []
    monkeypatch.setattr(serve.webbrowser, "open", opened.append)
    keys = Keys()
    server = SimpleNamespace(started=True, should_exit=False, config=SimpleNamespace(port=7860))
    left: dict[str, object] = {}
    line = SimpleNamespace(life=1, leave=left.update)
    serve._once_up(server, SimpleNamespace(load=lambda: None, line=line), keys, True)  # type: ignore[arg-type]
    assert left == {"keys": keys.leaving, "port": 7860}, "a later life would have neither the key nor the port"
    assert f"http://127.0.0.1:7860/?key={keys.key}\n" in capsys.readouterr().out
    (address,) = opened
    assert keys.key not in address, "the lasting key would stand among the arguments of the browser"
    assert keys.opens(address.partition("=")[2]) and not keys.opens(address.partition("=")[2])


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.getuid() != 0, reason="only an administrator can be somebody else")
def test_another_account_is_refused_even_with_the_key(address: Address) -> None:
    def status(user: int) -> int:
        child = os.fork()
        if child == 0:
            try:
                os.setresuid(user, user, user)
                os._exit(ask(address, f"/?key={address.key}", stranger=True).status // 100)
            finally:
                os._exit(99)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert [status(os.getuid()), status(65534)] == [2, 4]


def test_whose_a_connection_is(tmp_path: Path) -> None:
    me, other = os.getuid(), 4242
    rows = [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        f"   0: 0100007F:1F90 0100007F:1EB4 01 00000000:00000000 00:00000000 00000000  {other}        0 1 1 0 20 4 0 10 -1",
        f"   1: 0100007F:1F91 0100007F:1EB4 01 00000000:00000000 00:00000000 00000000  {me}        0 1 1 0 20 4 0 10 -1",
        "   2: 0100007F:1F92 0100007F:1EB4 06 00000000:00000000 00:00000000 00000000  0        0 0 3 0",
    ]
    (tmp_path / "tcp").write_text("\n".join(rows) + "\n", encoding="ascii")
    mapped = rows[1].replace("0100007F:1F90", "0000000000000000FFFF00000100007F:1F93")
    (tmp_path / "tcp6").write_text("\n".join([rows[0], mapped]) + "\n", encoding="ascii")
    found = [stranger(("127.0.0.1", port), tables=tmp_path) for port in (8080, 8081, 8082, 8083, 8084)]
    assert found == [sys.platform.startswith("linux") and sys.byteorder == "little", False, False, found[0], False]
    assert not stranger(("nowhere", 1), tables=tmp_path)
    assert not stranger(("127.0.0.1", 8080), tables=tmp_path / "none")


# -- other sites ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "192.168.1.5", "127.0.0.1@evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/?key={key}", "/gradio_api/queue/data"])
def test_a_foreign_host_is_refused(address: Address, host: str, path: str) -> None:
    assert ask(address, path.format(key=address.key), Host=host).status == 400


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/run/predict", "/"])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null", "http://localhost:{port}", "{port}"])
def test_a_foreign_origin_is_refused(address: Address, path: str, origin: str) -> None:
    given = origin.format(port=address.port)
    assert ask(address, path, method="POST", body=b"{}", Origin=given, Content_Type="application/json").status == 403


@pytest.mark.parametrize("path", ["/gradio_api/queue/data?session_hash=x", "/gradio_api/heartbeat/x", "/config"])
def test_a_foreign_origin_cannot_listen(address: Address, path: str) -> None:
    assert ask(address, path, Origin="https://evil.example", Accept="text/event-stream").status == 403


def test_a_websocket_is_refused(address: Address) -> None:
    for outside in (True, False):
        answer = ask(
            address,
            "/gradio_api/queue/join",
            stranger=outside,
            Origin="https://evil.example",
            Connection="Upgrade",
            Upgrade="websocket",
            Sec_WebSocket_Version="13",
            Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
        )
        assert answer.status in (403, 404)


def test_a_foreign_upload_is_not_stored(address: Address, home: Path) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.json"\r\n\r\nplanted\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x"
    answers = [
        ask(address, "/gradio_api/upload", method="POST", body=form, Origin="https://evil.example", Content_Type=kind),
        ask(address, "/gradio_api/upload", method="POST", body=form, stranger=True, Content_Type=kind),
    ]
    assert [answer.status for answer in answers] == [403, 403]
    assert not holding(home, "planted")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("mode", ["no-cors", "cors", "navigate"])
def test_another_site_cannot_fetch_a_talk(address: Address, talk: str, site: str, mode: str) -> None:
    assert ask(address, f"/copy/{talk}/json", Sec_Fetch_Site=site, Sec_Fetch_Mode=mode).status == 403


def test_a_link_to_the_page_may_be_followed(address: Address) -> None:
    assert ask(address, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200
    assert ask(address, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403


# -- what is open to her ----------------------------------------------------------------------------------------------------


def test_run_history_monitoring_and_documentation_are_off(address: Address) -> None:
    for path in ("/gradio_api/runs", "/monitoring", "/monitoring/summary", "/docs", "/openapi.json", "/gradio_api/info"):
        assert ask(address, path).status == 404, path
    config = json.loads(ask(address, "/config").read())
    assert config["run_history"] is False
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == []
    assert not config.get("mcp_server")
    assert all(each["api_visibility"] == "private" or each["js"] for each in config["dependencies"] if each["backend_fn"])


def test_every_route_of_gradio_that_the_page_does_not_need_is_shut(address: Address) -> None:
    import gradio as gr
    from gradio.routes import App

    with gr.Blocks() as empty:
        gr.HTML("")
    routes = App.create_app(empty).routes
    routes += [each for route in routes if (inner := getattr(route, "original_router", None)) for each in inner.routes]
    paths = {path for route in routes if (path := getattr(route, "path", None))}
    assert len(paths) > 50, "this no longer lists Gradio's routes"
    asked = {re.sub(r"\{[^}]*\}", "x", path) for path in paths}
    opened = {path for path in asked if ask(address, path).status != 404}
    assert opened <= {
        "/",
        "/config",
        "/favicon.ico",
        "/theme.css",
        "/gradio_api/app_id",
        "/gradio_api/cancel",
        "/gradio_api/heartbeat/x",
        "/gradio_api/queue/data",
        "/gradio_api/queue/join",
        "/gradio_api/queue/status",
        "/gradio_api/reset",
        "/gradio_api/upload",
        "/gradio_api/upload_progress",
    }


def test_the_page_may_speak_to_nobody_else(address: Address) -> None:
    answer = ask(address)
    policy = answer.getheader("content-security-policy") or ""
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)
    assert answer.getheader("cache-control") == "no-store", "her browser would keep the page on its disk"
    assert answer.getheader("x-frame-options") == "DENY"


@pytest.mark.parametrize("form", sorted(serve.MEDIA))
def test_a_talk_can_be_carried_out(address: Address, talk: str, form: str) -> None:
    answer = ask(address, f"/copy/{talk}/{form}")
    text = answer.read().decode()
    assert answer.status == 200
    assert "I thought of you" in text
    assert (answer.getheader("content-disposition") or "").startswith("attachment")
    assert "<today>" not in text or form == "json"


@pytest.mark.parametrize(
    "path", ["/copy/nothing/json", "/copy/{talk}/exe", "/copy/../../etc/passwd/json", "/copy/%2e%2e%2frehearsals.db/json"]
)
def test_nothing_else_can_be_carried_out(address: Address, talk: str, path: str) -> None:
    assert ask(address, path.format(talk=talk)).status == 404


WAYS = """
{file} /{file} ./{file} ~{file} %00{file} {file}%00.css ....//....//{file} file://{file}
../../../../../../../..{file} %2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e{file} ..%2f..%2f..%2f..%2f..%2f..{file}
..%252f..%252f..{file} ..\\..\\..{file} ..%5c..%5c{file} %c0%ae%c0%ae/{file}
http://127.0.0.1:1{file} https://evil.example{file}
""".split()
FOLDERS = ["/gradio_api/file=", "/file=", "/gradio_api/file/", "/assets/", "/static/", "/svelte/", "/copy/", "/copies/"]
FOLDERS += ["/gradio_api/proxy=", "/proxy=", "/gradio_api/custom_component/x/client/component/", "/gradio_api/heartbeat/"]
FOLDERS += ["/gradio_api/stream/x/x/x/", "/gradio_api/queue/", "/theme.css/", "/"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_of_the_disk_is_served(address: Address, home: Path, folder: str) -> None:
    """Every route of Gradio's that takes a path, every known way out of a folder, by her own browser too."""
    root = Path(__file__).resolve().parent.parent
    for wanted in (home / "rehearsals.db", Path("/etc/passwd"), root / "pyproject.toml"):
        secret = wanted.read_bytes()[:12]
        for way in WAYS:
            path = folder + way.format(file=quote(str(wanted)))
            # A heartbeat is a stream that ends when the reader goes; whatever stands in its name.
            answer = ask(address, path)
            assert answer.status in (400, 404) or folder == "/gradio_api/heartbeat/", path
            assert folder == "/gradio_api/heartbeat/" or secret not in answer.read(), path


@pytest.mark.parametrize("path", ["{home}/rehearsals.db", "/etc/passwd", "{home}/temporary/../rehearsals.db"])
def test_an_upload_that_names_a_file_of_the_disk_is_not_read(address: Address, home: Path, path: str) -> None:
    """The page's own import, told to take a file that was never uploaded."""
    config = json.loads(ask(address, "/config").read())
    upload = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "import")
    event = next(
        each for each in config["dependencies"] if any(target == [upload, "upload"] for target in map(list, each["targets"]))
    )
    wanted = Path(path.format(home=home))
    file = {"path": str(wanted), "orig_name": "a.json", "meta": {"_type": "gradio.FileData"}}
    data = [file if name == upload else "" for name in event["inputs"]]
    before = wanted.read_bytes()
    body = json.dumps({"data": data, "fn_index": event["id"], "session_hash": "s"}).encode()
    answer = ask(address, "/gradio_api/queue/join", method="POST", body=body, Content_Type="application/json")
    if answer.status == 200:
        stream = ask(address, "/gradio_api/queue/data?session_hash=s", Accept="text/event-stream")
        told = ""
        while "process_completed" not in told and "close_stream" not in told:
            line = stream.readline().decode()
            assert line, "the stream ended before it said how the import went"
            told += line
        assert '"success":false' in told.replace(" ", "")
        assert "root:" not in told and "SQLite" not in told
    assert wanted.read_bytes() == before


def test_an_uploaded_file_stays_where_it_belongs(address: Address, home: Path) -> None:
    kind = "multipart/form-data; boundary=x"
    for name in (
        "../../../planted.json",
        "/tmp/planted.json",
        "..\\planted.json",
        "%2e%2e%2fplanted.json",
        "a/../../planted.json",
    ):
        form = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\nstay\r\n--x--\r\n'.encode()
        ask(address, "/gradio_api/upload", method="POST", body=form, Content_Type=kind).read()
    found = [path for path in files(home.parent) if read(path) == b"stay"]
    assert found and all(path.is_relative_to(home / "temporary") for path in found)
    assert not Path("/tmp/planted.json").exists()


def test_a_taken_port_is_passed_over(address: Address) -> None:
    taken = address.port
    assert serve.free_port(taken) > taken


def test_no_port_free_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PORTS_TRIED", 0)
    with pytest.raises(SettingError, match="in use"):
        serve.free_port(7860)


def test_everything_that_reaches_out_is_turned_off(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REHEARSE_HOME", str(tmp_path / "fresh"))
    for name in (
        "GRADIO_ANALYTICS_ENABLED",
        "GRADIO_RUN_HISTORY",
        "GRADIO_SHARE",
        "GRADIO_TEMP_DIR",
        "GRADIO_ANALYTICS_MAX_EVENTS",
        "GRADIO_ANALYTICS_CACHE_FREQUENCY",
        "HF_HUB_OFFLINE",
        "NO_PROXY",
        "no_proxy",
    ):
        monkeypatch.setenv(name, "True")
    serve.prepare_environment()
    import os

    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["GRADIO_RUN_HISTORY"] == "False"
    assert os.environ["GRADIO_SHARE"] == "False"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert Path(os.environ["GRADIO_TEMP_DIR"]).is_relative_to(tmp_path / "fresh")
    assert "127.0.0.1" in os.environ["NO_PROXY"]


def test_gradio_keeps_no_record_of_what_happened(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRADIO_ANALYTICS_MAX_EVENTS", "GRADIO_ANALYTICS_CACHE_FREQUENCY"):
        monkeypatch.setenv(name, "5")
    serve.prepare_environment()
    import gradio
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    with gradio.Blocks() as page:
        said = gradio.Textbox()
        said.change(str.upper, said, said)
    with TestClient(gradio.mount_gradio_app(FastAPI(), page, path="/", server_name="127.0.0.1")) as client:
        for number in range(3):
            body = {"data": [f"word {number}"], "fn_index": 0, "session_hash": "one", "event_data": None}
            assert client.post("/gradio_api/queue/join", json=body).status_code == 200
            assert f"WORD {number}" in client.get("/gradio_api/queue/data?session_hash=one").text
    queue = page._queue
    assert queue.events_recorded == 3
    assert len(queue.event_analytics) <= 1
    assert queue.cached_event_analytics_summary == {"functions": {}}
