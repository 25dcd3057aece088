"""Looking into a storyteller: where each head looks, what each layer would guess, and what a head is worth.

Attention weights: Vaswani et al. 2017 (arXiv:1706.03762), section 3.2. The logit lens: nostalgebraist 2020
(lesswrong.com/posts/AcKRB8wDpdaN6v6ru). A head switched off says nothing where the heads are mixed: Michel et al. 2019
(arXiv:1905.10650).

T tokens, V vocabulary, D width, H heads, K = D / H, L layers.
"""

import math
from collections.abc import Collection, Sequence
from copy import deepcopy
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from core.gpt import GPT, norm, turn

Head = tuple[int, int]  # layer and head, both from 0


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
        on = torch.ones(gpt.config.heads, gpt.config.width // gpt.config.heads, device=gpt.embed.weight.device)
        on[[head for at, head in off if at == layer]] = 0
        twin.blocks[layer].mix.register_forward_pre_hook(lambda _, given, on=on: (given[0] * on.flatten(),))  # type: ignore[union-attr]
    return twin


@torch.inference_mode()
def look(gpt: GPT, ids: Tensor, off: Collection[Head] = ()) -> Sight:
    """ids (T,) -> all that is to be seen while the model reads them, written down by the model's own passes."""
    twin, projected, stream = without(gpt, off), [], []
    for block in twin.blocks:
        block.qkv.register_forward_hook(lambda _, __, qkv: projected.append(qkv[0]))  # type: ignore[union-attr]
        block.register_forward_pre_hook(lambda _, given: stream.append(given[0][0]))
    twin.blocks[-1].register_forward_hook(lambda _, __, x: stream.append(x[0]))
    twin(ids[None])
    T, H, angles = len(ids), gpt.config.heads, (gpt.cos[: len(ids)], gpt.sin[: len(ids)])
    q, k, v = torch.stack(projected).view(gpt.config.layers, T, 3, H, -1).permute(2, 0, 3, 1, 4)  # (L, H, T, K) each
    q, k = turn(norm(q), *angles), turn(norm(k), *angles)
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return Sight(scores, attention(scores) @ v, torch.stack(stream))


def attention(scores: Tensor, causal: bool = True) -> Tensor:
    """scores (..., T, T) -> weights (..., T, T), each row a sum of 1; causal forbids all that comes later."""
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(later, -math.inf)
    return scores.softmax(-1)


@torch.inference_mode()
def lens(gpt: GPT, stream: Tensor) -> Tensor:
    """stream (..., D) -> logits (..., V): what the model would say if its last block lay behind it here."""
    return F.linear(norm(stream), gpt.embed.weight)


@torch.inference_mode()
def nats(gpt: GPT, stories: Sequence[Tensor]) -> float:
    """Sum of -log p over all tokens of stories (T,) but each one's first, everything before them in sight."""
    losses = [F.cross_entropy(gpt(ids[None, :-1])[0], ids[1:], reduction="sum") for ids in stories]
    return float(torch.stack(losses).sum())


def parts(gpt: GPT) -> dict[str, tuple[tuple[int, ...], int]]:
    """Name -> shape and number of weights, of the embedding and of each kind of matrix in one block."""
    named = [("embed", gpt.embed.weight), *((name, p) for name, p in gpt.blocks[0].named_parameters())]
    return {name.removesuffix(".weight"): (tuple(p.shape), p.numel()) for name, p in named}
