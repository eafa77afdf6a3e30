"""The check itself: a draft in, a report out."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from rehearse.kinds import kinds
from rehearse.tone import reader as reader_module
from rehearse.tone.encoder import Embedder
from rehearse.tone.examples import Nearest
from rehearse.tone.fidelity import Fidelity
from rehearse.tone.heard import Reader, Reading
from rehearse.tone.judge import NEVER_SURE, Judge, likeliest
from rehearse.tone.own import Blaming
from rehearse.tone.remarks import Remark, Remarks, stung_reason
from rehearse.tone.report import Finding, Heeded, Report, Strength, Suggestion
from rehearse.tone.reword import Reworder, Rewriter, distinct
from rehearse.tone.sentences import Sentence, sentence_at, whole

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
        sentence_share: float = 0.0,
        sure: float = NEVER_SURE,
        fidelity: Fidelity | None = None,
    ) -> None:
        """Build a check from its parts; :meth:`load` builds the real one.

        :param thresholds: for each flagged kind the score (0 to 1) from which it counts.
        :param strength_threshold: how much of the gentle kinds together has to be other than plain for one to be named.
        :param refused: phrases of ours that this reader would flag, if that is known.
        :param sentence_share: how much the strongest sentence counts beside its whole passage (0 to 1).
        :param sure: the score from which one sentence is enough, however kind the rest is.
        :param fidelity: what tells whether a wording is one she would say.
        """
        self.embedder = embedder
        self.judge = Judge(reader, thresholds, sentence_share, sure, strength_threshold)
        self.reworder = Reworder(self.judge, embedder, refused, fidelity)
        self.nearest = Nearest(embedder)
        self._remarks = Remarks(embedder)

    @classmethod
    def load(cls) -> "ToneCheck":
        """Load the embedded encoder with our layers; takes a few seconds, most of them for importing torch.

        :raises ModelMissing: if a file is not there.
        :raises ModelChanged: if a file is not the pinned one.
        """
        embedder, reader, card = reader_module.load()
        return cls(
            reader,
            embedder,
            card["thresholds"],
            card["strength_threshold"],
            card.get("refused_phrases"),
            card["sentence_share"],
            card["sure"],
            Fidelity.load(embedder),
        )

    def prepare(self) -> None:
        """Read what is offered and shown beside findings now, so that her first one need not wait for it; takes a few seconds."""
        self.reworder.prepare()
        self.nearest.prepare()

    def heed(self, remarks: Sequence[Remark]) -> None:
        """Treat these sentences, and what is nearly the same, as she says from now on; earlier remarks are forgotten."""
        if tuple(remarks) != self._remarks.given:
            self._remarks = Remarks(self.embedder, remarks, self._remarks)

    def anew(self) -> "ToneCheck":
        """Return a check of the same parts that has read nothing yet; it does not look a second time."""
        return ToneCheck(
            self.judge.reader,
            self.embedder,
            self.judge.thresholds,
            self.judge.warm,
            self.reworder.refused,
            self.judge.sentence_share,
            self.judge.sure,
            self.reworder.fidelity,
        )

    def check(
        self,
        text: str,
        before: str = "",
        *,
        rewriter: Rewriter | None = None,
        avoid: Collection[str] = (),
        quick: bool = False,
    ) -> Report:
        """Read a draft and report.

        :param text: her draft; only its first 4,000 characters are read.
        :param before: his last line, if there is one: the same words can be fair after it.
        :param rewriter: asked for rewordings of her own sentences too, where there are none without it (slower).
        :param avoid: phrases not to offer while there are others: what she was offered just before.
        :param quick: without the second look: what can be said while she types.
        """
        text = whole(text)
        offered = set(avoid)
        findings: list[Finding] = []
        strengths: list[Strength] = []
        heeded: list[Heeded] = []
        # Taken once: she may add a remark while this is read.
        remarks = self._remarks
        passages = self.judge.passages(text[:LONGEST_DRAFT], before, quick=quick)
        for passage in passages:
            said = remarks.on([each.text for each in passage.sentences])
            for index, (sentence, reading) in enumerate(zip(passage.sentences, passage.readings, strict=True)):
                gentle = passage.warm[index]
                alone = index in passage.flagged
                remark = said[index]
                if remark is not None and remark.stung != alone:
                    heeded.append(Heeded(sentence.start, sentence.end, sentence.text, remark.stung, remark.number))
                if remark is not None and remark.stung and not alone:
                    # She knows him, so this is sure; which of its words carry it, nobody has said.
                    sure = replace(reading, span=(0, len(sentence.text)))
                    hers = self._finding(sentence, sure, 1.0, rewriter, offered, quick)
                    findings.append(replace(hers, why=stung_reason(), said=True))
                    offered |= {each.text for each in hers.suggestions}
                elif alone and (remark is None or remark.stung):
                    # A sentence that is named only because its passage blames is as sure as the passage is.
                    own = reading.score >= self.judge.thresholds[likeliest(reading, flagged=True)]
                    score = reading.score if own else passage.score
                    findings.append(self._finding(sentence, reading, score, rewriter, offered, quick))
                    offered |= {each.text for each in findings[-1].suggestions}
                elif gentle:
                    strengths.append(Strength(sentence.start, sentence.end, sentence.text, gentle, kinds()[gentle].practice))
        heard = max((*(passage.score for passage in passages), *(each.score for each in findings if each.said)), default=0.0)
        return Report(text, round(heard, 4), tuple(findings), tuple(strengths), tuple(heeded))

    def reword(self, text: str, rewriter: Rewriter | None = None) -> tuple[Suggestion, ...]:
        """Return gentler wordings for a whole line: its own words first, then phrases, those of its strongest finding first."""
        report = self.check(text, rewriter=rewriter)
        if not report.findings:
            return (
                distinct(self.reworder.phrases(report.text[:LONGEST_DRAFT], "blame", kinds()["blame"].practice))
                if text.strip()
                else ()
            )
        ordered = sorted(report.findings, key=lambda finding: -finding.score)
        suggestions = [each for finding in ordered for each in finding.suggestions]
        # Of a sentence in a longer line a wording is half an answer: it is offered where nothing could be made of the whole.
        own = self._whole(report) or [each for each in suggestions if each.source == "reworded"]
        return distinct([*own, *(each for each in suggestions if each.source != "reworded")])

    def _whole(self, report: Report) -> list[Suggestion]:
        blaming: list[Blaming] = []
        best: list[str] = []
        for finding in report.findings:
            held = sentence_at(report.text, finding.start)
            if held is not None and all(each.sentence.start != held.start for each in blaming):
                blaming.append(Blaming(held, finding.kind, (finding.start - held.start, finding.end - held.start)))
                best.append(next((each.text for each in finding.suggestions if each.source == "reworded"), ""))
        return self._passing(self.reworder.whole(report.text[:LONGEST_DRAFT], blaming, best, report.findings[0].practice))

    def _passing(self, made: list[Suggestion], quick: bool = False) -> list[Suggestion]:
        """Return the wordings of her own words that the second look lets through too, if there is one to ask."""
        if quick or self.judge.second is None or not made:
            return made
        passes = self.judge.lets_through([each.text for each in made], quick=False)
        return [each for each, through in zip(made, passes, strict=True) if through]

    def _finding(
        self,
        sentence: Sentence,
        reading: Reading,
        score: float,
        rewriter: Rewriter | None,
        offered: Collection[str],
        quick: bool,
    ) -> Finding:
        name = likeliest(reading, flagged=True)
        kind = kinds()[name]
        start, end = sentence.start + reading.span[0], sentence.start + reading.span[1]
        words = sentence.text[reading.span[0] : reading.span[1]]
        suggestions = [
            *self._passing(self.reworder.own(Blaming(sentence, name, reading.span), kind.practice, rewriter), quick),
            *self.reworder.phrases(sentence.text, name, kind.practice, offered),
        ]
        # What she said stings is not offered to her as gentler.
        stung = self._remarks.verdicts([each.text for each in suggestions])
        suggestions = [each for each, told in zip(suggestions, stung, strict=True) if not told]
        alike = self.nearest.to(sentence.text, name)
        return Finding(
            start,
            end,
            words,
            round(score, 4),
            name,
            kind.why,
            kind.practice,
            distinct(suggestions),
            alike.text,
            alike.gentler,
        )
