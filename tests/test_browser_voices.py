"""The corner of the voices in a real browser: a voice is fetched from a hub on this machine, and plays him in an open talk."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

import tiny
from hub import Hub, serving
from running import Address, console_errors, running_app
from states import begin, opened, send, tab
from test_download import VOICE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(300)]

# Every letter of the prompt is a token to the tiny model.
CONTEXT = 16384
BYTES = tiny.model(context=CONTEXT)[0] + bytes(1_500_000)
SMALL = replace(VOICE, title="Small voice", repo="maker/small-GGUF", size=len(BYTES), expect="A voice for a test.")
BIG = replace(SMALL, name="big", title="Big voice", file="big.gguf", size=40_000_000_000, ram=4000)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with serving(Hub(BYTES)) as found:
        yield found


@pytest.fixture(scope="module")
def address(chromium: "Browser", hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    pytest.importorskip("llama_cpp")
    place = tmp_path_factory.mktemp("voices")
    offered = place / "offered.json"
    offered.write_text(json.dumps([asdict(SMALL), asdict(BIG)]), encoding="utf-8")
    more = {"HF_ENDPOINT": hub.address, "REHEARSE_CONTEXT": str(CONTEXT)}
    with running_app(place / "home", place / "log.txt", toy=True, offered=offered, **more) as found:
        yield found
    outside = place / "outside.txt"
    assert not outside.exists() or outside.read_text(encoding="utf-8") == "", "somebody else was asked for something"


@pytest.fixture
def page(chromium: "Browser", address: Address) -> Iterator["Page"]:
    page = opened(chromium, address)
    page.set_default_timeout(90_000)
    said = console_errors(page)
    yield page
    assert said == []
    page.context.close()


def corner(page: "Page") -> None:
    tab(page, "Your talks")
    page.wait_for_selector("#voices-told h3")
    more = page.get_by_role("button", name="See other voices")
    if more.count():
        more.click()
    page.wait_for_selector("ul.voices")


def barriers(page: "Page") -> list[str]:
    found = Axe().run(page, {"exclude": [["footer"]]}).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def test_a_bigger_voice_in_one_click_by_keyboard(page: "Page", address: Address, hub: Hub, tmp_path: Path) -> None:
    begin(page, address)
    send(page, "I miss our talks.")
    corner(page)
    assert page.locator("ul.voices .card").count() == 2 and page.get_by_text("made for a computer with 4000 GB").is_visible()
    assert barriers(page) == []
    # Longer than all of this takes, so that there is something to cancel.
    hub.pause, asked = 1.0, len(hub.asked)
    page.get_by_role("button", name="Fetch this voice: Small voice").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#voices-ask h4:focus")
    assert "asks 127.0.0.1 for one file: small.gguf" in page.inner_text("#voices-ask")
    assert barriers(page) == [] and len(hub.asked) == asked, "it went online before she said yes"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#voices-stop:focus")
    page.wait_for_selector("#voices-progress progress[value]:not([value='0'])")
    assert "of 2 MB are here" in page.inner_text("#voices-progress") and barriers(page) == []
    # She has second thoughts, and goes on all the same.
    page.keyboard.press("Enter")
    page.wait_for_selector("#voices-note p:focus")
    assert "Stopped." in page.inner_text("#voices-note")
    hub.pause = 0.0
    page.get_by_role("button", name="Go on fetching it: Small voice").click()
    page.get_by_role("button", name="Yes, go online and fetch it").click()
    page.get_by_text("From now on he is played by: Small voice.").wait_for()
    assert hub.ranged, "it began anew"
    tab(page, "The talk")
    send(page, "How was work?")
    assert page.locator("li.voice").inner_text() == "From here on another voice plays Jamal: Small voice."
    # Back to the small one that came along; the file stays until she removes it.
    corner(page)
    page.get_by_role("button", name="Go back to the small voice").click()
    page.get_by_text("From now on he is played by: the small voice that came along.").wait_for()
    page.get_by_role("button", name="Remove it: Small voice").click()
    page.get_by_role("button", name="Yes, remove it").click()
    page.get_by_text("Small voice is removed from this computer.").wait_for()
    assert page.get_by_role("button", name="Fetch this voice: Small voice").is_visible()
    tab(page, "The talk")
    send(page, "And today?")
    assert page.locator("li.voice").count() == 2


def test_a_download_that_fails_is_told(page: "Page", address: Address, hub: Hub) -> None:
    page.goto(address)
    corner(page)
    hub.status = 404
    page.get_by_role("button", name="Fetch this voice: Small voice").click()
    page.get_by_role("button", name="Yes, go online and fetch it").click()
    page.locator("#voices-note .error").wait_for()
    assert "does not have Small voice any more" in page.inner_text("#voices-note")
    assert page.get_by_role("button", name="Fetch this voice: Small voice").is_visible() and barriers(page) == []
    hub.status = 200
