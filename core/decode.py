"""The storyteller told quickly: one stream, one token at a time, with the same weights and the same mathematics.

GPT.forward takes any number of streams and tokens, and for a single token most of its time goes into asking for some
three hundred small operations and into reading weights that lie the wrong way round. Here everything is a vector: a
norm is one dot product, the norm before the feed-forward is drawn through it (it is homogeneous), and most weights are
stored transposed.

D width, H heads, K = D / H, C context, V vocabulary.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from core.gpt import GPT, Block, Cache, Guess, pick
from core.model import EPS


class Decoder:
    """A trained GPT on the CPU, made ready to tell. It keeps copies of the weights: the model must learn no more."""

    def __init__(self, gpt: GPT):
        self.gpt, self.config = gpt, gpt.config
        self.width, self.head = gpt.config.width, gpt.config.width // gpt.config.heads
        self.embed = gpt.embed.weight.detach()
        self.out = turned(self.embed)
        self.layers = [self.prepare(block) for block in gpt.blocks]  # type: ignore[arg-type]
        turn = torch.cat((gpt.cos, gpt.cos), 1), torch.cat((-gpt.sin, gpt.sin), 1)  # (C, K) each
        # queries would be scaled by sqrt(K) for their norm and 1 / sqrt(K) for attention, keys by sqrt(K) alone
        scale = torch.tensor([1.0, self.head**0.5]).repeat_interleave(gpt.config.heads)[:, None]  # (2H, 1)
        self.cos, self.sin = (part[:, None] * scale for part in turn)  # (C, 2H, K)

    def prepare(self, block: Block) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        down = block.down.weight.detach()  # long rows are read faster as they lie
        return turned(block.qkv.weight), turned(block.mix.weight), turned(block.up.weight), down

    def scale(self, x: Tensor) -> float:
        """What x (D,) is multiplied by to have a mean square of 1."""
        return (float(torch.dot(x, x)) / self.width + EPS) ** -0.5

    def step(self, token: int, cache: Cache) -> Tensor:
        """Logits (V,) after one more token; the cache of one stream must have room for it."""
        store = cache.store[:, :, 0]  # (L, 2, H, C, K)
        x = self.embed[token]
        x = x * self.scale(x)
        for (qkv, mix, up, down), past in zip(self.layers, store):
            x = torch.addmv(x, mix, self.attend(torch.mv(qkv, x * self.scale(x)), past, cache.length))
            hidden = torch.mv(up, x).relu_().square_()
            x = torch.addmv(x, down, hidden, alpha=self.scale(x) ** 2)
        cache.length += 1
        return torch.mv(self.out, x).mul_(self.scale(x))

    def attend(self, qkv: Tensor, past: Tensor, at: int) -> Tensor:
        """qkv (3D,) of the token at position `at`, past (2, H, C, K) to which it is added -> (D,)"""
        heads = self.config.heads
        qk = qkv[: 2 * self.width].view(2 * heads, self.head)
        unit = qk / torch.linalg.vector_norm(qk, dim=1, keepdim=True).clamp_min_(EPS)
        torch.addcmul(unit * self.cos[at], unit.roll(self.head // 2, 1), self.sin[at], out=qk)
        past[:, :, at] = qkv[self.width :].view(2, heads, self.head)
        keys, values = past[:, :, : at + 1]
        weights = torch.bmm(keys, qk[:heads, :, None]).softmax(1)  # (H, at + 1, 1)
        return torch.bmm(weights.mT, values).view(-1)

    @torch.inference_mode()
    def tell(self, prompt: list[int], rng: torch.Generator, length: int, **knobs: Any) -> Iterator[Guess]:
        """The same as GPT.tell."""
        ids, cache = list(prompt), self.gpt.cache()
        logits = self.read(ids[-self.config.context :], cache)
        for done in range(1, length + 1):
            seen = torch.tensor([ids[-self.config.context :]]) if knobs.get("penalty", 1) != 1 else None
            token = int(pick(logits[None], rng, seen=seen, end=self.gpt.end, **knobs))
            chances = logits.softmax(-1)
            best = chances.topk(5)
            yield Guess(token, float(chances[token]), list(zip(best.indices.tolist(), best.values.tolist())))
            ids.append(token)
            if done < length:
                logits = self.after(ids, cache)

    def after(self, ids: list[int], cache: Cache) -> Tensor:
        """Logits (V,) after the last of ids; a full cache is emptied and the newer half of the text read again."""
        if cache.length < self.config.context:
            return self.step(ids[-1], cache)
        cache.length = 0
        return self.read(ids[-(self.config.context // 2) :], cache)

    def read(self, ids: list[int], cache: Cache) -> Tensor:
        """Logits (V,) after many tokens at once."""
        return self.gpt(torch.tensor([ids]), cache)[0, -1]


def turned(weight: Tensor) -> Tensor:
    """(O, I) -> the same matrix, stored column by column."""
    return weight.detach().t().contiguous().t()
