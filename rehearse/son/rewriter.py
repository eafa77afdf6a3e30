"""Her own sentence reworded by the tuned voice; the check decides which rewordings she sees."""

from dataclasses import replace
from threading import Event

from rehearse.son import prompt
from rehearse.voice.voice import Voice


class VoiceRewriter:
    """Asks the voice for rewordings, in the form the adapter was trained on."""

    def __init__(self, voice: Voice, *, seed: int = 1, stop: Event | None = None) -> None:
        """Use a voice.

        :param seed: makes the same line give the same rewordings.
        :param stop: once set, no more rewordings are made: the voice is needed for something else.
        """
        self.voice = voice
        self.seed = seed
        self.stop = stop or Event()

    def variants(self, line: str, count: int) -> list[str]:
        """Return up to ``count`` rewordings, unchecked; none of a line that is too long for the voice to say again.

        :raises VoiceError: if the voice cannot answer.
        """
        chosen = prompt.template("reword")
        asked = prompt.reword(line, chosen)
        if self.voice.tokens(asked) + chosen.sampling.most >= self.voice.context:
            return []
        # The first is the likeliest one, the others are drawn. They are no part of the talk, which he keeps in mind meanwhile.
        samplings = [
            replace(
                chosen.sampling,
                temperature=chosen.sampling.temperature if number else 0.0,
                seed=self.seed + number,
                afresh=True,
                aside=True,
            )
            for number in range(count)
        ]
        if self.stop.is_set():
            return []
        found = ["".join(pieces).strip() for pieces in self.voice.several(asked, samplings, self.stop)]
        # One that was cut off is no rewording.
        return [] if self.stop.is_set() else [text for text in found if text]
