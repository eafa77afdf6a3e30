"""Training the second look: a LoRA on the middle layers of the embedded SmolLM2, and heads on what they give.

    python -m rehearse.lab.look_training --out runs/look --epochs 3
    python -m rehearse.lab.look_training --out runs/look --epochs 1 --start models/tone

A language model knows far more of how people talk than the small encoder does, but its last layers know what comes next, not
what was meant: of its thirty layers the eighteenth tells blame apart best, frozen and with a straight line on top. So the
layers above are left out, the first ones stay as they are and are computed once for every text, and only those between learn.
Every epoch is saved, and a run that was cut off goes on after its last finished epoch.
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
from torch.nn import functional

from rehearse import catalog, distress, kinds
from rehearse.lab import corpus, lines, listener_training
from rehearse.lab.adapter import PROJECTIONS, read_adapter, write_adapter
from rehearse.lab.processor import half_precision_pays
from rehearse.lab.reader_training import kind_goal, unequal
from rehearse.lab.tone_measure import auc, f1
from rehearse.look import Form

# The words around what is read; ``models/tone/look.json`` carries them to the app.
FORM = Form(before="He says: ", head="She says: ", tail="\nWhat it does:", most_before=40, most=140)
BATCH = 24
# Texts that go through the frozen layers together.
FROZEN_BATCH = 48
# Of the lines that answer one of his so many are read with it, the others without, so that neither is missed.
WITH_BEFORE = 0.6
METS = (*distress.METS, "none")


@dataclass(frozen=True, slots=True)
class Row:
    """One text to learn from. ``met`` is empty where nobody has said what it is to be met as."""

    text: str
    before: str
    flag: bool
    kinds: tuple[str, ...]
    group: str
    met: str = ""


def rows(
    part: str, chance: random.Random, *, sentence_share: float = 0.4, thin: int = 3, new: Collection[str] = (), rest: int = 1
) -> list[Row]:
    """Return the texts of one part: whole messages, and for training also sentences, gentler wordings and drafts met outside."""
    messages = lines.learnt(new, rest) if part == "train" else lines.messages(lines.files(part))
    found = []
    for each in messages:
        before = each.before if part != "train" or chance.random() < WITH_BEFORE else ""
        found.append(Row(each.text, before, each.flag, each.kinds, each.pair or each.id))
    if part != "train":
        return found
    whole = {each.text for each in messages}
    cut = [each for each in lines.examples(messages) if each.heard.text not in whole]
    flagged = [each for each in cut if each.flag]
    innocent = [each for each in cut if not each.flag][::thin]
    found += [
        Row(each.heard.text, "", each.flag, each.kinds, "") for each in flagged + innocent if chance.random() < sentence_share
    ]
    found += [Row(each.gentler, "", False, (), each.pair or each.id) for each in messages if each.flag and each.gentler][::6]
    found += [Row(each.heard.text, "", each.flag, each.kinds, "") for each in 3 * lines.article_examples()]
    drafts = [row for path in listener_training.files("train") for row in corpus.read(path)]
    # Whether such a draft blames is not labelled; it teaches the other head alone.
    found += [Row(row["text"], "", False, (), "", row["met"]) for row in drafts]
    return found


def encoded(tokenizer: Any, text: str, before: str) -> tuple[list[int], int, int]:
    """Return the tokens of a text in its form, and where her own words begin and end among them."""

    def of(piece: str) -> list[int]:
        return list(tokenizer.encode(piece, add_special_tokens=False))

    lead = of(f"{FORM.before}{before}\n")[-FORM.most_before :] if before else []
    head, own, tail = of(FORM.head), of(text)[: FORM.most], of(FORM.tail)
    start = len(lead) + len(head)
    return lead + head + own + tail, start, start + len(own)


class Network(torch.nn.Module):
    """Some layers of the voice with a LoRA, and heads over the mean of her words and the last token."""

    def __init__(self, layers: Any, width: int, names: list[str]) -> None:
        """Take the layers that learn."""
        super().__init__()
        self.layers = layers
        self.flag = torch.nn.Linear(2 * width, 1)
        self.kind = torch.nn.Linear(2 * width, len(names))
        self.met = torch.nn.Linear(2 * width, len(METS))

    def heads(self) -> dict[str, torch.nn.Linear]:
        """Return the heads by name."""
        return {"flag": self.flag, "kind": self.kind, "met": self.met}


class Run:
    """One training run in a folder of its own."""

    def __init__(self, out: Path, recipe: dict[str, Any], start: Path | None = None) -> None:
        """Load the model, compute the frozen layers once, and take up what the folder holds, else what ``start`` holds."""
        from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(recipe["seed"])
        torch.set_num_threads(recipe["threads"])
        self.out, self.recipe = out, recipe
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.half = torch.bfloat16 if half_precision_pays(self.device) else torch.float32
        self.names = list(kinds.kinds())
        path = catalog.verified("voice")
        self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        whole = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).model
        whole = whole.to(self.device).to(self.half).eval()
        chance = random.Random(recipe["seed"])
        self.train_rows = rows("train", chance, thin=recipe["thin"], new=recipe["new"], rest=recipe["rest"])
        self.held_rows = rows("development", chance)
        frozen, every = recipe["frozen"], whole.layers
        whole.layers = every[:frozen]
        norm, whole.norm = whole.norm, torch.nn.Identity()
        self.train_states = self._frozen(whole, self.train_rows, "train")
        self.held_states = self._frozen(whole, self.held_rows, "development")
        whole.layers, whole.norm = every[frozen : recipe["layers"]], norm
        targets = [name.split(".")[1] for name in PROJECTIONS]
        config = LoraConfig(r=recipe["rank"], lora_alpha=recipe["alpha"], lora_dropout=recipe["dropout"], target_modules=targets)
        self.network = Network(get_peft_model(whole, config), whole.config.hidden_size, self.names).to(self.device)
        for name, parameter in self.network.layers.named_parameters():
            if "lora_" in name:
                parameter.data = parameter.data.float()
        self.adapted = [p for p in self.network.layers.parameters() if p.requires_grad]
        heads = [p for head in self.network.heads().values() for p in head.parameters()]
        self.optimiser = torch.optim.AdamW([{"params": self.adapted, "lr": 0.0}, {"params": heads, "lr": 0.0}], weight_decay=0.01)
        self.done = 0
        saved = out / "run.pt"
        if saved.is_file():
            state = torch.load(saved, map_location=self.device, weights_only=True)
            set_peft_model_state_dict(self.network.layers, state["adapter"])
            for name, head in self.network.heads().items():
                head.load_state_dict(state["heads"][name])
            self.optimiser.load_state_dict(state["optimiser"])
            self.done = state["done"]
        elif start is not None:
            self._begin_from(start)

    def _begin_from(self, folder: Path) -> None:
        """Take the adapter and the heads of a look that was trained before, of the same layers and rank."""
        from peft import set_peft_model_state_dict
        from safetensors.torch import load_file

        config = self.network.layers.get_base_model().config
        given = read_adapter(folder / "look.gguf", heads=config.num_attention_heads, kv_heads=config.num_key_value_heads)
        names = {_moved(name, self.recipe["frozen"]): name for name in self._adapter()}
        if given.keys() != names.keys():
            raise ValueError("the look to begin from has other layers")
        set_peft_model_state_dict(self.network.layers, {names[name]: torch.from_numpy(given[name]) for name in names})
        heads = load_file(folder / "look.safetensors")
        for name, head in self.network.heads().items():
            head.load_state_dict({key: heads[f"{name}.{key}"] for key in ("weight", "bias")})

    def _adapter(self) -> dict[str, torch.Tensor]:
        from peft import get_peft_model_state_dict

        return dict(get_peft_model_state_dict(self.network.layers))

    def _frozen(self, whole: Any, given: list[Row], part: str) -> list[tuple[torch.Tensor, int, int]]:
        """Return what the frozen layers give for each text, and where her own words stand."""
        tokens = [encoded(self.tokenizer, each.text, each.before) for each in given]
        order = sorted(range(len(given)), key=lambda i: len(tokens[i][0]))
        found: list[Any] = [None] * len(given)
        started = time.monotonic()
        with torch.inference_mode():
            for first in range(0, len(order), FROZEN_BATCH):
                group = order[first : first + FROZEN_BATCH]
                longest = max(len(tokens[i][0]) for i in group)
                ids = torch.tensor([tokens[i][0] + [0] * (longest - len(tokens[i][0])) for i in group], device=self.device)
                states = whole(input_ids=ids, use_cache=False).last_hidden_state
                for row, i in enumerate(group):
                    found[i] = (states[row, : len(tokens[i][0])].to(torch.bfloat16).clone(), *tokens[i][1:])
        total = sum(len(each[0]) for each in tokens)
        self._tell({"frozen": part, "texts": len(given), "tokens": total, "seconds": round(time.monotonic() - started)})
        return found

    def outputs(self, group: list[tuple[torch.Tensor, int, int]]) -> dict[str, torch.Tensor]:
        """Return the logits of every head for a batch."""
        longest = max(len(states) for states, _, _ in group)
        given = torch.nn.utils.rnn.pad_sequence([states for states, _, _ in group], batch_first=True).to(self.half)
        # A causal model reads from left to right, so what is padded on the right changes nothing before it.
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.half == torch.bfloat16):
            states = self.network.layers(inputs_embeds=given, use_cache=False).last_hidden_state.float()
        own = torch.zeros(len(group), longest, 1, device=self.device)
        for row, (_, start, end) in enumerate(group):
            own[row, start:end] = 1
        last = states[torch.arange(len(group)), torch.tensor([len(each[0]) - 1 for each in group])]
        pooled = torch.cat([(states * own).sum(1) / own.sum(1).clamp(min=1), last], dim=1)
        pooled = functional.dropout(pooled, 0.1, self.network.training)
        return {name: head(pooled) for name, head in self.network.heads().items()}

    def loss(self, chosen: list[int]) -> torch.Tensor:
        """Return the sum of the losses over some training rows."""
        given = [self.train_rows[i] for i in chosen]
        found = self.outputs([self.train_states[i] for i in chosen])
        flag = found["flag"].squeeze(-1)
        total = flag.sum() * 0
        blamed = [i for i, each in enumerate(given) if not each.met]
        if blamed:
            wanted = torch.tensor([float(given[i].flag) for i in blamed], device=self.device)
            total = total + functional.binary_cross_entropy_with_logits(flag[blamed], wanted * 0.96 + 0.02)
        named = [i for i, each in enumerate(given) if each.kinds]
        if named:
            goal = kind_goal([given[i].kinds for i in named], self.names).to(self.device)
            total = total + 0.4 * functional.cross_entropy(found["kind"][named], goal)
        left, right = unequal(given)
        if left:
            total = total + self.recipe["pair_weight"] * functional.softplus(flag[right] - flag[left]).mean()
        mets = torch.tensor([METS.index(each.met or "none") for each in given], device=self.device)
        # Every line of hers counts as ordinary; the few that are not are outweighed by those that say so.
        return total + 0.5 * functional.cross_entropy(found["met"], mets)

    def groups(self, chance: random.Random) -> list[list[int]]:
        """Return batches of rows of alike length; rows of one group stay together."""
        together: dict[str, list[int]] = {}
        for number, each in enumerate(self.train_rows):
            together.setdefault(each.group or f"#{number}", []).append(number)
        units = list(together.values())
        chance.shuffle(units)
        found: list[list[int]] = [[]]
        for first in range(0, len(units), BATCH * 25):
            chunk = sorted(units[first : first + BATCH * 25], key=lambda unit: max(len(self.train_states[i][0]) for i in unit))
            for unit in chunk:
                if found[-1] and len(found[-1]) + len(unit) > BATCH:
                    found.append([])
                found[-1] += unit
        chance.shuffle(found)
        return found

    def epoch(self) -> None:
        """Train one epoch, measure, save."""
        groups = self.groups(random.Random(self.recipe["seed"] + self.done))
        steps = len(groups) * self.recipe["epochs"]
        self.network.train()
        started, losses = time.monotonic(), []
        for number, group in enumerate(groups):
            position = (self.done * len(groups) + number) / steps
            scale = min(1.0, position / 0.05) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(position, 1.0))))
            for settings_of, rate in zip(self.optimiser.param_groups, (self.recipe["rate"], 2e-3), strict=True):
                settings_of["lr"] = rate * scale
            self.optimiser.zero_grad()
            loss = self.loss(group)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.adapted, 1.0)
            self.optimiser.step()
            losses.append(loss.item())
            if number % 100 == 99:
                mean, spent = round(sum(losses[-100:]) / 100, 4), round(time.monotonic() - started)
                self._tell({"epoch": self.done + 1, "batch": number + 1, "of": len(groups), "loss": mean, "seconds": spent})
            if number % 400 == 399:
                self.measure()
        self.done += 1
        self.measure()
        self.save()

    def logits(self, states: list[tuple[torch.Tensor, int, int]]) -> dict[str, np.ndarray]:
        """Return every head's logits for texts that went through the frozen layers."""
        self.network.eval()
        order = sorted(range(len(states)), key=lambda i: len(states[i][0]))
        found: dict[str, Any] = {}
        with torch.inference_mode():
            for first in range(0, len(order), 64):
                group = order[first : first + 64]
                for name, value in self.outputs([states[i] for i in group]).items():
                    kept = found.setdefault(name, np.zeros((len(states), value.shape[1]), np.float32))
                    kept[group] = value.float().cpu().numpy()
        self.network.train()
        return found

    def measure(self) -> None:
        """Print what the network reaches on the development writers."""
        found = self.logits(self.held_states)
        scores, truth = found["flag"][:, 0], np.array([each.flag for each in self.held_rows])
        best = max(f1(truth, scores >= each) for each in np.quantile(scores, np.linspace(0.2, 0.8, 61)))
        flagged = [i for i, name in enumerate(self.names) if kinds.kinds()[name].flagged]
        right = [
            self.names[flagged[int(np.argmax(found["kind"][i][flagged]))]] == each.kinds[0]
            for i, each in enumerate(self.held_rows)
            if each.flag and each.kinds
        ]
        named = round(float(np.mean(right)), 3)
        self._tell({"epochs done": self.done, "AUC": auc(truth, scores), "F1": best, "main kind": named})

    def save(self) -> None:
        """Save the state of the run, the adapter as GGUF and the heads."""
        from safetensors.torch import save_file

        self.out.mkdir(parents=True, exist_ok=True)
        adapter = self._adapter()
        heads = {name: head.state_dict() for name, head in self.network.heads().items()}
        state = {"adapter": adapter, "heads": heads, "optimiser": self.optimiser.state_dict(), "done": self.done}
        torch.save(state, self.out / "run.pt")
        config = self.network.layers.get_base_model().config
        write_adapter(
            self.out / "look.gguf",
            {_moved(name, self.recipe["frozen"]): tensor.float().cpu().numpy() for name, tensor in adapter.items()},
            alpha=self.recipe["alpha"],
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
        )
        flat = {f"{name}.{key}": value.float().cpu().contiguous() for name, head in heads.items() for key, value in head.items()}
        save_file(flat, self.out / "look.safetensors")
        card = {
            "form": asdict(FORM),
            "layers": self.recipe["layers"],
            "kinds": self.names,
            "mets": list(METS),
            "recipe": self.recipe,
        }
        (self.out / "look.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

    def _tell(self, row: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


def _moved(name: str, frozen: int) -> str:
    """Return a matrix's name with the number its layer has in the whole model."""
    parts = name.removesuffix(".weight").split(".")
    place = parts.index("layers") + 1
    return ".".join(["model", "layers", str(int(parts[place]) + frozen), *parts[place + 1 :]])


def main(arguments: list[str] | None = None) -> int:
    """Train, epoch by epoch; a second call with the same folder goes on where the first stopped."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=32.0)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--frozen", type=int, default=8, help="how many of the first layers stay as they are")
    parser.add_argument("--layers", type=int, default=18, help="how many layers are used at all")
    parser.add_argument("--thin", type=int, default=3, help="of the innocent sentences of longer messages take every n-th")
    lines.ask_for(parser)
    parser.add_argument("--pair-weight", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", type=Path, help="a folder with a look to begin from, where --out holds none yet")
    recipe = vars(parser.parse_args(arguments))
    out, start = recipe.pop("out"), recipe.pop("start")
    run = Run(out, recipe, start)
    if start is not None and not run.done:
        run.measure()
    while run.done < recipe["epochs"]:
        run.epoch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
