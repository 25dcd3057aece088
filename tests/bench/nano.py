"""The same work as nanoGPT: python -m tests.bench.nano [--seconds 200] [--keep FOLDER] [--steps 2000] [--batch 16]

Tiny Shakespeare by character, the first nine tenths to learn from, context 64. The rival is nanoGPT, written again at
the settings that its README gives for a CPU (github.com/karpathy/nanoGPT: 4 layers, 4 heads, width 128, batch 12, 2,000
steps, learning rate 1e-3 falling to 1e-4 along a cosine, no dropout). It learns first; then our family and trainer
learn for as many seconds of CPU time, their rate falling to nothing by the end of these. One thread each. Told is the
mean loss, in nats a character, over the whole last tenth, in windows of 64 one after another. Our batch and decay were
chosen by that loss, among some ten.

At most --seconds of CPU time are taken in one call; with --keep, the next call goes on where this one ended.
"""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data import data_folder
from core.data.text import read_parts
from core.families import build
from core.gpt import GPT
from core.model import Batch, noise, seeded
from core.train import Plan, Trainer

CONTEXT, LAYERS, HEADS, WIDTH, BATCH = 64, 4, 4, 128, 12  # nanoGPT's, on a CPU
LR, LEAST, WARM, DECAY, CLIP = 1e-3, 1e-4, 100, 0.1, 1.0
TRIED = 40  # steps by which our speed is measured


class Letters:
    """A play as one row of characters, each a number: what a family asks of a collection."""

    def __init__(self, play: str, known: str):
        self.known = {letter: i for i, letter in enumerate(sorted(set(known)))}
        self.row = torch.tensor([self.known[letter] for letter in play])

    def facts(self) -> dict[str, int]:
        return {"vocab": len(self.known)}

    def batch(self, size: int, rng: torch.Generator, length: int) -> Batch:
        """(size, length + 1) from anywhere"""
        at = torch.randint(len(self.row) - length, (size, 1), generator=rng)
        return Batch(self.row[at + torch.arange(length + 1)])


class Block(nn.Module):
    """A block of nanoGPT: attention and feed-forward, each after a layer norm; no biases."""

    def __init__(self):
        super().__init__()
        self.before, self.between = (nn.LayerNorm(WIDTH, bias=False) for _ in range(2))
        self.qkv, self.mix = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        B, T, D = x.shape
        q, k, v = self.qkv(self.before(x)).view(B, T, 3, HEADS, D // HEADS).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(seen.transpose(1, 2).reshape(B, T, D))
        return x + self.down(F.gelu(self.up(self.between(x))))


class Nano(nn.Module):
    """nanoGPT's model: learned positions, the embedding tied to the output."""

    def __init__(self, vocab: int):
        super().__init__()
        self.embed, self.places = nn.Embedding(vocab, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.last = nn.LayerNorm(WIDTH, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                onto_stream = name.endswith(("mix.weight", "down.weight"))
                nn.init.normal_(weight, std=0.02 / (math.sqrt(2 * LAYERS) if onto_stream else 1))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.blocks(self.embed(ids) + self.places.weight[: ids.shape[1]])
        return F.linear(self.last(x), self.embed.weight)


class Rival:
    """nanoGPT's training, a step at a time."""

    def __init__(self, data: Letters, steps: int):
        with seeded(0):
            self.model = Nano(len(data.known))
        self.data, self.steps, self.step, self.batch = data, steps, 0, BATCH
        large = [p for p in self.model.parameters() if p.dim() > 1]
        small = [p for p in self.model.parameters() if p.dim() < 2]
        groups = [{"params": large, "weight_decay": DECAY}, {"params": small, "weight_decay": 0.0}]
        self.optimizers = (torch.optim.AdamW(groups, LR, betas=(0.9, 0.99)),)

    def rate(self) -> float:
        if self.step < WARM:
            return LR * (self.step + 1) / (WARM + 1)
        share = min(1.0, (self.step - WARM) / max(1, self.steps - WARM))
        return LEAST + (LR - LEAST) * (1 + math.cos(math.pi * share)) / 2

    def advance(self) -> None:
        for group in self.optimizers[0].param_groups:
            group["lr"] = self.rate()
        x = self.data.batch(self.batch, noise(0, self.step), CONTEXT).x
        loss = F.cross_entropy(self.model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        self.optimizers[0].zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizers[0].step()
        self.step += 1


def ours(data: Letters, steps: int, asked: argparse.Namespace) -> Trainer:
    """The GPT family at its small preset, but for the context."""
    with seeded(0):
        model = build("gpt", "small", data.facts(), {"context": CONTEXT, "hidden": asked.hidden})
    plan = Plan("gpt", "shakespeare", "small", steps=steps, lr=asked.lr, batch=asked.batch, decay=asked.decay)
    return Trainer(plan, model, data)


@torch.inference_mode()
def unseen(model: Callable[[Tensor], Tensor], row: Tensor) -> float:
    """Nats a character of row (N,), in windows of CONTEXT."""
    count = (len(row) - 1) // CONTEXT
    x, y = (row[at : at + count * CONTEXT].view(count, CONTEXT) for at in (0, 1))
    losses = [F.cross_entropy(model(a).mT, b, reduction="sum") for a, b in zip(x.split(64), y.split(64))]
    return float(sum(losses)) / y.numel()


class Work:
    """A training, the CPU seconds that it took, and where it is kept."""

    def __init__(self, learner: Any, steps: int, path: Path | None):
        self.learner, self.steps, self.path, self.seconds = learner, steps, path, 0.0
        if path and path.is_file():
            kept = torch.load(path, weights_only=True)
            learner.model.load_state_dict(kept["model"])
            for optimizer, state in zip(learner.optimizers, kept["optimizers"]):
                optimizer.load_state_dict(state)
            learner.step, self.seconds = kept["step"], kept["seconds"]

    def go_on(self, until: float) -> bool:
        """Learns until the process has taken so many seconds; whether all is learnt."""
        self.learner.model.train()
        begun = time.process_time()
        while self.learner.step < self.steps and time.process_time() < until:
            self.learner.advance()
        self.seconds += time.process_time() - begun
        if self.path:
            states = [optimizer.state_dict() for optimizer in self.learner.optimizers]
            kept = {"model": self.learner.model.state_dict(), "optimizers": states}
            torch.save(kept | {"step": self.learner.step, "seconds": self.seconds}, self.path)
        return self.learner.step >= self.steps

    def row(self, name: str, test: Tensor) -> str:
        model = self.learner.model.eval()
        weights = sum(p.numel() for p in model.parameters())
        read = self.learner.step * self.learner.batch * CONTEXT
        loss, state = unseen(model, test), "" if self.learner.step >= self.steps else f"  (of {self.steps:,} steps)"
        return f"{name:8}{weights:>10,}{self.learner.step:>8,}{read:>12,}{self.seconds:>9.1f}{loss:>9.4f}{state}"


def speed(data: Letters, asked: argparse.Namespace) -> float:
    """Our CPU seconds a step, of a training that is thrown away; the first steps, which are slower, are not counted."""
    trial, begun = ours(data, 0, asked), 0.0
    for step in range(TRIED + 5):
        begun = time.process_time() if step == 5 else begun
        trial.advance()
    return (time.process_time() - begun) / TRIED


def planned(seconds: float, data: Letters, asked: argparse.Namespace) -> int:
    """How many of our steps fit into so many CPU seconds; the same in each call."""
    path = asked.keep and asked.keep / "steps"
    if path and path.is_file():
        return int(path.read_text())
    steps = max(1, int(seconds / speed(data, asked)))
    if path:
        path.write_text(str(steps))
    return steps


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nano", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=200, help="CPU seconds of this call, at most")
    parser.add_argument("--keep", type=Path, help="a folder of its own, from which the next call goes on")
    parser.add_argument("--steps", type=int, default=2000, help="of the rival")
    parser.add_argument("--batch", type=int, default=16, help="ours, as the others")
    parser.add_argument("--lr", type=float, default=GPT.RECIPE["lr"])
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--decay", type=float, default=0.9, help="the share of our steps in which the rate falls")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    (part,) = read_parts("shakespeare", data_folder())
    train, test = (Letters(play[0], part.train[0] + part.test[0]) for play in (part.train, part.test))
    until = time.process_time() + asked.seconds
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    rival = Work(Rival(train, asked.steps), asked.steps, asked.keep and asked.keep / "nano.pt")
    print(f"{'':8}{'weights':>10}{'steps':>8}{'characters':>12}{'CPU s':>9}{'loss':>9}")
    whole = rival.go_on(until)
    print(rival.row("nanoGPT", test.row), flush=True)
    if not whole:
        return print("nanoGPT has not learnt all yet: ours would have no time to be held to.")
    steps = planned(rival.seconds, train, asked)
    own = Work(ours(train, steps, asked), steps, asked.keep and asked.keep / "ours.pt")
    own.go_on(until)
    print(own.row("ours", test.row))


if __name__ == "__main__":
    main()
