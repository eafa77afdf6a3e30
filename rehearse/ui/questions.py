"""The questions of the scene: what is asked, with which field, and how the answers read together."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from rehearse.scenario import LONGEST, TEMPERAMENTS
from rehearse.ui.render import button, safe
from rehearse.ui.words import how_open, say, so_open

QUESTIONS = ("name", "age", "stage", "temperament", "situation", "hope", "distance", "first")
# Only the closed half is offered: a talk that begins wide open needs no rehearsal, but one may be tried from anywhere
# through the command line.
DISTANCES = (1, 2, 3)


def fields(question: str) -> list[Any]:
    """Build the fields of a question inside the current Blocks and return them."""
    if question == "temperament":
        named = [(say(f"temperament.{each}"), each) for each in TEMPERAMENTS]
        return [gr.Radio([*named, (say("scene.unknown"), "")], value="", label=say("scene.temperament"), elem_id="temperament")]
    if question == "distance":
        # A dial in words: each stop says where he stands.
        stops = [(f"{how_open(each)}. {so_open(each)}", each) for each in DISTANCES]
        return [gr.Radio(stops, value=2, label=say("scene.distance"), info=say("scene.distance_hint"), elem_id="distance")]
    if question == "first":
        speakers = [(say("scene.first_mother"), "mother"), (say("scene.first_son"), "son")]
        first = gr.Radio(speakers, value="mother", label=say("scene.first"), elem_id="first")
        return [first, _text("opening", LONGEST["opening"], visible=False)]
    if question in ("situation", "hope"):
        return [_text(question, LONGEST[question], lines=3, max_lines=8)]
    return [_text(question, 2 if question == "age" else LONGEST[question])]


def _text(name: str, longest: int, **given: Any) -> gr.Textbox:
    return gr.Textbox(label=say(f"scene.{name}"), info=say(f"scene.{name}_hint"), max_length=longest, elem_id=name, **given)


def summary(values: Sequence[Any]) -> str:
    """Return her answers in plain words, each with a way to change it."""
    name, age, stage, temperament, situation, hope, distance, first, opening = values
    unknown = f'<span class="quiet">{safe(say("scene.unknown"))}</span>'
    speaks = say("scene.first_mother") if first == "mother" else say("scene.first_son")
    told = {
        "name": safe(name) or unknown,
        "age": safe(age) or unknown,
        "stage": safe(stage) or unknown,
        "temperament": safe(say(f"temperament.{temperament}")) if temperament else unknown,
        "situation": safe(situation) or unknown,
        "hope": safe(hope) or unknown,
        "distance": safe(f"{how_open(distance)}. {so_open(distance)}"),
        "first": safe(speaks) + (f": <q>{safe(opening)}</q>" if first == "son" and opening else ""),
    }
    rows = "".join(
        f"<div><dt>{safe(say(f'scene.{question}'))}</dt><dd>{told[question]}</dd>"
        f"<dd>{button('change', say('scene.change'), question, label=_change(question))}</dd></div>"
        for question in QUESTIONS
    )
    return (
        f'<h2 class="asked" tabindex="-1">{safe(say("scene.summary"))}</h2>'
        f'<p class="note">{safe(say("scene.summary_hint"))}</p><dl class="told">{rows}</dl>'
    )


def _change(question: str) -> str:
    return f"{say('scene.change')}: {say(f'scene.{question}')}"
