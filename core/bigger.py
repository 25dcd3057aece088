"""A bigger storyteller: the GPT family as others build it, so that their weights fit (core/borrow.py reads them).

GPT-2 (Radford et al. 2019): learned positions, layer norms, GELU in its tanh form, biases everywhere. Llama (Touvron
et al. 2023, arXiv:2302.13971): rotary positions, RMS norms with weights, a feed-forward with a gate (Shazeer 2020,
arXiv:2002.05202), keys and values shared by groups of heads (Ainslie et al. 2023, arXiv:2305.13245).

B streams, T tokens, V vocabulary, D width, H heads, G of them with keys and values of their own, K numbers a head,
L layers, C context.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.gpt import GPT, Cache, look_back
from core.model import Mishap, Model, turn

LARGEST = 400_000_000  # weights


@dataclass(frozen=True)
class Config:
    vocab: int
    context: int
    layers: int
    width: int
    heads: int
    groups: int
    head: int  # K
    hidden: int
    eps: float
    rotary: float = 0.0  # base of the angles; 0 for learned positions
    gated: bool = False  # RMS norms and a gate, as in Llama; else layer norms and GELU, as in GPT-2
    bias: bool = True  # in the attention; that of the feed-forward goes with the layer norms
    tied: bool = True  # the embedding is the output layer too

    def __post_init__(self):
        sizes = (self.vocab, self.context, self.layers, self.width, self.heads, self.groups, self.head, self.hidden)
        attention = self.width * self.head * 2 * (self.heads + self.groups)
        weights = self.layers * (attention + (2 + self.gated) * self.width * self.hidden) + self.vocab * self.width
        if min(sizes) < 1 or self.heads % self.groups or self.head % 2:
            raise Mishap("The sizes in this teller's config do not fit together.")
        if weights > LARGEST:
            raise Mishap(f"This teller has {weights:,} weights, and {LARGEST:,} are the most that can be read here.")


class Block(nn.Module):
    """The same as in core/gpt.py, with what the two kinds of model do otherwise."""

    def __init__(self, config: Config):
        super().__init__()
        self.config, D, K = config, config.width, config.head
        self.before, self.between = norm(config), norm(config)
        self.q = nn.Linear(D, config.heads * K, bias=config.bias)
        self.k = nn.Linear(D, config.groups * K, bias=config.bias)
        self.v = nn.Linear(D, config.groups * K, bias=config.bias)
        self.mix = nn.Linear(config.heads * K, D, bias=config.bias)
        self.up = nn.Linear(D, config.hidden, bias=not config.gated)
        self.down = nn.Linear(config.hidden, D, bias=not config.gated)
        if config.gated:
            self.gate = nn.Linear(D, config.hidden, bias=False)

    def asked(self, x: Tensor, angles: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """The residual stream (B, T, D) -> queries (B, H, T, K), keys and values (B, G, T, K)."""
        x, (B, T, _) = self.before(x), x.shape
        q, k, v = (part(x).view(B, T, -1, self.config.head).transpose(1, 2) for part in (self.q, self.k, self.v))
        return (turn(q, *angles), turn(k, *angles), v) if self.config.rotary else (q, k, v)

    def attend(self, x: Tensor, angles: tuple[Tensor, Tensor], cache: Cache | None, layer: int) -> Tensor:
        """The stream (B, T, D) -> what is added to it (B, T, D); a token sees itself and what came before."""
        return self.mix(look_back(*self.asked(x, angles), cache, layer).transpose(1, 2).flatten(2))

    def think(self, x: Tensor) -> Tensor:
        if self.config.gated:
            return self.down(F.silu(self.gate(x)) * self.up(x))
        return self.down(F.gelu(self.up(x), approximate="tanh"))

    def forward(self, x: Tensor, angles: tuple[Tensor, Tensor], cache: Cache | None, layer: int) -> Tensor:
        x = x + self.attend(x, angles, cache, layer)
        return x + self.think(self.between(x))


class Bigger(GPT):
    """Tells and samples as a GPT does; it is read, not trained."""

    Config = Config
    config: Config

    def __init__(self, config: Config):
        Model.__init__(self)  # GPT's own parts have other shapes
        self.config = config
        self.embed = nn.Embedding(config.vocab, config.width)
        self.places = None if config.rotary else nn.Embedding(config.context, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.last = norm(config)
        self.out = None if config.tied else nn.Linear(config.width, config.vocab, bias=False)
        half = config.head // 2
        powers = -torch.arange(half, device="cpu") / max(half, 1)  # on the CPU even where weights are yet to come
        angles = torch.arange(config.context, device="cpu")[:, None] * (config.rotary or 1.0) ** powers
        self.register_buffer("cos", angles.cos(), persistent=False)  # (C, K / 2)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """ids (B, T) -> logits (B, T, V); with a cache, T more tokens after those it holds."""
        past = cache.length if cache is not None else 0
        end = past + ids.shape[1]
        if end > self.config.context:
            raise ValueError(f"{past} + {ids.shape[1]} tokens do not fit a context of {self.config.context}")
        x = self.embed(ids)
        if self.places is not None:
            x = x + self.places.weight[past:end]
        for layer, block in enumerate(self.blocks):
            x = block(x, (self.cos[past:end], self.sin[past:end]), cache, layer)
        if cache is not None:
            cache.length = end
        return self.answer(x)

    def answer(self, x: Tensor) -> Tensor:
        """The residual stream (..., D) after the last block -> logits (..., V)."""
        return F.linear(self.last(x), self.embed.weight if self.out is None else self.out.weight)

    def cache(self, streams: int = 1) -> Cache:
        """Room for keys and values; of groups of heads each group keeps one."""
        kept = GPT.Config(
            self.config.vocab,
            self.config.context,
            self.config.layers,
            width=self.config.groups * self.config.head,
            heads=self.config.groups,
        )
        return Cache(kept, streams, self.embed.weight.device)


def norm(config: Config) -> nn.Module:
    return (nn.RMSNorm if config.gated else nn.LayerNorm)(config.width, eps=config.eps)
