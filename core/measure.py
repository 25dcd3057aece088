"""Numbers with a yardstick beside each: chance, a floor or a plain rival, measured in the same way.

Frechet distance: Heusel et al. 2017 (arXiv:1706.08500), in the features of our own judge. Bits per byte compare text
models across tokenizers.
"""

import lzma
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from core import factors as truth
from core.data.collection import Pictures
from core.data.gallery import Gallery
from core.data.text import Text
from core.gan import GAN
from core.gpt import GPT
from core.judge import Judge
from core.model import Batch, Mishap, noise, seeded
from core.ngram import ngram_nats
from core.vae import VAE, kl
from core.verdict import EACH, Line, measured

CHUNK = 250  # pictures that go through a network at once
GRAMS = {"bigram": 2, "5-gram": 5}  # tables beside a language model, and the tokens in a row that each counts
ENDLESS = 2**24  # pictures in a part of a collection: no training sees so many


class Number(NamedTuple):
    """A measured value, and what to hold it against."""

    value: float
    unit: str
    n: int
    yardsticks: dict[str, float]


def in_chunks(f: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """f applied CHUNK rows at a time."""
    return torch.cat([f(*rows) for rows in zip(*(t.split(CHUNK) for t in tensors))])


def fixed(data: Pictures, n: int, split: str) -> tuple[Tensor, Tensor]:
    """Up to n pictures of a part, with their labels (all 0 where there are none)."""
    batch = data.fixed(min(n, data.held(split)), split)
    return batch.x, torch.zeros(len(batch.x), dtype=torch.long) if batch.y is None else batch.y


def frechet(a: Tensor, b: Tensor) -> float:
    """Frechet distance between normal fits to features a (N, D) and b (M, D): |means|^2 + tr(A + B - 2 sqrt(A B))"""
    a, b = a.double(), b.double()
    A, B = torch.cov(a.T), torch.cov(b.T)
    root = torch.linalg.eigvals(A @ B).real.clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + A.trace() + B.trace() - 2 * root)


def effective(chances: Tensor) -> float:
    """(K,) shares -> the number of equally frequent classes with the same entropy"""
    return float(torch.special.entr(chances).sum().exp())


def nearest(a: Tensor, b: Tensor) -> Tensor:
    """(N, D), (M, D) -> (N,) the distance from each of a to the nearest of b"""
    return in_chunks(lambda rows: torch.cdist(rows, b).min(1).values, a)


def copied(fake: Tensor, real: Tensor, trained: Tensor) -> Number:
    """The share of fake (N, D) that lie nearer to some training picture (M, D) than 99 of 100 unseen real (K, D) do.

    It is near one in a hundred for a forger that copies as little as chance does, and large for one that copies.
    All training pictures must be given: among a part of them most copies find nothing to be near to.
    """
    line = nearest(real, trained).quantile(0.01)
    near = float((nearest(fake, trained) < line).float().mean())
    return Number(near, "share nearer to a training picture than usual", len(fake), {"unseen real pictures": 0.01})


def variety(features: Tensor, y: Tensor) -> float:
    """Mean distance between neighbours of one label in features (N, D): near 0 where a subject has one picture only."""
    order = y.argsort(stable=True)
    near, labels = features[order], y[order]
    same = labels[1:] == labels[:-1]
    return float((near[1:] - near[:-1])[same].norm(dim=1).mean())


@torch.inference_mode()
def measure_judge(judge: Judge, data: Pictures, n: int) -> dict[str, Number]:
    x, y = fixed(data, n, "test")
    right = in_chunks(lambda rows: judge.logits(rows).argmax(1), x) == y
    commonest = float(y.bincount().max()) / len(y)
    rivals = {"chance": 1 / judge.config.classes, "always the commonest": commonest}
    return {"right": Number(float(right.float().mean()), "share", len(y), rivals)}


@torch.inference_mode()
def measure_gan(gan: GAN, data: Pictures, n: int, judge: Judge) -> dict[str, Number]:
    """Up to n / 2 paintings beside n unseen pictures; the labels asked for are those of real pictures."""
    real, real_y = fixed(data, n, "test")
    trained, y = fixed(data, n // 2, "train")
    z = gan.latents(len(y), noise(0, 1))
    asked = y if gan.config.classes else torch.zeros_like(y)
    fake = in_chunks(gan.paint, z, asked)
    features = {name: in_chunks(judge.features, x) for name, x in (("real", real), ("train", trained), ("fake", fake))}
    heads = {name: judge.head(f).float().softmax(1) for name, f in features.items()}
    floor = frechet(features["train"], features["real"])
    judged = effective(heads["fake"].argmax(1).bincount(minlength=judge.config.classes) / len(y))
    true = effective(heads["train"].argmax(1).bincount(minlength=judge.config.classes) / len(y))
    numbers = {
        "frechet": Number(
            frechet(features["fake"], features["real"]), "distance", len(y), {"real against real": floor}
        ),
        "classes painted": Number(judged, "effective classes", len(y), {"real pictures": true}),
        "variety": Number(
            variety(features["fake"], y),
            "distance within a subject",
            len(y),
            {"real pictures": variety(features["train"], y)},
        ),
    }
    if data.held("train") < ENDLESS:  # what is drawn anew for every step cannot be learnt by heart
        everything = in_chunks(judge.features, data.fixed(data.held("train"), "train").x)
        numbers["copying"] = copied(features["fake"][:1000], features["real"][:1000], everything)
    if gan.config.classes:
        right = float((heads["fake"].argmax(1) == y).float().mean())
        best = float((heads["real"].argmax(1) == real_y).float().mean())
        numbers["as asked"] = Number(
            right, "share", len(y), {"real pictures": best, "chance": 1 / judge.config.classes}
        )
    return numbers | verdicts(line(gan, data))


def unseen(gan: GAN, data: Pictures, each: int = EACH) -> Batch:
    """Unseen pictures of all subjects, some `each` of them, with the labels that the critic is told."""
    batch = data.fixed(min(each * max(1, gan.config.classes), data.held()))
    return Batch(batch.x, gan.labels(batch))


def line(gan: GAN, data: Pictures) -> Line:
    """Where the critic's line lies, subject by subject."""
    real = unseen(gan, data)
    return measured(gan, real.x, gan.labels(real))


def verdicts(line: Line) -> dict[str, Number]:
    """The critic on unseen pictures of all subjects and as many forgeries: subject by subject, since
    what it gives to one subject cannot be compared with what it gives to another."""
    n = int(line.n.sum())
    takes, passes = (float((share * line.n).sum() / n) for share in (line.takes, line.passes))
    return {
        "critic right": Number((takes + 1 - passes) / 2, "share", 2 * n, {"chance": 0.5}),
        "forged taken for real": Number(passes, "share", n, {"real taken for real": takes}),
        "critic's doubt": Number(line.off, "chances off by", 2 * n, {"one that knows its doubt": line.luck}),
    }


@torch.inference_mode()
def measure_vae(vae: VAE, data: Pictures, n: int) -> dict[str, Number]:
    """Reconstruction from the mean code, brightness in 0..1, beside PCA with as many numbers."""
    x, _ = fixed(data, n, "test")
    train, _ = fixed(data, n, "train")
    mean, logvar = (torch.cat(parts) for parts in zip(*(vae.encode(rows) for rows in x.split(CHUNK))))
    error = float(in_chunks(lambda z, rows: ((vae.decode(z) - rows) / 2).square().flatten(1).mean(1), mean, x).mean())
    average = float(((x - train.mean(0)) / 2).square().mean())
    carried = kl(mean, logvar)
    rng = noise(0, 2)

    def distortion(mean: Tensor, logvar: Tensor, rows: Tensor) -> Tensor:
        z = mean + (0.5 * logvar).exp() * torch.randn(mean.shape, generator=rng)
        return vae.surprise(vae.logits(z), rows)

    nats = in_chunks(distortion, mean, logvar, x).mean() + carried.sum(1).mean()
    active = int((carried.mean(0) > 0.01).sum())
    prior = vae.surprise(vae.logits(torch.randn(len(x[:CHUNK]), vae.config.latent, generator=rng)), x[:CHUNK]).mean()
    rivals = {
        f"PCA with {vae.config.latent} numbers": pca_error(train, x, vae.config.latent),
        "the mean picture": average,
    }
    return {
        "error": Number(error, "squared error per pixel", len(x), rivals),
        "rate": Number(float(carried.sum(1).mean()) / math.log(2), "bits per picture", len(x), {"no code": 0.0}),
        "bound": Number(
            float(nats), f"nats per picture ({vae.config.likelihood})", len(x), {"a random code": float(prior)}
        ),
        "latents in use": Number(active, "latents over 0.01 nats", len(x), {"in all": vae.config.latent}),
        **(meaning(mean, data) if isinstance(data, Gallery) and len(x) >= truth.FEWEST else {}),
    }


def meaning(mean: Tensor, data: Gallery) -> dict[str, Number]:
    """The codes (N, Z) of the first test pictures beside what those were drawn from, and beside shuffled factors."""
    factors = data.factors(len(mean))
    chance = truth.scores(mean, truth.shuffled(factors))
    numbers = {
        name: Number(score, "score from 0 to 1", len(mean), {"shuffled factors": chance[name]})
        for name, score in truth.scores(mean, factors).items()
    }
    count = numbers["factors on one latent"]
    rivals = {"in all": factors.shape[1], **count.yardsticks}
    return numbers | {"factors on one latent": count._replace(unit="factors with r of .8 or more", yardsticks=rivals)}


@torch.inference_mode()
def latents(vae: VAE, data: Gallery, n: int) -> list[dict[str, Any]]:
    """For a card: what each latent is mostly about, and how closely (correlation, held out)."""
    mean = in_chunks(lambda rows: vae.encode(rows)[0], data.fixed(n).x)
    found = truth.matches(mean, data.factors(n))
    return [{"factor": data.card.factors[match.factor], "r": round(match.r, 3)} for match in found]


def pca_error(train: Tensor, test: Tensor, latents: int) -> float:
    """Mean squared error per pixel (brightness in 0..1) of test pictures from their first principal components."""
    return float(((pca_redraw(test, *principal(train, latents)) - test) / 2).square().mean())


def principal(train: Tensor, latents: int) -> tuple[Tensor, Tensor]:
    """train (N, ...) -> their mean (D,) and the first principal directions (D, latents), the same every time"""
    center = train.flatten(1).mean(0)
    with seeded(0):
        _, _, directions = torch.svd_lowrank(
            train.flatten(1) - center, q=min(latents + 8, len(train), len(center)), niter=6
        )
    return center, directions[:, :latents]


def pca_redraw(x: Tensor, center: Tensor, directions: Tensor) -> Tensor:
    """x (B, ...) -> the same, redrawn from as many numbers as there are directions"""
    return (center + (x.flatten(1) - center) @ directions @ directions.T).reshape(x.shape)


@torch.inference_mode()
def measure_gpt(gpt: GPT, data: Text) -> dict[str, Number]:
    """Bits per byte of held-out text, one number a part."""
    numbers = {}
    for part in data.parts:
        row, train = data.rows[part.name, "test"].long(), data.rows[part.name, "train"].long()
        raw = "".join(part.test).encode()
        if not raw:
            continue
        scale = 1 / math.log(2) / len(raw)
        rivals = {"uniform": math.log(gpt.config.vocab) * (len(row) - 1) * scale}
        if len(train):
            rivals |= {name: ngram_nats(train, row, gpt.config.vocab, n) * scale for name, n in GRAMS.items()}
        rivals["xz"] = len(lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME)) * 8 / len(raw)
        numbers[f"bits per byte, {part.name}"] = Number(text_nats(gpt, row) * scale, "bits per byte", len(raw), rivals)
    if not numbers:
        raise Mishap("This text is too short to hold any of it out, so there is nothing to measure on.")
    return numbers


def text_nats(gpt: GPT, row: Tensor) -> float:
    """Sum of -log p over row (N,) but its first token, each guessed from all before it or at least half a context."""
    context, total, done = gpt.config.context, 0.0, 1
    starts = range(0, max(1, len(row) - 1), context // 2)
    for start in starts:
        window = row[start : start + context + 1]
        if start + len(window) <= done:
            break
        losses = F.cross_entropy(gpt(window[None, :-1])[0].float(), window[1:], reduction="none")
        total += float(losses[done - start - 1 :].sum())
        done = start + len(window)
    return total


def measure(model: Any, data: Any, judge: Judge | None = None, n: int = 10_000) -> dict[str, Number]:
    """A model's numbers on a collection; n bounds the pictures. Mishap where a judge is needed and missing."""
    if isinstance(model, GPT):
        return measure_gpt(model, data)
    if isinstance(model, VAE):
        return measure_vae(model, data, n)
    if isinstance(model, Judge):
        return measure_judge(model, data, n)
    if judge is None:
        raise Mishap("There is no judge for this collection, so paintings of it cannot be measured.")
    return measure_gan(model, data, n, judge)
