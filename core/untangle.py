"""Turns the code of a VAE so that its numbers depend on one another as little as a rotation can achieve.

The bound that a VAE learns hardly minds how its code is turned: the prior looks alike from all sides. What the pictures
vary in does not: if its causes are independent, the turn that makes the numbers most independent (ICA; Hyvarinen 1999,
"Fast and robust fixed-point algorithms for independent component analysis") finds them, and nobody has to name them.

What no rotation finds has to be told: who knows no cause cannot know a code from another that mixes them (Locatello et
al. 2019, arXiv:1811.12359); to be told some of them mends it (Locatello et al. 2020, arXiv:1905.01258).

N codes, Z latents, F factors.
"""

import torch
from torch import Tensor, nn

from core.data.collection import Pictures
from core.data.gallery import PART, Gallery
from core.factors import correlations
from core.model import Batch, Mishap
from core.train import Plan, Trainer
from core.vae import VAE

ROUNDS = 300
LOOKED_AT = 6000  # training pictures
RATE = 3e-4  # low: what was learnt shall stay
TOLD_RATE, WEIGHT = 1e-3, 10.0  # what is told bends the code further; nats for a latent that is off by its own spread


def untangle(vae: VAE, data: Pictures, steps: int, batch: int, seed: int) -> Trainer:
    """Turns the code, for good; what is given back learns for so many steps more how far its clouds now spread."""
    turned(vae, turning(looked_at(vae, data)))
    return Trainer(Plan("vae", data.card.name, seed=seed, lr=RATE, batch=batch, steps=steps, decay=0.5), vae, data)


@torch.inference_mode()
def looked_at(vae: VAE, data: Pictures) -> Tensor:
    """The codes (LOOKED_AT, Z) of the first training pictures"""
    return torch.cat([vae.encode(some)[0] for some in data.fixed(LOOKED_AT, "train").x.split(500)]).clone()


class Told(VAE):
    """A VAE while it learns to say each told factor with one latent, besides the bound; its weights are a VAE's."""

    latents: list[int]
    factors: list[int]
    signs: Tensor

    def draw(self, data: Gallery, size: int, rng: torch.Generator) -> Batch:
        """Instead of labels, what each picture was drawn from."""
        drawn = data.draw(torch.randint(PART, (size,), generator=rng))
        return Batch(drawn.x, drawn.factors)

    def loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        beta = self.betas(len(batch.x), rng)
        mean, logvar = self.encode(batch.x, beta)
        losses = self.bound(batch.x, mean, logvar, beta, rng)
        true = 12**0.5 * (batch.y[:, self.factors] - 0.5) * self.signs  # type: ignore[index]  # factors: spread 1
        off = (mean[:, self.latents] - true).square().mean(0)
        return losses | {"loss": losses["loss"] + WEIGHT * off.sum(), "off": off.mean()}


def tell(vae: VAE, data: Gallery, names: list[str], steps: int, batch: int, seed: int) -> Trainer:
    """Gives each of the named factors a latent of its own, the one that goes with it best; the trainer's model is a
    copy. Mishap for a name that is no factor or comes twice, or for more of them than latents."""
    known = data.card.factors
    if unknown := set(names) - set(known):
        raise Mishap(f"No {sorted(unknown)[0]!r} is known of {data.card.name}; known are {', '.join(known)}.")
    if len(set(names)) < len(names):
        raise Mishap("Each factor is told once.")
    if len(names) > vae.config.latent:
        raise Mishap(f"{len(names)} factors are more than {vae.config.latent} latents.")
    pupil = Told(vae.config)
    pupil.load_state_dict(vae.state_dict())
    pupil.factors = [known.index(name) for name in names]
    r = correlations(looked_at(vae, data), data.factors(LOOKED_AT, "train"))[:, pupil.factors]
    pupil.latents, left = [-1] * len(names), r.abs()
    for _ in names:  # the closest pair first
        latent, k = divmod(int(left.argmax()), len(names))
        pupil.latents[k] = latent
        left[latent], left[:, k] = -1, -1
    pupil.signs = r[pupil.latents, range(len(names))].sign()
    plan = Plan("vae", data.card.name, seed=seed, lr=TOLD_RATE, batch=batch, steps=steps, decay=0.5)
    return Trainer(plan, pupil, data)


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
