"""Training the rewording adapter: a LoRA that says a line of hers again, the same concern without the blame.

    python -m rehearse.lab.reword_training --out runs/reword --epochs 2

It lies on top of the tuned voice (the embedded model with the son's adapter merged into it), which stays as it is. It learns
from the flagged lines of the training writers and what they wrote instead, where that keeps near enough to the line for a small
voice to learn how it was made, and from wordings that others wrote anew for lines where it does not (``models/tone/wordings``).
The first layers are computed once for each line. Every epoch is saved, and a run that was cut off goes on after its last
finished epoch.
"""

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rehearse import catalog, settings
from rehearse.lab import corpus, lines, voice_data
from rehearse.lab.adapter import PROJECTIONS, read_adapter, write_adapter
from rehearse.lab.look_training import _moved
from rehearse.lab.processor import half_precision_pays
from rehearse.lab.voice_data import Sample
from rehearse.lab.voice_training import IGNORED, batches, encoded
from rehearse.son import prompt
from rehearse.tone.fidelity import brought_in
from rehearse.tone.reword import fits
from rehearse.voice.voice import Message

# How the son's adapter is scaled: alpha over rank (its card).
SCALE = 2.0
FROZEN_BATCH = 64
# How the voice is told what he had said just before her line.
AFTER = "(He said: {before})\n{text}"

Row = tuple[list[int], list[int]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of hers, what he had said before it (empty if nothing), and a gentler wording written by hand."""

    line: str
    before: str
    wording: str


def pairs(part: str, without: Collection[str] = ()) -> list[Pair]:
    """Return what was written for flagged lines, of one part, each line and wording once.

    :param without: files by their stem that stay out, so that what the voice makes of their lines can be read.
    """
    held = {path.stem for path in voice_data.files("test")}
    kept = [path for path in lines.files(part) if path.stem not in without and path.stem not in held]
    found = [Pair(each.text, each.before, each.gentler) for each in lines.messages(kept) if each.flag and each.gentler]
    return list(dict.fromkeys(found))


def rewritten() -> list[Pair]:
    """Return the wordings written anew, nearer to their lines."""
    folder = settings.models_folder() / "tone" / "wordings"
    rows = [row for path in sorted(folder.glob("*.jsonl")) for row in corpus.read(path)]
    return [Pair(row["line"], row.get("before", ""), row["wording"]) for row in rows]


def near(given: list[Pair], least: float, most_new: int) -> list[Pair]:
    """Return the pairs a small voice can learn from: nothing is named anew, and the wording stays near to the line.

    :param least: the cosine of MiniLM's vectors of both.
    :param most_new: how many words a wording may bring in that few others bring in.
    """
    from rehearse.lab.fidelity_training import common
    from rehearse.lab.fidelity_training import pairs as written
    from rehearse.tone import encoder

    usual = set(common(written()))
    embedder = encoder.MiniLM(encoder.base_model())
    texts = sorted({text for each in given for text in (each.line, each.wording)}, key=len)
    vectors = np.concatenate([embedder.encode(texts[first : first + 128]) for first in range(0, len(texts), 128)])
    place = {text: number for number, text in enumerate(texts)}
    found = []
    for each in given:
        nearness = float(vectors[place[each.line]] @ vectors[place[each.wording]])
        if nearness >= least and fits(each.line, each.wording) and len(brought_in(each.line, each.wording) - usual) <= most_new:
            found.append(each)
    return found


def prepared(out: Path, recipe: dict[str, Any]) -> dict[str, list[Pair]]:
    """Return what is learnt and what is measured on, from the run's folder if it was written there before."""
    file = out / "pairs.json"
    if not file.is_file():
        learnt = near(pairs("train", recipe["without"]), recipe["least"], recipe["most_new"])
        learnt = [each for each in learnt if len(each.line) <= recipe["longest"]][:: recipe["thin"]] + rewritten()
        random.Random(recipe["seed"]).shuffle(learnt)
        held = near(pairs("development"), recipe["least"], recipe["most_new"])
        out.mkdir(parents=True, exist_ok=True)
        rows = {"train": [asdict(each) for each in learnt], "development": [asdict(each) for each in held]}
        file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return {part: [Pair(**row) for row in rows] for part, rows in json.loads(file.read_text(encoding="utf-8")).items()}


def sample(pair: Pair) -> Sample:
    """Return a pair as prompt and answer: the prompt of the app, with what he had said before her line."""
    line = AFTER.format(before=pair.before, text=pair.line) if pair.before else pair.line
    asked = prompt.reword(line, prompt.template("reword"))
    return Sample("", "reword", (*asked, Message("assistant", pair.wording)), (2,))


class Run:
    """One training run in a folder of its own."""

    def __init__(self, out: Path, recipe: dict[str, Any], start: Path | None = None) -> None:
        """Load the model, compute the first layers, and take up what the folder holds, else the adapter ``start``."""
        from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(recipe["seed"])
        torch.set_num_threads(recipe["threads"])
        self.out, self.recipe = out, recipe
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.half = torch.bfloat16 if half_precision_pays(self.device) else torch.float32
        path = catalog.verified("voice")
        self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        whole = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        self.shape = whole.config
        merged(whole.model, catalog.verified("adapter"), self.shape)
        whole = whole.to(self.device).to(self.half).eval()
        rows = prepared(out, recipe)
        self.train_rows = [encoded(self.tokenizer, sample(each)) for each in rows["train"]]
        self.held_rows = [encoded(self.tokenizer, sample(each)) for each in rows["development"]]
        model, self.head = whole.model, whole.lm_head
        frozen, every = recipe["frozen"], model.layers
        norm, model.norm, model.layers = model.norm, torch.nn.Identity(), every[:frozen]
        self.train_states = self._frozen(model, self.train_rows)
        self.held_states = self._frozen(model, self.held_rows)
        model.layers, model.norm = every[frozen:], norm
        targets = [name.split(".")[1] for name in PROJECTIONS]
        config = LoraConfig(r=recipe["rank"], lora_alpha=recipe["alpha"], lora_dropout=recipe["dropout"], target_modules=targets)
        self.model = get_peft_model(model, config)
        for name, parameter in self.model.named_parameters():
            if "lora_" in name:
                parameter.data = parameter.data.float()
        self.head.requires_grad_(False)
        self.learning = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(self.learning, lr=recipe["rate"], weight_decay=0.0)
        self.done = 0
        saved = out / "run.pt"
        if saved.is_file():
            state = torch.load(saved, map_location=self.device, weights_only=True)
            set_peft_model_state_dict(self.model, state["adapter"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.done = state["done"]
        elif start is not None:
            given = read_adapter(start, heads=self.shape.num_attention_heads, kv_heads=self.shape.num_key_value_heads)
            names = {_moved(name, frozen): name for name in get_peft_model_state_dict(self.model)}
            set_peft_model_state_dict(self.model, {names[name]: torch.from_numpy(given[name]) for name in names})

    def _frozen(self, model: Any, given: list[Row]) -> list[torch.Tensor]:
        order = sorted(range(len(given)), key=lambda i: len(given[i][0]))
        found: list[Any] = [None] * len(given)
        started = time.monotonic()
        with torch.inference_mode():
            for first in range(0, len(order), FROZEN_BATCH):
                group = order[first : first + FROZEN_BATCH]
                longest = max(len(given[i][0]) for i in group)
                ids = torch.tensor([given[i][0] + [0] * (longest - len(given[i][0])) for i in group], device=self.device)
                states = model(input_ids=ids, use_cache=False).last_hidden_state
                for row, i in enumerate(group):
                    found[i] = states[row, : len(given[i][0])].to(torch.bfloat16).clone()
        tokens = sum(len(each[0]) for each in given)
        self._tell({"frozen": len(given), "tokens": tokens, "seconds": round(time.monotonic() - started)})
        return found

    def loss(self, rows: list[Row], states: list[torch.Tensor]) -> tuple[torch.Tensor, int]:
        """Return the summed cross entropy of the wordings' tokens and their number."""
        given = torch.nn.utils.rnn.pad_sequence(states, batch_first=True).to(self.half)
        longest = given.shape[1]
        labels = torch.tensor([learnt + [IGNORED] * (longest - len(learnt)) for _, learnt in rows], device=self.device)
        # A causal model reads from left to right, so what is padded on the right changes nothing before it.
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.half == torch.bfloat16):
            found = self.model(inputs_embeds=given, use_cache=False).last_hidden_state[:, :-1]
            wanted = labels[:, 1:]
            chosen = wanted != IGNORED
            logits = self.head(found[chosen])
        return torch.nn.functional.cross_entropy(logits.float(), wanted[chosen], reduction="sum"), int(chosen.sum())

    def held_out(self) -> float:
        """Return the loss per token on the development writers."""
        self.model.eval()
        total, count = 0.0, 0
        with torch.inference_mode():
            for group in batches(self.held_rows, None):
                loss, number = self.loss([self.held_rows[i] for i in group], [self.held_states[i] for i in group])
                total, count = total + loss.item(), count + number
        return round(total / max(count, 1), 4)

    def epoch(self) -> None:
        """Train one epoch, measure, save."""
        if self.done == 0:
            self._tell({"epoch": 0, "held_out": self.held_out()})
        groups = batches(self.train_rows, random.Random(self.recipe["seed"] + self.done))
        steps = len(groups) * self.recipe["epochs"]
        self.model.train()
        started, total, count = time.monotonic(), 0.0, 0
        for number, group in enumerate(groups):
            position = (self.done * len(groups) + number) / steps
            scale = min(1.0, position / 0.05) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * position)))
            for settings_of in self.optimiser.param_groups:
                settings_of["lr"] = self.recipe["rate"] * scale
            self.optimiser.zero_grad()
            loss, tokens = self.loss([self.train_rows[i] for i in group], [self.train_states[i] for i in group])
            (loss / tokens).backward()
            torch.nn.utils.clip_grad_norm_(self.learning, 1.0)
            self.optimiser.step()
            total, count = total + loss.item(), count + tokens
            if number % 20 == 0:
                told = {"epoch": self.done + 1, "batch": number, "of": len(groups), "loss": round(total / count, 4)}
                self._tell({**told, "seconds": round(time.monotonic() - started)})
            if number % 200 == 199:
                self._write("unfinished")
        self.done += 1
        self.save()
        seconds = round(time.monotonic() - started)
        self._tell({"epoch": self.done, "train": round(total / count, 4), "held_out": self.held_out(), "seconds": seconds})

    def save(self) -> None:
        """Save the state of the run, and the adapter as GGUF."""
        from peft import get_peft_model_state_dict

        self.out.mkdir(parents=True, exist_ok=True)
        adapter = get_peft_model_state_dict(self.model)
        torch.save({"adapter": adapter, "optimiser": self.optimiser.state_dict(), "done": self.done}, self.out / "run.pt")
        self._write(str(self.done))

    def _write(self, name: str) -> None:
        from peft import get_peft_model_state_dict

        self.out.mkdir(parents=True, exist_ok=True)
        adapter = get_peft_model_state_dict(self.model)
        write_adapter(
            self.out / f"reword-{name}.gguf",
            {_moved(name, self.recipe["frozen"]): tensor.float().cpu().numpy() for name, tensor in adapter.items()},
            alpha=self.recipe["alpha"],
            heads=self.shape.num_attention_heads,
            kv_heads=self.shape.num_key_value_heads,
        )

    def _tell(self, row: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


def merged(model: Any, adapter: Path, shape: Any) -> None:
    """Add an adapter to the weights of a model, for good."""
    given = read_adapter(adapter, heads=shape.num_attention_heads, kv_heads=shape.num_key_value_heads)
    named = dict(model.named_parameters())
    with torch.no_grad():
        for name, down in given.items():
            if name.endswith("lora_A"):
                weight = name.removeprefix("model.").replace(".lora_A", ".weight")
                up = given[name.replace("lora_A", "lora_B")]
                named[weight] += SCALE * torch.from_numpy(up @ down)


def main(arguments: list[str] | None = None) -> int:
    """Train, epoch by epoch; a second call with the same folder goes on where the first stopped."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=32)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--frozen", type=int, default=8, help="how many of the first layers stay as they are")
    parser.add_argument("--least", type=float, default=0.45, help="how near a wording has to be to its line (cosine)")
    parser.add_argument("--most-new", type=int, default=3, help="how many unusual words a wording may bring in")
    parser.add_argument("--longest", type=int, default=200, help="the longest line learnt from, in characters")
    parser.add_argument("--without", nargs="*", default=[], help="writers not to learn from")
    parser.add_argument("--thin", type=int, default=1, help="learn every n-th pair only")
    parser.add_argument("--start", type=Path, help="an adapter to begin from, where --out holds no epoch yet")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args(arguments)
    recipe = {key: value for key, value in vars(chosen).items() if key not in ("out", "start")}
    run = Run(chosen.out, recipe, chosen.start)
    while run.done < chosen.epochs:
        run.epoch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
