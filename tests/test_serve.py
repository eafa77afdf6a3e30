"""Who the page answers to, and what it never asks for."""

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from rehearse.errors import SettingError
from rehearse.scenario import Scenario
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from rehearse.ui import serve
from running import running_app

pytestmark = pytest.mark.timeout(180)


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
def address(home: Path, talk: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_app(home, tmp_path_factory.mktemp("log") / "log.txt") as found:
        yield found


def ask(
    address: str, path: str = "/", *, method: str = "GET", body: bytes | None = None, **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(address).port, timeout=20)
    connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return connection.getresponse()


def test_it_answers_itself(address: str) -> None:
    assert ask(address).status == 200
    assert ask(address, Host=f"localhost:{urlsplit(address).port}").status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "192.168.1.5"])
def test_a_foreign_host_is_refused(address: str, host: str) -> None:
    assert ask(address, Host=host).status == 400


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/run/predict", "/"])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null"])
def test_a_foreign_origin_is_refused(address: str, path: str, origin: str) -> None:
    assert ask(address, path, method="POST", body=b"{}", Origin=origin, Content_Type="application/json").status == 403


def test_a_foreign_upload_is_not_stored(address: str, home: Path) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.json"\r\n\r\nplanted\r\n--x--\r\n'
    answer = ask(
        address,
        "/gradio_api/upload",
        method="POST",
        body=form,
        Origin="https://evil.example",
        Content_Type="multipart/form-data; boundary=x",
    )
    assert answer.status == 403
    assert not [path for path in home.rglob("*") if path.is_file() and b"planted" in path.read_bytes()]


def test_another_site_cannot_fetch_a_talk(address: str, talk: str) -> None:
    assert ask(address, f"/copy/{talk}/json", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403


def test_run_history_monitoring_and_documentation_are_off(address: str) -> None:
    assert ask(address, "/gradio_api/runs").status == 404
    assert ask(address, "/monitoring").status in (403, 404)
    assert ask(address, "/docs").status == 404
    config = json.loads(ask(address, "/config").read())
    assert config["run_history"] is False
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == []
    assert not config.get("mcp_server")
    assert all(each["api_visibility"] == "private" or each["js"] for each in config["dependencies"] if each["backend_fn"])


def test_the_page_may_speak_to_nobody_else(address: str) -> None:
    policy = ask(address).getheader("content-security-policy") or ""
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)


@pytest.mark.parametrize("form", sorted(serve.MEDIA))
def test_a_talk_can_be_carried_out(address: str, talk: str, form: str) -> None:
    answer = ask(address, f"/copy/{talk}/{form}")
    text = answer.read().decode()
    assert answer.status == 200
    assert "I thought of you" in text
    assert (answer.getheader("content-disposition") or "").startswith("attachment")
    assert "<today>" not in text or form == "json"


@pytest.mark.parametrize(
    "path", ["/copy/nothing/json", "/copy/{talk}/exe", "/copy/../../etc/passwd/json", "/copy/%2e%2e%2frehearsals.db/json"]
)
def test_nothing_else_can_be_carried_out(address: str, talk: str, path: str) -> None:
    answer = ask(address, path.format(talk=talk))
    assert answer.status == 404 or b"root:" not in answer.read()


@pytest.mark.parametrize("path", ["{home}/rehearsals.db", "/etc/passwd", "{root}/pyproject.toml"])
def test_no_file_of_the_disk_is_served(address: str, home: Path, path: str) -> None:
    wanted = path.format(home=home, root=Path(__file__).resolve().parent.parent)
    for route in ("/gradio_api/file=", "/file="):
        answer = ask(address, route + quote(wanted))
        assert answer.status in (403, 404), wanted


def test_a_taken_port_is_passed_over(address: str) -> None:
    taken = urlsplit(address).port or 0
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
