"""The game in the plane: two small networks play over points, and all they do can be drawn. No Gradio.

The page pulls: it asks for the next frame when it has drawn the last, so a slow line or a closed tab costs nothing.
"""

from base64 import b64encode
from math import e, log2
from time import monotonic
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.data import COLLECTIONS
from core.data.collection import Pictures
from core.data.gallery import Gallery, open_gallery
from core.data.gallery.points import drawn
from core.families import build
from core.gan import GAN, LOSSES
from core.model import Mishap, noise, seeded
from core.train import Plan, Trainer
from demo.limits import finite, one_of, whole
from demo.runs import Run, Runs
from demo.words import counted, words

FIELDS = Runs()
WORLDS = tuple(name for name, card in COLLECTIONS.items() if card.learns == "points")
OWN, FEWEST, MOST = "own", 30, 1500  # points of a world that a visitor draws
EXTENT = 1.2  # the plane is shown from -EXTENT to EXTENT
SHOWN, ARROWS, HEAT, LINES = 300, 60, 36, 15  # points, of them with arrows; sides of the heat map and of the net
SLICE = 0.02  # seconds of learning between two frames
N, BINS, PATIENT = 4000, 24, 1.0  # points and bins of the divergence; seconds between two measurements
FROM, TO = 100, 300  # steps between which it is seen what the forger does
# Of the real ground, reached at least once and held on average: .65 to .97, and .7 to .9 of that, under the first three
# losses on all worlds; .44, and .27, where Wasserstein's ran from cloud to cloud.
PLACES, TRUE, REACHED, HELD = 12, 0.25, 0.2, 0.5  # squares in a row; of the fullest; below is to stay; below is to run


class Rules(NamedTuple):
    """What a visitor may change while the game goes on."""

    loss: str
    rate: float
    critic_pace: float
    critic_steps: int
    penalty: float


class Field:
    """What a run in the plane shows of itself: fixed noise, a fixed net, and the distance still to go."""

    def __init__(self, data: Pictures, game: Rules) -> None:
        self.game = game
        self.real = data.fixed(N).x
        self.floor = divergence(data.fixed(N, "train").x, self.real)
        self.even = divergence(2 * EXTENT * torch.rand(N, 2, generator=noise(3)) - EXTENT, self.real)
        self.z = torch.randn(SHOWN, 2, generator=noise(1))
        self.net = mesh(2.0, LINES)
        self.places = mesh(EXTENT, HEAT)
        self.far, self.at = 1.0, 0  # the distance, and the step it was measured at
        ground = shares(self.real, PLACES)
        self.ground = torch.where(ground >= TRUE * ground.max(), ground, 0)
        self.reached, self.held = torch.zeros_like(ground), list[float]()  # the most of each place; shares still held

    def frame(self, run: Run) -> dict[str, Any]:
        """All the page draws, as base64: places as int16 in ten-thousandths, beliefs as bytes."""
        gan = run.trainer.model.eval()
        if monotonic() - run.measured > PATIENT:
            self.far, self.at = divergence(self.painted(gan, N), self.real), run.trainer.step
            run.measured = monotonic()
        with torch.no_grad():
            net, fake = gan.generator(self.net, label(self.net)), gan.generator(self.z, label(self.z))
            beliefs = self.beliefs(gan, fake)
        self.watch(run, fake)
        texts = words("gan.plane")
        said, out = counted(texts["said"], far=self.far, step=self.at), (fake.abs() > EXTENT).any(1).float().mean()
        return {
            "id": run.id,
            "step": run.trainer.step,
            "heat": b64encode((beliefs * 255).round().byte().numpy().tobytes()).decode(),
            "fake": packed(fake),
            "arrows": packed(pulled(gan, fake[:ARROWS])),
            "net": packed(net),
            "far": self.far,
            "came": run.came,
            "said": f"{said} {texts['outside'].format(n=round(100 * float(out)))}" if out >= 0.01 else said,
            "yard": texts["yard"].format(floor=self.floor, even=self.even, n=N),
        }

    @torch.no_grad()
    def painted(self, gan: GAN, n: int) -> Tensor:
        """Fresh forgeries (n, 2) of the forger that plays, not of its average."""
        z = gan.latents(n, noise(2))
        return gan.generator(z, label(z))

    def watch(self, run: Run, fake: Tensor) -> None:
        """Follows where the forgeries (n, 2) went, and says at step TO which of the guesses that was."""
        if run.came[0]:
            return
        now = torch.minimum(shares(fake, PLACES), self.ground)
        self.reached = torch.maximum(self.reached, now)
        ever = float(self.reached.sum() / self.ground.sum())
        if run.trainer.step >= FROM:
            self.held.append(float(now.sum() / self.reached.sum().clamp(min=1e-9)))
        if run.trainer.step < TO:
            return
        texts, held = words("gan.plane"), sum(self.held) / len(self.held)
        spread, ran, stayed = texts["guesses"]
        came = stayed if ever < REACHED else ran if held < HELD else spread
        facts = {"ever": 100 * ever, "held": 100 * held, "from": FROM, "to": run.trainer.step}
        run.came = came, texts["came"].format(**facts, reached=100 * REACHED, half=100 * HELD)

    def beliefs(self, gan: GAN, fake: Tensor) -> Tensor:
        """(HEAT * HEAT,) in 0..1, row by row: above one half where the critic puts a point nearer to the real ones."""
        real = self.real[:SHOWN]
        middle = (gan.judge(real, label(real)).mean() + gan.judge(fake, label(fake)).mean()) / 2
        return torch.sigmoid(2 * (gan.judge(self.places, label(self.places)) - middle))


def pulled(gan: GAN, fake: Tensor) -> Tensor:
    """Forgeries (n, 2) -> where the critic pulls each of them (n, 2); the longest arrow is .15."""
    some = fake.clone().requires_grad_()
    slopes = torch.autograd.grad(gan.judge(some, label(some)).sum(), some)[0]
    return 0.15 * slopes / slopes.norm(dim=1).max().clamp(min=1e-9)


def label(x: Tensor) -> Tensor:
    """Both players are told nothing in the plane: (B, ...) -> zeros (B,) long"""
    return torch.zeros(len(x), dtype=torch.long)


def mesh(extent: float, side: int) -> Tensor:
    """(side * side, 2) places from -extent to extent, row by row"""
    along = torch.linspace(-extent, extent, side)
    y, x = torch.meshgrid(along, along, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()), 1)


def packed(places: Tensor) -> str:
    """Places (n, 2) as base64 of int16"""
    return b64encode((places.clamp(-3, 3) * 10_000).round().short().numpy().tobytes()).decode()


def divergence(a: Tensor, b: Tensor) -> float:
    """Jensen-Shannon divergence of two clouds (N, 2), (M, 2) in bits, from counts in BINS x BINS squares; 0 to 1.

    Lin 1991 (IEEE Trans. Inf. Theory 37). What lies outside the plane is counted at its rim.
    """
    p, q = shares(a), shares(b)
    middle = (p + q) / 2
    return float((torch.xlogy(p, p / middle).nansum() + torch.xlogy(q, q / middle).nansum()) / 2) * log2(e)


def shares(places: Tensor, bins: int = BINS) -> Tensor:
    """(N, 2) -> (bins * bins,) the share of points in each square"""
    cell = ((places.double() / EXTENT + 1) / 2 * bins).long().clamp(0, bins - 1)
    return torch.bincount(cell[:, 1] * bins + cell[:, 0], minlength=bins * bins).double() / len(places)


def rules(asked: dict[str, Any]) -> Rules:
    """What the page sends, checked."""
    texts = words("gan.plane")
    return Rules(
        one_of(asked.get("loss"), LOSSES, texts["loss"]),
        finite(asked.get("rate"), 1e-5, 0.1, texts["rate"]),
        finite(asked.get("critic_pace"), 0.1, 50, texts["critic_pace"]),
        whole(asked.get("critic_steps"), 1, 10, texts["critic_steps"]),
        finite(asked.get("penalty"), 0, 10, texts["penalty"]),
    )


def world(asked: dict[str, Any]) -> Pictures:
    """The collection of points that the page asks for; Mishap for a drawing that is none."""
    if asked.get("world") != OWN:
        return open_gallery(one_of(asked.get("world"), WORLDS, words("gan.plane")["world"]))
    places = asked.get("places")
    if not isinstance(places, list) or not FEWEST <= len(places) <= MOST:
        raise Mishap(words("gan.plane")["few"])
    pairs = [place if isinstance(place, list) and len(place) == 2 else [None, None] for place in places]
    return Gallery(drawn(torch.tensor([[finite(v, -1, 1, words("gan.plane")["place"]) for v in p] for p in pairs])))


def begin(asked: dict[str, Any]) -> dict[str, Any]:
    """A new game at step 0, in the place of the visitor's old one."""
    game, data = rules(asked), world(asked)
    seed = whole(asked.get("seed"), 0, 999_999, words("gan.plane")["seed"])
    with seeded(seed):
        gan = build("gan", "small", data.facts() | {"classes": 0}, {"latent": 2, "memory": 0.99, **settings(game)})
    plan = Plan("gan", data.card.name, "small", seed, lr=game.rate, batch=128)
    run = Run(Trainer(plan, gan, data), Field(data, game))
    FIELDS.drop(asked.get("old"))
    FIELDS.add(run)
    return run.preview.frame(run) | {"real": packed(run.preview.real[:SHOWN])}


def settings(game: Rules) -> dict[str, Any]:
    """The rules as the model's Config has them."""
    return {name: value for name, value in game._asdict().items() if name != "rate"}


def go(asked: dict[str, Any]) -> dict[str, Any]:
    """The next frame: one step, or as many as go into a slice, by the rules as they stand now; or where it stands."""
    run = FIELDS.get(asked.get("id"))
    if asked.get("still"):  # whatever rules are being typed
        with run.lock:
            run.measured = 0.0  # what is left standing is looked at closely
            return run.preview.frame(run)
    game = rules(asked)
    with run.lock:
        if run.preview.game != game:
            run.trainer.change(game.rate, **settings(game))
            run.preview.game = game
        if asked.get("single"):
            run.measured = 0.0  # and so is a single step
    return FIELDS.once(run, run.preview.frame, 0.0 if asked.get("single") else SLICE)
