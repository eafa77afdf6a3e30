"""What is left of a talk, in a real browser over the doubles: looking back, the shelf, copies, and the sheet to take along."""

import io
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from disk import files, holding
from states import HARD, along, begin, debrief, opened, practices, send, tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


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
    page = opened(chromium, address)
    marker = "the violet kettle from Trieste"
    begin(page, address)
    send(page, f"I still have {marker}.")
    tab(page, "Your talks")
    page.fill("#search textarea, #search input", "violet")
    page.wait_for_function("() => document.querySelectorAll('ul.shelf > li').length === 1")
    page.locator("ul.shelf [data-act=delete]").first.click()
    page.wait_for_selector(".undo")
    assert (place / "home" / "leaving").exists()
    held = holding(place / "home", marker)
    assert held, "it was gone while it could still be brought back"
    page.context.close()
    for _ in range(200):
        if not (place / "home" / "leaving").exists():
            break
        time.sleep(0.1)
    left = holding(place / "home", marker)
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
    assert not list(files(place / "home" / "temporary"))


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
