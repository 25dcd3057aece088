"""Looking into a storyteller: where each head looks, what each layer would guess, and what a head is worth.

Attention weights: Vaswani et al. 2017 (arXiv:1706.03762), section 3.2. The logit lens, which is the model's own answer
to what stands behind an earlier block: nostalgebraist 2020 (lesswrong.com/posts/AcKRB8wDpdaN6v6ru). A head switched off
says nothing where the heads are mixed: Michel et al. 2019 (arXiv:1905.10650).

T tokens, V vocabulary, D width, H heads, K numbers a head, L layers.
"""

import math
from collections.abc import Collection, Sequence
from copy import deepcopy
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from core.gpt import GPT

ONCE = ("embed", "places", "unembed")  # parts that stand outside the blocks; an embedding may unembed as well
KINDS = dict.fromkeys(("q", "k", "v"), "qkv") | {"gate": "up", "before": "norm", "between": "norm"}
KINDS |= {"last": "unembed", "out": "unembed"}  # name in the model -> the part it belongs to

Head = tuple[int, int]  # layer and head, both from 0


class Part(NamedTuple):
    """A part of a model: the shapes of its matrices, and how many weights it has with its biases."""

    shapes: tuple[tuple[int, ...], ...]
    weights: int


class Sight(NamedTuple):
    """What went on in a model while it read a text."""

    scores: Tensor  # (L, H, T, T) scaled products of each query with each key, also of later tokens
    said: Tensor  # (L, H, T, K) what each head says to the mixing of heads; a head switched off is not yet silent here
    stream: Tensor  # (L + 1, T, D) the residual stream: the embedding, then what stands there after each block


def without(gpt: GPT, off: Collection[Head] = ()) -> GPT:
    """The same weights, shared and not copied, in modules of its own, where the heads in `off` say nothing.

    The model that was given stays as it is: others are using it.
    """
    twin = deepcopy(gpt, {id(shared): shared for shared in (*gpt.parameters(), *gpt.buffers())})
    for layer in {layer for layer, _ in off}:
        said = twin.blocks[layer].mix.in_features  # type: ignore[union-attr]
        on = torch.ones(gpt.config.heads, said // gpt.config.heads, device=gpt.embed.weight.device)
        on[[head for at, head in off if at == layer]] = 0
        twin.blocks[layer].mix.register_forward_pre_hook(lambda _, given, on=on: (given[0] * on.flatten(),))  # type: ignore[union-attr]
    return twin


@torch.inference_mode()
def look(gpt: GPT, ids: Tensor, off: Collection[Head] = ()) -> Sight:
    """ids (T,) -> all that is to be seen while the model reads them, by the model's own parts.

    Heads that share keys and values (core/bigger.py) are seen with them each.
    """
    twin, projected, stream = without(gpt, off), [], []
    for block in twin.blocks:
        block.register_forward_pre_hook(lambda _, given: stream.append(given[0]))
        block.register_forward_pre_hook(lambda block, given: projected.append(block.asked(*given[:2])))  # type: ignore[operator]
    twin.blocks[-1].register_forward_hook(lambda _, __, x: stream.append(x))
    twin(ids[None])
    q, k, v = (torch.cat(parts) for parts in zip(*projected))  # (L, H, T, K) each, of k and v perhaps fewer heads
    shared = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return Sight(scores, attention(scores) @ v, torch.cat(stream))


def attention(scores: Tensor, causal: bool = True) -> Tensor:
    """scores (..., T, T) -> weights (..., T, T), each row a sum of 1; causal forbids all that comes later."""
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(later, -math.inf)
    return scores.softmax(-1)


@torch.inference_mode()
def nats(gpt: GPT, stories: Sequence[Tensor]) -> float:
    """Sum of -log p over all tokens of stories (T,) but each one's first, everything before them in sight."""
    losses = [F.cross_entropy(gpt(ids[None, :-1])[0], ids[1:], reduction="sum") for ids in stories]
    return float(torch.stack(losses).sum())


def parts(gpt: GPT) -> dict[str, Part]:
    """What stands once in the model (ONCE), and the kinds of matrix in one block, each with its biases and norms."""
    found: dict[str, Part] = {}
    outside = [(name, p) for name, p in gpt.named_parameters() if not name.startswith("blocks.")]
    for name, p in [*gpt.blocks[0].named_parameters(), *outside]:
        key = KINDS.get(name.split(".")[0], name.split(".")[0])
        shapes, weights = found.get(key, Part((), 0))
        found[key] = Part(shapes + (tuple(p.shape),) * (p.dim() == 2), weights + p.numel())
    return found
