"""The Storyteller: a decoder-only transformer that says one token at a time.

Vaswani et al. 2017 (arXiv:1706.03762), as Radford et al. 2019 stack it, with what has proved itself since: rotary
positions (Su et al., arXiv:2104.09864), normalised queries and keys (Henry et al., arXiv:2010.04245), squared ReLU
(So et al., arXiv:2109.08668), norms without weights, and Muon for the matrices (Jordan 2024).

B streams, T tokens, V vocabulary, D width, H heads, K = D / H, L layers, C context.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from core.model import Batch, Mishap, Model, Muon, norm, squared, turn


@dataclass(frozen=True)
class Config:
    vocab: int
    context: int = 256
    layers: int = 6
    width: int = 256
    heads: int = 8
    hidden: int = 736  # 4,882,432 weights in all: in bf16 just under the 10 MB a Space takes as it is

    def __post_init__(self):
        if self.width % (2 * self.heads):
            raise Mishap(f"A width of {self.width} does not split into {self.heads} heads of an even size.")


class Cache:
    """Keys and values of what was already read: (L, 2, B, H, C, K), filled up to `length`."""

    def __init__(self, config: Config, streams: int, device: torch.device):
        shape = (config.layers, 2, streams, config.heads, config.context, config.width // config.heads)
        self.store = torch.zeros(shape, device=device)
        self.length = 0

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """New k, v (B, H, T, K) -> all so far (B, H, length + T, K)."""
        end = self.length + k.shape[2]
        self.store[layer, 0, :, :, self.length : end] = k
        self.store[layer, 1, :, :, self.length : end] = v
        return self.store[layer, 0, :, :, :end], self.store[layer, 1, :, :, :end]


class Guess(NamedTuple):
    """One token told, with what the model thought of it before temperature and cuts."""

    token: int
    chance: float
    top: list[tuple[int, float]]  # the five likeliest tokens and their chances


def look_back(q: Tensor, k: Tensor, v: Tensor, cache: Cache | None, layer: int) -> Tensor:
    """The newest T queries (B, H, T, K) at as many keys and values, of H heads or fewer, and the cache's before."""
    T, shared = q.shape[2], k.shape[1] < q.shape[1]
    k, v = cache.extend(layer, k, v) if cache else (k, v)
    past = k.shape[2] - T
    mask = torch.ones(T, past + T, dtype=torch.bool, device=q.device).tril(past) if past and T > 1 else None
    return F.scaled_dot_product_attention(q, k, v, mask, is_causal=not past and T > 1, enable_gqa=shared)


class Block(nn.Module):
    """Attention looks back, the feed-forward thinks; both add to the residual stream."""

    def __init__(self, config: Config):
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.mix = nn.Linear(config.width, config.width, bias=False)
        self.up = nn.Linear(config.width, config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.width, bias=False)
        nn.init.zeros_(self.mix.weight)  # each block starts as the identity
        nn.init.zeros_(self.down.weight)

    def asked(self, x: Tensor, angles: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """The residual stream (B, T, D) -> queries, keys and values (B, H, T, K), positions told."""
        B, T, D = x.shape
        qkv = self.qkv(norm(x)).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        q, k = turn(norm(qkv[:2]), *angles)
        return q, k, qkv[2]

    def attend(self, x: Tensor, angles: tuple[Tensor, Tensor], cache: Cache | None, layer: int) -> Tensor:
        """The stream (B, T, D) -> what is added to it (B, T, D); a token sees itself and what came before."""
        return self.mix(look_back(*self.asked(x, angles), cache, layer).transpose(1, 2).flatten(2))

    def forward(self, x: Tensor, angles: tuple[Tensor, Tensor], cache: Cache | None, layer: int) -> Tensor:
        x = x + self.attend(x, angles, cache, layer)
        return x + self.down(squared(self.up(norm(x))))


class GPT(Model):
    """p(text) = product over t of p(token t | tokens before t)."""

    Config = Config
    PRESETS = {
        "tiny": {"context": 32, "layers": 2, "width": 32, "heads": 2, "hidden": 64},
        "small": {"context": 128, "layers": 4, "width": 128, "heads": 4, "hidden": 512},
        "medium": {},
    }
    RECIPE = {"lr": 0.02, "batch": 16}
    LEARNS = ("text",)
    NARROW = 128  # a step so wide takes a tenth longer in bf16, at 256 a quarter less (measured with AMX)
    end = 0  # the token that ends a document and stands before the next
    cos: Tensor
    sin: Tensor

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.HALVES = config.width > self.NARROW
        self.embed = nn.Embedding(config.vocab, config.width)  # also the output layer, transposed
        nn.init.normal_(self.embed.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        half = config.width // config.heads // 2
        angles = torch.arange(config.context)[:, None] * 10_000 ** (-torch.arange(half) / half)
        self.register_buffer("cos", angles.cos(), persistent=False)  # (C, K / 2)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """ids (B, T) -> logits (B, T, V); with a cache, T more tokens after those it holds."""
        past = cache.length if cache is not None else 0
        if past + ids.shape[1] > self.config.context:
            raise ValueError(f"{past} + {ids.shape[1]} tokens do not fit a context of {self.config.context}")
        angles = (self.cos[past : past + ids.shape[1]], self.sin[past : past + ids.shape[1]])
        x = norm(self.embed(ids))
        for layer, block in enumerate(self.blocks):
            x = block(x, angles, cache, layer)
        if cache is not None:
            cache.length += ids.shape[1]
        return self.answer(x)

    def answer(self, x: Tensor) -> Tensor:
        """The residual stream (..., D) after the last block -> logits (..., V)."""
        return F.linear(norm(x), self.embed.weight)

    def draw(self, data: Any, size: int, rng: torch.Generator) -> Batch:
        return data.batch(size, rng, self.config.context)

    def loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Cross-entropy of the next token, in nats; batch.x (B, T + 1)."""
        logits = self(batch.x[:, :-1])
        return {"loss": F.cross_entropy(logits.flatten(0, 1).float(), batch.x[:, 1:].flatten())}

    def optimizers(self, lr: float) -> tuple[Optimizer, ...]:
        """Muon turns the matrices, AdamW the embedding, which wants a smaller step."""
        matrices = [p for name, p in self.named_parameters() if name != "embed.weight"]
        return Muon(matrices, lr), AdamW([self.embed.weight], 0.3 * lr, betas=(0.9, 0.99), weight_decay=0.0)

    def cache(self, streams: int = 1) -> Cache:
        return Cache(self.config, streams, self.embed.weight.device)

    def after(self, ids: Tensor, cache: Cache, last: Tensor) -> Tensor:
        """Logits (B, V) after one more token `last` (B, 1); ids (B, T) is all so far, `last` included.

        A full cache is emptied and the newer half of the text read again, so a story has no end.
        """
        if cache.length < self.config.context:
            return self(last, cache)[:, -1]
        cache.length = 0
        return self(ids[:, -(self.config.context // 2) :], cache)[:, -1]

    @torch.inference_mode()
    def sample(self, n: int, rng: torch.Generator, **knobs: Any) -> Iterator[Tensor]:
        """Knobs: prompt (T,) long, length, and those of `pick`. Yields (n, T + 1), (n, T + 2), ..."""
        prompt, length = knobs.pop("prompt"), knobs.pop("length", 64)
        ids = prompt.to(self.embed.weight.device).expand(n, -1)
        cache = self.cache(n)
        logits = self(ids[:, -self.config.context :], cache)[:, -1]
        for done in range(length):
            last = pick(logits, rng, seen=ids[:, -self.config.context :], end=self.end, **knobs)
            ids = torch.cat((ids, last), dim=1)
            yield ids
            if done + 1 < length:
                logits = self.after(ids, cache, last)

    @torch.inference_mode()
    def tell(self, prompt: list[int], rng: torch.Generator, length: int, **knobs: Any) -> Iterator[Guess]:
        """One story, token by token, each with the chance the model gave it."""
        ids, cache = torch.tensor([prompt], device=self.embed.weight.device), self.cache()
        logits = self(ids[:, -self.config.context :], cache)[:, -1]
        for _ in range(length):
            last = pick(logits, rng, seen=ids[:, -self.config.context :], end=self.end, **knobs)
            chances = logits[0].softmax(-1)
            best = chances.topk(5)
            yield Guess(int(last), float(chances[last[0, 0]]), list(zip(best.indices.tolist(), best.values.tolist())))
            ids = torch.cat((ids, last), dim=1)
            logits = self.after(ids, cache, last)


def pick(logits: Tensor, rng: torch.Generator, **knobs: Any) -> Tensor:
    """logits (B, V) -> token (B, 1), drawn from the chances that the knobs leave (see `shaped`)."""
    return throw(shaped(logits, **knobs), torch.rand((len(logits), 1), generator=rng, device=logits.device))


def shaped(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    penalty: float = 1.0,
    seen: Tensor | None = None,
    end: int = 0,
) -> Tensor:
    """logits (B, V) -> chances (B, V); what is cut off has none, and the others are left as they are.

    Temperature 0 leaves the likeliest; top_k 0, top_p 1 and min_p 0 cut nothing; penalty 1 changes nothing, more of it
    makes what is in seen (B, S) less likely, but for `end`.
    """
    if seen is not None and penalty != 1:
        logits = tired(logits, seen, penalty, end)
    if temperature < 1e-3:  # the favourite has all the chance there is; dividing would overflow
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    chances = (logits / temperature).softmax(-1)
    if top_k or top_p < 1 or min_p:
        chances = chances.where(chances >= least(chances, top_k, top_p, min_p), 0)
    return chances


def throw(chances: Tensor, share: Tensor) -> Tensor:
    """chances (B, V), not necessarily of sum 1, and a place in their sum (B, 1) from 0 to 1 -> token (B, 1)"""
    sums = chances.cumsum(-1)  # one throw for the place, where multinomial throws V times
    return torch.searchsorted(sums, share * (1 - 1e-6) * sums[:, -1:], right=True)


def tired(logits: Tensor, seen: Tensor, penalty: float, end: int = 0) -> Tensor:
    """Logits (B, V) with those of the tokens in seen (B, S) lowered: divided by the penalty, times it where negative.

    Keskar et al. 2019 (arXiv:1909.05858, 4.1), who only divide; a negative logit would rise by that. The end of a
    document stands before every story and is never tired of.
    """
    old = logits.gather(1, seen)
    lowered = torch.where(old > 0, old / penalty, old * penalty)
    return logits.scatter(1, seen, torch.where(seen == end, old, lowered))


def least(chances: Tensor, top_k: int, top_p: float, min_p: float = 0.0, reach: int = 128) -> Tensor:
    """chances (B, V) -> the least one (B, 1) that the cuts leave in; the first that passes top_p stays.

    min_p cuts what has less than that share of the likeliest's chance (Nguyen et al. 2024, arXiv:2407.01082).
    """
    V = chances.shape[-1]
    best = chances.topk(min(top_k or reach, V)).values
    in_reach = best.cumsum(-1) - best < max(top_p, 1e-9)
    edge = torch.maximum(best.gather(-1, in_reach.sum(-1, keepdim=True) - 1), min_p * best[:, :1])
    if not top_k and reach < V and (further := best.sum(-1) < top_p).any():  # rare, and to sort all takes long
        edge[further] = least(chances[further], 0, top_p, min_p, V)
    return edge
