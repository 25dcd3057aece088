"""A training that can be stopped anywhere and go on as if it had not been."""

import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.optim import Optimizer

from core.model import Batch, Mishap, Model, noise


@dataclass(frozen=True)
class Plan:
    """What is trained on what, and how; all of it JSON, so a card can hold it."""

    family: str
    data: str
    size: str = "small"
    seed: int = 0
    lr: float = 0.0  # 0: the family's recipe
    batch: int = 0  # 0: the family's recipe
    steps: int = 0  # 0: until stopped, at a steady rate
    decay: float = 0.4  # share of the steps over which the rate falls to 0
    options: dict[str, Any] = field(default_factory=dict)  # what else is set in the family's Config

    def __post_init__(self):
        if not (math.isfinite(self.lr) and 0 <= self.lr <= 1):
            raise Mishap(f"A learning rate lies between 0 and 1, and {self.lr:g} does not.")
        if not isinstance(self.batch, int) or not 0 <= self.batch <= 4096:
            raise Mishap(f"A batch holds 1 to 4,096 examples, and {self.batch:,} is not among them.")
        if self.steps < 0 or not 0 <= self.decay <= 1:
            raise Mishap("Steps must not be negative, and the decay is a share from 0 to 1.")

    def asdict(self) -> dict[str, Any]:
        return asdict(self)


class Progress(NamedTuple):
    """What happened since the last one."""

    step: int
    losses: dict[str, float]  # means over the steps since the last Progress
    seconds: float  # this trainer has worked in all, pauses left out
    examples: int  # seen in all


def pick_device(wish: str = "") -> torch.device:
    """The machine's accelerator (CUDA, MPS, XPU), or the CPU; a wish ("cpu", "cuda:1") goes first.

    Mishap if the wish is not to be had here.
    """
    try:
        if wish:
            device = torch.device(wish)
            torch.empty(1, device=device)
            return device
    except (RuntimeError, AssertionError, NotImplementedError):
        raise Mishap(f"There is no device {wish!r} on this machine.") from None
    return torch.accelerator.current_accelerator() or torch.device("cpu")


def is_bf16_faster(device: torch.device) -> bool:
    """Only where the chip multiplies bf16 itself: elsewhere it is emulated, a third as fast as fp32 (measured)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        abilities = torch.cpu.get_capabilities()
        return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))
    return device.type == "xpu"


class Trainer:
    """Model, optimizers and step: all that must survive a stop."""

    def __init__(self, plan: Plan, model: Model, data: Any, device: torch.device | None = None):
        self.plan, self.data = plan, data
        self.device = device or torch.device("cpu")
        self.model = model.to(self.device, memory_format=model.LAYOUT)  # type: ignore[call-overload]
        self.lr = plan.lr or model.RECIPE["lr"]
        self.batch = plan.batch or model.RECIPE["batch"]
        self.optimizers = self.model.optimizers(self.lr)
        self.rates = rates(self.optimizers)
        self.bf16 = model.HALVES and is_bf16_faster(self.device)
        self.step, self.seconds = 0, 0.0

    def run(self, every: float = 0.25) -> Iterator[Progress]:
        """Learns, and comes up for air every so many seconds; ends only where the plan does.

        Between two Progresses the model is at rest. To stop is not to ask again; to resume is to ask again.
        Mishap when a loss is no longer a number.
        """
        while not self.is_done():
            begun, gathered = time.perf_counter(), []
            self.model.train()
            while not self.is_done() and (not gathered or time.perf_counter() - begun < every):
                gathered.append(self.advance())
            self.seconds += time.perf_counter() - begun
            yield Progress(self.step, self.mean(gathered), self.seconds, self.step * self.batch)

    def change(self, lr: float | None = None, **config: Any) -> None:
        """Other rules from the next step on: a learning rate, or settings that leave the weights' shapes alone."""
        self.plan = replace(self.plan, lr=self.lr if lr is None else lr)
        self.lr = self.plan.lr or self.model.RECIPE["lr"]
        self.model.config = replace(self.model.config, **config)
        self.rates = rates(self.model.optimizers(self.lr))

    def is_done(self) -> bool:
        return bool(self.plan.steps) and self.step >= self.plan.steps

    def advance(self) -> dict[str, Tensor]:
        """One step, its randomness made anew from (seed, step)."""
        seed = self.plan.seed
        batch = self.model.draw(self.data, self.batch, noise(seed, self.step, 0))
        batch = Batch(batch.x.to(self.device), None if batch.y is None else batch.y.to(self.device))
        if batch.x.dim() == 4:
            batch = batch._replace(x=batch.x.contiguous(memory_format=self.model.LAYOUT))
        self.set_rates()
        mixed = torch.autocast(self.device.type, torch.bfloat16) if self.bf16 else nullcontext()
        with mixed:
            losses = self.model.step(batch, noise(seed, self.step, 1, device=self.device), self.optimizers)
        self.step += 1
        return {name: value.detach() for name, value in losses.items()}

    def set_rates(self) -> None:
        """Warm up over 20 steps; where an end is planned, fall to 0 in a straight line towards it."""
        share = min(1.0, (self.step + 1) / 20)
        if self.plan.steps:
            share *= min(1.0, (self.plan.steps - self.step) / max(1, self.plan.decay * self.plan.steps))
        for optimizer, rates in zip(self.optimizers, self.rates):
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * share

    def mean(self, gathered: list[dict[str, Tensor]]) -> dict[str, float]:
        means = {name: float(torch.stack([g[name].float() for g in gathered]).mean()) for name in gathered[0]}
        if not all(map(math.isfinite, means.values())):
            raise Mishap(
                f"At step {self.step:,} the loss was no longer a number: start over with a smaller learning rate."
            )
        return means


def rates(optimizers: tuple[Optimizer, ...]) -> list[list[float]]:
    """The learning rate of every group of every optimizer."""
    return [[group["lr"] for group in o.param_groups] for o in optimizers]
