"""Who the son is, what happened, what she hopes for, and how distant he is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from rehearse import data, settings
from rehearse.errors import DataError, ScenarioError
from rehearse.turn import Openness, Speaker

Temperament = Literal["guarded", "irritable", "withdrawn", "joking", "tender", "formal"]
TEMPERAMENTS: tuple[str, ...] = get_args(Temperament)

# Longer than anyone needs, short enough to leave the voice room for the talk itself (about 4 characters a token).
LONGEST = {
    "name": 40,
    "temperament": 20,
    "stage": 200,
    "situation": 1000,
    "hope": 500,
    "title": 120,
    "teaser": 300,
    "opening": 400,
}


@dataclass(frozen=True, slots=True)
class Son:
    """Who he is. Only the name is needed; what is empty or ``None`` stays unknown."""

    name: str
    age: int | None = None
    stage: str = ""
    temperament: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """The scene of a rehearsal. ``openness`` is where he starts; ``opening`` is what he says if he speaks first."""

    son: Son
    situation: str = ""
    hope: str = ""
    openness: Openness = Openness.GUARDED
    speaks_first: Speaker = "mother"
    opening: str = ""
    id: str = "own"
    title: str = ""
    teaser: str = ""
    practice: int | None = None

    @classmethod
    def load(cls, name: str) -> "Scenario":
        """Return the scenario carried with the app under this name, as in ``prompts/scenarios/<name>.toml``.

        :raises ScenarioError: if there is none of that name.
        """
        for scenario in scenarios():
            if scenario.id == name:
                return scenario
        known = ", ".join(scenario.id for scenario in scenarios())
        raise ScenarioError("There is no scenario called “{name}”.", "Choose one of these: {known}.", name=name, known=known)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Scenario":
        """Build a scenario from plain data, as in the contract of ``rehearse reply``.

        :raises ScenarioError: if a field is missing, of the wrong type, too long or out of range.
        """
        if not isinstance(given, Mapping) or not isinstance(given.get("son"), Mapping):
            raise ScenarioError("The scene does not say who the son is.", "Give at least his name: {“son”: {“name”: …}}.")
        who = given["son"]
        name = _text(who, "name")
        if not name:
            raise ScenarioError("The scene has no name for him yet.", "A first name is enough.")
        temperament = _text(who, "temperament")
        if temperament and temperament not in TEMPERAMENTS:
            raise ScenarioError(
                "His temperament is not one the app knows.", "Choose one of these: {known}.", known=", ".join(TEMPERAMENTS)
            )
        first = given.get("speaks_first", "mother")
        if first not in ("mother", "son"):
            raise ScenarioError("It is not clear who speaks first.", "Choose “mother” or “son”.")
        return cls(
            son=Son(name, _whole(who, "age", 5, 99), _text(who, "stage"), temperament),
            situation=_text(given, "situation"),
            hope=_text(given, "hope"),
            openness=Openness(_whole(given, "openness", 1, 5) or Openness.GUARDED),
            speaks_first=first,
            opening=_text(given, "opening"),
            id=str(given.get("id") or "own")[:80],
            title=_text(given, "title"),
            teaser=_text(given, "teaser"),
            practice=_whole(given, "practice", 1, 10),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that :meth:`from_dict` turns back into an equal scenario."""
        return {**asdict(self), "openness": int(self.openness)}


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ScenarioError("“{key}” must be text.", "Write it as words.", key=key)
    value = " ".join(value.split())
    if len(value) > LONGEST[key]:
        raise ScenarioError(
            "“{key}” is longer than {most} characters.",
            "Say it more briefly; the talk can hold the rest.",
            key=key,
            most=LONGEST[key],
        )
    return value


def _whole(given: Mapping[str, Any], key: str, least: int, most: int) -> int | None:
    value = given.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ScenarioError(
            "“{key}” must be a whole number from {least} to {most}.",
            "Leave it out if you are not sure.",
            key=key,
            least=least,
            most=most,
        )
    return value


@cache
def _read(folder: Path) -> tuple[Scenario, ...]:
    found = []
    for path in sorted(folder.glob("*.toml")):
        table = data.read_toml(path)
        try:
            scenario = Scenario.from_dict({**table, "id": path.stem})
        except ScenarioError as error:
            raise DataError(path, error.happened) from error
        if not (scenario.title and scenario.teaser and scenario.practice and scenario.situation):
            raise DataError(path, "it needs a title, a teaser, a situation and a practice")
        if scenario.speaks_first == "son" and not scenario.opening:
            raise DataError(path, "he speaks first but has no opening line")
        found.append((table.get("order", 99), scenario))
    return tuple(scenario for _, scenario in sorted(found, key=lambda pair: (pair[0], pair[1].id)))


def scenarios() -> tuple[Scenario, ...]:
    """Return the scenarios carried with the app, in the order they are shown.

    :raises DataError: if one of the files is not as it should be.
    """
    return _read(settings.prompts_folder() / "scenarios")


def nearest(age: int | None, temperament: str) -> tuple[Scenario, ...]:
    """Return the carried scenarios by how near their son is to somebody of this age and temperament, nearest first.

    :param age: ``None`` if it does not matter.
    :param temperament: empty if it does not matter.
    """

    def far(scenario: Scenario) -> tuple[int, int]:
        years = abs((scenario.son.age or age or 0) - age) if age else 0
        # Another temperament is as far as a dozen years: a boy of fourteen is not like a man of forty because both are gruff.
        return years + (12 if temperament and scenario.son.temperament != temperament else 0), years

    return tuple(sorted(scenarios(), key=far))
