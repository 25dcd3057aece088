"""What every family owes: a loss to minimise, samples to show, and one step of learning; and what they share for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer


class Mishap(Exception):
    """Something a person can mend. Its one sentence is shown to them as it is."""


class Batch(NamedTuple):
    """What is learnt in one step."""

    x: Tensor  # (B, ...) pictures (B, C, S, S) in -1..1, points (B, 2), text (B, T) long
    y: Tensor | None = None  # (B,) labels, where there are any


def noise(seed: int, *steps: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator made anew from (seed, steps...), so that nothing random outlives a step.

    The numbers are mixed (splitmix64), so that (1, 2) and (2, 1) and neighbouring steps are unrelated.
    """
    mixed = 0
    for number in (seed, *steps):
        mixed = (mixed + number + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 31
    return torch.Generator(device).manual_seed(mixed >> 1)


_GLOBAL = threading.RLock()  # torch's own generator, which makes the first weights, is one for all threads


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's own generator set to a seed for a block, and put back after it; one block at a time, whoever asks."""
    with _GLOBAL, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


class Model(nn.Module):
    """A family of generative models. A subclass writes `loss` and `sample`; most need nothing else."""

    Config: ClassVar[type]  # a frozen dataclass, all of it JSON
    PRESETS: ClassVar[dict[str, dict[str, Any]]]  # size -> what it sets in Config
    RECIPE: ClassVar[dict[str, Any]]  # lr and batch that are known to work
    LEARNS: ClassVar[tuple[str, ...]]  # of "images", "points", "text"
    HALVES: bool = True  # learns in bf16 where the processor multiplies it fast
    LAYOUT: torch.memory_format = torch.channels_last  # of pictures and kernels; convolutions alone are faster so

    config: Any

    def loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Scalars: "loss" is minimised, the others are drawn."""
        raise NotImplementedError

    def sample(self, n: int, rng: torch.Generator, **knobs: Any) -> Iterator[Tensor]:
        """Ever better drafts of n things; the last is the answer."""
        raise NotImplementedError

    def draw(self, data: Any, size: int, rng: torch.Generator) -> Batch:
        """Asks a collection for what one step learns from."""
        return data.batch(size, rng)

    def optimizers(self, lr: float) -> tuple[Optimizer, ...]:
        return (adamw(list(self.parameters()), lr),)

    def step(self, batch: Batch, rng: torch.Generator, optimizers: tuple[Optimizer, ...]) -> dict[str, Tensor]:
        """One step of learning; returns what to draw."""
        losses = self.loss(batch, rng)
        descend(losses["loss"], list(self.parameters()), optimizers)
        return losses


def adamw(parameters: list[nn.Parameter], lr: float) -> AdamW:
    """Loshchilov & Hutter 2019 (arXiv:1711.05101), with an average of squares over about 100 steps."""
    return AdamW(parameters, lr, betas=(0.9, 0.99), weight_decay=0.01)


def descend(loss: Tensor, parameters: list[nn.Parameter], optimizers: tuple[Optimizer, ...], clip: float = 1.0) -> None:
    """Backward to these parameters and no others, clip the gradient's norm, step."""
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward(inputs=parameters)
    nn.utils.clip_grad_norm_(parameters, clip)
    for optimizer in optimizers:
        optimizer.step()


POLAR = (  # worked out for stretches from .001 to 1, all of which come to lie within .12 of 1
    (8.470329, -25.108078, 18.629279),
    (4.182834, -3.108701, 0.580607),
    (3.961858, -2.954064, 0.562976),
    (3.286586, -2.46472, 0.507358),
    (2.27375, -1.64466, 0.416191),
)


class Muon(Optimizer):
    """Momentum whose step is made orthogonal: every direction of a matrix moves equally far.

    Jordan 2024 (kellerjordan.github.io/posts/muon), by the steps of Polar Express (Amsel et al., arXiv:2505.16932).
    Matrices of one shape go through them together: torch.optim.Muon goes one by one, in bf16, slow where emulated.
    A convolution's kernel (R, S, K, K) is taken for a matrix (R, S K K).
    The momentum rises over the first steps, in which an average over many is soon out of date (measured: nano.py).
    """

    RISE = (0.85, 2000)  # the momentum to begin with, and the steps until it is whole

    def __init__(self, params: list[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        first, last = self.RISE
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[tuple[Tensor, Tensor]]] = {}
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                average = state.setdefault("average", torch.zeros_like(p))
                steps = state["step"] = state.get("step", torch.zeros(())) + 1
                momentum = first + (group["momentum"] - first) * min(1.0, float(steps) / last)
                average.lerp_(p.grad, 1 - momentum)
                nesterov = p.grad.lerp(average, momentum)
                for piece, update in zip(squares(p), squares(nesterov)):
                    rows = update.flatten(1)
                    shapes.setdefault(tuple(rows.shape), []).append((piece, rows))
            for shape, pairs in shapes.items():
                with torch.autocast(pairs[0][1].device.type, enabled=False):  # in bf16 the steps of the square diverge
                    updates = orthogonal(torch.stack([update for _, update in pairs]))
                scale = group["lr"] * max(1, shape[0] / shape[1]) ** 0.5
                for (piece, _), update in zip(pairs, updates):
                    piece.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update.view(piece.shape), alpha=scale)


def squares(x: Tensor) -> tuple[Tensor, ...]:
    """The three matrices fused in qkv, as views; any other matrix or kernel alone."""
    return x.chunk(3) if x.dim() == 2 and x.shape[0] == 3 * x.shape[1] else (x,)


def orthogonal(x: Tensor) -> Tensor:
    """(N, R, S) -> nearly the nearest matrices with orthonormal rows or columns, by way of their smaller product"""
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (1.01 * x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = x @ x.mT
    whole = step = bent(gram, *POLAR[0])
    for rule in POLAR[1:]:
        gram = step @ gram @ step  # all of these commute
        step = bent(gram, *rule)
        whole = step @ whole
    x = whole @ x
    return x.mT if tall else x


def bent(gram: Tensor, a: float, b: float, c: float) -> Tensor:
    """a + b G + c G^2 of G (N, R, R), the product of x with itself; times x, it brings x's stretches nearer to 1"""
    step = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
    step.diagonal(dim1=1, dim2=2).add_(a)
    return step


# What a transformer does to each number by itself. Told one by one, autograd goes over them two to five times as often
# on the way back; written so, the passes take a tenth less (measured; tests/bench/nano.py).

EPS = torch.finfo(torch.float32).eps  # F.rms_norm's


def scale(x: Tensor) -> Tensor:
    """What each row of x (..., D) is multiplied by to have a mean square of 1: (..., 1)."""
    return torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1]).add_(EPS).rsqrt_()


class Norm(torch.autograd.Function):
    """Each row of x (..., D) times its scale s (RMSNorm; Zhang & Sennrich, arXiv:1910.07467)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        s = scale(x)
        y = x * s
        ctx.save_for_backward(y, s)
        return y

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
        """dy/dx = s (1 - y y' / D)"""
        y, s = ctx.saved_tensors
        return torch.addcmul(slope, y, (slope * y).mean(-1, keepdim=True), value=-1).mul_(s)


def norm(x: Tensor) -> Tensor:
    return Norm.apply(x)  # type: ignore[return-value]


class Turn(torch.autograd.Function):
    """Rotary positions (Su et al., arXiv:2104.09864): the way back is the same by the opposite angles."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        ctx.kind = x.dtype
        return turned(x, cos, sin)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        cos, sin = ctx.saved_tensors
        return turned(slope, cos, -sin).to(ctx.kind), None, None


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    y = torch.empty_like(x, dtype=torch.result_type(x, cos))
    (a, b), (c, d) = x.chunk(2, dim=-1), y.chunk(2, dim=-1)
    torch.mul(a, cos, out=c).addcmul_(b, sin, value=-1)
    torch.mul(b, cos, out=d).addcmul_(a, sin)
    return y


def turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x (..., T, K) turned by angles (T, K / 2): each of the first K / 2 numbers with that K / 2 further on."""
    return Turn.apply(x, cos, sin)  # type: ignore[return-value]


class Squared(torch.autograd.Function):
    """relu(x)^2 (So et al., arXiv:2109.08668)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.relu()
        ctx.save_for_backward(y)
        return y * y

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
        (y,) = ctx.saved_tensors
        return (slope * y).mul_(2)


def squared(x: Tensor) -> Tensor:
    return Squared.apply(x)  # type: ignore[return-value]
