"""Every failure a person may meet, each with a sentence that says what happened and one that says what to do.

Code raises these. The command line shows ``str(error)``, which is English; the page says the sentences in its own language
(:func:`rehearse.ui.words.trouble`). No message ever carries words of a conversation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as the code has it, with its gaps and what fills them, so that it can be said in another language too."""

    words: str
    fillings: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in English."""
        return self.words.format_map(self.fillings) if self.fillings else self.words


class RehearseError(Exception):
    """A failure that is shown to a person: what happened, then what to do about it."""

    def __init__(self, happened: str | Sentence, remedy: str | Sentence, /, **fillings: object) -> None:
        """Keep both sentences; ``str()`` joins them in English.

        :param fillings: what fills the gaps of both, by name.
        """
        both = tuple(each if isinstance(each, Sentence) else Sentence(each, fillings) for each in (happened, remedy))
        self.sentences = (both[0], both[1])
        self.happened, self.remedy = (str(each) for each in both)
        super().__init__(f"{self.happened} {self.remedy}")


class DataError(RehearseError):
    """A data file under ``prompts/`` or ``models/`` is missing or not as it should be."""

    def __init__(self, path: Path, problem: str) -> None:
        """Name the file and what is wrong with it."""
        super().__init__(
            "The file {name} is not as it should be: {problem}.",
            "Install rehearse again to restore it.",
            name=path.name,
            problem=problem,
        )
        self.path = path


class ScenarioError(RehearseError):
    """What she filled in, or a scenario given from outside, cannot be used."""


class ModelMissing(RehearseError):
    """A model's file is not where it should be."""


class ModelChanged(RehearseError):
    """A model's file is not the one that was pinned."""


class VoiceError(RehearseError):
    """The voice cannot speak: it did not load, did not answer, or was given too much to read."""


class TranscriptError(RehearseError):
    """A saved rehearsal cannot be read, written or imported."""


class NotFound(TranscriptError):
    """No rehearsal or turn has this name."""


class StoreDamaged(TranscriptError):
    """The file of the rehearsals is damaged, or is something else."""


class StoreLocked(TranscriptError):
    """The rehearsals are locked with a passphrase, and none was given."""


class WrongPassphrase(StoreLocked):
    """The passphrase does not open the rehearsals."""


class SettingError(RehearseError):
    """A setting has a value that cannot be used."""


class KeepsFalling(RehearseError):
    """The app was brought down again and again, so it is not started any more."""

    def __init__(self, times: int) -> None:
        """Say how often within a few minutes."""
        super().__init__(
            "rehearse stopped unexpectedly {times} times within a few minutes, so it is not started again. "
            "What was sent is kept.",
            "Most often there is too little free memory: close other programs, or set a smaller voice, and start rehearse again. "
            "“rehearse doctor” says what this computer has.",
            times=times,
        )
