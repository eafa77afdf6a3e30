"""The scene: whom she would like to talk to, and what stands between them."""

from typing import Any

import gradio as gr

from rehearse.errors import RehearseError, ScenarioError
from rehearse.rehearsal import Rehearsal
from rehearse.scenario import TEMPERAMENTS, Scenario, scenarios
from rehearse.son.levels import levels
from rehearse.ui import render
from rehearse.ui.room import Room
from rehearse.ui.talk import QUIET
from rehearse.ui.words import say

OWN = "own"
# Only the closed half is offered: a talk that begins wide open needs no rehearsal, but one may be tried from anywhere
# through the command line.
DISTANCES = (1, 2, 3)


class Scene:
    """The view and its handlers."""

    def __init__(self, room: Room) -> None:
        """Build the view inside the current Blocks."""
        self.room = room
        self.known = {each.id: each for each in scenarios()}
        cards = [(f"{each.title}\n{each.teaser}", each.id) for each in self.known.values()]
        with gr.Column(elem_id="scene-view"):
            self.before = gr.HTML(elem_id="before", visible=False)
            self.go_on = gr.Button("…", visible=False, elem_id="go-on")
            gr.HTML(f"<h2>{render.safe(say('scene.heading'))}</h2>{render.note(say('scene.intro'))}")
            self.choice = gr.Radio(
                [*cards, (f"{say('scene.own_title')}\n{say('scene.own_teaser')}", OWN)],
                label=say("scene.choose"),
                elem_id="scenarios",
            )
            with gr.Accordion(say("scene.details"), open=False, elem_id="details", visible=False) as self.details:
                gr.HTML(render.note(say("scene.details_hint")))
                with gr.Row():
                    self.name = gr.Textbox(label=say("scene.name"), info=say("scene.name_hint"), max_length=40, elem_id="name")
                    self.age = gr.Textbox(label=say("scene.age"), info=say("scene.age_hint"), max_length=2, elem_id="age")
                self.stage = gr.Textbox(label=say("scene.stage"), info=say("scene.stage_hint"), max_length=200, elem_id="stage")
                self.temperament = gr.Radio(
                    [(say(f"temperament.{each}"), each) for each in TEMPERAMENTS] + [(say("scene.temperament_unknown"), "")],
                    value="",
                    label=say("scene.temperament"),
                    elem_id="temperament",
                )
                self.situation = gr.Textbox(
                    label=say("scene.situation"),
                    info=say("scene.situation_hint"),
                    lines=3,
                    max_lines=8,
                    max_length=1000,
                    elem_id="situation",
                )
                self.hope = gr.Textbox(
                    label=say("scene.hope"), info=say("scene.hope_hint"), lines=2, max_lines=5, max_length=500, elem_id="hope"
                )
                self.distance = gr.Radio(
                    [
                        (f"{level.label}. {level.sentence}", int(level.value))
                        for level in levels().values()
                        if level.value in DISTANCES
                    ],
                    value=2,
                    label=say("scene.distance"),
                    elem_id="distance",
                )
                self.first = gr.Radio(
                    [(say("scene.first_mother"), "mother"), (say("scene.first_son"), "son")],
                    value="mother",
                    label=say("scene.first"),
                    elem_id="first",
                )
                self.opening = gr.Textbox(
                    label=say("scene.opening"), info=say("scene.opening_hint"), max_length=400, visible=False, elem_id="opening"
                )
            self.problem = gr.HTML(elem_id="scene-problem")
            self.begin = gr.Button(say("scene.begin"), variant="primary", elem_id="begin", visible=False)
        self.fields = [
            self.name,
            self.age,
            self.stage,
            self.temperament,
            self.situation,
            self.hope,
            self.distance,
            self.first,
            self.opening,
        ]

    def wire(self) -> None:
        """Connect the events that stay in this view."""
        self.choice.change(self.fill, [self.choice], [self.details, self.begin, self.problem, *self.fields], **QUIET)
        self.first.change(lambda who: gr.update(visible=who == "son"), [self.first], [self.opening], **QUIET)

    def fill(self, chosen: str | None) -> tuple[Any, ...]:
        """Fill the fields from a scenario; they stay hers to change."""
        if not chosen:
            return (gr.skip(),) * (3 + len(self.fields))
        scenario = self.known.get(chosen)
        if scenario is None:
            return (
                gr.update(visible=True, open=True),
                gr.update(visible=True),
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                2,
                "mother",
                gr.update(value="", visible=False),
            )
        son = scenario.son
        return (
            gr.update(visible=True, open=True),
            gr.update(visible=True),
            "",
            son.name,
            str(son.age or ""),
            son.stage,
            son.temperament,
            scenario.situation,
            scenario.hope,
            int(scenario.openness),
            scenario.speaks_first,
            gr.update(value=scenario.opening, visible=scenario.speaks_first == "son"),
        )

    def start(self, chosen: str | None, *values: Any) -> tuple[str, str]:
        """Begin a rehearsal from the fields; return its id, and a sentence if something is missing."""
        name, age, stage, temperament, situation, hope, distance, first, opening = values
        try:
            if age and not str(age).strip().isdigit():
                raise ScenarioError("His age is not a number.", "Leave it empty if you like.")
            base = self.known.get(chosen or "")
            scenario = Scenario.from_dict(
                {
                    "id": base.id if base else OWN,
                    "title": base.title if base else "",
                    "practice": base.practice if base else None,
                    "son": {
                        "name": name,
                        "age": int(str(age).strip()) if age else None,
                        "stage": stage,
                        "temperament": temperament or "",
                    },
                    "situation": situation,
                    "hope": hope,
                    "openness": int(distance),
                    "speaks_first": first,
                    "opening": opening if first == "son" else "",
                }
            )
            return Rehearsal.start(scenario, parts=self.room.parts).id, ""
        except RehearseError as error:
            return "", render.note(str(error), "error")

    def latest(self) -> tuple[Any, Any, str]:
        """Return what shows the talk she left last, and its id; nothing if there is none that goes on."""
        going_on = [each for each in self.room.parts.transcripts.list(limit=20) if not each.ended and each.turns]
        if not going_on:
            return gr.update(visible=False), gr.update(visible=False), ""
        latest = going_on[0]
        heading = f"<h3>{render.safe(say('scene.continue_heading'))}</h3>"
        return (
            gr.update(value=heading, visible=True),
            gr.update(value=say("scene.continue", title=latest.title), visible=True),
            latest.id,
        )
