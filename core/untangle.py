"""Turns the code of a VAE so that its numbers depend on one another as little as a rotation can achieve.

The bound that a VAE learns hardly minds how its code is turned: the prior looks alike from all sides. What the pictures
vary in does not: if its causes are independent, the turn that makes the numbers most independent (ICA; Hyvarinen 1999,
"Fast and robust fixed-point algorithms for independent component analysis") finds them, and nobody has to name them.

N codes, Z latents.
"""

import torch
from torch import Tensor, nn

from core.data.collection import Pictures
from core.train import Plan, Trainer
from core.vae import VAE

ROUNDS = 300
LOOKED_AT = 6000  # training pictures
RATE = 3e-4  # low: what was learnt shall stay


def untangle(vae: VAE, data: Pictures, steps: int, batch: int, seed: int) -> Trainer:
    """Turns the code, for good; what is given back learns for so many steps more how far its clouds now spread."""
    with torch.inference_mode():
        x = data.fixed(LOOKED_AT, "train").x
        codes = torch.cat([vae.encode(some)[0] for some in x.split(500)])
    turned(vae, turning(codes.clone()))
    return Trainer(Plan("vae", data.card.name, seed=seed, lr=RATE, batch=batch, steps=steps, decay=0.5), vae, data)


@torch.no_grad()
def turning(codes: Tensor) -> Tensor:
    """codes (N, Z) -> the rotation (Z, Z) whose product with a code has the most independent numbers"""
    codes = codes.double() - codes.double().mean(0)
    white = codes @ upright(codes.T @ codes / len(codes))
    turn = torch.eye(codes.shape[1], dtype=torch.double)
    for _ in range(ROUNDS):
        bent = (white @ turn.T).tanh()
        turn = bent.T @ white / len(white) - (1 - bent.square()).mean(0)[:, None] * turn
        turn = upright(turn @ turn.T) @ turn
    return turn.float()


def upright(matrix: Tensor) -> Tensor:
    """matrix ** -1/2 of a symmetric positive one (Z, Z)"""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=1e-9).rsqrt()) @ vectors.T


@torch.no_grad()
def turned(vae: VAE, turn: Tensor) -> None:
    """Folds a rotation (Z, Z) into the weights: every picture is redrawn as before, from a code that is turned.

    A cloud that lies along the numbers no longer does when it is turned: the spreads are only nearly right, and a
    little learning must follow.
    """
    Z, (reader, painter) = vae.config.latent, ends(vae)
    for part in (reader.weight, reader.bias):
        part[:Z] = turn @ part[:Z]
        part[Z:] = turn.square() @ part[Z:]
    painter.weight.copy_(painter.weight @ turn.T)
    vae.carried.copy_(turn.square() @ vae.carried)


def ends(vae: VAE) -> tuple[nn.Linear, nn.Linear]:
    """The encoder's last part and the decoder's first, between which the code lies."""
    reader, painter = vae.encoder[-1], vae.decoder[0]
    assert isinstance(reader, nn.Linear) and isinstance(painter, nn.Linear)
    return reader, painter
