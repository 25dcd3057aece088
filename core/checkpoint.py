"""Keeping models: a card to read and weights to load. Nothing is ever unpickled.

A checkpoint is a folder with card.json and model.safetensors, and with ages.safetensors or copying.safetensors where
they were made; a text model's tokenizer (its merges) travels in the header of the weights. A trainer's state for going
on exactly is a file of its own: local, never taken from a visitor.
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from core.data.text import make_tokenizer, merges_of
from core.families import FAMILIES
from core.model import Mishap, Model, seeded
from core.train import Plan, Trainer

SHELF = Path(__file__).parent.parent / "checkpoints"
INDEX = "copying.safetensors"  # beside a text model's weights: the runs of its training texts (core/copying.py)
PAIRS = "pairs.safetensors"  # beside a storyteller: which token followed which in its texts
MAY_BE_NONE = ("channels", "side", "classes", "hidden_layers")  # settings
LARGEST_CARD, LARGEST_WEIGHTS = 1_000_000, 64_000_000  # bytes
LARGEST_MODEL = 16_000_000  # weights
STORED = {torch.float32, torch.bfloat16, torch.float16, torch.int64}


class Loaded(NamedTuple):
    model: Any  # a Model of the card's family
    card: dict[str, Any]
    tokenizer: Any  # a Tokenizer where the family learns text, else None


def describe(trainer: Trainer, command: str) -> dict[str, Any]:
    """The card of what a trainer has made so far."""
    data = trainer.data.card
    return {
        "family": trainer.plan.family,
        "size": trainer.plan.size,
        "config": asdict(trainer.model.config),
        "data": {k: getattr(data, k) for k in ("name", "title", "learns", "licence", "source", "labels")},
        "plan": {**trainer.plan.asdict(), "lr": trainer.lr, "batch": trainer.batch},
        "command": command,
        "step": trainer.step,
        "examples": trainer.step * trainer.batch,
        "seconds": round(trainer.seconds),
        "weights": sum(p.numel() for p in trainer.model.parameters()),
        "numbers": {},
        "versions": {"python": platform.python_version(), "torch": str(torch.__version__)},
    }


def save(
    folder: Path,
    model: Model,
    card: Mapping[str, Any],
    tokenizer: Tokenizer | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Writes card.json and model.safetensors, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {k: v.to("cpu", dtype if v.is_floating_point() else v.dtype) for k, v in model.state_dict().items()}
    header = {"merges": json.dumps(merges_of(tokenizer))} if tokenizer else None
    write_tensors(folder / "model.safetensors", weights, header)
    write_card(folder, card)


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    part = folder / "card.json.part"
    part.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
    part.replace(folder / "card.json")


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: dict[str, str] | None = None) -> None:
    part = path.with_name(path.name + ".part")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part, header)
    part.replace(path)


def save_age(folder: Path, step: int, painter: nn.Module) -> None:
    """Adds the painter as it is after so many steps to the folder's ages.safetensors, a byte a weight.

    Each row of a weight is rounded to 255 levels between minus and plus its largest: off by .4 % of that at most.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "ages.safetensors"
    kept = read_weights(path)[0] if path.exists() else {}
    for name, tensor in painter.state_dict().items():
        rows = tensor.detach().float().cpu().reshape(len(tensor), -1)
        unit = rows.abs().amax(1).clamp(min=1e-12) / 127
        kept[f"{step}/{name}"] = (rows / unit[:, None]).round().to(torch.int8).reshape(tensor.shape)
        kept[f"{step}/{name}/unit"] = unit
    write_tensors(path, kept)


def ages(name: str | Path) -> dict[int, dict[str, Tensor]]:
    """step -> weights of a model's painter as it was then, the youngest first; empty where none were kept."""
    path = (SHELF / name if isinstance(name, str) else name) / "ages.safetensors"
    kept = read_weights(path)[0] if path.exists() else {}
    found: dict[int, dict[str, Tensor]] = {}
    for key, levels in kept.items():
        step, _, part = key.partition("/")
        if not part.endswith("/unit"):
            unit = kept[f"{key}/unit"].reshape(-1, *[1] * (levels.dim() - 1))
            found.setdefault(int(step), {})[part] = levels.float() * unit
    return dict(sorted(found.items()))


def names(family: str = "") -> list[str]:
    """Shipped checkpoints (of one family), by name."""
    cards = {folder.parent.name: read_card(folder) for folder in sorted(SHELF.glob("*/card.json"))}
    return [name for name, card in cards.items() if family in ("", card["family"])]


def load(name: str | Path) -> Loaded:
    """A checkpoint by the name it ships under, or from a folder; the model is in eval mode, on the CPU, in fp32."""
    folder = SHELF / name if isinstance(name, str) else name
    return assemble(read_card(folder / "card.json"), folder / "model.safetensors")


def bring(card_file: Path, weights_file: Path) -> Loaded:
    """The same from two files that a stranger may have sent: the model is weighed before it is built.

    Mishap says in one sentence what is wrong with them.
    """
    card = read_card(card_file)
    weigh(card)
    return assemble(card, weights_file)


def assemble(card: dict[str, Any], weights_file: Path) -> Loaded:
    """The model of a card with the weights of a file; Mishap if they do not belong together."""
    model = build_from(card)
    weights, merges = read_weights(weights_file)
    own = model.state_dict()
    if {name: tensor.shape for name, tensor in weights.items()} != {name: tensor.shape for name, tensor in own.items()}:
        raise Mishap(f"The weights in {weights_file.name} do not belong to the model that the card describes.")
    if not {tensor.dtype for tensor in weights.values()} <= STORED:
        raise Mishap(f"The weights in {weights_file.name} are stored as numbers of a kind not used here.")
    if not all(tensor.isfinite().all() for tensor in weights.values()):
        raise Mishap(f"The weights in {weights_file.name} hold values that are no numbers.")
    model.load_state_dict({name: tensor.to(own[name].dtype) for name, tensor in weights.items()})
    tokenizer = None
    if "text" in model.LEARNS:
        tokenizer = make_tokenizer(merges)
        if tokenizer.get_vocab_size() != model.config.vocab:
            raise Mishap(f"The tokenizer in {weights_file.name} is not the one this model was trained with.")
    return Loaded(model.eval(), card, tokenizer)


def go_on(loaded: Loaded, data: Any, device: torch.device) -> Trainer:
    """A trainer that goes on with a loaded model from its step, with fresh optimizers.

    Mishap if the plan in the card makes no sense, or the collection does not fit the model.
    """
    card = loaded.card
    old, step = card.get("plan"), card.get("step")
    if not isinstance(old, dict) or not isinstance(step, int) or not 0 <= step < 2**31:
        raise Mishap("The card does not say how the model was trained, so it cannot go on.")
    facts = data.facts()
    config = card["config"]
    if any(config.get(k, v) != v for k, v in facts.items() if not (k == "classes" and config.get(k) == 0)):
        raise Mishap("The model was made for a collection of another kind than the one of that name here.")
    asked = old.get("options")
    options = {name: config[name] for name in asked if name in config} if isinstance(asked, dict) else {}
    size = card["size"] if card["size"] in loaded.model.PRESETS else "small"
    try:
        plan = Plan(card["family"], data.card.name, size, int(old["seed"]), old["lr"], old["batch"], options=options)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Mishap("The plan in the card cannot be read.") from None
    trainer = Trainer(plan, loaded.model, data, device)
    trainer.step, seconds = step, card.get("seconds")
    trainer.seconds = float(seconds) if isinstance(seconds, (int, float)) and 0 <= seconds < 1e9 else 0.0
    return trainer


def read_card(path: Path) -> dict[str, Any]:
    """The card, or a Mishap: its size, its form, and that the family exists."""
    try:
        if path.stat().st_size > LARGEST_CARD:
            raise Mishap(f"{path.name} is far too large for a card.")
        card = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError, RecursionError):
        raise Mishap(f"{path.name} cannot be read as the card of a model.") from None
    if not isinstance(card, dict) or not isinstance(card.get("config"), dict) or not isinstance(card.get("data"), dict):
        raise Mishap(f"{path.name} is not the card of a model.")
    if not isinstance(card["data"].get("name"), str) or not isinstance(card.get("size"), str):
        raise Mishap(f"{path.name} does not name its collection and its size.")
    if not isinstance(card.get("family"), str) or card["family"] not in FAMILIES:
        raise Mishap(f"{path.name} describes a family that is not known here.")
    return card


def build_from(card: dict[str, Any]) -> Model:
    """The empty model of a card; Mishap if its settings do not make one."""
    kind, config = FAMILIES[card["family"]], card["config"]
    known = {f.name: f.type for f in fields(kind.Config)}
    wild = [k for k, v in config.items() if k not in known or not is_sane(k, v, known[k])]
    if wild:
        raise Mishap(f"The card has a setting out of reason: {', '.join(map(str, wild))[:80]}.")
    try:
        with seeded(0):  # what is drawn here is thrown away, and must not fall into another's seeded block
            return kind(kind.Config(**config))
    except (TypeError, ValueError, RuntimeError, ZeroDivisionError, OverflowError, MemoryError, KeyError):
        raise Mishap("The settings in the card do not make a model.") from None


def weigh(card: dict[str, Any]) -> None:
    """Mishap if the model is too large for this page; on the meta device that costs no memory, whatever is claimed."""
    with torch.device("meta"):
        ghost = build_from(card)
    if sum(t.numel() for t in (*ghost.parameters(), *ghost.buffers())) > LARGEST_MODEL:
        raise Mishap(f"The card describes a model of more than {LARGEST_MODEL:,} weights, too large for this page.")


def is_sane(name: str, value: Any, kind: Any) -> bool:
    """Whether a setting's value is one that costs little to try."""
    if isinstance(value, str):
        return len(value) <= 40
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, float):
        return kind is float and 0 <= value <= 1000  # False for NaN
    least, most = int(name not in MAY_BE_NONE), {"layers": 64, "context": 1024}.get(name, 65_536)
    return isinstance(value, int) and kind is not bool and least <= value <= most


def read_weights(path: Path) -> tuple[dict[str, Tensor], list[list[str]]]:
    """Tensors and a tokenizer's merges, or a Mishap."""
    try:
        if path.stat().st_size > LARGEST_WEIGHTS:
            raise Mishap(f"{path.name} is larger than any model of this page.")
        with safetensors.safe_open(path, "pt") as file:
            merges = json.loads((file.metadata() or {}).get("merges", "[]"))
            return {name: file.get_tensor(name) for name in file.keys()}, merges
    except (OSError, ValueError, RecursionError, safetensors.SafetensorError):
        raise Mishap(f"{path.name} cannot be read as weights: it is damaged, or of another kind.") from None


def save_state(path: Path, trainer: Trainer) -> None:
    """All that must survive a stop, in one local file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {f"model/{k}": v for k, v in trainer.model.state_dict().items()}
    plain: dict[str, Any] = {"step": trainer.step, "seconds": trainer.seconds, "optimizers": []}
    for i, optimizer in enumerate(trainer.optimizers):
        state = optimizer.state_dict()
        for key, values in state["state"].items():
            tensors |= {f"optimizer/{i}/{key}/{name}": v for name, v in values.items() if torch.is_tensor(v)}
        plain["optimizers"].append(state["param_groups"])
    write_tensors(path, {k: v.to("cpu") for k, v in tensors.items()}, {"plain": json.dumps(plain)})


def load_state(path: Path, trainer: Trainer) -> None:
    """Brings a trainer of the same plan back to where save_state left it. Mishap if it was trained another way."""
    with safetensors.safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        plain = json.loads(file.metadata()["plain"])
    if len(plain["optimizers"]) != len(trainer.optimizers):
        raise Mishap(f"{path.name} is of a training with other optimizers, which cannot go on with these.")
    trainer.model.load_state_dict({k.removeprefix("model/"): v for k, v in tensors.items() if k.startswith("model/")})
    for i, (optimizer, groups) in enumerate(zip(trainer.optimizers, plain["optimizers"], strict=True)):
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith(f"optimizer/{i}/"):
                _, _, key, entry = name.split("/")
                state.setdefault(int(key), {})[entry] = tensor
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    trainer.step, trainer.seconds = plain["step"], plain["seconds"]
