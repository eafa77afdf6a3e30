"""The page itself in a real browser, over the doubles: in every state, for everybody, and what it does by itself."""

import io
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from running import admitted, console_errors, running_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PATIENCE = 60_000
HARD = "You never call me. I miss our talks. It is your fault."
DRAFT = "#draft textarea"
WIDTHS = (390, 768, 1440)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def address(chromium: "Browser", place: Path) -> Iterator[str]:
    with running_app(place / "home", place / "log.txt", toy=True) as found:
        yield found


@pytest.fixture
def page(chromium: "Browser", address: str, request: pytest.FixtureRequest) -> Iterator["Page"]:
    given = {"viewport": {"width": 1200, "height": 900}, "accept_downloads": True, **getattr(request, "param", {})}
    context = admitted(chromium, address, **given)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    said = console_errors(page)
    yield page
    assert said == [], "the browser's console has errors"
    context.close()


def tab(page: "Page", name: str) -> None:
    page.get_by_role("tab", name=name).click()
    page.wait_for_timeout(400)


def begin(page: "Page", address: str, title: str = "He stops answering my calls") -> None:
    page.goto(address)
    page.wait_for_selector("#scenarios .card")
    page.locator("#scenarios .card", has_text=title).click()
    page.wait_for_selector("dl.told")
    page.click("#begin")
    page.wait_for_selector(DRAFT)
    page.wait_for_selector("#about h2")
    page.wait_for_timeout(700)


def write(page: "Page", text: str) -> None:
    page.fill(DRAFT, text)
    page.wait_for_function("text => document.querySelector('#report .report')?.dataset.text === text", arg=text)


def send(page: "Page", text: str) -> None:
    write(page, text)
    page.click("#send")
    page.wait_for_function("() => document.querySelector('#draft textarea').value === ''")
    page.wait_for_selector("li.turn.son:last-child:not(.typing) .acts")
    page.wait_for_selector("#send")


# -- the states ---------------------------------------------------------------------------------------------------------------


def scene(page: "Page", address: str) -> None:
    page.goto(address)
    page.wait_for_selector("#scenarios .card")
    page.get_by_role("button", name="Find someone like him").click()


def question(page: "Page", address: str) -> None:
    page.goto(address)
    page.locator("#scenarios .card", has_text="My own situation").click()
    page.wait_for_selector("#ask-name")
    # The keyboard follows the question a moment later.
    page.wait_for_function("() => document.activeElement.closest('#ask-name') !== null")


def missing(page: "Page", address: str) -> None:
    question(page, address)
    page.click("#next")
    page.wait_for_selector("#scene-problem .error")


def dial(page: "Page", address: str) -> None:
    question(page, address)
    page.keyboard.type("Tom")
    page.click("#next")
    for asked in ("stage", "temperament", "situation", "hope", "distance"):
        page.wait_for_timeout(300)
        page.click("#skip")
        page.wait_for_selector(f"#ask-{asked}")


def told(page: "Page", address: str) -> None:
    page.goto(address)
    page.locator("#scenarios .card", has_text="I owe him an apology").click()
    page.wait_for_selector("dl.told")


def findings(page: "Page", address: str) -> None:
    begin(page, address)
    send(page, "Hello love.")
    page.locator("[data-act=back]").first.click()
    page.wait_for_function("() => document.querySelectorAll('li.turn').length === 0")
    send(page, "I was wondering how work is.")
    page.locator("details.tree summary").first.click()
    write(page, HARD)


def debrief(page: "Page", address: str) -> None:
    begin(page, address)
    send(page, "I miss our talks.")
    write(page, HARD)
    page.click("#send")
    page.wait_for_function("() => document.querySelectorAll('li.turn.son:not(.typing)').length === 2")
    page.wait_for_selector("#send")
    page.click("#end-talk")
    page.wait_for_selector(".lookback svg")
    page.wait_for_selector("#history .plot, #history .note")


def shelf(page: "Page", address: str) -> None:
    begin(page, address)
    send(page, "Hello love.")
    tab(page, "Your talks")
    page.wait_for_selector("ul.shelf")
    page.locator("details.more summary").first.click()


def comparing(page: "Page", address: str) -> None:
    shelf(page, address)
    begin(page, address)
    send(page, "How was the week?")
    tab(page, "Your talks")
    page.locator("details.more summary").first.click()
    page.locator("[data-act=compare]").first.click()
    page.locator(".offered button").first.click()
    page.wait_for_selector(".compared")


def deleted(page: "Page", address: str) -> None:
    shelf(page, address)
    page.locator("ul.shelf [data-act=delete]").first.click()
    page.wait_for_selector(".undo")


def practices(page: "Page", address: str) -> None:
    page.goto(address)
    tab(page, "Practices")
    page.wait_for_selector("ol.practices")


def along(page: "Page", address: str) -> None:
    page.goto(address)
    tab(page, "Take along")
    page.fill("#message textarea", "You never write. I miss you.")
    page.wait_for_selector("#message-report .report")
    page.click("#make")
    page.wait_for_selector(".taken")


def doors(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, HARD)
    page.click("#two-doors")
    page.wait_for_function("() => document.querySelectorAll('.door [data-act=choose]').length === 2")


STATES = (scene, question, missing, dial, told, findings, doors, debrief, shelf, comparing, deleted, practices, along)
LIGHT = {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"}
DARK = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


def barriers(page: "Page") -> list[tuple[str, str, str]]:
    """Return what axe-core calls serious or critical."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"], "axe-core looked at nothing"
    return [
        (each["id"], str(node["target"]), node["failureSummary"])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("page", [LIGHT, DARK], indirect=True, ids=["light", "dark and narrow"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_nothing_bars_anyones_way(page: "Page", address: str, state: Callable[["Page", str], None]) -> None:
    state(page, address)
    page.wait_for_timeout(300)
    assert barriers(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        page.wait_for_timeout(200)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, f"{state.__name__} sticks out at {width}"


# -- the draft ----------------------------------------------------------------------------------------------------------------


def marks(page: "Page") -> list[list[str]]:
    return page.evaluate("() => [...document.querySelectorAll('.mirror u')].map(each => [each.className, each.textContent])")


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
    write(page, "Tell me slowly.")
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


# -- looking back, the shelf, the sheet ---------------------------------------------------------------------------------------


def test_a_point_of_the_plot_leads_to_its_line(page: "Page", address: str) -> None:
    debrief(page, address)
    points = page.locator(".lookback .plot a")
    assert points.count() == 2
    assert page.locator(".lookback table tbody tr").count() == 3
    points.nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.classList.contains('sought')")
    assert page.locator(".turn.sought .line").inner_text() == HARD


def test_the_hardest_line_comes_back_in_another_situation(page: "Page", address: str) -> None:
    debrief(page, address)
    title = page.locator("#lookback [data-act=again]").inner_text().removeprefix("Try it in: ")
    assert title != "He stops answering my calls"
    page.goto(address)
    page.wait_for_selector("#again section")
    assert page.locator("#again blockquote").inner_text() == HARD
    page.locator("#again [data-act=again]").click()
    page.wait_for_selector("dl.told")
    page.click("#begin")
    page.wait_for_selector(f"#talk-note >> text={HARD}")


def test_a_practice_leads_to_a_situation_that_fits(page: "Page", address: str) -> None:
    practices(page, address)
    assert page.locator("ol.practices > li").count() == 10
    page.get_by_role("button", name="Practise this: Name it without blame").click()
    page.wait_for_selector("dl.told")
    assert "Jamal" in page.inner_text("dl.told")


def test_pin_filter_and_undo(page: "Page", address: str) -> None:
    begin(page, address, "He moved so far away")
    send(page, "A marmalade jar stands here.")
    tab(page, "Your talks")
    page.wait_for_selector("ul.shelf")
    page.fill("#search textarea, #search input", "marmalade")
    page.wait_for_function("() => document.querySelectorAll('ul.shelf > li').length === 1")
    page.locator("[data-act=pin]").first.click()
    page.wait_for_selector("ul.shelf .mark")
    page.get_by_role("radio", name="Pinned").check()
    page.wait_for_function("() => document.querySelectorAll('ul.shelf > li').length === 1")
    page.locator("ul.shelf [data-act=delete]").first.click()
    page.wait_for_selector(".undo")
    assert page.locator("ul.shelf > li").count() == 0
    page.get_by_role("button", name="Bring it back").click()
    page.wait_for_selector("ul.shelf > li")
    assert "moved so far away" in page.inner_text("ul.shelf > li")


def test_leaving_the_page_deletes_for_good(chromium: "Browser", address: str, place: Path) -> None:
    context = admitted(chromium, address)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    marker = "the violet kettle from Trieste"
    begin(page, address)
    send(page, f"I still have {marker}.")
    tab(page, "Your talks")
    page.fill("#search textarea, #search input", "violet")
    page.wait_for_function("() => document.querySelectorAll('ul.shelf > li').length === 1")
    page.locator("ul.shelf [data-act=delete]").first.click()
    page.wait_for_selector(".undo")
    assert (place / "home" / "leaving").exists()
    held = [path for path in (place / "home").rglob("*") if path.is_file() and marker.encode() in path.read_bytes()]
    assert held, "it was gone while it could still be brought back"
    context.close()
    for _ in range(200):
        if not (place / "home" / "leaving").exists():
            break
        time.sleep(0.1)
    left = [path for path in (place / "home").rglob("*") if path.is_file() and marker.encode() in path.read_bytes()]
    assert left == []


def test_all_talks_are_carried_out_and_in(page: "Page", address: str, place: Path) -> None:
    begin(page, address, "Money has come between us")
    send(page, "A saffron ledger.")
    tab(page, "Your talks")
    with page.expect_download() as download:
        page.get_by_role("link", name="Take a copy of all").click()
    bundle = place / "all.zip"
    download.value.save_as(bundle)
    with zipfile.ZipFile(io.BytesIO(bundle.read_bytes())) as archive:
        assert any(b"saffron ledger" in archive.read(name) for name in archive.namelist())
        count = len(archive.namelist())
    page.locator("#carrying input[type=file]").set_input_files(bundle)
    page.wait_for_selector(f"text={count} talks are back on the list.")
    bundle.unlink()
    assert not [path for path in (place / "home" / "temporary").rglob("*") if path.is_file()]


def test_the_sheet_is_all_that_is_printed(page: "Page", address: str) -> None:
    page.add_init_script("window.print = () => { window.printed = document.body.className; };")
    along(page, address)
    page.get_by_role("button", name="Print it in large type").click()
    assert "sheet" in page.evaluate("() => window.printed")
    page.emulate_media(media="print")
    shown = page.evaluate("() => document.body.innerText")
    assert "You never write. I miss you." in shown
    assert "If no answer comes" in shown
    assert "Take along" not in shown
    size = page.evaluate("() => parseFloat(getComputedStyle(document.querySelector('#sheet .message')).fontSize)")
    assert size >= 26
    page.emulate_media(media="screen")
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#sheet").count() == 0


def test_the_sheet_needs_words(page: "Page", address: str) -> None:
    page.goto(address)
    tab(page, "Take along")
    page.click("#make")
    page.wait_for_selector("#card >> text=There are no words to take along yet.")


# -- for everybody ------------------------------------------------------------------------------------------------------------


def test_at_twice_the_size_nothing_is_lost(page: "Page", address: str) -> None:
    # 200 % zoom of a window of 1280 pixels leaves 640 of them.
    page.set_viewport_size({"width": 640, "height": 450})
    findings(page, address)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 640
    assert page.locator("#send").is_visible()


@pytest.mark.parametrize("page", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_those_who_want_that(page: "Page", address: str) -> None:
    findings(page, address)
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(each => {
          const style = getComputedStyle(each);
          const animated = style.animationName !== 'none' && parseFloat(style.animationDuration) > 0;
          return animated || parseFloat(style.transitionDuration) > 0;
        }).map(each => each.className)"""
    )
    assert moving == []


def test_the_language_is_named_and_every_control_has_a_name(page: "Page", address: str) -> None:
    findings(page, address)
    assert page.evaluate("() => document.documentElement.lang") == "en"
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, a')].filter(each => each.offsetParent
          && !each.textContent.trim() && !each.ariaLabel && !(each.labels && each.labels.length))
          .map(each => each.outerHTML.slice(0, 120))"""
    )
    assert unnamed == []


def test_her_lines_and_his_differ_without_colour(page: "Page", address: str) -> None:
    begin(page, address)
    send(page, "Hello.")
    looks = page.evaluate(
        """() => ['mother', 'son'].map(who => { const turn = document.querySelector('li.turn.' + who);
          return {who: turn.querySelector('.who').innerText, font: getComputedStyle(turn.querySelector('.line')).fontFamily,
                  left: turn.getBoundingClientRect().left}; })"""
    )
    assert [each["who"] for each in looks] == ["You", "Jamal"]
    assert looks[0]["font"] != looks[1]["font"]
    assert looks[0]["left"] > looks[1]["left"]
    assert re.search("serif", looks[1]["font"])


def test_the_page_in_spanish(page: "Page", place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    with running_app(place / "otra", place / "registro.txt", toy=True, wait=300) as address:
        page.goto(address.open)
        page.locator("#scenarios .card").first.click()
        page.wait_for_selector("dl.told")
        assert page.evaluate("() => document.documentElement.lang") == "es"
        assert page.inner_text("#begin") == "Empezar la charla"
        assert "están en inglés" in page.inner_text("body")
        page.click("#begin")
        page.wait_for_selector(DRAFT)
        page.wait_for_timeout(900)
        send(page, "I miss our talks.")
        assert page.locator("li.turn .line").first.get_attribute("lang") == "en"
        assert barriers(page) == []
        page.goto("about:blank")


def test_every_state_has_its_picture() -> None:
    folder = Path(__file__).resolve().parent.parent / "docs" / "screens"
    assert {path.stem for path in folder.glob("*.png")} >= {state.__name__ for state in STATES}
