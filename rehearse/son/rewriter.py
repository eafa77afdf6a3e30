"""Her own sentence reworded by the tuned voice; the check decides which rewordings she sees."""

from dataclasses import replace
from threading import Event

from rehearse.son import prompt
from rehearse.voice.voice import Message, Voice


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
        """Return up to ``count`` rewordings, unchecked.

        :raises VoiceError: if the voice cannot answer.
        """
        chosen = prompt.template("reword")
        asked = [Message("system", chosen.system), Message("user", chosen.line.format(text=line))]
        found = []
        for number in range(count):
            if self.stop.is_set():
                break
            # The first is the likeliest one, the others are drawn.
            temperature = 0.0 if number == 0 else chosen.sampling.temperature
            sampling = replace(chosen.sampling, temperature=temperature, seed=self.seed + number, afresh=number == 0)
            text = "".join(self.voice.stream(asked, sampling, self.stop)).strip()
            # One that was cut off is no rewording.
            if text and not self.stop.is_set():
                found.append(text)
        return found
