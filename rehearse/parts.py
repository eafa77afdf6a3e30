"""What a rehearsal works with: the store, the check, the son, and what hears danger in a draft."""

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock

from rehearse import look, settings
from rehearse.errors import TranscriptError
from rehearse.hearer import Hearer, bring
from rehearse.listener import Listener
from rehearse.son.reply import Son
from rehearse.tone.check import ToneCheck
from rehearse.tone.remarks import Remark
from rehearse.transcripts import KeptRemark, Transcripts


@dataclass(slots=True)
class Parts:
    """What a rehearsal works with. Without a check nothing is flagged and he stays where he is; without a son nobody answers.

    The listener hears acute distress and the like in her drafts; it works before anything is loaded.
    """

    transcripts: Transcripts
    check: ToneCheck | None = None
    son: Son | None = None
    listener: Listener = field(default_factory=Listener)
    hearer: Hearer | None = None
    _heeding: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def load(cls) -> "Parts":
        """Open the store and load check and voice; takes some seconds.

        :raises RehearseError: if one of them cannot be had.
        """
        from rehearse.voice.choice import open_voice

        check = ToneCheck.load()
        listener = Listener.load(check.embedder)
        son = Son.with_choice(open_voice(settings.voice()), check.embedder)
        parts = cls(Transcripts(settings.database_path()), check, son, listener)
        parts.look_twice(look.bring(check))
        return parts

    def speak(self, son: Son) -> None:
        """Take in the son once his voice is loaded, or another voice was chosen."""
        son.hearer = self.hearer
        self.son = son

    def look_twice(self, second: look.Look | None) -> None:
        """Take in the second look once it is loaded: danger is heard with it, and what a line of hers does."""
        self.listener.second = second
        self.hearer = None if self.check is None else bring(second, self.check.embedder)
        if self.son is not None:
            self.son.hearer = self.hearer

    def bring(self, check: ToneCheck) -> None:
        """Take in the check once it is loaded; what she said of single sentences is embedded now, and not at her first line."""
        self.check = check
        # What cannot be read now is asked for again with each line.
        with suppress(TranscriptError):
            self.heed()

    def heed(self) -> list[KeptRemark]:
        """Let the check treat sentences as she says by now, be it in another window, and return what she said, oldest first.

        :raises TranscriptError: if that cannot be read.
        """
        # One at a time, so that what was read earlier is not heeded later.
        with self._heeding:
            kept = self.transcripts.remarks.all()
            if self.check is not None:
                self.check.heed([Remark(each.text, each.stung, each.number) for each in kept])
            return kept
