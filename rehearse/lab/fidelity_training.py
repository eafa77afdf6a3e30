"""Training the judge of wordings: what tells a gentler wording she would really say from one that only passes the check.

Right are the hand-written gentler wordings of the training writers' flagged lines, and of the wordings made by patterns, by
cutting and by the voice those that were read and found right (``models/tone/read``). Wrong are those found wrong, wordings of
other lines, hand-written ones that were spoilt (persons swapped, a clause said twice, cut off in mid-air), the blaming lines
themselves, and what the voice made of training lines unless it is near the hand-written wording::

    python -m rehearse.lab.fidelity_training
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse import settings
from rehearse.lab import corpus, lines
from rehearse.lab.lines import Message
from rehearse.tone.fidelity import brought_in, features
from rehearse.tone.sentences import sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rehearse.tone.encoder import MiniLM

# How much a wording that was read counts beside one pair that was only taken to be right or wrong.
READ = 6.0
# A word may be brought in by the voice if so many hand-written wordings of the training writers bring it in.
COMMON = 25
# What the voice made of a training line is right enough if it is as near as this to the hand-written wording.
NEAR = 0.8
STRENGTH = 0.3
# For a sentence by patterns or cutting, for a draft with sentences replaced, for one with some left out, and for what the voice
# made: chosen by reading what was made of training and development lines (models/tone/REWORDING.md).
THRESHOLDS = (0.5, 0.6, 0.9, 0.995)
LONGEST = 260

_SWAP = {
    "you": "I",
    "i": "you",
    "my": "your",
    "your": "my",
    "me": "you",
    "i'm": "you're",
    "i'd": "you'd",
    "you're": "I'm",
    "i've": "you've",
}
_WORD = re.compile(r"[\w']+")


def pairs() -> list[Message]:
    """Return the training writers' flagged lines that have a gentler wording; the dialogues held out for the son stay out too."""
    from rehearse import data

    held = set(data.read_toml(settings.models_folder() / "son" / "parts.toml")["test"])
    found = lines.messages(path for path in lines.files("train") if path.stem not in held)
    return [each for each in found if each.flag and each.gentler and len(each.text) <= LONGEST and len(each.gentler) <= LONGEST]


def spoilt(gentler: str, drawn: random.Random) -> str:
    """Return a hand-written wording spoilt in one of the ways a small voice spoils them."""
    words = gentler.split()
    way = drawn.randrange(4)
    if way == 0 and len(words) > 5:
        return " ".join(words[: drawn.randrange(3, len(words) - 1)])
    if way == 1:
        return f"{gentler} {drawn.choice(sentences(gentler)).text}"
    if way == 2 and len(words) > 4:
        place = drawn.randrange(1, len(words) - 2)
        return " ".join([*words[:place], words[place + 1], words[place], *words[place + 2 :]])
    return _WORD.sub(lambda match: _SWAP.get(match.group().lower(), match.group()), gentler.replace("’", "'"))


def common(found: Sequence[Message]) -> list[str]:
    """Return the words that many hand-written wordings bring in, as stems, without relatives and numbers."""
    counts = Counter(word for each in found for word in brought_in(each.text, each.gentler))
    kin = {
        "father",
        "mother",
        "sister",
        "brother",
        "dad",
        "mum",
        "mom",
        "wif",
        "son",
        "boy",
        "nan",
        "gran",
        "uncl",
        "aunt",
        "cousin",
    }
    return sorted(
        word for word, count in counts.items() if count >= COMMON and word not in kin and not any(map(str.isdigit, word))
    )


def rows(found: Sequence[Message], drawn: random.Random) -> list[tuple[str, str, bool, float]]:
    """Return line, wording, whether it is right, and how much it counts, of everything that need not be read."""
    made = []
    shuffled = list(found)
    drawn.shuffle(shuffled)
    for each, other in zip(found, shuffled, strict=True):
        made.append((each.text, each.gentler, True, 1.0))
        if other is not each:
            made.append((each.text, other.gentler, False, 0.5))
        made.append((each.text, spoilt(each.gentler, drawn), False, 0.7))
        if len(cut := sentences(each.text)) > 1 and each.spans:
            kept = [one.text for one in cut if any(span in one.text or one.text in span for span in each.spans)]
            made.append((each.text, " ".join(kept), False, 1.0))
        else:
            made.append((each.text, each.text, False, 1.0))
    return made


def seen(embedder: "MiniLM", made: Sequence[tuple[str, str, bool, float]]) -> "NDArray[np.float32]":
    """Return the features of every row (rows, features)."""
    import numpy as np

    texts = sorted({text for line, wording, _, _ in made for text in (line, wording)}, key=len)
    vectors = np.concatenate([embedder.encode(texts[first : first + 64]) for first in range(0, len(texts), 64)])
    place = {text: number for number, text in enumerate(texts)}
    return np.stack([features(vectors[place[line]], vectors[place[wording]], line, wording) for line, wording, _, _ in made])


def learn(shown: "NDArray[np.float32]", right: Sequence[bool], counts: Sequence[float]) -> "NDArray[np.float32]":
    """Return the weights and the bias."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, max_iter=300, class_weight="balanced")
    model.fit(shown, np.array(right), sample_weight=np.array(counts))
    return np.concatenate([model.coef_[0], model.intercept_]).astype(np.float32)


def read(path: Path) -> list[tuple[str, str, bool, float]]:
    """Return the wordings that were read one by one."""
    return [(row["line"], row["wording"], bool(row["right"]), READ) for row in corpus.read(path)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = settings.models_folder() / "tone"
    parser.add_argument("--read", type=Path, default=folder / "read" / "wordings.jsonl", help="wordings that were read")
    parser.add_argument("--out", type=Path, default=folder / "fidelity.safetensors")
    parser.add_argument("--most", type=int, default=2200, help="how many pairs to learn from")
    chosen = parser.parse_args(arguments)

    import numpy as np
    from safetensors.numpy import save_file

    from rehearse.tone import encoder

    every = pairs()
    drawn = random.Random(7)
    words = common(every)
    some = drawn.sample(every, min(chosen.most, len(every)))
    made = [*rows(some, drawn), *read(chosen.read)]
    shown = seen(encoder.MiniLM(encoder.base_model()), made)
    weights = learn(shown, [each[2] for each in made], [each[3] for each in made])
    save_file(
        {
            "weights": weights,
            "thresholds": np.array(THRESHOLDS, np.float32),
            "common": np.frombuffer("\n".join(words).encode("utf-8"), np.uint8).copy(),
        },
        chosen.out,
    )
    sys.stdout.write(f"{len(some)} pairs, {len(made)} wordings, {len(words)} common words; {chosen.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
