"""A marker is planted in every field of a talk; then every file that the app and the browser wrote is searched for it."""

import gzip
import subprocess
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import BROWSER_FLAGS, _browser_path
from disk import files, read
from rehearse.scenario import Scenario
from rehearse.transcripts import Transcripts
from running import admitted, running_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MARKER = "Quillfeather-Umbrella-73"
# The one place where her words belong.
KEPT = {"rehearsals.db", "rehearsals.db-wal"}


def holds(raw: bytes) -> bool:
    """Whether the marker is in some bytes, in any of the forms that programs write text in."""
    forms = [MARKER.encode(form) for form in ("utf-8", "utf-16-le", "utf-16-be")] + [MARKER.encode()[::-1]]
    if any(form in raw for form in forms):
        return True
    for opened in (gzip.decompress, zlib.decompress):
        try:
            if MARKER.encode() in opened(raw):
                return True
        except (OSError, EOFError, zlib.error):
            continue
    return False


def search(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in files(folder) if holds(read(path)))


def told_to_the_system(pid: int) -> bytes:
    """Return the arguments and the environment of a process and of those it started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], text=True, capture_output=True, check=True).stdout.split()
    parents = dict(zip(listed[::2], listed[1::2], strict=True))
    family = {str(pid)}
    for _ in range(5):
        family |= {each for each, parent in parents.items() if parent in family}
    found = b""
    for each in family:
        for name in ("cmdline", "environ"):
            try:
                found += Path(f"/proc/{each}/{name}").read_bytes()
            except OSError:
                continue
    return found


def test_the_search_finds(tmp_path: Path) -> None:
    for number, raw in enumerate((MARKER.encode(), MARKER.encode("utf-16-le"), gzip.compress(MARKER.encode()), b"nothing")):
        (tmp_path / f"{number}").write_bytes(b"" + raw)
    assert search(tmp_path) == ["0", "1", "2"]


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_her_words_are_in_one_place_only(chromium: "Browser", tmp_path: Path) -> None:
    """Files, logs, caches, temporary folders, the browser's whole profile, the address and what the system shows of a process."""
    # Beside what is searched: it is the test's own.
    answers = tmp_path.parent / f"{tmp_path.name}-answers.jsonl"
    answers.write_text(f'"Yes, {MARKER}, I remember."\n', encoding="utf-8")
    for name in ("temp", "cache", "profile", "user"):
        (tmp_path / name).mkdir()
    given = Scenario.load("missed-calls").to_dict() | {"situation": f"He kept {MARKER}.", "hope": MARKER}
    with Transcripts(tmp_path / "home" / "rehearsals.db") as store:
        talk = store.create(Scenario.from_dict(given), MARKER).id
    surroundings = {"TMPDIR": "temp", "XDG_CACHE_HOME": "cache", "HF_HOME": "cache", "HOME": "user"}
    settled = {name: str(tmp_path / folder) for name, folder in surroundings.items()}
    with running_app(tmp_path / "home", tmp_path / "log.txt", toy=True, answers=answers, **settled) as address:
        # A browser with a profile of its own on the disk, as hers is: history, caches, form data and the session to restore.
        name, _, value = address.cookie.partition("=")
        own = chromium.browser_type.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=_browser_path(),
            headless=True,
            args=BROWSER_FLAGS,
        )
        own.add_cookies([{"name": name, "value": value, "url": str(address), "httpOnly": True, "sameSite": "Strict"}])
        page = own.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{address}/?talk={talk}")
        page.wait_for_selector("#about h2")
        page.wait_for_timeout(1000)
        page.fill("#draft textarea", f"I still have {MARKER}.")
        page.wait_for_selector(".report")
        page.press("#draft textarea", "Enter")
        page.wait_for_selector("li.turn.son:not(.typing) .acts")
        page.fill("#draft textarea", f"A draft about {MARKER} that is never sent.")
        page.wait_for_timeout(1500)
        assert MARKER.encode() not in told_to_the_system(address.pid)
        stored = page.evaluate(
            "async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie,"
            " await indexedDB.databases(), await caches.keys(), navigator.serviceWorker.controller])"
        )
        assert MARKER not in stored
        assert address.key not in stored and value not in stored, "a script on the page can read what lets her in"
        assert MARKER not in page.url and MARKER not in page.title()
        # What goes wrong is told in a way that holds no words either.
        for path in (f"/copy/{MARKER}/json", f"/?talk={MARKER}", f"/{MARKER}", f"/gradio_api/run/predict?{MARKER}"):
            page.request.get(f"{address}{path}")
        page.request.post(f"{address}/gradio_api/run/predict", data={"data": [MARKER], "fn_index": 0})
        page.request.post(f"{address}/gradio_api/queue/join", data=f'{{"data": "{MARKER}", "fn_index": "{MARKER}"')
        page.goto(str(address))
        own.close()
    found = search(tmp_path)
    assert {Path(each).name for each in found} <= KEPT, found
    assert any(Path(each).name in KEPT for each in found), "the talk was not even kept"
    assert (tmp_path / "outside.txt").read_text(encoding="utf-8") == ""


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_the_key_that_blanks_the_page(chromium: "Browser", tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text('"Hm."\n', encoding="utf-8")
    with Transcripts(tmp_path / "home" / "rehearsals.db") as store:
        talk = store.create(Scenario.load("missed-calls"), MARKER).id
    with running_app(tmp_path / "home", tmp_path / "log.txt", toy=True, answers=answers) as address:
        context = admitted(chromium, address)
        page = context.new_page()
        page.set_default_timeout(120_000)

        def opened() -> None:
            page.goto(f"{address}/?talk={talk}")
            page.wait_for_selector("#about h2")
            page.wait_for_timeout(1000)

        def press(*keys: str) -> None:
            for key in keys:
                page.keyboard.press(key)
            page.wait_for_timeout(500)

        opened()
        page.focus("#draft textarea")
        press("Shift", "Shift", "a", "Shift", "Shift")
        page.wait_for_timeout(1600)
        press("Shift", "Shift")
        page.keyboard.type("Three CAPITAL Words")
        assert page.url.startswith(str(address)), "the page went blank while she wrote"
        press("Shift", "Shift", "Shift")
        page.wait_for_url("about:blank")
        assert page.evaluate("() => document.body ? document.body.innerText : ''") == ""
        assert page.title() == ""
        page.go_back()
        page.wait_for_timeout(500)
        assert "missed" not in page.content().lower() and "#about" not in page.content()
        opened()
        page.click("#blank button")
        page.wait_for_url("about:blank")
        context.close()
