"""Measuring the check on labelled messages."""

import random
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rehearse import look, settings
from rehearse.kinds import flagged_kinds
from rehearse.lab import baselines, corpus, lines
from rehearse.lab.evaluation import NoData, Result
from rehearse.lab.lines import Message
from rehearse.tone import Report, ToneCheck
from rehearse.tone.sentences import sentences

_BINS = 10
PUBLIC_ROWS = 300
# A file of strangers' text with more labels than this is told as a whole only.
MOST_LABELS = 3
# More names than this before the first dash of the ids are no writers.
MOST_WRITERS = 12


def measure(data: list[Path] | None = None, check: ToneCheck | None = None, *, beside: bool = True) -> list[Result]:
    """Return the figures of the check.

    :param data: labelled files; the held-out test writers if left out.
    :param beside: measure the simpler ways too; most of a minute goes into fitting them.
    :raises NoData: if the files hold no labelled message.
    """
    messages = lines.messages(data if data is not None else lines.files("test"))
    if not messages:
        raise NoData("There is no labelled message to measure on.", "Give a file with --data.")
    if check is None:
        check = ToneCheck.load()
        look.bring(check)
    reports = [check.check(each.text, each.before) for each in messages]
    truth = np.array([each.flag for each in messages])
    said = np.array([each.flagged for each in reports])
    scores = np.array([each.score for each in reports])
    simpler = baselines.every(messages, check.embedder) if beside else {}
    found = [
        Result("messages", len(messages)),
        Result("flagged or not, F1", f1(truth, said), bar=0.93, beside={name: each[0] for name, each in simpler.items()}),
        Result("flagged or not, precision", _share(truth[said])),
        Result("flagged or not, recall", _share(said[truth])),
        Result("calibration error", calibration_error(truth, scores), bar=0.05, lower_is_better=True),
    ]
    if 0 < truth.sum() < len(truth):
        found.append(Result("AUC", auc(truth, scores), bar=0.98, beside={name: each[1] for name, each in simpler.items()}))
        found += _talk_matters(messages, scores, check)
        if beside:
            found += _learning_curve(messages)
    right = [
        report.kinds[0] == each.kinds[0]
        for each, report in zip(messages, reports, strict=True)
        if each.flag and each.kinds and report.flagged
    ]
    if right:
        found.append(Result("main kind right among true findings", _mean(right), bar=0.80))
    found += _writers(messages, truth, said)
    for kind in sorted(flagged_kinds()):
        named = [each.flag for each, report in zip(messages, reports, strict=True) if report.kinds[:1] == (kind,)]
        if named:
            found.append(Result(f"precision, {kind}", _mean(named)))
        hits = [report.flagged for each, report in zip(messages, reports, strict=True) if each.flag and each.kinds[:1] == (kind,)]
        if hits:
            found.append(Result(f"recall, {kind}", _mean(hits), bar=0.88))
    pairs = _pairs(messages, scores)
    if pairs:
        found.append(Result("minimal pairs ordered right", _mean(pairs), bar=0.95))
    spans = [_span_f1(each, report) for each, report in zip(messages, reports, strict=True) if each.spans and report.flagged]
    if spans:
        found.append(Result("span token F1", _mean(spans), bar=0.75))
    found.append(Result("a draft of three sentences, median", _latency(messages, check), "ms", bar=60, lower_is_better=True))
    found += _second_look(messages, truth, check)
    if data is None:
        found += public_results(check, public_folder())
    return found


def _share(values: NDArray[np.bool_]) -> float:
    return round(float(values.mean()), 4) if len(values) else 0.0


def _talk_matters(messages: list[Message], scores: NDArray[np.float64], check: ToneCheck) -> list[Result]:
    """Return the AUC over messages that answer a line of his, with that line told and without."""
    rows = [index for index, each in enumerate(messages) if each.before]
    truth = np.array([messages[index].flag for index in rows])
    if not 0 < truth.sum() < len(truth):
        return []
    alone = np.array([check.check(messages[index].text).score for index in rows])
    name = f"AUC of {len(rows)} lines after a line of his, that line told"
    return [Result(name, auc(truth, scores[rows]), beside={"not told": auc(truth, alone)})]


def _learning_curve(messages: list[Message]) -> list[Result]:
    """Return what the simplest learner reaches with all training writers, and beside it with fewer; nothing without them."""
    writers = [rows for path in lines.line_files("train") if (rows := lines.messages([path]))]
    # A fixed order that does not follow that of writing: later writers wrote what earlier readers had got wrong.
    random.Random(1).shuffle(writers)
    try:
        told = list(baselines.curve(messages, writers).items())
    except ImportError:
        return []
    if not told:
        return []
    name, value = told[-1]
    return [Result(f"AUC of TF-IDF + logistic regression, learnt from {name}", value, beside=dict(told[:-1]))]


def _second_look(messages: list[Message], truth: NDArray[np.bool_], check: ToneCheck) -> list[Result]:
    """Return what is reached without the second look, and how long it takes; nothing if there is none."""
    if check.judge.second is None:
        return []
    quick = [check.check(each.text, each.before, quick=True) for each in messages]
    found = [Result("flagged or not, F1, without the second look", f1(truth, np.array([each.flagged for each in quick])))]
    if 0 < truth.sum() < len(truth):
        found.append(Result("AUC, without the second look", auc(truth, np.array([each.score for each in quick]))))
    name = "a draft of three sentences with the second look, median"
    return [*found, Result(name, _latency(messages, check, quick=False), "ms", bar=400, lower_is_better=True)]


def _writers(messages: list[Message], truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> list[Result]:
    """Return F1 by writer where there are several: ids start with the writer's name."""
    writers = [re.split(r"[-/]", each.id)[0] for each in messages]
    found = []
    for name in sorted(set(writers)) if 1 < len(set(writers)) <= MOST_WRITERS else ():
        own = np.array([each == name for each in writers])
        found.append(Result(f"flagged or not, F1, writer {name}", f1(truth[own], said[own])))
    return found


def _latency(messages: list[Message], check: ToneCheck, *, quick: bool = True) -> float:
    """Return the median milliseconds that a check of a new draft of three sentences takes, the models being loaded."""
    fresh = check.anew()
    if not quick and check.judge.second is not None:
        fresh.judge.bring(*check.judge.second)
    fresh.check("You never call.")
    short = [each.text for each in messages if len(sentences(each.text)) == 1]
    drafts = [" ".join(short[first : first + 3]) for first in range(0, min(len(short), 63) - 2, 3)]
    seconds = []
    for draft in drafts:
        started = time.perf_counter()
        fresh.check(draft, quick=quick)
        seconds.append(time.perf_counter() - started)
    return round(1000 * float(np.median(seconds)), 1) if seconds else 0.0


def public_folder() -> Path:
    """Return the folder beside the project where text that strangers wrote may lie; it is no part of the project."""
    return settings.models_folder().parent.parent / "shared" / "public"


def public_results(check: ToneCheck, folder: Path, most: int = PUBLIC_ROWS) -> list[Result]:
    """Return how often the check flags ordinary text of strangers: a hit is a candidate for a false alarm, not a proven one.

    :param folder: JSONL files of rows with ``text`` and ``label``; nothing is measured where there is none.
    :param most: how many rows are read of each file, spread evenly over it.
    """
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        rows = [row for row in corpus.read(path) if isinstance(row.get("text"), str)]
        rows = rows[:: max(1, len(rows) // most)][:most]
        flagged: dict[str, list[bool]] = {}
        for row in rows:
            flagged.setdefault(str(row.get("label", "")), []).append(check.check(row["text"]).flagged)
        every = [each for hits in flagged.values() for each in hits]
        if every:
            found.append(Result(f"flagged in public text, {path.stem}", _mean(every), lower_is_better=True))
        if 1 < len(flagged) <= MOST_LABELS:
            found += [
                Result(f"flagged in public text, {path.stem}, {label}", _mean(hits), lower_is_better=True)
                for label, hits in sorted(flagged.items())
            ]
    return found


def f1(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    """Return F1 of the positive class."""
    hit = float(np.sum(truth & said))
    return round(2 * hit / max(1.0, float(truth.sum() + said.sum())), 4)


def auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return the probability that a flagged message scores higher than one that is not; equal scores count half.

    :param truth: must hold both a flagged message and one that is not.
    """
    gentle = np.sort(scores[~truth])
    below = np.searchsorted(gentle, scores[truth], side="left")
    level = np.searchsorted(gentle, scores[truth], side="right") - below
    return round(float((below + level / 2).mean() / len(gentle)), 4)


def calibration_error(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return the expected calibration error in ten equal bins of the score."""
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    total = sum(
        abs(float(truth[bins == each].mean() - scores[bins == each].mean())) * int((bins == each).sum())
        for each in set(bins.tolist())
    )
    return round(total / len(scores), 4)


def _pairs(messages: list[Message], scores: NDArray[np.float64]) -> list[bool]:
    """Return, for each pair, whether the flagged one scores higher."""
    named: dict[str, list[int]] = {}
    for index, each in enumerate(messages):
        if each.pair:
            named.setdefault(each.pair, []).append(index)
    found = []
    for group in named.values():
        flagged = [scores[i] for i in group if messages[i].flag]
        gentle = [scores[i] for i in group if not messages[i].flag]
        found += [bool(a > b) for a in flagged for b in gentle]
    return found


def _span_f1(message: Message, report: Report) -> float:
    """Return the F1 over words between labelled spans and findings."""
    truth = Counter(word for span in message.spans for word in span.lower().split())
    said = Counter(word for each in report.findings for word in each.text.lower().split())
    hit = sum((truth & said).values())
    return 2 * hit / max(1, sum(truth.values()) + sum(said.values()))


def _mean(values: list[bool] | list[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0
