"""The draft in a real browser, over the doubles: what is underlined and said of it as she writes, and what is said aloud."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from running import running_app
from states import DRAFT, HARD, begin, marks, opened, send, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_findings_are_underlined_in_the_draft_and_strengths_are_too(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, HARD)
    page.wait_for_function("() => document.querySelectorAll('.mirror u').length === 3")
    assert marks(page) == [
        ["under-finding here", "never"],
        ["under-strength", "I miss our talks."],
        ["under-finding", "fault"],
    ]
    boxes = page.evaluate(
        "() => ['textarea', '.mirror'].map(name => document.querySelector('#draft ' + name).getBoundingClientRect().toJSON())"
    )
    assert abs(boxes[0]["x"] - boxes[1]["x"]) < 3
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 3
    assert page.evaluate("() => document.querySelector('.mirror').textContent.replace('\\u200b', '')") == HARD


def test_marks_stay_with_their_words_while_she_types_on(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, HARD)
    page.wait_for_function("() => document.querySelectorAll('.mirror u').length === 3")
    page.evaluate("() => { const box = document.querySelector('#draft textarea'); box.focus(); box.setSelectionRange(0, 0); }")
    page.keyboard.type("Oh 😀. ")
    assert [words for _, words in marks(page)] == ["never", "I miss our talks.", "fault"]
    page.keyboard.press("Control+End")
    page.keyboard.type(" So.")
    assert [words for _, words in marks(page)] == ["never", "I miss our talks.", "fault"]


def test_a_draft_written_anew_is_marked_anew(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, HARD)
    page.wait_for_function("() => document.querySelectorAll('.mirror u').length === 3")
    page.focus(DRAFT)
    page.keyboard.press("Control+End")
    page.keyboard.type(" Who is selfish?")
    page.wait_for_function("() => document.querySelectorAll('.mirror u').length === 4")
    write(page, "It is your fault. You never write.")
    page.wait_for_function("() => document.querySelectorAll('.mirror u').length === 2")
    assert marks(page) == [["under-finding here", "fault"], ["under-finding", "never"]]


def test_what_was_written_before_the_check_woke_up_is_read_once_it_has(chromium: "Browser", tmp_path: Path) -> None:
    awake = tmp_path / "awake"
    with running_app(tmp_path / "home", tmp_path / "log.txt", toy=True, TOY_CHECK_WAITS_FOR=str(awake)) as address:
        page = opened(chromium, address)
        begin(page, address)
        page.fill(DRAFT, HARD)
        page.get_by_text("Your line will be read as soon as it is ready.").wait_for()
        awake.touch()
        page.wait_for_function("() => document.querySelectorAll('.mirror u').length === 3")
        assert page.input_value(DRAFT) == HARD
        assert page.locator("#status").inner_text().strip() == "Everything is ready."
        page.context.close()


def test_one_finding_is_explained_at_a_time_and_the_caret_chooses(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, HARD)
    page.wait_for_selector(".steps")
    assert page.locator(".finding:visible").count() == 1
    assert page.inner_text(".where") == "1 of 2"
    page.get_by_role("button", name="The next place").click()
    assert page.inner_text(".where") == "2 of 2"
    assert page.inner_text(".finding:visible mark") == "fault"
    at = HARD.index("never") + 2
    page.evaluate(
        "at => { const box = document.querySelector('#draft textarea'); box.focus(); box.setSelectionRange(at, at); }", at
    )
    page.wait_for_function("() => document.querySelector('.where').innerText === '1 of 2'")
    assert page.inner_text(".finding:not([hidden]) mark") == "never"


def test_a_wording_shows_what_it_changes_and_is_taken_whole(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, "You never call me.")
    own = page.locator("button.wording", has_text="your words, gentler").filter(has_text="It makes me happy when")
    own.wait_for()
    assert own.locator("del").all_inner_texts() == ["never"]
    assert own.locator("ins").all_inner_texts() == ["It makes me happy when"]
    own.click()
    page.wait_for_function("() => document.querySelector('#draft textarea').value === 'It makes me happy when you call me.'")


def test_a_wording_of_the_voice_follows_where_the_patterns_have_none(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, "You never grasp when to call me.")
    own = page.locator("button.wording", has_text="your words, gentler")
    own.wait_for()
    assert own.get_attribute("data-text") == "I miss it when you call me."


def test_a_sentence_that_may_land_hard_can_be_left_out(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, "The soup is ready. You never call me. Come by.")
    leave = page.locator("button[data-act='leave']:visible")
    leave.wait_for()
    leave.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#draft textarea').value === 'The soup is ready. Come by.'")
    page.wait_for_selector(".report.clear")
    assert page.locator("li.turn").count() == 0, "leaving a sentence out sent something"
    write(page, "You never call me.")
    page.wait_for_selector(".finding")
    assert page.locator("button[data-act='leave']").count() == 0, "with nothing else to say there is nothing to leave out"


def test_shift_and_enter_begins_a_line_and_enter_sends(page: "Page", address: str) -> None:
    begin(page, address)
    page.click(DRAFT)
    page.keyboard.type("Hello.")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("How are you?")
    assert page.input_value(DRAFT) == "Hello.\nHow are you?"
    page.keyboard.press("Enter")
    page.wait_for_selector("li.turn.son:not(.typing) .acts")
    assert page.locator("li.turn.mother .line").inner_text() == "Hello.\nHow are you?"


def test_what_is_going_on_is_said_in_words_and_spoken_once(page: "Page", address: str) -> None:
    begin(page, address)
    page.evaluate(
        """() => { window.states = new Set(); window.spoken = [];
        const now = () => document.querySelector('#state .state');
        const note = () => { if (now()) window.states.add(now().innerText); };
        new MutationObserver(note).observe(document.querySelector('#talk-view'), {childList: true, subtree: true});
        const live = document.querySelector('#announce [aria-live], [aria-live]#announce');
        new MutationObserver(() => { if (live.textContent.trim()) window.spoken.push(live.textContent.trim()); })
          .observe(live, {childList: true, subtree: true, characterData: true}); }"""
    )
    send(page, "I miss our talks.")
    states = page.evaluate("() => [...window.states]")
    assert {"Reading your draft…", "Jamal is thinking…", "Jamal is answering…"} <= set(states)
    answer = page.locator("li.turn.son .line").inner_text()
    assert [line for line in page.evaluate("() => window.spoken") if "answered" in line] == [f"Jamal answered: {answer}"]


def test_stopping_is_said_too(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, "Tell me very slowly.")
    page.click("#send")
    page.click("#stop")
    page.wait_for_selector("#state .state.stopped")
    assert "You stopped Jamal" in page.inner_text("#state")


def test_a_try_gets_a_name_and_an_earlier_moment_is_one_press_away(page: "Page", address: str) -> None:
    begin(page, address)
    send(page, "Hello.")
    send(page, "How was your week?")
    page.locator("[data-act=return]").first.click()
    page.wait_for_function("() => document.querySelectorAll('li.turn').length === 2")
    send(page, "Did the parcel come?")
    page.locator("details.tree summary").first.click()
    page.locator(".try details summary").last.click()
    page.locator(".try input").last.fill("the parcel")
    page.locator(".try form button").last.click()
    page.wait_for_selector("text=The name is saved.")
    assert "the parcel: Did the parcel come?" in page.locator("details.tree").inner_text() or (
        "the parcel" in page.locator(".tries").last.inner_text()
    )


# -- reading aloud ------------------------------------------------------------------------------------------------------------

VOICES = """window.read = [];
const voices = %s;
window.SpeechSynthesisUtterance = function (text) { this.text = text; };
Object.defineProperty(window, 'speechSynthesis', {value: {
  getVoices: () => voices, cancel: () => {}, speak: said => window.read.push([said.text, said.voice.name])}});"""
LOCAL = "{name: 'own', lang: 'en-GB', localService: true}"
REMOTE = "{name: 'cloud', lang: 'en-US', localService: false}"


def test_nothing_is_read_aloud_unless_she_asks_and_only_by_a_voice_of_this_computer(page: "Page", address: str) -> None:
    page.add_init_script(VOICES % f"[{REMOTE}, {LOCAL}]")
    begin(page, address)
    send(page, "Hello.")
    assert page.evaluate("() => window.read") == []
    page.get_by_role("checkbox", name="Read his lines aloud").check()
    send(page, "How was your week?")
    page.wait_for_function("() => window.read.length === 1")
    line = page.locator("li.turn.son .line").last.inner_text()
    assert page.evaluate("() => window.read") == [[line, "own"]]


def test_a_voice_that_is_not_of_this_computer_is_never_used(page: "Page", address: str) -> None:
    page.add_init_script(VOICES % f"[{REMOTE}]")
    begin(page, address)
    page.get_by_role("checkbox", name="Read his lines aloud").check()
    page.wait_for_selector("#aloud-none.told")
    send(page, "Hello.")
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.read") == []
