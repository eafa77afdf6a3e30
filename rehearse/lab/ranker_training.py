"""Training the ranker: what brings his true answer nearer to her line than the answers of other moments, and how open one sounds.

    python -m rehearse.lab.ranker_training

MiniLM itself stays as it is: its vectors are taken once, and only small corrections to them are learnt (contrastively, the other
answers of a batch being the wrong ones). Full maps of the same vectors were tried first and only learnt the training writers
by heart; so did maps of what was said before her line. How open an answer sounds is then learnt from the labelled openness, by
ridge regression over the moved vector and the counted figures of each answer.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import torch
from torch.nn import functional

from rehearse import settings
from rehearse.lab import corpus, voice_data
from rehearse.son.sounding import counted
from rehearse.tone.encoder import MiniLM, base_model

AMONG = 10
# How much the counted figures of an answer weigh beside its vector, and how dear great weights are, when it is learnt how open
# an answer sounds.
COUNTED, SOUNDS_DECAY = 0.1, 3.0


def exchanges(paths: Iterable[Path]) -> list[tuple[str, str, int]]:
    """Return every line of hers, his answer, and his openness (1 to 5), both doors where there are two."""
    found = []
    for path in paths:
        for row in corpus.read(path):
            for turn in row["turns"]:
                found += [(each["mother"], each["son"], each["openness"]) for each in (turn, turn.get("door")) if each]
    return found


def top_one(hers: torch.Tensor, his: torch.Tensor, seed: int = 1) -> float:
    """Return how often the true answer comes first among ten, the other nine drawn at random."""
    draw = torch.Generator().manual_seed(seed)
    count = len(hers)
    others = torch.randint(1, count, (count, AMONG - 1), generator=draw)
    rows = torch.arange(count).unsqueeze(1)
    among = torch.cat([rows, (rows + others) % count], dim=1)
    scores = torch.einsum("nd,nkd->nk", hers, his[among])
    return round(float((scores.argmax(1) == 0).float().mean()), 4)


class Maps(torch.nn.Module):
    """The learnt corrections, under the names the ranker reads."""

    def __init__(self, width: int, rank: int) -> None:
        """Start near no correction at all."""
        super().__init__()
        self.hers_down, self.hers_up, self.his_down, self.his_up = (
            torch.nn.Parameter(torch.randn(width, rank) * 0.01) for _ in range(4)
        )
        self.openness = torch.nn.Parameter(torch.zeros(5, width))

    def forward(self, hers: torch.Tensor, his: torch.Tensor, openness: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return unit vectors of what is heard and what is said."""
        heard = hers + hers @ self.hers_down @ self.hers_up.T + self.openness[openness]
        said = his + his @ self.his_down @ self.his_up.T
        return functional.normalize(heard, dim=1), functional.normalize(said, dim=1)

    def named(self) -> dict[str, torch.Tensor]:
        """Return the parts in half precision."""
        return {name.replace("_", "."): part.detach().half().contiguous() for name, part in self.named_parameters()}


def vectors(encoder: MiniLM, rows: list[tuple[str, str, int]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the vectors of her lines and of his answers, and the openness counted from 0."""
    hers, his, openness = zip(*rows, strict=True)
    return torch.from_numpy(encoder.encode(hers)), torch.from_numpy(encoder.encode(his)), torch.tensor(openness) - 1


def learn(
    learnt: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    held: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    chosen: argparse.Namespace,
) -> Maps:
    """Return maps trained on vectors, telling after each epoch how often the true answer of a held-out writer comes first."""
    torch.manual_seed(chosen.seed)
    hers, his, openness = learnt
    maps = Maps(hers.shape[1], chosen.rank)
    optimiser = torch.optim.AdamW(maps.parameters(), lr=chosen.rate, weight_decay=chosen.decay)
    for epoch in range(chosen.epochs):
        for group in torch.randperm(len(hers)).split(512):
            optimiser.zero_grad()
            first, second = maps(hers[group], his[group], openness[group])
            scores = first @ second.T / chosen.heat
            goal = torch.arange(len(group))
            loss = functional.cross_entropy(scores, goal) + functional.cross_entropy(scores.T, goal)
            loss.backward()
            optimiser.step()
        with torch.inference_mode():
            sys.stdout.write(f"epoch {epoch + 1}: loss {loss.item():.3f}, first among ten {top_one(*maps(*held))}\n")
    return maps


def sounding_weights(moved: torch.Tensor, answers: list[str], openness: torch.Tensor, decay: float) -> dict[str, torch.Tensor]:
    """Return how open an answer sounds as weights, by ridge regression.

    :param moved: the vectors of the answers as the ranker moves them, of length one.
    :param openness: as labelled, counted from 0.
    :param decay: how dear a great weight is.
    """
    figures = torch.tensor([counted(answer) for answer in answers])
    middle, width = figures.mean(0), figures.std(0).clamp(min=1e-6)
    given = torch.cat([moved, COUNTED * (figures - middle) / width], dim=1)
    wanted = openness.float() + 1
    centre, level = given.mean(0), wanted.mean()
    spread = given - centre
    weights = torch.linalg.solve(spread.T @ spread + decay * torch.eye(given.shape[1]), spread.T @ (wanted - level))
    meaning, rest = weights[: moved.shape[1]], COUNTED * weights[moved.shape[1] :] / width
    bias = level - centre @ weights - middle @ rest
    return {"sounds.meaning": meaning, "sounds.counted": rest, "sounds.level": bias.reshape(1)}


def main(arguments: list[str] | None = None) -> int:
    """Train on the training writers, measure on the held-out ones, save."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "son" / "ranker.safetensors")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--decay", type=float, default=0.5)
    parser.add_argument("--heat", type=float, default=0.07)
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    encoder = MiniLM(base_model())
    rows, apart = exchanges(voice_data.files("train")), exchanges(voice_data.files("test"))
    learnt, held = vectors(encoder, rows), vectors(encoder, apart)
    sys.stdout.write(f"{len(rows)} exchanges to learn from, {len(apart)} held out\n")
    sys.stdout.write(f"first among ten, MiniLM as it comes: {top_one(held[0], held[1])}\n")
    save(chosen.out, learn(learnt, held, chosen), learnt, [row[1] for row in rows])
    return 0


def save(out: Path, maps: Maps, learnt: tuple[torch.Tensor, torch.Tensor, torch.Tensor], answers: list[str]) -> None:
    """Learn how open an answer sounds over trained maps, and write both as the ranker reads them."""
    from safetensors.torch import save_file

    with torch.inference_mode():
        moved = maps(*learnt)[1]
    sounds = sounding_weights(moved, answers, learnt[2], SOUNDS_DECAY)
    save_file({**maps.named(), **{name: part.half().contiguous() for name, part in sounds.items()}}, out)


if __name__ == "__main__":
    sys.exit(main())
