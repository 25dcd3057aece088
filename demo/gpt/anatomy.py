"""The parts of a storyteller by their names, with the real shapes and numbers of weights. No Gradio."""

from collections import Counter

import torch

from core.bigger import Config
from core.gpt import GPT
from core.lens import ONCE, parts
from demo.shelf import card
from demo.telling import TELLER
from demo.words import words

TEXTS = words("gpt.mind")
ORDER = ("embed", "places", "stream", "norm", "qkv", "place", "mix", "up", "down", "unembed")


def ours() -> list[dict[str, str]]:
    """The shipped storyteller's."""
    with torch.device("meta"):  # shapes alone: the page is laid out before any weights are read
        return anatomy(GPT(GPT.Config(**card(TELLER)["config"])))


def anatomy(gpt: GPT) -> list[dict[str, str]]:
    """The title, what it does, shape and weights of each part, and what they come to."""
    config, found = gpt.config, parts(gpt)
    facts = {"heads": config.heads, "each": gpt.blocks[0].mix.in_features // config.heads, "layers": config.layers}  # type: ignore[union-attr]
    facts |= {"width": config.width, "hidden": config.hidden, "context": config.context, "vocab": config.vocab}
    told = dict(TEXTS["parts"])
    if isinstance(config, Config):
        told |= TEXTS["gated" if config.gated else "plain"]
        told |= {} if config.rotary else TEXTS["learned"]
        told |= {} if config.tied else TEXTS["untied"]
        facts["groups"] = config.groups
    rows = []
    for title, what, key in ((*told[key], key) for key in ORDER if told.get(key)):
        shapes, weights = found.get(key, ((), 0))
        row = {"title": title, "what": what.format(**facts), "shape": spelt(shapes), "weights": f"{weights:,}"}
        rows.append(row)
    once = sum(part.weights for key, part in found.items() if key in ONCE)
    block = sum(part.weights for key, part in found.items() if key not in ONCE)
    total = once + config.layers * block
    title = TEXTS["all"].format(block=block, once=once, **facts)
    return [*rows, {"title": title, "what": "", "shape": "", "weights": f"{total:,}"}]


def spelt(shapes: tuple[tuple[int, ...], ...]) -> str:
    """Shapes of matrices, those that are alike told once."""
    told = ((" × ".join(f"{side:,}" for side in shape), many) for shape, many in Counter(shapes).items())
    return ", ".join(f"{many} of {shape}" if many > 1 else shape for shape, many in told) or "–"
