"""How often what is kind is named: the counting, and what is counted."""

from collections.abc import Sequence
from dataclasses import replace

from doubles import toy_check
from rehearse.kinds import kinds
from rehearse.lab.lines import Message
from rehearse.lab.warmth_measure import Named, named
from rehearse.tone.heard import Glance, Heard, Weights

KIND = Message("1", "I am proud of you. It rains.", "", False, ("pride",), (), "", "")
PLAIN = replace(KIND, id="2", text="It rains.", kinds=("plain",))
FLAGGED = replace(KIND, id="3", text="You never call.", flag=True, kinds=("absolute",))


class AllProud:
    """Hears pride in everything."""

    def at(self, heard: Sequence[Heard]) -> list[Glance]:
        return [Glance(-5.0, {name: 0.0 if name == "pride" else -9.0 for name in kinds()}, {}) for _ in heard]


def test_what_is_named_rightly_wrongly_and_not_at_all_is_counted_apart() -> None:
    labels = [
        frozenset({"pride", "plain"}),
        frozenset({"thanks"}),
        frozenset({"memory"}),
        frozenset({"plain"}),
        frozenset({"plain"}),
    ]
    found = [frozenset({"pride"}), frozenset({"pride"}), frozenset[str](), frozenset({"thanks"}), frozenset[str]()]
    assert Named.of(labels, found) == Named(kind=3, named=2, right=1, plain=2, plain_named=1)


def test_innocent_messages_are_counted_without_the_second_look_and_with_it() -> None:
    check = toy_check()
    check.judge.bring(AllProud(), Weights(1.0, 1.0, 0.0, 0.0, 0.5, gentle=1.0, warm=0.5))
    assert named(check, [KIND, PLAIN, FLAGGED], quick=True) == Named(1, 1, 1, 1, 0)
    assert named(check, [KIND, PLAIN, FLAGGED], quick=False) == Named(1, 1, 1, 1, 1)
