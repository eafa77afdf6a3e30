"""A talk that leaves no trace, in a browser with a profile of its own: what she sees of it, and that no byte of it is left."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import BROWSER_FLAGS, _browser_path
from running import Address, admitted, console_errors, running_app
from test_browser_page import DRAFT, PATIENCE, WIDTHS, barriers, send, tab
from test_traces import KEPT, MARKER, search, told_to_the_system

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MARK = "#unkept >> text=This talk is not kept."


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
    page.wait_for_timeout(700)


def looked_at(page: "Page") -> None:
    """Nobody's way is barred, and nothing sticks out."""
    assert barriers(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        page.wait_for_timeout(150)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def kept_after_all(chromium: "Browser", address: Address) -> None:
    context = admitted(chromium, address, viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(str(address))
    page.locator("#scenarios .card").first.click()
    page.wait_for_selector("dl.told")
    page.get_by_label("Leave no trace of this talk").check()
    page.click("#begin")
    page.wait_for_selector(MARK)
    page.wait_for_timeout(700)
    send(page, "Hello love.")
    page.get_by_role("button", name="Keep it after all").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#talk-note >> text=This talk is kept now.")
    assert page.locator(".unkept").count() == 0
    page.wait_for_url("**/?talk=*")
    page.reload()
    page.wait_for_selector("ol.talk >> text=Hello love.")
    context.close()


def test_a_talk_without_a_trace(chromium: "Browser", tmp_path: Path) -> None:
    # Beside what is searched: it is the test's own.
    answers = tmp_path.parent / f"{tmp_path.name}-answers.jsonl"
    answers.write_text(f'"Yes, {MARKER}, I remember."\n', encoding="utf-8")
    surroundings = {"TMPDIR": "temp", "XDG_CACHE_HOME": "cache", "HF_HOME": "cache", "HOME": "user"}
    for name in (*surroundings.values(), "profile"):
        (tmp_path / name).mkdir(exist_ok=True)
    settled = {name: str(tmp_path / folder) for name, folder in surroundings.items()}
    with running_app(tmp_path / "home", tmp_path / "log.txt", toy=True, answers=answers, **settled) as address:
        name, _, value = address.cookie.partition("=")
        own = chromium.browser_type.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=_browser_path(), headless=True, args=BROWSER_FLAGS
        )
        own.add_cookies([{"name": name, "value": value, "url": str(address), "httpOnly": True, "sameSite": "Strict"}])
        own.grant_permissions(["clipboard-read", "clipboard-write"], origin=str(address))
        own.add_init_script("window.print = () => { window.printed = document.querySelector('#sheet').innerText; };")
        page = own.new_page()
        page.set_default_timeout(PATIENCE)
        said = console_errors(page)
        page.goto(str(address))
        begin_without_a_trace(page)
        send(page, f"I still have {MARKER}.")
        page.locator("[data-act=back]").first.click()
        page.wait_for_function("() => document.querySelectorAll('li.turn').length === 0")
        for line in (f"Do you remember {MARKER}?", "How was the week?", "How is work?", "Shall we cook on Sunday?"):
            send(page, line)
        # However far the talk is scrolled, the mark stays in sight.
        page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(200)
        assert 0 <= page.evaluate("() => document.querySelector('.unkept').getBoundingClientRect().top") < 100
        looked_at(page)
        page.fill(DRAFT, f"A draft about {MARKER} that is never sent.")
        page.wait_for_timeout(1000)
        id = page.input_value("#current textarea")
        assert len(id) == 32 and id not in page.url, "the address would be in the browser's history"
        tab(page, "Your talks")
        page.wait_for_selector("#shelf >> text=No talk is kept here yet.")
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
        assert search(tmp_path) == [] and MARKER.encode() not in told_to_the_system(address.pid)
        # Left and opened again: it is nowhere, also for whoever knows its id.
        page.goto(f"{address}/?talk={id}")
        page.wait_for_selector("#scenarios .card")
        page.wait_for_function("() => location.search === ''")
        assert page.locator("#going-on:visible").count() == 0
        tab(page, "Looking back")
        assert MARKER not in page.content()
        # A browser that keeps a profile asks for a manifest, without its cookie, and is turned away at the door.
        assert [each for each in said if "anifest" not in each and "403" not in each] == [], "the browser's console has errors"
        own.close()
        assert search(tmp_path) == []
        kept_after_all(chromium, address)
    found = {Path(each).name for each in search(tmp_path)}
    assert found and found <= KEPT, "what is kept is found in the same way"
    assert (tmp_path / "outside.txt").read_text(encoding="utf-8") == ""
