"""The scene: whom she would like to talk to, asked one question at a time, and a summary she can change."""

from typing import Any

import gradio as gr

from rehearse.errors import RehearseError, ScenarioError
from rehearse.rehearsal import Rehearsal
from rehearse.scenario import TEMPERAMENTS, Scenario, nearest, scenarios
from rehearse.ui import render
from rehearse.ui.lookback import again
from rehearse.ui.questions import QUESTIONS, fields, summary
from rehearse.ui.room import Room
from rehearse.ui.screen import CLICKS, QUIET, lead
from rehearse.ui.unkept import no_trace
from rehearse.ui.words import say, trouble

OWN = "own"
CHOOSE, SUMMARY = "choose", "summary"
# Ages as people say them, and the one that stands for each.
AGES = ((15, "scene.age_teen"), (21, "scene.age_young"), (28, "scene.age_grown"), (36, "scene.age_older"))
# So many of the situations nearest to what she said of him.
LIKE_HIM = 4
# Where she is now is where the keyboard is too: the question's field, or the heading of the summary.
TO_STEP = lead("#scene-view .asked, #scene-view .ask input, #scene-view .ask textarea", top="#scene-view")


class Scene:
    """The view and its handlers."""

    def __init__(self, room: Room) -> None:
        """Build the view inside the current Blocks."""
        self.room = room
        self.known = {each.id: each for each in scenarios()}
        # None of these is a State: the page itself knows where she is, and goes on from there after a restart of the app.
        self.choice = gr.Textbox(OWN, visible="hidden")
        # A line she brings along from another talk, to say what stands behind it here.
        self.reminder = gr.Textbox(visible="hidden")
        self.step = gr.Textbox(CHOOSE, visible="hidden")
        # Whether she came from the summary to change one answer, and goes back there.
        self.changing = gr.Checkbox(False, visible="hidden")
        with gr.Column(elem_id="scene-view"):
            with gr.Column(elem_id="choose") as self.choosing:
                with gr.Column(elem_id="going-on", visible=False) as self.before:
                    gr.HTML(f"<h3>{render.safe(say('scene.continue_heading'))}</h3>")
                    self.go_on = gr.Button("…", elem_id="go-on")
                self.again = gr.HTML(elem_id="again", js_on_load=CLICKS)
                gr.HTML(f"<h2>{render.safe(say('scene.heading'))}</h2>{render.note(say('scene.intro'))}")
                with gr.Accordion(say("scene.like"), open=False, elem_id="like"):
                    self.like_age = gr.Radio(
                        [(say("scene.like_any"), 0), *((say(words), age) for age, words in AGES)],
                        value=0,
                        label=say("scene.like_age"),
                        elem_id="like-age",
                    )
                    self.like_temperament = gr.Radio(
                        [(say("scene.like_any"), ""), *((say(f"temperament.{each}"), each) for each in TEMPERAMENTS)],
                        value="",
                        label=say("scene.like_temperament"),
                        elem_id="like-temperament",
                    )
                self.cards = gr.HTML(self.listed(0, ""), elem_id="scenarios", js_on_load=CLICKS)
            self.asked: list[gr.Column] = []
            self.fields: list[Any] = []
            for number, question in enumerate(QUESTIONS, 1):
                with gr.Column(visible=False, elem_id=f"ask-{question}", elem_classes="ask") as column:
                    gr.HTML(render.note(say("scene.step", number=number, count=len(QUESTIONS)), "facts"))
                    self.fields += fields(question)
                self.asked.append(column)
            with gr.Column(visible=False, elem_id="summary") as self.told:
                self.summary = gr.HTML(elem_id="told", js_on_load=CLICKS)
            self.problem = gr.HTML(elem_id="scene-problem")
            with gr.Row(visible=False, elem_id="steps") as self.steps:
                self.next = gr.Button(say("scene.next"), variant="primary", elem_id="next")
                self.skip = gr.Button(say("scene.skip"), elem_id="skip")
                self.back = gr.Button(say("scene.back"), elem_id="step-back")
                self.enough = gr.Button(say("scene.enough"), elem_id="enough")
            with gr.Row(visible=False, elem_id="ready") as self.ready:
                self.unkept = gr.Checkbox(
                    value=False, label=say("unkept.choice"), info=no_trace(), elem_id="no-trace", container=False
                )
                self.begin = gr.Button(say("scene.begin"), variant="primary", elem_id="begin")
                self.other = gr.Button(say("scene.other"), elem_id="other")
        self.place = [
            self.step,
            self.changing,
            self.choosing,
            *self.asked,
            self.told,
            self.summary,
            self.steps,
            self.skip,
            self.enough,
            self.ready,
            self.problem,
        ]

        self.picked_outputs = [self.choice, self.reminder, *self.fields, *self.place]

    def wire(self) -> None:
        """Connect the events that stay in this view."""
        here = [self.step, self.changing, *self.fields]
        for each in (self.like_age, self.like_temperament):
            each.change(self.listed, [self.like_age, self.like_temperament], [self.cards], **QUIET)
        moves = [
            self.cards.click(self.pick, [self.like_temperament], self.picked_outputs, **QUIET),
            self.again.click(self.pick, [self.like_temperament], self.picked_outputs, **QUIET),
            gr.on(
                [self.next.click, *(field.submit for field in self.fields if hasattr(field, "submit"))],
                self.forward,
                here,
                self.place,
                **QUIET,
            ),
            self.skip.click(self.passed, here, [*self.fields, *self.place], **QUIET),
            self.back.click(self.backward, here, self.place, **QUIET),
            self.enough.click(lambda step, changing, *values: self.at(SUMMARY, values), here, self.place, **QUIET),
            self.summary.click(self.change, self.fields, self.place, **QUIET),
            self.other.click(lambda *values: self.at(CHOOSE, values), self.fields, self.place, **QUIET),
        ]
        for moving in moves:
            moving.then(None, js=TO_STEP)
        first, opening = self.fields[-2:]
        first.change(lambda who: gr.update(visible=who == "son"), [first], [opening], **QUIET)

    # -- where she is ------------------------------------------------------------------------------------------------------

    def at(self, step: str, values: Any, *, changing: bool = False, problem: str = "") -> tuple[Any, ...]:
        """Return the view at a step, in the order of :attr:`place`."""
        asking = step in QUESTIONS
        return (
            step,
            changing,
            gr.update(visible=step == CHOOSE),
            *(gr.update(visible=step == question) for question in QUESTIONS),
            gr.update(visible=step == SUMMARY),
            summary(values) if step == SUMMARY else "",
            gr.update(visible=asking),
            gr.update(visible=asking and step != "name" and not changing),
            gr.update(visible=asking and step != "name" and not changing),
            gr.update(visible=step == SUMMARY),
            render.note(problem, "error"),
        )

    def listed(self, age: float, temperament: str) -> str:
        """Return the cards: every situation, or the ones with somebody most like him."""
        found = list(self.known.values())
        if age or temperament:
            found = list(nearest(int(age) or None, temperament))[:LIKE_HIM]
        return render.cards(found)

    def pick(self, temperament: str, event: gr.EventData) -> tuple[Any, ...]:
        """Take a card: a situation that is told already is summed up, her own is asked for."""
        asked, chosen = event._data.get("act"), str(event._data.get("value") or "")
        if asked not in ("scenario", "again"):
            return (gr.skip(),) * len(self.picked_outputs)
        return self.picked(chosen, temperament, str(event._data.get("text") or "") if asked == "again" else "")

    def picked(self, chosen: str, temperament: str = "", reminder: str = "") -> tuple[Any, ...]:
        """Return the choice, what she brings along, the fields and the view for a situation, or for her own."""
        scenario = self.known.get(chosen)
        if scenario is None:
            values: tuple[Any, ...] = ("", "", "", temperament, "", "", 2, "mother", "")
            return (OWN, reminder, *self._filled(values), *self.at(QUESTIONS[0], values))
        son = scenario.son
        values = (
            son.name,
            str(son.age or ""),
            son.stage,
            son.temperament,
            scenario.situation,
            scenario.hope,
            int(scenario.openness),
            scenario.speaks_first,
            scenario.opening,
        )
        return (chosen, reminder, *self._filled(values), *self.at(SUMMARY, values))

    @staticmethod
    def _filled(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*values[:-1], gr.update(value=values[-1], visible=values[-2] == "son"))

    def forward(self, step: str, changing: bool, *values: Any) -> tuple[Any, ...]:
        """Go on to the next question, or to the summary after the last one."""
        if step not in QUESTIONS:
            return (gr.skip(),) * len(self.place)
        try:
            self._scenario(OWN, values, partly=step)
        except ScenarioError as error:
            return self.at(step, values, changing=changing, problem=trouble(error))
        number = QUESTIONS.index(step) + 1
        following = SUMMARY if changing or number == len(QUESTIONS) else QUESTIONS[number]
        return self.at(following, values)

    def passed(self, step: str, changing: bool, *values: Any) -> tuple[Any, ...]:
        """Leave a question unanswered: what she does not say stays unknown."""
        if step not in QUESTIONS:
            return (gr.skip(),) * (len(self.fields) + len(self.place))
        unknown: dict[str, dict[int, Any]] = {
            "age": {1: ""},
            "stage": {2: ""},
            "temperament": {3: ""},
            "situation": {4: ""},
            "hope": {5: ""},
            "first": {7: "mother", 8: ""},
        }
        cleared = list(values)
        for place, value in unknown.get(step, {}).items():
            cleared[place] = value
        return (*self._filled(tuple(cleared)), *self.forward(step, changing, *cleared))

    def backward(self, step: str, changing: bool, *values: Any) -> tuple[Any, ...]:
        """Go back to the question before, to the summary she came from, or to the cards."""
        if changing:
            return self.at(SUMMARY, values)
        number = QUESTIONS.index(step) if step in QUESTIONS else 0
        return self.at(QUESTIONS[number - 1] if number else CHOOSE, values)

    def change(self, event: gr.EventData, *values: Any) -> tuple[Any, ...]:
        """Change one answer of the summary."""
        asked = str(event._data.get("value") or "")
        if asked not in QUESTIONS:
            return (gr.skip(),) * len(self.place)
        return self.at(asked, values, changing=True)

    # -- beginning ---------------------------------------------------------------------------------------------------------

    def start(self, chosen: str | None, *values: Any, gone_with: str | None = None) -> tuple[str, str]:
        """Begin a rehearsal from the fields; return its id, and a sentence if something is missing.

        :param gone_with: the visit of the page with which it goes, leaving no trace; it is kept if left out.
        """
        try:
            scenario = self._scenario(chosen or OWN, values)
            begun = Rehearsal.start(scenario, parts=self.room.parts, written=gone_with is None)
            if gone_with is not None:
                self.room.unkept.add(begun.id, gone_with)
            return begun.id, ""
        except RehearseError as error:
            return "", render.note(trouble(error), "error")

    def _scenario(self, chosen: str, values: Any, *, partly: str = "") -> Scenario:
        """Return the scene that the fields describe; ``partly`` looks at one answer only, before the others are given."""
        name, age, stage, temperament, situation, hope, distance, first, opening = values
        age = str(age or "").strip()
        if age and not age.isdigit() and partly in ("", "age"):
            raise ScenarioError("His age is not a number.", "Leave it empty if you like.")
        base = self.known.get(chosen)
        return Scenario.from_dict(
            {
                "id": base.id if base else OWN,
                "title": base.title if base else "",
                "practice": base.practice if base else None,
                "son": {
                    "name": name,
                    "age": int(age) if age.isdigit() else None,
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

    def latest(self, request: gr.Request) -> tuple[Any, Any, str, str]:
        """Return what shows the talk she left last, its id, and the hardest line of the one she ended last; empty without.

        One that leaves no trace stands in no list, so as long as she stays it comes first: there is no other way back to it.
        """
        kept = [each for each in self.room.shelf() if each.turns]
        going_on = max((each for each in kept if not each.ended), key=lambda each: each.touched, default=None)
        ended = max((each for each in kept if each.ended), key=lambda each: each.touched, default=None)
        hardest = again(self.room.rehearsal(ended.id).debrief(), say("again.last_time")) if ended else ""
        for id in self.room.unkept.of(str(request.session_hash or "")):
            title = self.room.rehearsal(id).saved.title
            return gr.update(visible=True), gr.update(value=say("unkept.continue", title=title)), id, hardest
        if going_on is None:
            return gr.update(visible=False), gr.update(), "", hardest
        return gr.update(visible=True), gr.update(value=say("scene.continue", title=going_on.title)), going_on.id, hardest
