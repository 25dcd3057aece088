"""Learning for so many seconds of CPU: what else runs on the machine then hardly counts."""

import time
from pathlib import Path

import torch

from core.train import Trainer


def learn(trainer: Trainer, seconds: float, decay: float, keep: Path | None = None) -> int:
    """Pictures seen in so many seconds of CPU; all rates fall to 0 over the last `decay` of them.

    With a file to keep, it goes on from there: it can be cut anywhere, and loses a minute at most.
    """
    spent, kept, full = 0.0, 0.0, trainer.rates
    if keep and keep.is_file():
        state = torch.load(keep, weights_only=True)
        trainer.step, spent, kept = state["step"], state["spent"], state["spent"]
        trainer.model.load_state_dict(state["model"])
        for optimizer, known in zip(trainer.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(known)
    begun = time.process_time() - spent
    while spent < seconds:
        share = min(1, (1 - spent / seconds) / decay)
        trainer.rates = [[rate * share for rate in group] for group in full]
        now = next(trainer.run(every=0))
        spent = time.process_time() - begun
        if keep and (spent - kept > 60 or spent >= seconds):
            kept, states = spent, [optimizer.state_dict() for optimizer in trainer.optimizers]
            state = {"step": trainer.step, "spent": spent, "optimizers": states, "model": trainer.model.state_dict()}
            torch.save(state, whole := keep.with_suffix(".new"))
            whole.replace(keep)
            print(f"{keep.stem}: {spent:.0f} s, {trainer.step:,} steps, loss {now.losses['loss']:.1f}", flush=True)
    return trainer.step * trainer.batch
