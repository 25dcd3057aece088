"""How healthy the game between a forger and its critic is, and the name of its illness. No Gradio.

Everything is measured, every few seconds, on unseen real pictures and on fresh forgeries of the same subjects. At which
value an illness gets its name stands below, and the page says it too. In a healthy game of the small network on faces
(420 steps) `told` was .96, `firm` .21, `heart` .52 and `variety` 1.08; at step 120 `firm` was .44, and in the
long games that made the shipped forgers .07 at their ends.
"""

from collections import deque
from typing import NamedTuple

import torch
from torch import Tensor

from core.data.collection import Pictures
from core.gan import GAN
from core.judge import Judge
from core.measure import effective, frechet, variety
from core.model import Batch, noise

UNSEEN, LEARNT, LOOKS = 200, 32, 3  # pictures that are looked at; looks that a name needs
HEART = 0.75  # learnt by heart: `heart` at least this; .5 for a critic that has seen neither
RIGHT, FIRM = 0.9, 0.8  # the critic too strong: `told` and `firm` at least these
DOZING, LOOSE = 0.6, 0.4  # the critic asleep: `told` and `firm` at most these (a firmer one errs), and paintings worse
ALIKE = 0.5  # collapse: `variety` at most this, and it was more than this and greater, or the paintings nearer
FAINT = 0.6  # noise or nothing: a painting's contrast, as a share of a real picture's, at most this
NAMED = 0.7  # things that can be named: the judge sees what was asked for in at least this share
NEARLY = 0.95  # or, where nothing was asked for, lies as near to a real picture as this share of real ones to another
AWAY = 1000  # run away: a loss at least this far from 0
EARLY = 200  # steps: until then a healthy game may look ill (doodles did till 165), and no illness is named
LONG = 1000  # steps for which it is told that an illness is gone
WORSE = 1.5  # so many times as far from real ones, or as much alike, as at their best


class Signs(NamedTuple):
    """What was measured at a step; the last four by the collection's judge, 0 where it has none."""

    told: float  # share of pairs of a real picture and a forgery that the critic ranks right; .5 by guessing
    firm: float  # how sure it is of its choice in such a pair, right or wrong: 0 has no opinion, 1 no doubt; .5 unknown
    heart: float  # share of pairs of a training picture and an unseen one that it ranks so; .5 is right
    kinds: float  # subjects painted (effective number), as a share of those of the real pictures
    variety: float  # how far paintings of one subject lie apart, as a share of what real ones do
    far: float  # Frechet distance of the paintings from the real pictures
    each: tuple[float, ...] = ()  # how often each subject is painted, 1 for as often as it is real


class Doctor:
    """Knows a collection's unseen pictures, and looks at a game whenever it is asked."""

    def __init__(self, data: Pictures, judge: Judge | None) -> None:
        self.real = data.fixed(UNSEEN)
        self.judge = judge
        self.best, self.richest = float("inf"), 0.0  # the nearest that the paintings ever were, and their most variety
        self.looks: deque[Signs] = deque(maxlen=LOOKS)
        self.was: tuple[str, int] = ("", 0)  # the illness last named, and the step at which it was last seen
        if judge and self.real.y is not None:
            with torch.inference_mode():
                self.features = judge.features(self.real.x)
                self.shares = shares(judge, self.features)
                self.variety = variety(self.features, self.real.y)

    def watch(self, gan: GAN, trained: Batch, device: torch.device, step: int) -> Signs:
        """The mean of the last few looks, this one among them: one alone may be chance."""
        self.looks.append(self.look(gan, trained, device, step))
        means = (sum(values) / len(self.looks) for values in zip(*(signs[:-1] for signs in self.looks)))
        return Signs(*means, each=self.looks[-1].each)

    @torch.inference_mode()
    def look(self, gan: GAN, trained: Batch, device: torch.device, step: int = 0) -> Signs:
        """The signs of a game at a step, whose critic has learnt from pictures like `trained`."""
        x, y = self.real.x.to(device), gan.labels(self.real).to(device)
        forged = gan.paint(gan.latents(len(y), noise(8, step)).to(device), y)
        real, fake = gan.judge(x, y), gan.judge(forged, y)
        known = gan.judge(trained.x.to(device), gan.labels(trained).to(device))
        alike = gan.labels(trained).to(device)[:, None] == y
        told = float((real > fake).float().mean())
        # the logits of the other losses are no log-odds, and say nothing of how sure the critic is
        known_firm = gan.config.loss in ("relativistic", "non-saturating")
        firm = float((2 * (real - fake).sigmoid() - 1).abs().mean()) if known_firm else 0.5
        heart = float((known[:, None] > real)[alike].float().mean())
        if not self.judge or self.real.y is None:
            return Signs(told, firm, heart, 0, 0, 0)
        features = self.judge.features(forged.cpu())
        far = frechet(features, self.features)
        self.best = min(self.best, far)
        # without labels nobody asked for a subject: it is the one that the judge sees
        asked = self.real.y if gan.config.classes else self.judge.head(features).argmax(1)
        apart = variety(features, asked) / self.variety
        self.richest = max(self.richest, apart)
        painted = shares(self.judge, features)
        each = tuple((painted / self.shares.clamp(min=1 / UNSEEN)).tolist())
        return Signs(told, firm, heart, effective(painted) / effective(self.shares), apart, far, each)

    @torch.inference_mode()
    def shows(self, gan: GAN, device: torch.device) -> tuple[int, dict[str, float]]:
        """What paintings look like, and what says so, in per cent.

        0 noise or nothing, 1 blurs, 2 things that can be named, 3 one picture over and over. In a game of the small
        network on faces it was noise at step 5 (contrast .36), blurs at 10 to 180 and named from 200 on (.76). Without
        labels nothing was asked for, and what is close to real pictures counts: none of noise, .05 of blurs at step
        150, .08 at 300.
        """
        y = self.real.y
        assert self.judge and y is not None, "only a judge can name what it sees"
        told = bool(gan.config.classes)
        forged = gan.paint(gan.latents(len(y), noise(9)).to(device), gan.labels(self.real).to(device)).cpu()
        features = self.judge.features(forged)
        contrast, real = (x.flatten(1).std(1).mean() for x in (forged, self.real.x))
        seen = self.judge.head(features).argmax(1)
        named = (seen == y if told else self.close(features)).float().mean()
        apart = variety(features, y if told else seen) / self.variety
        facts = {"contrast": 100 * float(contrast / real), "variety": 100 * float(apart), "named": 100 * float(named)}
        facts |= {"sure": 100 * float((self.judge.head(self.features).argmax(1) == y).float().mean())}
        if contrast <= FAINT * real:
            return 0, facts
        if apart <= ALIKE and (named < NAMED or not told):  # without labels one thing alone can be named, too
            return 3, facts
        return (2 if named >= NAMED else 1), facts

    def close(self, features: Tensor) -> Tensor:
        """Which of features (n, D) lie as near to a real picture as NEARLY all real ones do to another, (n,) bool"""
        apart = torch.cdist(self.features, self.features).fill_diagonal_(torch.inf).min(1).values
        return torch.cdist(features, self.features).min(1).values <= apart.quantile(NEARLY)

    def illness(self, signs: Signs) -> str:
        """heart, asleep, collapse, strong, or "" where nothing is wrong."""
        worse = self.judge is not None and signs.far >= WORSE * self.best
        if signs.heart >= HEART:
            return "heart"
        if worse and signs.told <= DOZING and signs.firm <= LOOSE:
            return "asleep"
        if signs.variety <= ALIKE and (worse or self.richest > max(ALIKE, WORSE * signs.variety)):
            return "collapse"
        return "strong" if signs.told >= RIGHT and signs.firm >= FIRM else ""

    def over(self, ill: str, step: int) -> str:
        """The illness that is gone, for so many steps after it was last seen; "" while there is one, or was none."""
        if ill:
            self.was = ill, step
        return "" if ill or step > self.was[1] + LONG else self.was[0]


def shares(judge: Judge, features: Tensor) -> Tensor:
    """The share (K,) of each subject that the judge finds in features (n, D)."""
    return judge.head(features).argmax(1).bincount(minlength=judge.config.classes) / len(features)
