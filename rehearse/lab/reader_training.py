"""Training the check's reader: MiniLM's layers and three heads on labelled sentences.

    python -m rehearse.lab.reader_training --out runs/reader --epochs 4

The word embeddings stay as they are: what is learnt from some thousand sentences should not move words that never
appeared in them, and only the layers (21 MB in half precision) need to be carried.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch.nn import functional

from rehearse import kinds, settings
from rehearse.lab import lines
from rehearse.lab.lines import Example
from rehearse.lab.processor import half_precision_pays
from rehearse.tone.encoder import CUTTING, base_model, joined
from rehearse.tone.heard import Heard

NAMES = ("flag", "kind", "span")


def _length(unit: list[Example]) -> int:
    return max(len(each.heard.text) + len(each.heard.before) for each in unit)


class Grouped(Protocol):
    """Whatever is flagged or not, and shares a group with what is like it and lands otherwise."""

    @property
    def flag(self) -> bool:
        """Whether it may land as blame."""
        ...

    @property
    def group(self) -> str:
        """What it shares; empty if nothing."""
        ...


def kind_goal(labels: Sequence[Sequence[str]], names: Sequence[str]) -> torch.Tensor:
    """Return what the kinds' probabilities should be (texts, names): the main kind counts most, the others share what is left."""
    goal = torch.zeros(len(labels), len(names))
    for position, each in enumerate(labels):
        for rank, name in enumerate(each):
            share = 1.0 if len(each) == 1 else (0.75 if rank == 0 else 0.25 / (len(each) - 1))
            goal[position, names.index(name)] = share
    return goal


def unequal(examples: Sequence[Grouped]) -> tuple[list[int], list[int]]:
    """Return the positions of flagged examples and, beside each, one of the same group that is not flagged."""
    flagged: list[int] = []
    gentle: list[int] = []
    for i, one in enumerate(examples):
        for j, other in enumerate(examples) if one.flag and one.group else ():
            if other.group == one.group and not other.flag:
                flagged.append(i)
                gentle.append(j)
    return flagged, gentle


class Trainer:
    """The network with its heads, and the data."""

    def __init__(self, seed: int, *, drop_before: float, pair_weight: float = 0.0) -> None:
        """Load the untuned encoder and start fresh heads."""
        torch.manual_seed(seed)
        self.random = random.Random(seed)
        self.names = list(kinds.kinds())
        model = base_model()
        self.tokenizer = model.tokenizer
        self.network = model[0].auto_model
        for parameter in self.network.embeddings.parameters():
            parameter.requires_grad_(False)
        width = self.network.config.hidden_size
        self.heads = torch.nn.ModuleDict(
            {
                "flag": torch.nn.Linear(width, 1),
                "kind": torch.nn.Linear(width, len(self.names)),
                "span": torch.nn.Linear(width, 1),
            }
        )
        self.drop_before = drop_before
        self.pair_weight = pair_weight
        self.half = half_precision_pays("cpu")

    def start_from(self, folder: Path) -> None:
        """Go on from layers and heads that an earlier run saved."""
        from safetensors.torch import load_file

        weights = {name: tensor.float() for name, tensor in load_file(folder / "layers.safetensors").items()}
        self.network.load_state_dict({k: v for k, v in weights.items() if not k.startswith("head.")}, strict=False)
        self.heads.load_state_dict({k.removeprefix("head."): v for k, v in weights.items() if k.startswith("head.")})

    def outputs(self, heard: list[Heard]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Any]:
        """Return the logits of flag (n), kinds (n, kinds) and span (n, tokens), and the batch they came from."""
        batch = tokenized(self.tokenizer, heard)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.half and self.network.training):
            given = {key: batch[key] for key in ("input_ids", "attention_mask", "token_type_ids")}
            states = self.network(**given).last_hidden_state.float()
        own = batch["own"].unsqueeze(-1)
        pooled = functional.dropout((states * own).sum(1) / own.sum(1).clamp(min=1), 0.1, self.network.training)
        return self.heads["flag"](pooled).squeeze(-1), self.heads["kind"](pooled), self.heads["span"](states).squeeze(-1), batch

    def loss(self, examples: list[Example]) -> torch.Tensor:
        """Return the sum of three losses over a batch of examples."""
        heard = [
            Heard(each.heard.text, "" if self.random.random() < self.drop_before else each.heard.before) for each in examples
        ]
        flag, kind, span, batch = self.outputs(heard)
        wanted = torch.tensor([float(each.flag) for each in examples])
        total = functional.binary_cross_entropy_with_logits(flag, wanted * 0.96 + 0.02)
        rows = [row for row, each in enumerate(examples) if each.kinds]
        if rows:
            goal = kind_goal([examples[row].kinds for row in rows], self.names)
            total = total + 0.5 * functional.cross_entropy(kind[rows], goal)
        left, right = unequal(examples)
        if left:
            # Of two lines that are alike on the surface, the flagged one has to score higher (RankNet, Burges et al., 2005).
            total = total + self.pair_weight * functional.softplus(flag[right] - flag[left]).mean()
        tokens, goals = self._span_goals(examples, batch)
        if tokens.any():
            total = total + 0.5 * functional.binary_cross_entropy_with_logits(span[tokens], goals[tokens])
        return total

    def _span_goals(self, examples: list[Example], batch: Any) -> tuple[torch.Tensor, torch.Tensor]:
        own = batch["own"].bool()
        goals = torch.zeros(own.shape)
        use = torch.zeros_like(own)
        for row, each in enumerate(examples):
            if not each.spans:
                continue
            use[row] = own[row]
            for column, (start, end) in enumerate(batch["offset_mapping"][row].tolist()):
                goals[row, column] = float(any(start < b and end > a for a, b in each.spans))
        return use, goals

    def train(
        self, examples: list[Example], *, epochs: int, rate: float, batch: int, threads: int, after: Callable[[int], None]
    ) -> None:
        """Train on examples; prints the mean loss of every epoch, and calls ``after`` with its number."""
        torch.set_num_threads(threads)
        parameters = [
            {"params": [p for p in self.network.parameters() if p.requires_grad], "lr": rate},
            {"params": self.heads.parameters(), "lr": rate * 20},
        ]
        optimiser = torch.optim.AdamW(parameters, weight_decay=0.01)
        # A few more groups than full batches would make, because those of one group are not torn apart.
        steps = epochs * max(len(self._groups(examples, batch)) for _ in range(5)) + 5 * epochs
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, [rate, rate * 20], total_steps=steps + 1, pct_start=0.1, anneal_strategy="linear"
        )
        for epoch in range(epochs):
            self.network.train()
            losses, started = [], time.monotonic()
            for group in self._groups(examples, batch):
                optimiser.zero_grad()
                loss = self.loss(group)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
                optimiser.step()
                schedule.step()
                losses.append(loss.item())
                if len(losses) % 100 == 0:
                    sys.stdout.write(f"  {len(losses)} batches: loss {sum(losses[-100:]) / 100:.3f}\n")
                    sys.stdout.flush()
            sys.stdout.write(f"epoch {epoch + 1}: loss {sum(losses) / len(losses):.3f} ({time.monotonic() - started:.0f} s)\n")
            sys.stdout.flush()
            self.network.eval()
            after(epoch + 1)

    def _groups(self, examples: list[Example], batch: int) -> list[list[Example]]:
        """Return batches in random order, each of examples of alike length, so that little is padded.

        Examples of one group (a minimal pair, a line and its gentler wording) stay together.
        """
        together: dict[str, list[Example]] = {}
        for number, each in enumerate(examples):
            together.setdefault(each.group or str(number), []).append(each)
        units = list(together.values())
        self.random.shuffle(units)
        chunk = batch * 25
        groups: list[list[Example]] = [[]]
        for first in range(0, len(units), chunk):
            for unit in sorted(units[first : first + chunk], key=_length):
                if groups[-1] and len(groups[-1]) + len(unit) > batch:
                    groups.append([])
                groups[-1] += unit
        self.random.shuffle(groups)
        return groups

    def logits(self, examples: list[Example]) -> torch.Tensor:
        """Return the flag's logit of each example."""
        with torch.inference_mode():
            return torch.cat([self.outputs([e.heard for e in examples[i : i + 64]])[0] for i in range(0, len(examples), 64)])

    def save(self, folder: Path, card: dict[str, Any]) -> None:
        """Write ``layers.safetensors`` (half precision) and ``reader.json``."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        ours = {
            name: tensor.half().contiguous()
            for name, tensor in self.network.state_dict().items()
            if name.startswith("encoder.layer.")
        }
        ours |= {f"head.{name}": tensor.half().contiguous() for name, tensor in self.heads.state_dict().items()}
        save_file(ours, folder / "layers.safetensors")
        (folder / "reader.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def tokenized(tokenizer: Any, heard: Sequence[Heard]) -> dict[str, torch.Tensor]:
    """Return the batch for the network, and which tokens are the sentence's own (``own``, 1 or 0 a token)."""
    batch: Any = tokenizer([joined(each) for each in heard], **CUTTING, padding=True, return_tensors="pt")
    own = torch.zeros_like(batch["input_ids"])
    for row, each in enumerate(heard):
        wanted = 1 if each.before else 0
        for column, sequence in enumerate(batch.sequence_ids(row)):
            own[row, column] = int(sequence == wanted)
    batch["own"] = own
    tensors: dict[str, torch.Tensor] = batch
    return tensors


def fitted_temperature(logits: torch.Tensor, flags: torch.Tensor) -> float:
    """Return the temperature that makes the flag's probabilities fit development data best (Guo et al., 2017)."""
    choices = [0.5 + 0.05 * step for step in range(80)]
    losses = [functional.binary_cross_entropy_with_logits(logits / each, flags).item() for each in choices]
    return round(choices[losses.index(min(losses))], 2)


def main(arguments: list[str] | None = None) -> int:
    """Train, and after every epoch fit the temperature on the development writers, and save."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "tone")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=6e-5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--drop-before", type=float, default=0.4)
    parser.add_argument("--pair-weight", type=float, default=0.3, help="how much the order within a minimal pair counts")
    parser.add_argument("--start", type=Path, default=None, help="a folder of an earlier run to go on from")
    parser.add_argument("--thin", type=int, default=1, help="of the innocent sentences of longer messages take every n-th")
    lines.ask_for(parser)
    parser.add_argument("--no-gentler", action="store_true", help="do not learn from the gentler wordings")
    parser.add_argument("--no-whole", action="store_true", help="do not learn from messages uncut")
    chosen = parser.parse_args(arguments)
    messages = lines.learnt(chosen.new, chosen.rest)
    cut = lines.examples(messages)
    pieces = [each for each in cut if not each.flag and not each.kinds]
    training = [each for each in cut if each.flag or each.kinds] + pieces[:: chosen.thin] + 3 * lines.article_examples()
    training += [] if chosen.no_gentler else lines.gentler_examples(messages)
    training += [] if chosen.no_whole else lines.whole_examples(messages)
    held = lines.messages(lines.files("development"))
    development = lines.examples(held) + lines.whole_examples(held)
    sys.stdout.write(f"{len(training)} sentences to learn from, {len(development)} to choose by\n")
    sys.stdout.flush()
    trainer = Trainer(chosen.seed, drop_before=chosen.drop_before, pair_weight=chosen.pair_weight)

    if chosen.start:
        trainer.start_from(chosen.start)

    def after(epoch: int) -> None:
        card = fitted(trainer, development)
        told = {key: value for key, value in vars(chosen).items() if key not in ("out", "threads", "start")}
        card["recipe"] = told | {"epoch": epoch}
        card["sentences"] = len(training)
        trainer.save(chosen.out, card)

    trainer.train(training, epochs=chosen.epochs, rate=chosen.rate, batch=chosen.batch, threads=chosen.threads, after=after)
    return 0


def fitted(trainer: Trainer, development: list[Example]) -> dict[str, Any]:
    """Return what the reader has to know beside its weights, chosen on development sentences."""
    logits = trainer.logits(development)
    flags = torch.tensor([float(each.flag) for each in development])
    temperature = fitted_temperature(logits, flags)
    loss = functional.binary_cross_entropy_with_logits(logits / temperature, flags).item()
    sys.stdout.write(json.dumps({"temperature": temperature, "development loss": round(loss, 4)}) + "\n")
    return {"kinds": trainer.names, "temperature": temperature, "span_threshold": 0.5, "strength_threshold": 0.8}


if __name__ == "__main__":
    sys.exit(main())
