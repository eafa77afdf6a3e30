"""What the talk shows, in the order of its outputs, and what every event of the page has in common."""

from typing import Any, NamedTuple

import gradio as gr

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
# Whatever makes him speak: one at a time, because there is one voice.
VOICE: dict[str, Any] = {**QUIET, "concurrency_id": "voice", "concurrency_limit": 1}


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
