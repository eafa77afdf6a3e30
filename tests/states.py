"""The states of the page, each reached as a person reaches it, and how tests wait for a page and look at it."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from running import admitted

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE = 60_000
HARD = "You never call me. I miss our talks. It is your fault."
DRAFT = "#draft textarea"
WIDTHS = (390, 768, 1440)
# The views in their order, by which they are found in any language.
VIEWS = ("The scene", "The talk", "Looking back", "Your talks", "Practices", "Take along")
WINDOW: dict[str, Any] = {"viewport": {"width": 1200, "height": 900}}
LIGHT: dict[str, Any] = {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"}
DARK: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}

# Runs before anything else in a page. What one press sets off comes in several events of the app, one after another: the page
# rests once none of them is on its way, and nothing has changed or faded for a moment.
RESTS = """(() => {
  const ask = window.fetch.bind(window);
  let open = 0;
  let since = performance.now();
  const changed = () => { since = performance.now(); };
  const listen = async stream => {
    const [reader, letters] = [stream.getReader(), new TextDecoder()];
    let rest = '';
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const lines = (rest + letters.decode(piece.value, {stream: true})).split('\\n');
      rest = lines.pop();
      open -= lines.filter(line => line.startsWith('data: {"msg":"process_completed"')).length;
      changed();
    }
  };
  window.fetch = async (asked, given) => {
    const {pathname} = new URL(asked.url || asked, location.href);
    if (pathname.includes('/heartbeat/')) return ask(asked, given);
    if (pathname.endsWith('/queue/data')) {
      const answer = await ask(asked, given);
      if (!answer.body) return answer;
      const [ours, theirs] = answer.body.tee();
      listen(ours).catch(() => {});
      return new Response(theirs, answer);
    }
    let goes_on = false;
    open += 1;
    try {
      const answer = await ask(asked, given);
      goes_on = answer.ok && pathname.endsWith('/queue/join');
      return answer;
    } finally {
      if (!goes_on) open -= 1;
      changed();
    }
  };
  new MutationObserver(changed).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  const fading = () => document.getAnimations().some(each => each instanceof CSSTransition && each.playState === 'running');
  window.rests = () => open <= 0 && performance.now() - since > 100 && !fading();
})();"""


def opened(browser: "Browser", address: str, **given: Any) -> "Page":
    """Open a window of its own that has come in by the door, with a page that can be waited for."""
    context = admitted(browser, address, **{**WINDOW, **given})
    page = patient(context)
    page.set_default_timeout(PATIENCE)
    return page


def patient(context: "BrowserContext") -> "Page":
    """Return a new page that :func:`settled` can wait for."""
    context.add_init_script(RESTS)
    return context.new_page()


def settled(page: "Page") -> None:
    """Wait until all that was set off has ended and is shown."""
    page.wait_for_function("() => window.rests()")


def tab(page: "Page", name: str) -> None:
    page.locator("#views [role=tab]").nth(VIEWS.index(name)).click()
    settled(page)


def begin(page: "Page", address: str, title: str = "He stops answering my calls") -> None:
    page.goto(address)
    page.wait_for_selector("#scenarios .card")
    page.locator("#scenarios .card", has_text=title).click()
    page.wait_for_selector("dl.told")
    page.click("#begin")
    page.wait_for_selector(DRAFT)
    page.wait_for_selector("#about h2")
    settled(page)


def write(page: "Page", text: str) -> None:
    page.fill(DRAFT, text)
    page.wait_for_function("text => document.querySelector('#report .report')?.dataset.text === text", arg=text)


def send(page: "Page", text: str) -> None:
    write(page, text)
    page.click("#send")
    page.wait_for_function("() => document.querySelector('#draft textarea').value === ''")
    page.wait_for_selector("li.turn.son:last-child:not(.typing) .acts")
    page.wait_for_selector("#send")


def marks(page: "Page") -> list[list[str]]:
    return page.evaluate("() => [...document.querySelectorAll('.mirror u')].map(each => [each.className, each.textContent])")


def barriers(page: "Page") -> list[tuple[str, str, str]]:
    """Return what axe-core calls serious or critical."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"], "axe-core looked at nothing"
    return [
        (each["id"], str(node["target"]), node["failureSummary"])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def barriers_by_night_and_day(page: "Page") -> list[tuple[str, str, str]]:
    """Return what bars anyone's way, by night on a phone and then by day on a wide screen, which is how it stays."""
    found = []
    for colours, size in ((DARK, DARK["viewport"]), (LIGHT, LIGHT["viewport"])):
        page.emulate_media(color_scheme=colours["color_scheme"])
        page.set_viewport_size(size)
        page.wait_for_function("dark => document.body.classList.contains('dark') === dark", arg=colours is DARK)
        settled(page)
        found += barriers(page)
    return found


# -- the states ---------------------------------------------------------------------------------------------------------------


def scene(page: "Page", address: str) -> None:
    page.goto(address)
    page.wait_for_selector("#scenarios .card")
    page.locator("#like > button").click()


def question(page: "Page", address: str) -> None:
    page.goto(address)
    page.locator("#scenarios .card").last.click()
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
        settled(page)
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


def voices(page: "Page", address: str) -> None:
    page.goto(address)
    tab(page, "Your talks")
    page.click("#voices-told [data-act=more]")
    page.locator("ul.voices [data-act=fetch]").first.click()
    page.wait_for_selector("#voices-ask h4")


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


STATES = (scene, question, missing, dial, told, findings, doors, debrief, shelf, voices, comparing, deleted, practices, along)
