"""The whole flow in a real browser with the real models: by mouse, and by keyboard alone."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from disk import files, holding
from running import Address, admitted, free_port, running_app
from states import patient, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(300)]

PATIENCE = 90_000
HARD = "You never call me anymore."
DRAFT = "#draft textarea"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("room")


@pytest.fixture(scope="module")
def address(chromium: "Browser", place: Path) -> Iterator[Address]:
    with running_app(place / "home", place / "log.txt") as found:
        yield found


@pytest.fixture
def page(chromium: "Browser", address: Address) -> Iterator["Page"]:
    context = admitted(chromium, address, viewport={"width": 1200, "height": 900}, accept_downloads=True)
    page = patient(context)
    page.set_default_timeout(PATIENCE)
    page.failures = []  # type: ignore[attr-defined]
    page.asked = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.failures.append(str(error)))  # type: ignore[attr-defined]
    page.on("request", lambda request: page.asked.append(request.url))  # type: ignore[attr-defined]
    yield page
    assert page.failures == []  # type: ignore[attr-defined]
    outside = [url for url in page.asked if not url.startswith((address, "data:", "blob:"))]  # type: ignore[attr-defined]
    assert outside == []
    context.close()


def ready(page: "Page", address: str) -> None:
    page.goto(address)
    page.wait_for_selector("#scenarios .card")
    page.wait_for_selector(".status.ready")


def begin(page: "Page", address: str) -> None:
    ready(page, address)
    page.locator(".card", has_text="He stops answering my calls").click()
    page.click("#begin")
    page.wait_for_selector(DRAFT)
    # The talk is opened in steps; a person cannot type before the last of them, a test can.
    page.wait_for_selector("#about h2")
    settled(page)


def write(page: "Page", text: str) -> None:
    page.fill(DRAFT, text)


def answered(page: "Page") -> None:
    page.wait_for_selector("li.turn.son:not(.typing) .acts")
    page.wait_for_selector("#send")


def lines(page: "Page", who: str) -> list[str]:
    return page.locator(f"li.turn.{who} .line").all_inner_texts()


def test_from_the_scene_to_a_deleted_talk(page: "Page", address: str, place: Path) -> None:
    begin(page, address)

    write(page, HARD)
    page.wait_for_selector(".finding")
    assert "never" in page.inner_text(".finding mark")
    assert page.inner_text("#send") == "Send it as it is"

    wording = page.locator("button.wording").first.get_attribute("data-text")
    page.locator("button.wording").first.click()
    page.wait_for_function("words => document.querySelector('#draft textarea').value === words", arg=wording)
    assert page.locator("li.turn").count() == 0, "taking a wording sent something"

    page.click("#send")
    answered(page)
    assert lines(page, "mother") == [wording]
    first_answer = lines(page, "son")[0]
    assert first_answer
    assert page.input_value(DRAFT) == ""

    page.locator("[data-act=back]").first.click()
    page.wait_for_function("words => document.querySelector('#draft textarea').value === words", arg=wording)
    assert page.locator("li.turn").count() == 0

    write(page, HARD)
    page.wait_for_selector(".finding")
    page.click("#send")
    answered(page)
    assert lines(page, "mother") == [HARD]
    assert "try 2 of 2" in page.inner_text(".tries")
    assert "Shut" in page.inner_text("#gauge")

    page.locator("[data-act=show]").first.click()
    page.wait_for_function("words => document.querySelector('li.turn.mother .line').innerText === words", arg=wording)
    assert lines(page, "son") == [first_answer], "the old branch is not as it was"
    page.locator("[data-act=show]").first.click()
    page.wait_for_function("words => document.querySelector('li.turn.mother .line').innerText === words", arg=HARD)

    talk = page.url
    page.reload()
    page.wait_for_selector("li.turn.son")
    assert lines(page, "mother") == [HARD]

    page.click("#end-talk")
    page.wait_for_selector(".lookback svg")
    assert page.inner_text(".remark blockquote") == HARD
    with page.expect_download() as download:
        page.locator("#lookback a.plain").nth(1).click()
    kept = Path(str(download.value.path())).read_text(encoding="utf-8")
    assert HARD in kept
    assert "<script" not in kept

    page.get_by_role("tab", name="Your talks").click()
    page.locator("ul.shelf [data-act=delete]").first.click()
    page.wait_for_selector(".undo")
    page.click("[data-act=now]")
    page.wait_for_selector("text=It is deleted.")
    left = holding(place / "home", HARD)
    assert left == []
    page.goto(talk)
    page.wait_for_selector("#scenarios .card")
    assert page.locator("li.turn").count() == 0


def test_her_own_scene_needs_only_a_name(page: "Page", address: str) -> None:
    ready(page, address)
    page.locator(".card", has_text="My own situation").click()
    asked(page, "name")
    assert not page.locator("#skip").is_visible(), "his name cannot be skipped"
    page.click("#next")
    page.wait_for_selector("#scene-problem >> text=A first name is enough.")
    asked(page, "name")
    page.keyboard.type("Tom")
    page.keyboard.press("Enter")
    asked(page, "age")
    page.keyboard.type("x")
    page.click("#next")
    page.wait_for_selector("#scene-problem >> text=His age is not a number.")
    page.click("#skip")
    asked(page, "stage")
    page.click("#step-back")
    asked(page, "age")
    page.click("#enough")
    page.wait_for_selector("dl.told")
    told = page.inner_text("dl.told")
    assert "Tom" in told
    assert "not told" in told
    page.get_by_role("button", name="Change: Who speaks first?").click()
    page.get_by_role("radio", name="He does").check()
    page.wait_for_selector("#opening")
    page.click("#next")
    page.wait_for_selector("dl.told")
    page.click("#begin")
    page.wait_for_selector("li.turn.son:not(.typing) .acts")
    assert "You are practising with Tom." in page.inner_text("#about")


def asked(page: "Page", question: str) -> None:
    """Wait until a question is asked and the keyboard is in its field."""
    page.wait_for_function("id => document.activeElement.closest(id) !== null", arg=f"#ask-{question}")


def test_someone_like_him_comes_first(page: "Page", address: str) -> None:
    ready(page, address)
    page.get_by_role("button", name="Find someone like him").click()
    page.get_by_role("radio", name="A teenager").check()
    page.wait_for_function("() => document.querySelectorAll('.card').length === 5")
    assert "He lives behind his door" in page.locator(".card").first.inner_text()
    assert "My own situation" in page.locator(".card").last.inner_text()


def test_a_line_not_yet_seen_by_her_is_held_once(page: "Page", address: str) -> None:
    begin(page, address)
    # Sent before she has paused, and so before the check has read it.
    page.fill(DRAFT, "After all I have done for you, you never call me.")
    page.press(DRAFT, "Enter")
    page.wait_for_selector(".report .summary")
    assert page.locator("li.turn").count() == 0
    page.wait_for_function("() => document.querySelector('#send').innerText === 'Send it as it is'")
    page.press(DRAFT, "Enter")
    answered(page)
    assert len(lines(page, "mother")) == 1


def test_by_keyboard_alone(page: "Page", address: str) -> None:
    ready(page, address)
    reach(page, "() => document.activeElement.closest('#scenarios') !== null")
    page.keyboard.press("Enter")
    page.wait_for_selector("#begin")
    page.wait_for_function("() => document.activeElement.classList.contains('asked')")
    reach(page, "() => document.activeElement.id === 'begin'")
    page.keyboard.press("Enter")
    page.wait_for_selector(DRAFT)
    reach(page, "() => document.activeElement.closest('#draft') !== null")
    page.keyboard.type(HARD)
    page.wait_for_selector(".finding")
    reach(page, "() => document.activeElement.classList.contains('wording')")
    page.keyboard.press("Enter")
    page.wait_for_function("words => document.querySelector('#draft textarea').value !== words", arg=HARD)
    page.wait_for_function("() => document.activeElement.closest('#draft') !== null")
    page.keyboard.press("Enter")
    answered(page)
    reach(page, "() => document.activeElement.dataset.act === 'back'")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('li.turn').length === 0")
    reach(page, "() => document.activeElement.id === 'end-talk'")
    page.keyboard.press("Enter")
    page.wait_for_selector("#lookback p")


def reach(page: "Page", there: str, most: int = 80) -> None:
    """Press Tab until the focus is there, and see that it shows."""
    for _ in range(most):
        if page.evaluate(there):
            assert page.evaluate("() => document.activeElement.matches(':focus-visible')"), "the focus does not show"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not get there: {there}")


def test_what_she_and_he_write_shows_as_text(page: "Page", address: str) -> None:
    begin(page, address)
    odd = "I was at Ann's {{value}} ${1+1} <b id='bold'>today</b>."
    write(page, odd)
    page.wait_for_selector(".report")
    page.click("#send")
    answered(page)
    assert lines(page, "mother") == [odd]
    assert page.locator("#bold").count() == 0


def test_stop_keeps_the_line_and_lets_her_go_on(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, "Hi love. How was work?")
    page.wait_for_selector(".report")
    page.click("#send")
    if page.locator("#stop").is_visible():
        page.locator("#stop").click(force=True, timeout=2000)
    answered(page)
    assert lines(page, "mother") == ["Hi love. How was work?"]
    page.locator("[data-act=again]").last.click()
    page.wait_for_selector("text=try 2 of 2")


def test_what_stands_beside_the_talk(page: "Page", address: str) -> None:
    """Distress is met before anything is asked, Escape steps out, both doors open, and seats change and change back."""
    begin(page, address)
    write(page, "I want to die.")
    page.click("#send")
    page.wait_for_selector("#talk-note .outside[data-met=distress]")
    page.wait_for_function("() => document.activeElement.matches('.outside h3')")
    assert "findahelpline.com" in page.inner_text(".outside") and page.locator("li.turn").count() == 0

    write(page, HARD)
    page.wait_for_selector(".finding")
    page.click("#two-doors")
    page.wait_for_selector(".door [data-act=choose]")
    assert page.locator(".door").count() == 2 and HARD in page.inner_text(".door >> nth=0")
    page.locator(".door [data-act=choose]").nth(1).click()
    page.wait_for_function(
        "hard => ![...document.querySelectorAll('li.turn.mother .line')].some(e => e.innerText === hard)", arg=HARD
    )

    page.click("#seats")
    page.wait_for_function("() => document.querySelector('#beside-panel').innerText.includes('seat now')")
    page.click("#seats")
    page.wait_for_function("() => document.querySelector('#beside-panel').innerText.includes('own seat again')")

    # However far away she is on the page, what is said then comes into sight, and the keyboard with it.
    page.evaluate("() => window.scrollTo(0, 0)")
    page.keyboard.press("Escape")
    page.wait_for_selector("#beside-panel .outside[data-met=out]")
    page.wait_for_function("() => document.activeElement.matches('.outside h3')")
    box = page.locator(".outside h3").bounding_box()
    assert box is not None and 0 <= box["y"] < 900 / 2


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_nothing_sticks_out_sideways(page: "Page", address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 850})
    begin(page, address)
    write(page, HARD)
    page.wait_for_selector(".finding")
    for tab in ("The talk", "The scene", "Looking back", "Your talks", "Practices", "Take along"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, tab


def test_a_copy_can_be_brought_back(page: "Page", address: str, place: Path) -> None:
    begin(page, address)
    write(page, "Hi Jamal. I kept your blue scarf.")
    page.wait_for_selector(".report")
    page.click("#send")
    answered(page)
    page.click("#end-talk")
    page.wait_for_selector(".lookback svg")
    with page.expect_download() as download:
        page.locator("#lookback a.plain").nth(2).click()
    copy = place / "copy.json"
    download.value.save_as(copy)
    page.get_by_role("tab", name="Your talks").click()
    page.wait_for_selector("ul.shelf")
    page.fill("#search textarea, #search input", "scarf")
    page.wait_for_function("() => document.querySelectorAll('ul.shelf li').length === 1")
    page.locator("#shelf-view input[type=file]").set_input_files(copy)
    page.wait_for_selector("text=is back on the list")
    page.wait_for_function("() => document.querySelectorAll('ul.shelf li').length === 2")
    copy.unlink()
    assert not list(files(place / "home" / "temporary")), "the uploaded copy was left behind"
    page.locator("ul.shelf [data-act=open]").first.click()
    page.wait_for_selector("li.turn.son")
    assert lines(page, "mother") == ["Hi Jamal. I kept your blue scarf."]


def test_a_second_tab_and_a_restart_show_the_same_talk(chromium: "Browser", tmp_path: Path) -> None:
    port = free_port()
    context = chromium.new_context()
    page = patient(context)
    page.set_default_timeout(PATIENCE)
    with running_app(tmp_path / "home", tmp_path / "log.txt", port=port) as address:
        page.goto(address.open)
        begin(page, address)
        write(page, "Morning. Did the parcel come?")
        page.wait_for_selector(".report")
        page.click("#send")
        answered(page)
        said = page.locator("li.turn .line").all_inner_texts()
        other = context.new_page()
        other.goto(page.url)
        other.wait_for_selector("li.turn.son")
        assert other.locator("li.turn .line").all_inner_texts() == said
        other.close()
        talk = page.url.partition("?")[2]
    with running_app(tmp_path / "home", tmp_path / "log.txt", port=port) as address:
        # The browser that was let in by the last start is not by this one, until it brings the new key; nothing was lost.
        page.goto(page.url)
        page.wait_for_selector("text=This page is private.")
        page.goto(f"{address.open}&{talk}")
        page.wait_for_selector("li.turn.son")
        assert page.locator("li.turn .line").all_inner_texts() == said
        page.goto(address)
        page.click("#go-on")
        page.wait_for_selector("li.turn.son")
        assert page.locator("li.turn .line").all_inner_texts() == said
    assert (tmp_path / "outside.txt").read_text(encoding="utf-8") == ""
    context.close()


def test_nobody_outside_was_asked_for_anything(address: str, place: Path) -> None:
    # Last but one in this file, so that it covers the talks above: start, check, answers, copies, deletion.
    assert (place / "outside.txt").read_text(encoding="utf-8") == ""


def test_nothing_of_hers_is_left_outside_the_database(page: "Page", address: str, place: Path) -> None:
    begin(page, address)
    marker = "the yellow umbrella from Trieste"
    write(page, f"I still have {marker}.")
    page.wait_for_selector(".report")
    page.click("#send")
    answered(page)
    stored: Any = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert marker not in stored
    assert marker not in page.url
    found = holding(place, marker)
    assert {path.name for path in found} <= {"rehearsals.db", "rehearsals.db-wal"}
    with sqlite3.connect(f"file:{place / 'home' / 'rehearsals.db'}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
