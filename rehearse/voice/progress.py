"""How far the download of a voice is, and how it ended, in a form that one process can tell another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rehearse.errors import RehearseError, VoiceError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is: ``done`` and ``total`` in bytes, ``speed`` in bytes a second, ``left`` in seconds; 0 where unknown.

    ``state`` is ``asking`` the hub, ``fetching``, ``checking`` what arrived, ``done``, ``failed`` or ``stopped``; one that failed
    comes with what happened and what to do, and with what fills the gaps of both.
    """

    state: str
    done: int = 0
    total: int = 0
    speed: float = 0.0
    left: float = 0.0
    happened: str = ""
    remedy: str = ""
    fillings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def because(cls, error: RehearseError) -> "Progress":
        """Return the end of a download that failed, in a form that another process can be told."""
        happened, remedy = error.sentences
        fillings = {**happened.fillings, **remedy.fillings}
        return cls(
            "failed", happened=happened.words, remedy=remedy.words, fillings={gap: str(each) for gap, each in fillings.items()}
        )

    @property
    def problem(self) -> VoiceError:
        """Why it failed."""
        return VoiceError(self.happened, self.remedy, **self.fillings)


Tell = Callable[[Progress], None]
