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
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from rehearse import kinds, settings
from rehearse.lab import lines
from rehearse.lab.lines import Example
from rehearse.tone.encoder import Heard, base_model, tokenized

NAMES = ("flag", "kind", "span")


class Trainer:
    """The network with its heads, and the data."""

    def __init__(self, seed: int, *, drop_before: float) -> None:
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

    def outputs(self, heard: list[Heard]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Any]:
        """Return the logits of flag (n), kinds (n, kinds) and span (n, tokens), and the batch they came from."""
        batch = tokenized(self.tokenizer, heard)
        states = self.network(**{key: batch[key] for key in ("input_ids", "attention_mask", "token_type_ids")}).last_hidden_state
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
            # The main kind counts most; the others share what is left.
            goal = torch.zeros(len(rows), len(self.names))
            for position, row in enumerate(rows):
                labels = examples[row].kinds
                for rank, name in enumerate(labels):
                    goal[position, self.names.index(name)] = (
                        1.0 if len(labels) == 1 else (0.75 if rank == 0 else 0.25 / (len(labels) - 1))
                    )
            total = total + 0.5 * functional.cross_entropy(kind[rows], goal)
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

    def train(self, examples: list[Example], *, epochs: int, rate: float, batch: int, threads: int) -> None:
        """Train on examples; prints the mean loss of every epoch."""
        torch.set_num_threads(threads)
        parameters = [
            {"params": [p for p in self.network.parameters() if p.requires_grad], "lr": rate},
            {"params": self.heads.parameters(), "lr": rate * 20},
        ]
        optimiser = torch.optim.AdamW(parameters, weight_decay=0.01)
        steps = epochs * (len(examples) // batch + 1)
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
            sys.stdout.write(f"epoch {epoch + 1}: loss {sum(losses) / len(losses):.3f} ({time.monotonic() - started:.0f} s)\n")
            sys.stdout.flush()
        self.network.eval()

    def _groups(self, examples: list[Example], batch: int) -> list[list[Example]]:
        """Return batches in random order, each of examples of alike length, so that little is padded."""
        self.random.shuffle(examples)
        chunk = batch * 50
        ordered = [
            each
            for first in range(0, len(examples), chunk)
            for each in sorted(examples[first : first + chunk], key=lambda one: len(one.heard.text) + len(one.heard.before))
        ]
        groups = [ordered[first : first + batch] for first in range(0, len(ordered), batch)]
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


def fitted_temperature(logits: torch.Tensor, flags: torch.Tensor) -> float:
    """Return the temperature that makes the flag's probabilities fit development data best (Guo et al., 2017)."""
    choices = [0.5 + 0.05 * step for step in range(80)]
    losses = [functional.binary_cross_entropy_with_logits(logits / each, flags).item() for each in choices]
    return round(choices[losses.index(min(losses))], 2)


def best_threshold(probabilities: torch.Tensor, flags: torch.Tensor, most_false: float) -> float:
    """Return the threshold with the highest F1 on development data, among those that flag few innocent sentences.

    :param most_false: the greatest share of innocent sentences that may be flagged; a check that cries wolf is not believed
        when it matters.
    """

    def f1(threshold: float) -> float:
        said = probabilities >= threshold
        hit = float((said & flags.bool()).sum())
        return 2 * hit / max(1.0, float(said.sum()) + float(flags.sum()))

    innocent = probabilities[~flags.bool()]
    choices = [0.2 + 0.01 * step for step in range(76)]
    quiet = [each for each in choices if float((innocent >= each).float().mean()) <= most_false]
    return max(quiet or choices[-1:], key=f1)


def refused_phrases(folder: Path, threshold: float) -> list[str]:
    """Return the phrases of ours that a freshly trained reader would flag: they are not offered with it."""
    from rehearse.tone import encoder, phrasebook
    from rehearse.tone.reword import Reworder

    embedder, reader = encoder.load(folder)
    reworder = Reworder(reader, embedder, threshold)
    return [text for text in (phrase.to() for phrase in phrasebook.phrases()) if not reworder.passes(text)]


def main(arguments: list[str] | None = None) -> int:
    """Train, fit temperature and threshold on the development writers, and save."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=settings.models_folder() / "tone")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--most-false", type=float, default=0.1, help="share of innocent sentences that may be flagged")
    parser.add_argument("--drop-before", type=float, default=0.4)
    chosen = parser.parse_args(arguments)
    training = lines.examples(lines.messages(lines.files("train"))) + 3 * lines.article_examples()
    development = lines.examples(lines.messages(lines.files("development")))
    sys.stdout.write(f"{len(training)} sentences to learn from, {len(development)} to choose by\n")
    trainer = Trainer(chosen.seed, drop_before=chosen.drop_before)
    trainer.train(training, epochs=chosen.epochs, rate=chosen.rate, batch=chosen.batch, threads=chosen.threads)
    logits = trainer.logits(development)
    flags = torch.tensor([float(each.flag) for each in development])
    temperature = fitted_temperature(logits, flags)
    threshold = round(best_threshold(torch.sigmoid(logits / temperature), flags, chosen.most_false), 2)
    card = {
        "kinds": trainer.names,
        "temperature": temperature,
        "span_threshold": 0.5,
        "thresholds": dict.fromkeys(sorted(kinds.flagged_kinds()), threshold),
        "strength_threshold": 0.5,
        "recipe": {key: value for key, value in vars(chosen).items() if key not in ("out", "threads")},
        "sentences": len(training),
    }
    trainer.save(chosen.out, card)
    card["refused_phrases"] = refused_phrases(chosen.out, threshold)
    (chosen.out / "reader.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps({"temperature": temperature, "threshold": threshold}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
