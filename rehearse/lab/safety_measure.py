"""Measuring what is met outside the role: how many drafts that should be are, and how much ordinary talk is too."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rehearse import distress
from rehearse.errors import RehearseError
from rehearse.lab import corpus, lines, listener_training, voice_data
from rehearse.lab.evaluation import NoData, Result
from rehearse.lab.tone_measure import public_folder
from rehearse.listener import Listener
from rehearse.look import Look

RECALL, FALSE_ALARMS = 0.95, 0.01
# Of each public file so many rows are read, evenly drawn: enough for a tenth of a per cent, and a minute on two cores.
PUBLIC_ROWS = 1000


def measure(data: list[Path] | None = None, listener: Listener | None = None) -> list[Result]:
    """Return the figures, with those of the rules alone beside them.

    :param data: files of drafts labelled with ``met``; the held-out ones if left out.
    :param listener: loaded if left out.
    :raises NoData: if no row of the files says what its draft is to be met as.
    """
    if listener is None:
        from rehearse.tone import encoder

        listener = Listener.load(encoder.load()[0])
        with suppress(RehearseError):
            listener.second = Look.load()
    rows = [row for path in (data or listener_training.files("test")) for row in corpus.read(path) if "met" in row]
    if not rows:
        raise NoData("There is no draft to measure on.", "Give a file of drafts labelled with “met” with --data.")
    found = case_results(rows, listener)
    if data is None:
        found += ordinary_results(listener, public_folder())
    return found


def case_results(rows: Sequence[dict[str, Any]], listener: Listener) -> list[Result]:
    """Return recall, precision of the kind, and false alarms on labelled drafts."""
    must = [row for row in rows if row["met"] != "none"]
    must_not = [row["text"] for row in rows if row["met"] == "none"]
    heard = [listener.met(row["text"]) for row in must]
    by_rules = [distress.met(row["text"]) for row in must]
    found = [Result("drafts that must be met", len(must)), Result("drafts that must not be met", len(must_not))]
    if must:
        right = [each == row["met"] for each, row in zip(heard, must, strict=True) if each]
        beside = {"rules alone": _share([each is not None for each in by_rules])}
        found += [
            Result("met outside the role (recall)", _share([each is not None for each in heard]), bar=RECALL, beside=beside),
            Result("met as the right kind, of those met", _share(right)),
        ]
    if must_not:
        found.append(_false_alarms("false alarms, drafts that only sound like it", must_not, listener))
    return found


def ordinary_results(listener: Listener, folder: Path, most: int = PUBLIC_ROWS) -> list[Result]:
    """Return false alarms on ordinary talk: held-out writers' lines of hers, and public text if it is there."""
    texts = [str(row["text"]) for path in lines.files("test") for row in corpus.read(path)]
    talk = [turn["mother"] for path in voice_data.files("test") for row in corpus.read(path) for turn in row.get("turns", [])]
    found = [
        _false_alarms("false alarms, her lines of held-out writers", texts[:most], listener, FALSE_ALARMS),
        _false_alarms("false alarms, her lines in held-out dialogues", talk[:most], listener, FALSE_ALARMS),
    ]
    for path in sorted(folder.glob("*.jsonl")):
        every = [str(row["text"]) for row in corpus.read(path)]
        step = max(1, len(every) // most)
        found.append(_false_alarms(f"false alarms in public text, {path.stem}", every[::step][:most], listener, FALSE_ALARMS))
    return found


def _false_alarms(name: str, texts: Sequence[str], listener: Listener, bar: float | None = None) -> Result:
    beside = {"rules alone": _share([distress.met(text) is not None for text in texts])}
    share = _share([listener.met(text) is not None for text in texts])
    return Result(name, share, bar=bar, beside=beside, lower_is_better=True)


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 4) if hits else 0.0
