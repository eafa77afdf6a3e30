"""Training the son's adapter: a LoRA on the embedded SmolLM2, for three tasks at once.

    python -m rehearse.lab.voice_training --out runs/son --epochs 3

The model is read from the very GGUF file the app runs (de-quantised), so the adapter is trained on the weights it will sit
on. Every epoch is saved, and a run that was cut off goes on after its last finished epoch.
"""

import argparse
import json
import math
import random
import sys
import time
from pathlib import Path
from typing import Any

import torch

from rehearse import catalog
from rehearse.lab import voice_data
from rehearse.lab.adapter import PROJECTIONS, read_adapter, write_adapter
from rehearse.lab.processor import half_precision_pays
from rehearse.lab.voice_data import Sample

# Samples whose lengths add up to this many tokens go through together.
BATCH_TOKENS = 1024
IGNORED = -100


def encoded(tokenizer: Any, sample: Sample) -> tuple[list[int], list[int]]:
    """Return the tokens of a sample and its labels (-100 where nothing is learnt), in ChatML as the model has it."""
    tokens: list[int] = []
    labels: list[int] = []
    for index, message in enumerate(sample.messages):
        head = tokenizer.encode(f"<|im_start|>{message.role}\n", add_special_tokens=False)
        body = tokenizer.encode(f"{message.content}<|im_end|>", add_special_tokens=False)
        tail = tokenizer.encode("\n", add_special_tokens=False)
        tokens += head + body + tail
        labels += [IGNORED] * len(head) + (body if index in sample.learnt else [IGNORED] * len(body)) + [IGNORED] * len(tail)
    return tokens, labels


def batches(rows: list[tuple[list[int], list[int]]], shuffle: random.Random | None) -> list[list[int]]:
    """Return groups of row numbers of alike length, in random order if a source of chance is given."""
    order = list(range(len(rows)))
    if shuffle:
        shuffle.shuffle(order)
    order.sort(key=lambda i: len(rows[i][0]) // 64)
    groups: list[list[int]] = [[]]
    for i in order:
        if groups[-1] and (len(groups[-1]) + 1) * max(len(rows[j][0]) for j in [*groups[-1], i]) > BATCH_TOKENS:
            groups.append([])
        groups[-1].append(i)
    if shuffle:
        shuffle.shuffle(groups)
    return groups


def summed_loss(model: Any, rows: list[tuple[list[int], list[int]]], device: str) -> tuple[torch.Tensor, int]:
    """Return the summed cross entropy of the labelled tokens and their number; logits are computed for those alone."""
    longest = max(len(tokens) for tokens, _ in rows)
    tokens = torch.tensor([t + [0] * (longest - len(t)) for t, _ in rows], device=device)
    mask = torch.tensor([[1] * len(t) + [0] * (longest - len(t)) for t, _ in rows], device=device)
    labels = torch.tensor([lab + [IGNORED] * (longest - len(lab)) for _, lab in rows], device=device)
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    states = base.model(input_ids=tokens, attention_mask=mask).last_hidden_state[:, :-1]
    wanted = labels[:, 1:]
    chosen = wanted != IGNORED
    logits = base.lm_head(states[chosen]).float()
    return torch.nn.functional.cross_entropy(logits, wanted[chosen], reduction="sum"), int(chosen.sum())


class Run:
    """One training run in a folder of its own."""

    def __init__(self, out: Path, recipe: dict[str, Any], start: Path | None = None) -> None:
        """Load model, data and, if the folder holds some, the finished epochs; else the adapter to begin from, if given."""
        from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(recipe["seed"])
        torch.set_num_threads(recipe["threads"])
        self.out, self.recipe = out, recipe
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.half = half_precision_pays(self.device)
        path = catalog.verified("voice")
        self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        base = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        config = LoraConfig(
            r=recipe["rank"],
            lora_alpha=recipe["alpha"],
            lora_dropout=recipe["dropout"],
            target_modules=[name.split(".")[1] for name in PROJECTIONS],
        )
        self.model = get_peft_model(base, config).to(self.device)
        samples = [each for each in voice_data.samples(self._files()) if each.task in recipe["tasks"]]
        samples += voice_data.everyday_samples(recipe["everyday"], recipe["seed"]) if recipe["everyday"] else []
        for task in ("reword", "felt"):
            taken = [each for each in samples if each.task == task][:: recipe[f"thin_{task}"]]
            samples = [each for each in samples if each.task != task] + taken
        self.train_rows = [encoded(self.tokenizer, each) for each in samples]
        self.tests = {
            task: [encoded(self.tokenizer, each) for each in voice_data.samples(voice_data.files("test")) if each.task == task]
            for task in ("reply", "reword", "felt")
        }
        self.optimiser = torch.optim.AdamW(
            [p for p in self.model.parameters() if p.requires_grad], lr=recipe["rate"], weight_decay=0.0
        )
        self.done = 0
        saved = out / "run.pt"
        if saved.is_file():
            state = torch.load(saved, map_location=self.device, weights_only=True)
            set_peft_model_state_dict(self.model, state["adapter"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.done = state["done"]
        elif start is not None:
            shape = base.config
            given = read_adapter(start, heads=shape.num_attention_heads, kv_heads=shape.num_key_value_heads)
            named = {f"base_model.model.{name}.weight": torch.from_numpy(matrix) for name, matrix in given.items()}
            set_peft_model_state_dict(self.model, named)

    def _files(self) -> list[Path]:
        from rehearse.lab import lines

        every = voice_data.files("train")
        wanted = self.recipe["writers"]
        chosen = [path for path in every if path.stem in wanted] if wanted else every
        return chosen + (lines.line_files("train") if self.recipe["lines"] else [])

    def held_out(self) -> dict[str, float]:
        """Return the loss per token on the held-out writers, by task."""
        self.model.eval()
        found = {}
        for task, rows in self.tests.items():
            total, count = 0.0, 0
            with torch.inference_mode(), torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.half):
                for group in batches(rows, None) if rows else []:
                    loss, number = summed_loss(self.model, [rows[i] for i in group], self.device)
                    total, count = total + loss.item(), count + number
            found[task] = round(total / max(count, 1), 4)
        return found

    def epoch(self) -> None:
        """Train one epoch, measure, save."""
        chance = random.Random(self.recipe["seed"] + self.done)
        groups = batches(self.train_rows, chance)
        steps = len(groups) * self.recipe["epochs"]
        self.model.train()
        started, total, count = time.monotonic(), 0.0, 0
        for number, group in enumerate(groups):
            position = (self.done * len(groups) + number) / steps
            scale = min(1.0, position / 0.05) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * position)))
            for settings_of in self.optimiser.param_groups:
                settings_of["lr"] = self.recipe["rate"] * scale
            self.optimiser.zero_grad()
            with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.half):
                loss, tokens = summed_loss(self.model, [self.train_rows[i] for i in group], self.device)
            (loss / tokens).backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            total, count = total + loss.item(), count + tokens
            if number % 40 == 39:
                self._write_adapter("unfinished")
            if number % 10 == 0:
                self._tell({"epoch": self.done + 1, "batch": number, "of": len(groups), "loss": round(total / count, 4)})
        self.done += 1
        self.save()
        self._tell(
            {
                "epoch": self.done,
                "train": round(total / count, 4),
                "held_out": self.held_out(),
                "seconds": round(time.monotonic() - started),
            }
        )

    def save(self) -> None:
        """Save the state of the run, and the adapter as GGUF."""
        from peft import get_peft_model_state_dict

        self.out.mkdir(parents=True, exist_ok=True)
        adapter = get_peft_model_state_dict(self.model)
        torch.save({"adapter": adapter, "optimiser": self.optimiser.state_dict(), "done": self.done}, self.out / "run.pt")
        self._write_adapter(str(self.done))

    def _write_adapter(self, name: str) -> None:
        from peft import get_peft_model_state_dict

        self.out.mkdir(parents=True, exist_ok=True)
        adapter = get_peft_model_state_dict(self.model)
        config = self.model.get_base_model().config
        matrices = {name.removesuffix(".weight"): tensor.float().cpu().numpy() for name, tensor in adapter.items()}
        write_adapter(
            self.out / f"son-{name}.gguf",
            matrices,
            alpha=self.recipe["alpha"],
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
        )

    def _tell(self, row: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Train, epoch by epoch; a second call with the same folder goes on where the first stopped."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=32)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", default=["reply", "reword", "felt"], help="which tasks to learn")
    parser.add_argument("--thin-reword", type=int, default=1, help="take only every n-th rewording")
    parser.add_argument("--thin-felt", type=int, default=1, help="take only every n-th unspoken feeling")
    parser.add_argument("--writers", nargs="+", help="the dialogues to learn from; all but the held-out ones if left out")
    parser.add_argument("--everyday", type=int, default=0, help="how many answers of each everyday exchange to learn")
    parser.add_argument("--start", type=Path, help="an adapter to begin from, where --out holds no epoch yet")
    parser.add_argument("--lines", action="store_true", help="learn rewording from the single lines too")
    chosen = parser.parse_args(arguments)
    recipe = {key: value for key, value in vars(chosen).items() if key not in ("out", "start")}
    run = Run(chosen.out, recipe, chosen.start)
    while run.done < chosen.epochs:
        run.epoch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
