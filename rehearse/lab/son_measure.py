"""Measuring the son on dialogues of writers he never learnt from: what he says, what his voice expects, how he moves."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from rehearse import catalog, hearer, look
from rehearse.lab import corpus, giving_in, openness_judge, son_answers, voice_data
from rehearse.lab.evaluation import NoData, Result
from rehearse.lab.kept_voice import KeptVoice
from rehearse.lab.son_moments import Moment, moments, spread
from rehearse.son import Mood, Ranker
from rehearse.tone import ToneCheck
from rehearse.turn import Openness, Turn

ANSWERS = 60
# So many moments the untuned voice answers beside, at most: it is slower, and its share of breaks shows early.
BESIDE = 60
# How many stretches of talk the loss is taken of: enough for two digits, and a minute on two cores.
SAMPLES_FOR_LOSS = 20
# What the context holds while the loss is taken; longer talks are cut. Scores of all of it are kept: 200 MB.
CONTEXT_FOR_LOSS = 1024
OWN_LINE = 0.9
OURS, UNTUNED = "tuned", "untuned"


def measure(
    data: list[Path] | None = None, check: ToneCheck | None = None, *, answers: int = ANSWERS, keep: Path | None = None
) -> list[Result]:
    """Return the figures of the son, the untuned voice's beside them.

    :param data: files of dialogues; the held-out writers if left out.
    :param check: the check that moves his openness; loaded with its second look if left out.
    :param answers: how many answers are drawn; where there are fewer moments, all of them.
    :param keep: a file in which what the voices say is kept, so that measuring can be stopped and taken up again.
    :raises NoData: if the files hold no dialogue.
    """
    paths = data if data is not None else voice_data.files("test")
    dialogues = dialogues_of(paths)
    tone = check or ToneCheck.load()
    # As in the app, where a line is looked at twice before it is sent.
    heard_by = hearer.bring(look.bring(tone), tone.embedder) if check is None else None
    ranker = Ranker.load(tone.embedder)
    answers_known, levels = openness_judge.labelled(voice_data.files("train"))
    # An installed copy carries no dialogues to learn from; there he is judged by his own scorer alone.
    judge = openness_judge.WordsJudge(answers_known, levels).sounds if answers_known else None
    every = moments(dialogues, tone)
    asked = chosen(every, answers)
    found = mood_results(dialogues, tone) + giving_in.results(dialogues, tone)
    found += scorer_results(dialogues, ranker, judge)
    losses: dict[str, tuple[float, float]] = {}
    path = catalog.verified("voice")
    adapter = catalog.verified("adapter") if catalog.entry("adapter") else None
    samples = [each for each in voice_data.samples(paths) if each.task == "reply"][:SAMPLES_FOR_LOSS]
    said: dict[str, list[son_answers.Answer]] = {UNTUNED: []}
    for name, given in ((OURS, asked), (UNTUNED, spread(every, min(answers, BESIDE)))):
        voice = opened(name, keep)
        try:
            said[name] = son_answers.answers(voice, given, tone.embedder if voice.tuned else None, heard_by)
        finally:
            voice.close()
        losses[name] = expected(path, adapter if name == OURS else None, samples)
    found += son_answers.results(said[OURS], said[UNTUNED])
    found += son_answers.door_results(said[OURS], lambda texts: ranker.sounds(texts).tolist(), judge)
    return found + loss_results(losses)


def opened(name: str, keep: Path | None) -> KeptVoice:
    """Return the embedded voice as the app opens it, or as it comes, before a file of what it said."""
    from rehearse.voice.choice import open_voice
    from rehearse.voice.llama import LlamaVoice

    entries = [catalog.entry("voice"), catalog.entry("adapter") if name == OURS else None]
    identity = "".join(each.sha256 for each in entries if each is not None)
    voice = open_voice("embedded") if name == OURS else LlamaVoice.load(catalog.verified("voice"))
    return KeptVoice(voice, identity, keep)


def chosen(every: Sequence[Moment], most: int) -> list[Moment]:
    """Return moments in their order, so that what was said in a talk is read once, both doors of a moment together."""
    if most >= len(every):
        return list(every)
    wanted = {each.place for each in spread(every, most)}
    return [each for each in every if each.place in wanted][:most]


def scorer_results(dialogues: Sequence[dict[str, Any]], ranker: Ranker, judge: openness_judge.Sounds | None) -> list[Result]:
    """Return how often a scorer says which of two labelled answers of one moment is the more open; empty without such pairs."""
    pairs = openness_judge.doors(dialogues)
    if not pairs:
        return []
    ours = openness_judge.ordered(pairs, lambda texts: ranker.sounds(texts).tolist())
    beside = {"words alone": openness_judge.ordered(pairs, judge)} if judge else None
    return [
        Result("labelled moments behind two doors", len(pairs)),
        Result("of two labelled answers, the more open one sounds so", ours, beside=beside),
    ]


def loss_results(losses: dict[str, tuple[float, float]]) -> list[Result]:
    """Return the loss of his lines and how often his own line is expected before a shuffled one, the untuned voice's beside."""
    ours, plain = losses[OURS], losses[UNTUNED]
    return [
        Result("loss per token of his lines", ours[0], "nats", beside={UNTUNED: plain[0]}, lower_is_better=True),
        Result("his own line expected before one from another talk", ours[1], bar=OWN_LINE, beside={UNTUNED: plain[1]}),
    ]


def dialogues_of(paths: list[Path]) -> list[dict[str, Any]]:
    """Return the dialogues of the files.

    :raises NoData: if there is none.
    """
    found = [row for path in paths for row in corpus.read(path) if "turns" in row]
    if not found:
        raise NoData("There is no dialogue to measure on.", "Give a file of dialogues with --data.")
    return found


# -- his openness -----------------------------------------------------------------------------------------------------------


def mood_results(dialogues: Sequence[dict[str, Any]], check: ToneCheck) -> list[Result]:
    """Return how near his openness comes to the labelled one, walking through each dialogue from its start."""
    apart = [abs(said - labelled) for row in dialogues for said, labelled in walked(row, check)]
    # Whoever never moves him at all is right this often.
    still = [abs(voice_data.scenario_of(row).openness - turn["openness"]) for row in dialogues for turn in row["turns"]]
    return [
        Result("her lines", len(apart)),
        Result("openness within 1", _share(apart, 1), beside={"never moved": _share(still, 1)}),
        Result("openness right", _share(apart, 0), beside={"never moved": _share(still, 0)}),
    ]


def walked(row: dict[str, Any], check: ToneCheck) -> Iterator[tuple[int, int]]:
    """Yield his openness after each line of hers: as the check and the rule have it, and as it is labelled."""
    scene = voice_data.scenario_of(row)
    mood, openness, path, his = Mood(scene), scene.openness, list[Turn](), ""
    for exchange in row["turns"]:
        report = check.check(exchange["mother"], his)
        openness = Openness(mood.after(openness, report, path).openness)
        his = exchange["son"]
        path += [Turn("mother", exchange["mother"], openness, report=report.to_dict()), Turn("son", his, openness)]
        yield int(openness), int(exchange["openness"])


def _share(apart: Sequence[int], most: int) -> float:
    return round(mean(each <= most for each in apart), 4)


# -- loss -------------------------------------------------------------------------------------------------------------------


def expected(model: Path, adapter: Path | None, samples: Sequence[voice_data.Sample]) -> tuple[float, float]:
    """Return the loss of his lines, and how often his own line is likelier than one of another talk in its place.

    The loss is the mean negative log likelihood of a token, each told what was really said before it. The other line is one he
    says in the next sample; both are compared by their mean loss a token, so that neither gains by being short.

    :param adapter: our adapter, or ``None`` for the voice as it comes. Both are asked in the form the adapter learnt.
    """
    import llama_cpp

    from rehearse import settings

    threads = settings.threads()
    llama = llama_cpp.Llama(
        str(model),
        n_ctx=CONTEXT_FOR_LOSS,
        n_threads=threads,
        n_threads_batch=threads,
        lora_path=str(adapter) if adapter else None,
        logits_all=True,
        verbose=False,
    )
    total, count, hits = 0.0, 0, list[bool]()
    try:
        lines = [_his(llama, each) for each in samples]
        for number, sample in enumerate(samples):
            others = lines[(number + 1) % len(samples)]
            llama.reset()
            place = 0
            for text, learnt in told(sample):
                tokens = llama.tokenize(text.encode(), add_bos=False, special=True)
                # What another says here is tried as well, and must fit too.
                if llama.n_tokens + max(len(tokens), *map(len, others)) >= CONTEXT_FOR_LOSS:
                    break
                if learnt:
                    other = others[place % len(others)]
                    place += 1
                    apart = _losses(llama, other)
                    own = _losses(llama, tokens)
                    total, count = total + sum(own), count + len(own)
                    if tokens != other:
                        hits.append(mean(own) < mean(apart))
                llama.eval(tokens)
    finally:
        llama.close()
    return round(total / max(1, count), 4), round(mean(hits), 4) if hits else 0.0


def _his(llama: Any, sample: voice_data.Sample) -> list[list[int]]:
    return [llama.tokenize(text.encode(), add_bos=False, special=True) for text, learnt in told(sample) if learnt]


def _losses(llama: Any, tokens: Sequence[int]) -> list[float]:
    """Return the surprise at each token said next, and leave the talk as it was."""
    before = llama.n_tokens
    llama.eval(list(tokens))
    found = [surprise(llama.scores[before + place - 1], wanted) for place, wanted in enumerate(tokens)]
    llama.n_tokens = before
    return found


def surprise(logits: Any, wanted: int) -> float:
    """Return the negative log likelihood of one token among the scores of all."""
    import numpy as np

    highest = float(np.max(logits))
    return highest + math.log(float(np.sum(np.exp(logits - highest)))) - float(logits[wanted])


def told(sample: voice_data.Sample) -> list[tuple[str, bool]]:
    """Return a sample as pieces of ChatML, each with whether it is learnt."""
    pieces = []
    for index, message in enumerate(sample.messages):
        pieces += [
            (f"<|im_start|>{message.role}\n", False),
            (f"{message.content}<|im_end|>", index in sample.learnt),
            ("\n", False),
        ]
    return pieces
