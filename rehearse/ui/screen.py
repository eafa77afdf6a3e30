"""What the talk shows, in the order of its outputs, and what every event of the page has in common."""

import json
from typing import Any, NamedTuple

import gradio as gr

from rehearse.voice.choice import is_server

# Clicks on our own buttons, and forms of ours that are sent, reach Python as one event with what was asked for.
CLICKS = """element.addEventListener('click', event => {
  const asked = event.target.closest('[data-act]');
  if (!asked || asked.tagName === 'FORM') return;
  event.preventDefault();
  trigger('click', {act: asked.dataset.act, value: asked.dataset.value, text: asked.dataset.text ?? asked.textContent});
});
element.addEventListener('submit', event => {
  event.preventDefault();
  const form = event.target.closest('form[data-act]');
  if (form) trigger('click', {act: form.dataset.act, value: form.dataset.value, text: form.elements.words.value});
});"""
# Every event of the page: no part of a public interface, and nothing laid over what she reads while it runs.
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# Whatever makes him speak: one at a time, because there is one voice. A server is asked by many at once: see let_speak().
VOICE: dict[str, Any] = {**QUIET, "concurrency_id": "voice", "concurrency_limit": 1}
# A rewording needs the voice too, but nobody waits for it: it stands in no line, and takes the voice when that is free.
REWORDING: dict[str, Any] = {**QUIET, "concurrency_id": "rewording", "concurrency_limit": 1}

# So many talks may ask a server at once; more wait in line. Below the number of threads that Gradio gives events to run in.
SERVED = 24

# Milliseconds between two looks for where the keyboard goes, and how often it is looked for: three seconds in all.
_LOOK_AGAIN, _LOOKS = 150, 20


def lead(*places: str, top: str = "") -> str:
    """Return the script that leads the keyboard to the first of some places that is shown.

    A slow computer shows a place late, or draws it anew with the keyboard in it: so for three seconds it is looked for again,
    as long as the keyboard is nowhere else.

    :param places: CSS selectors, the most wanted first.
    :param top: what comes to the top of the window then.
    """
    return f"""() => {{
      const shown = () => {json.dumps(places)}
        .flatMap(each => [...document.querySelectorAll(each)])
        .find(each => each.offsetParent);
      let left = {_LOOKS}, led = false;
      const look = () => {{
        const place = shown();
        if (place && (!led || document.activeElement === document.body)) {{
          place.focus();
          if ({json.dumps(top)}) document.querySelector({json.dumps(top or "body")})?.scrollIntoView({{block: 'start'}});
          led = true;
        }}
        if (left--) setTimeout(look, {_LOOK_AGAIN});
      }};
      setTimeout(look, {_LOOK_AGAIN});
    }}"""


def let_speak(page: gr.Blocks, voice: str) -> None:
    """Let him speak in as many talks at once as his voice bears: one if it is on this computer, many if a server speaks.

    May be said anew while the page is open: whoever has begun goes on, and who waits is let in up to the new number.
    """
    limit, line = SERVED if is_server(voice) else VOICE["concurrency_limit"], VOICE["concurrency_id"]
    for event in page.fns.values():
        if event.concurrency_id == line:
            event.concurrency_limit = limit
    # Once the page is served, its events stand in lines, which took the number over. Gradio has no other way to reach them.
    queue = page._queue.event_queue_per_concurrency_id.get(line)
    if queue is not None:
        queue.concurrency_limit = limit


class Screen(NamedTuple):
    """What the talk shows, in the order of its outputs."""

    about: Any
    talk: Any
    tries: Any
    gauge: Any
    draft: Any
    report: Any
    shown: Any
    send: Any
    stop: Any
    state: Any
    note: Any
    announce: Any
    seen: Any
    mark: Any


def screen(**changed: Any) -> Screen:
    """Return a change of the screen that leaves alone what is not named."""
    return Screen(**{name: changed.get(name, gr.skip()) for name in Screen._fields})
