"""What is hers alone, in a browser with a profile of its own: the passphrase, a talk without a trace, and two windows.

After each part every file that the app and the browser wrote is searched for what was typed. The parts share an app and a window,
since both take long to start.
"""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import BROWSER_FLAGS, _browser_path
from rehearse.scenario import Scenario
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from running import Address, console_errors, running_app
from states import DRAFT, PATIENCE, WIDTHS, barriers, opened, patient, send, settled, tab, write
from test_traces import MARKER, search, told_to_the_system
from test_transcripts_delete import traces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser, BrowserContext, Page

    Started = Callable[[], AbstractContextManager[tuple[Address, "Page"]]]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PASSPHRASE, ANOTHER, WRONG = (f"{MARKER} {words}" for words in ("has no link", "& an umbrella", "is wrong"))
# What a talk that is kept is known by; while the file is locked it is in no file either.
WORDS = "A marmalade jar."
RESTING = "li.turn.son:last-child:not(.typing) .acts"
MARK = "#unkept >> text=This talk is not kept."
STORED = """async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, document.title,
  await indexedDB.databases(), await caches.keys()])"""


@pytest.fixture
def started(chromium: "Browser", tmp_path: Path) -> "Started":
    """Return what starts the app over locked talks and opens a window on it; when it ends, all files are searched."""
    with Transcripts(tmp_path / "home" / "rehearsals.db", passphrase=PASSPHRASE) as store:
        talk = store.create(Scenario.load("missed-calls"), WORDS)
        store.append(talk.id, Turn("mother", WORDS, Openness.WARY))
    # Beside what is searched: it is the test's own.
    answers = tmp_path.parent / f"{tmp_path.name}-answers.jsonl"
    answers.write_text(f'"Yes, {MARKER}, I remember."\n', encoding="utf-8")
    surroundings = {"TMPDIR": "temp", "XDG_CACHE_HOME": "cache", "HF_HOME": "cache", "HOME": "user"}
    for name in (*surroundings.values(), "profile"):
        (tmp_path / name).mkdir(exist_ok=True)
    settled = {name: str(tmp_path / folder) for name, folder in surroundings.items()}

    @contextmanager
    def start() -> "Iterator[tuple[Address, Page]]":
        with running_app(tmp_path / "home", tmp_path / "log.txt", toy=True, answers=answers, **settled) as address:
            own: BrowserContext = chromium.browser_type.launch_persistent_context(
                str(tmp_path / "profile"), executable_path=_browser_path(), headless=True, args=BROWSER_FLAGS
            )
            name, _, value = address.cookie.partition("=")
            own.add_cookies([{"name": name, "value": value, "url": str(address), "httpOnly": True, "sameSite": "Strict"}])
            own.grant_permissions(["clipboard-read", "clipboard-write"], origin=str(address))
            own.add_init_script("window.print = () => { window.printed = document.querySelector('#sheet').innerText; };")
            page = patient(own)
            page.set_default_timeout(PATIENCE)
            said = console_errors(page)
            page.goto(str(address))
            yield address, page
            assert MARKER.encode() not in told_to_the_system(address.pid)
            assert MARKER not in page.evaluate(STORED)
            # A browser that keeps a profile asks for a manifest, without its cookie, and is turned away at the door.
            assert [each for each in said if "anifest" not in each and "403" not in each] == [], "the console has errors"
            own.close()
        assert (tmp_path / "outside.txt").read_text(encoding="utf-8") == ""

    return start


def test_locked_and_without_a_trace(started: "Started", tmp_path: Path) -> None:
    with started() as (address, page):
        opened_with_the_right_one(address, page)
        changed_taken_away_and_set(page, tmp_path / "home")
        without_a_trace(address, page, tmp_path)
    assert search(tmp_path) == []
    assert traces(tmp_path / "home", WORDS) == 0


def test_forgotten_and_two_windows(started: "Started", chromium: "Browser", tmp_path: Path) -> None:
    with started() as (address, page):
        forgotten(address, page, tmp_path / "home")
        assert search(tmp_path) == [] and traces(tmp_path / "home", WORDS) == 0
        kept_after_all(page)
        assert search(tmp_path) != [], "what is kept is found in the same way"
        # A window of its own and not a tab: a tab in the background hardly moves.
        other = opened(chromium, address)
        said = console_errors(other)
        other.goto(page.url)
        other.wait_for_selector(RESTING)
        settled(other)
        one_goes_on(page, other)
        one_deletes(page, other)
        assert said == [], "the browser's console has errors"
        other.context.close()


# -- what is looked at in every state -----------------------------------------------------------------------------------------


def looked_at(page: "Page") -> None:
    assert barriers(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        settled(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def focused(page: "Page", inside: str) -> None:
    page.wait_for_function("inside => document.activeElement.closest(inside) !== null", arg=inside)


def typed(page: "Page", *words: str) -> None:
    """Fill the fields one after another, and send, with the keyboard alone."""
    for number, each in enumerate(words):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(each)
    page.keyboard.press("Enter")


def pressed(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


# -- the passphrase -----------------------------------------------------------------------------------------------------------


def opened_with_the_right_one(address: Address, page: "Page") -> None:
    page.wait_for_selector("h2 >> text=Your talks are locked")
    focused(page, "#passphrase")
    looked_at(page)
    assert page.request.get(f"{address}/config").status == 404
    for _ in range(2):
        typed(page, WRONG)
        page.wait_for_selector("[role=alert] >> text=This passphrase does not open your talks.")
        focused(page, "#passphrase")
        assert page.input_value("#passphrase") == "" and page.url == f"{address}/"
        assert barriers(page) == []
        page.reload()
        assert page.locator("[role=alert]").count() == 0
    page.get_by_role("link", name="I have forgotten it").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h2 >> text=Begin with an empty shelf?")
    pressed(page, "Set them aside and begin anew")
    assert page.url.endswith("/forgotten"), "it goes on without her word"
    page.get_by_role("link", name="No, I will try again").focus()
    page.keyboard.press("Enter")
    focused(page, "#passphrase")
    typed(page, PASSPHRASE)
    page.wait_for_selector("#scenarios .card")


def changed_taken_away_and_set(page: "Page", home: Path) -> None:
    tab(page, "Your talks")
    page.wait_for_selector(f"ul.shelf >> text={WORDS}")
    pressed(page, "Change it")
    focused(page, "#lock-old")
    typed(page, WRONG, ANOTHER, ANOTHER)
    page.wait_for_selector("#lock-problem >> text=That is not the passphrase your talks have now")
    focused(page, "#lock-old")
    assert {each.input_value() for each in page.locator("#lock input").all()} == {""}
    assert barriers(page) == []
    typed(page, PASSPHRASE, ANOTHER, ANOTHER)
    page.wait_for_selector("#lock-note >> text=The new passphrase is set.")
    focused(page, "#lock-note")
    pressed(page, "Take it away")
    focused(page, "#lock-old")
    typed(page, ANOTHER)
    page.wait_for_selector("#lock-note >> text=The passphrase is taken away.")
    assert traces(home, WORDS) > 0
    pressed(page, "Set a passphrase")
    focused(page, "#lock-new")
    assert "Nobody can bring a forgotten passphrase back" in page.inner_text("#lock-what")
    assert page.locator("#lock input[type=password]:visible").count() == 2
    looked_at(page)
    typed(page, PASSPHRASE, WRONG)
    page.wait_for_selector("#lock-problem >> text=The two were not the same")
    focused(page, "#lock-new")
    typed(page, PASSPHRASE, PASSPHRASE)
    page.wait_for_selector("#lock-note >> text=Your talks are locked.")
    assert traces(home, WORDS) == 0
    assert MARKER not in page.content()


def forgotten(address: Address, page: "Page", home: Path) -> None:
    page.goto(f"{address}/forgotten")
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    looked_at(page)
    pressed(page, "Set them aside and begin anew")
    page.wait_for_selector("h2 >> text=Your earlier talks are set aside")
    (aside,) = (home / "backups").glob("*-locked.db")
    assert str(aside) in page.inner_text("main")
    assert barriers(page) == []
    page.get_by_role("link", name="Go on to an empty shelf").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#scenarios .card")
    tab(page, "Your talks")
    page.wait_for_selector("#shelf >> text=No talk is kept here yet.")
    page.wait_for_selector("#lock-told >> text=Your talks have no passphrase")


# -- a talk without a trace ---------------------------------------------------------------------------------------------------


def begin_without_a_trace(page: "Page") -> None:
    """Tell a scene of her own and begin, with the keyboard alone."""
    page.wait_for_selector("#scenarios .card")
    page.locator("#scenarios .card", has_text="My own situation").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('#ask-name') !== null")
    page.keyboard.type("Tom")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('#ask-age') !== null")
    page.locator("#enough").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dl.told")
    page.locator("[data-act=change][data-value=situation]").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('#ask-situation') !== null")
    page.keyboard.type(f"He kept {MARKER}.")
    page.locator("#next").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dl.told")
    choice = page.get_by_label("Leave no trace of this talk")
    assert not choice.is_checked(), "it is off until she wants it"
    choice.focus()
    page.keyboard.press("Space")
    assert choice.is_checked()
    assert "it is gone for good" in page.inner_text("#no-trace")
    assert barriers(page) == []
    page.locator("#begin").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(MARK)
    page.wait_for_selector(DRAFT)
    settled(page)


def without_a_trace(address: Address, page: "Page", place: Path) -> None:
    tab(page, "The scene")
    begin_without_a_trace(page)
    send(page, f"I still have {MARKER}.")
    page.locator("[data-act=back]").first.click()
    page.wait_for_function("() => document.querySelectorAll('li.turn').length === 0")
    for line in (f"Do you remember {MARKER}?", "Shall we cook on Sunday?"):
        send(page, line)
    # However far the talk is scrolled, the mark stays in sight.
    page.set_viewport_size({"width": 1200, "height": 420})
    page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    settled(page)
    assert 0 <= page.evaluate("() => document.querySelector('.unkept').getBoundingClientRect().top") < 100
    looked_at(page)
    page.fill(DRAFT, f"A draft about {MARKER} that is never sent.")
    page.wait_for_timeout(1000)
    id = page.input_value("#current textarea")
    assert len(id) == 32 and id not in page.url, "the address would be in the browser's history"
    tab(page, "Your talks")
    page.wait_for_selector("ul.shelf")
    assert page.locator("ul.shelf > li").count() == 1, "only the one that is kept"
    tab(page, "The scene")
    page.click("#other")
    page.wait_for_selector("#going-on >> text=Go on, without a trace")
    page.click("#go-on")
    page.wait_for_selector(MARK)
    page.click("#end-talk")
    page.wait_for_selector(".parting >> text=it is gone for good")
    looked_at(page)
    page.get_by_role("button", name="Copy the words").click()
    page.wait_for_selector(".parting >> text=Copied.")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith(f"You: Do you remember {MARKER}?\n\nTom: Yes, {MARKER}, I remember.")
    page.evaluate("() => navigator.clipboard.writeText('')")
    page.get_by_role("button", name="Print the talk").click()
    printed = page.evaluate("() => window.printed")
    assert "Shall we cook on Sunday?" in printed and "Before you leave" not in printed
    assert search(place) == [] and MARKER.encode() not in told_to_the_system(address.pid)
    # Left and opened again: it is nowhere, also for whoever knows its id.
    page.goto(f"{address}/?talk={id}")
    page.wait_for_selector("#scenarios .card")
    page.wait_for_function("() => location.search === ''")
    assert "without a trace" not in page.inner_text("#going-on")
    tab(page, "Looking back")
    assert MARKER not in page.content()


def kept_after_all(page: "Page") -> None:
    page.set_viewport_size({"width": 1200, "height": 900})
    tab(page, "The scene")
    page.locator("#scenarios .card").first.click()
    page.wait_for_selector("dl.told")
    page.get_by_label("Leave no trace of this talk").check()
    page.click("#begin")
    page.wait_for_selector(MARK)
    settled(page)
    send(page, "Hello love.")
    page.get_by_role("button", name="Keep it after all").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#talk-note >> text=This talk is kept now.")
    assert page.locator(".unkept").count() == 0
    page.wait_for_url("**/?talk=*")
    page.reload()
    page.wait_for_selector("ol.talk >> text=Hello love.")
    page.wait_for_selector(RESTING)
    settled(page)


# -- two windows --------------------------------------------------------------------------------------------------------------


def no_plain_error(page: "Page") -> None:
    assert page.locator(".toast-body").count() == 0, "Gradio's own error is on the page"


def one_goes_on(one: "Page", other: "Page") -> None:
    """A talk that went on elsewhere is shown as it is, and her words stay."""
    write(one, "I was wondering how work is.")
    send(other, "How was your week?")
    one.press(DRAFT, "Enter")
    one.wait_for_selector("#talk-note .error >> text=This talk has gone on since it was shown here")
    assert one.locator("li.turn.mother .line").all_inner_texts() == ["Hello love.", "How was your week?"]
    assert one.input_value(DRAFT) == "I was wondering how work is."
    assert "gone on" in one.inner_text("#announce")
    no_plain_error(one)
    assert barriers(one) == []
    # Now that she has seen it, the same key sends.
    one.press(DRAFT, "Enter")
    one.wait_for_function("() => document.querySelectorAll('li.turn.mother').length === 3")
    one.wait_for_selector(RESTING)
    assert one.locator("#talk-note .error").count() == 0
    # And whoever comes back to a window is told before she does anything; where nothing has changed, nothing is said.
    for window in (one, other):
        window.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    other.wait_for_selector("#talk-note .error >> text=This talk has gone on")
    assert "I was wondering how work is." in other.inner_text("ol.talk")
    assert one.locator("#talk-note .error").count() == 0


def one_deletes(one: "Page", other: "Page") -> None:
    """A deleted talk is told as that, and nothing of it stays."""
    tab(one, "The talk")
    write(one, "You never call.")
    tab(other, "Your talks")
    other.locator("ul.shelf [data-act=delete]").first.click()
    other.wait_for_selector(".undo")
    one.click("#send")
    one.wait_for_selector("#talk .error >> text=This talk was deleted in another window.")
    other.get_by_role("button", name="Delete it now").click()
    other.wait_for_selector("#shelf-note >> text=It is deleted.")
    one.click("#send")
    one.wait_for_selector("#talk .error >> text=This talk is no longer here")
    assert one.input_value(DRAFT) == "You never call."
    assert "Hello love." not in one.content()
    one.click("#felt")
    one.wait_for_selector("#beside-panel .error >> text=This talk is no longer here")
    one.click("#step-out")
    one.click("#two-doors")
    one.click("#end-talk")
    one.wait_for_selector("#lookback .error >> text=This talk is no longer here")
    no_plain_error(one)
    assert barriers(one) == []
