"""The check itself: a draft in, a report out."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from threading import Lock

from rehearse import settings
from rehearse.kinds import kinds
from rehearse.tone import encoder
from rehearse.tone.encoder import Embedder, Heard, Reader, Reading
from rehearse.tone.report import Finding, Report, Strength, Suggestion
from rehearse.tone.reword import Reworder, Rewriter, distinct
from rehearse.tone.sentences import Sentence, sentences, whole

# Readings kept so that a keystroke re-reads only the sentence it changed.
REMEMBERED = 512
# Longer drafts are cut here: nobody says this much in one breath, and reading time grows with length.
LONGEST_DRAFT = 4000


class ToneCheck:
    """Tells where a draft may land as blame, why, and what could be said instead.

    Safe to call from several threads.
    """

    def __init__(
        self,
        reader: Reader,
        embedder: Embedder,
        thresholds: dict[str, float],
        strength_threshold: float,
        refused: Collection[str] | None = None,
    ) -> None:
        """Build a check from its parts; :meth:`load` builds the real one.

        :param thresholds: for each flagged kind the score (0 to 1) from which it counts.
        :param strength_threshold: the probability from which a gentle kind is named.
        :param refused: phrases of ours that this reader would flag, if that is known.
        """
        self.reader = reader
        self.embedder = embedder
        self.thresholds = thresholds
        self.strength_threshold = strength_threshold
        self.reworder = Reworder(reader, embedder, min(thresholds.values()), refused)
        self._readings: OrderedDict[Heard, Reading] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def load(cls) -> "ToneCheck":
        """Load the embedded encoder with our layers; takes some seconds, most of them for importing torch.

        :raises ModelMissing: if a file is not there.
        :raises ModelChanged: if a file is not the pinned one.
        """
        card = encoder.read_card(settings.models_folder() / "tone" / "reader.json")
        embedder, reader = encoder.load()
        check = cls(reader, embedder, card["thresholds"], card["strength_threshold"], card.get("refused_phrases"))
        check.reworder.prepare()
        return check

    def check(self, text: str, before: str = "", *, rewriter: Rewriter | None = None) -> Report:
        """Read a draft and report.

        :param text: her draft; only its first 4,000 characters are read.
        :param before: his last line, if there is one: the same words can be fair after it.
        :param rewriter: if given, her own sentences are reworded too (slower).
        """
        text = whole(text)
        cut = sentences(text[:LONGEST_DRAFT])
        heard = []
        previous = f"him: {whole(before)}" if before else ""
        for sentence in cut:
            heard.append(Heard(sentence.text, previous))
            previous = sentence.text
        readings = self._read(heard)
        findings: list[Finding] = []
        strengths: list[Strength] = []
        for sentence, reading in zip(cut, readings, strict=True):
            flagged, gentle = self._strongest(reading)
            if reading.score >= self.thresholds[flagged]:
                findings.append(self._finding(sentence, reading, flagged, rewriter))
            elif gentle != "plain" and reading.kinds[gentle] >= self.strength_threshold:
                strengths.append(Strength(sentence.start, sentence.end, sentence.text, gentle, kinds()[gentle].practice))
        score = max((reading.score for reading in readings), default=0.0)
        return Report(text, score, tuple(findings), tuple(strengths))

    def reword(self, text: str, rewriter: Rewriter | None = None) -> tuple[Suggestion, ...]:
        """Return gentler wordings for a whole line: of its strongest finding, or its nearest phrases if nothing is found."""
        report = self.check(text, rewriter=rewriter)
        if report.findings:
            ordered = sorted(report.findings, key=lambda finding: -finding.score)
            return distinct([each for finding in ordered for each in finding.suggestions])
        if not text.strip():
            return ()
        return distinct(self.reworder.phrases(report.text[:LONGEST_DRAFT], "blame", kinds()["blame"].practice))

    def _read(self, heard: Sequence[Heard]) -> list[Reading]:
        with self._lock:
            fresh = [each for each in dict.fromkeys(heard) if each not in self._readings]
            if fresh:
                self._readings.update(zip(fresh, self.reader.read(fresh), strict=True))
            for each in heard:
                self._readings.move_to_end(each)
            found = [self._readings[each] for each in heard]
            while len(self._readings) > REMEMBERED:
                self._readings.popitem(last=False)
            return found

    @staticmethod
    def _strongest(reading: Reading) -> tuple[str, str]:
        """Return the likeliest flagged kind and the likeliest gentle one."""
        known = kinds()
        flagged = max((name for name in reading.kinds if known[name].flagged), key=lambda name: reading.kinds[name])
        gentle = max((name for name in reading.kinds if not known[name].flagged), key=lambda name: reading.kinds[name])
        return flagged, gentle

    def _finding(self, sentence: Sentence, reading: Reading, name: str, rewriter: Rewriter | None) -> Finding:
        kind = kinds()[name]
        start, end = sentence.start + reading.span[0], sentence.start + reading.span[1]
        words = sentence.text[reading.span[0] : reading.span[1]]
        suggestions = self.reworder.phrases(sentence.text, name, kind.practice)
        if rewriter is not None:
            suggestions = self.reworder.own(sentence.text, kind.practice, rewriter) + suggestions
        return Finding(start, end, words, reading.score, name, kind.why, kind.practice, distinct(suggestions))
