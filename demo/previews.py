"""What a training shows of itself: the same noise, the same drawings, the same beginning, again and again.

Each family has a Preview made once a run. `look` gives HTML for the eye; `sentence` a plain result and its yardstick,
measured on the model as it stands.
"""

import lzma
import math
import zlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import torch
from torch import Tensor

from core.data.collection import Pictures
from core.data.text import Text
from core.gan import GAN
from core.gpt import GPT
from core.measure import effective, pca_error, text_nats
from core.model import noise
from core.ngram import ngram_nats
from core.vae import VAE, kl
from demo.firsts import came, hit
from demo.ink import HANDS
from demo.runs import Run
from demo.show import bar, curves, figure, pixels, sheet, tick
from demo.signs import ALIKE, AWAY, EARLY, FAINT, LEARNT, NAMED, NEARLY, Doctor
from demo.words import counted, words

XZ_READS = 200_000  # letters
FOES = ("blind", "unigram", "bigram")  # of a storyteller, in the order of the guesses
MINUTE = 60.0  # seconds of learning after which it is said which guess came true
PAIRS = 10  # pictures that are redrawn at each look
LATELY = 8  # points of a curve that are its latest; a surprise at what is learnt is averaged over as many
HEART = 0.5  # of the surprise at unseen text: who is less surprised than this by what was learnt knows it by heart


def wall(figures: Iterable[str]) -> str:
    """Pictures hung in rows."""
    return f'<div class="bench-wall">{"".join(figures)}</div>'


class Wall:
    """A GAN's paintings from fixed noise, subjects in turn."""

    curves = {"forger": "forger", "critic": "critic"}

    def __init__(self, model: GAN, data: Pictures, judge: Any = None):
        self.labels, self.kinds = data.card.labels if model.config.classes else (), data.card.labels
        self.doctor = Doctor(data, judge)
        self.y = torch.arange(24) % max(1, model.config.classes)  # without labels both players are told 0
        self.z = model.latents(24, noise(7))
        self.former: list[tuple[int, float]] = []  # step and subjects of the run before, where labels were otherwise

    @torch.inference_mode()
    def look(self, run: Run) -> str:
        model, device = run.trainer.model, run.trainer.device
        pictures = model.paint(self.z.to(device), self.y.to(device)).cpu()
        run.sheet = sheet(list(pictures), 8)
        return wall(figure(x, self.name(int(y))) for x, y in zip(pictures, self.y))

    def came(self, run: Run) -> tuple[str, str]:
        """Which of the guesses the wall shows, and by what measure; nothing where no judge knows the subjects."""
        if not (self.doctor.judge and self.kinds):
            return "", ""
        which, facts = self.doctor.shows(run.trainer.model, run.trainer.device)
        facts |= {"step": run.trainer.step, "nearly": 100 * NEARLY, "chance": 100 / len(self.kinds)}
        facts |= {"faint": 100 * FAINT, "alike": 100 * ALIKE, "least": 100 * NAMED}
        texts = words("gan.train")
        facts["seen"] = texts["named_asked" if self.labels else "named_close"].format(**facts)
        return texts["guesses"][which], texts["came"].format(**facts)

    def remember(self, gone: Run) -> None:
        """What the run before could paint, if only there the players were told the subject, or only here."""
        if bool(gone.preview.labels) != bool(self.labels) and gone.preview.kinds == self.kinds:
            self.former = [(step, signs.kinds) for step, signs in gone.marks if step]

    def beside(self, step: int) -> str:
        """Beside the subjects painted now, those that run painted at about this step."""
        if not self.former:
            return ""
        then, kinds = max((mark for mark in self.former if mark[0] <= step), default=self.former[0])
        name = "gan_told_nothing" if self.labels else "gan_told"
        return " " + words("train")[name].format(kinds=kinds * effective(self.doctor.shares), step=then)

    def name(self, y: int) -> str:
        return words("train")["painting"].format(label=self.labels[y] if self.labels else "")

    def sentence(self, run: Run) -> tuple[str, str]:
        """What the critic can tell; or what is wrong with the game, and at which value one calls it so."""
        data, texts = run.trainer.data, words("train")
        if run.marks and run.marks[-1][0] == run.trainer.step:
            signs = run.marks[-1][1]
        else:
            trained = data.fixed(min(LEARNT, data.held("train")), "train")
            signs = self.doctor.watch(run.trainer.model, trained, run.trainer.device, run.trainer.step)
            run.mark(signs)
        if run.trainer.seconds >= MINUTE and not run.came[0]:
            run.came = self.came(run)
        losses = [abs(loss) for name in self.curves for loss in run.curves.get(name, [])[-LATELY:]]
        loss = max(losses, default=0.0)  # a loss that runs away swings to and fro
        ill = "away" if loss >= AWAY else self.doctor.illness(signs) if run.trainer.step >= EARLY else ""
        over = self.doctor.over(ill, run.trainer.step)
        facts = {
            "loss": tick(loss),
            "away": AWAY,
            "told": 100 * signs.told,
            "firm": 100 * signs.firm,
            "heart": 100 * signs.heart,
            "variety": 100 * signs.variety,
            "richest": 100 * self.doctor.richest,
            "times": signs.far / self.doctor.best if self.doctor.judge else 0,
            "kinds": signs.kinds * effective(self.doctor.shares) if self.doctor.judge else 0,
            "all": len(self.kinds),
        }
        if ill:
            return texts[f"ill_{ill}"].format(**facts), texts[f"ill_{ill}_yard"].format(**facts)
        gone = texts["ill_over"].format(what=texts["ills"][over], step=self.doctor.was[1]) if over else ""
        kinds = texts["gan_kinds"].format(**facts) + self.beside(run.trainer.step) if self.doctor.judge else ""
        said = f"{gone} {texts['gan_said'].format(**facts)} {kinds}".strip()
        return said, f"{texts['gan_yard']} {texts['gan_kinds_yard'] if kinds else ''}".strip()


def charted(run: Run) -> str:
    """What was measured of a game, as curves of shares and, subject by subject, as bars."""
    texts, names = words("train"), run.trainer.data.card.labels
    shown = ("told", "kinds", "variety") if run.marks[-1][1].each else ("told",)
    lines = {texts[f"sign_{sign}"]: [getattr(signs, sign) for _, signs in run.marks] for sign in shown}
    chart = curves([step for step, _ in run.marks], lines) if len(run.marks) > 1 else ""
    each = "".join(
        f"<li>{escape(name)} <span>{share:.1f} ×</span>{bar(share)}</li>"
        for name, share in zip(names, run.marks[-1][1].each)
    )
    return (chart and f"<h4>{escape(texts['signs'])}</h4>{chart}") + (
        each and f'<h4>{escape(texts["each"])}</h4><ul class="each">{each}</ul>'
    )


class Redraws:
    """A VAE's redraws of fixed unseen pictures, each under its original; the first may be a visitor's own."""

    def __init__(self, model: VAE, data: Pictures, judge: Any = None):
        self.x = data.fixed(128).x
        self.labels = data.card.labels
        self.kind = "pair ink" if data.card.name in HANDS else "pair"  # drawings: ink on paper by day, as on the pad
        learnt = data.fixed(2000, "train").x
        self.rival = pca_error(learnt, self.x, model.config.latent)
        self.packed = 8 * sum(len(zlib.compress(pixels(x).numpy().tobytes(), 9)) for x in self.x) / len(self.x)
        # nats of an unseen picture, redrawn without a fault, and redrawn as all others are: as their average
        self.perfect, self.alike = (certain(model, light, self.x) for light in (self.x, learnt.mean(0)))
        self.latent = model.config.latent
        self.own: Tensor | None = None  # (1, C, S, S), a visitor's drawing
        self.since = 0  # the step at which it came

    @torch.inference_mode()
    def look(self, run: Run) -> str:
        own, texts = self.own, words("train")
        x = self.x[:PAIRS] if own is None else torch.cat((own, self.x[: PAIRS - 1]))  # a film's sheets are of one size
        model = run.trainer.model
        again = model.decode(model.encode(x.to(run.trainer.device))[0]).cpu()
        run.sheet = sheet([*x, *again], len(x))
        named = [(self.kind, texts["original"], texts["redraw"])] * PAIRS
        if own is not None:
            named[0] = (f"{self.kind} own", texts["own"], texts["own_redraw"])
        pairs = (
            f'<div class="{kind}">{figure(a, above)}{figure(b, below)}</div>'
            for (kind, above, below), a, b in zip(named, x, again)
        )
        head = escape(texts["pairs" if own is None else "pairs_own"])
        return f'<h4>{head}</h4><div class="bench-pairs">' + "".join(pairs) + "</div>"

    @torch.inference_mode()
    def sentence(self, run: Run) -> tuple[str, str]:
        model, texts, own = run.trainer.model, words("train"), self.own
        x = self.x.to(run.trainer.device)
        mean, logvar = model.encode(x)
        again = model.decode(mean)
        if not (run.begun or run.came[0]):  # of one that had learnt before nobody saw what came first
            shares, seconds = hit(self.x, again.cpu(), self.x.mean(0, keepdim=True)), run.trainer.seconds
            run.came = came(shares, run.trainer.step, seconds, seconds >= MINUTE)
        error = float(((again - x) / 2).square().mean())
        bits = float(kl(mean, logvar).sum(1).mean()) / math.log(2)
        said = counted(texts["vae_said"], error=100 * error**0.5, bits=bits)
        if own is not None:
            own = own.to(run.trainer.device)
            lost = float(((model.decode(model.encode(own)[0]) - own) / 2).square().mean())
            said += " " + texts["vae_own"].format(error=100 * lost**0.5)
        return said, texts["vae_yard"].format(
            latent=self.latent, error=100 * self.rival**0.5, packed=round(self.packed, -2)
        )

    def costs(self, curves: dict[str, list[float]]) -> dict[str, dict[str, list[float]]]:
        """Its two costs in nats, title -> name -> values: apart, since one may be a hundred times the other; beside
        that of the redraw what it is if all redraws are alike, beside that of the code what the name of its kind would
        be. Counted from a perfect fit: densities cost less."""
        texts, n = words("train"), len(curves["kl"])
        fit = {
            texts["fit_name"]: [nats - self.perfect for nats in curves["reconstruction"]],
            texts["alike"]: [self.alike - self.perfect] * n,
        }
        kinds = {texts["kind"]: [math.log(len(self.labels))] * n} if self.labels else {}
        return {texts["fit"]: fit, texts["kl"]: {"KL": curves["kl"], **kinds}}


def certain(model: VAE, redraw: Tensor, x: Tensor) -> float:
    """Nats that pictures x (B, C, S, S) in -1..1 cost on the mean where `redraw`, as large, is painted for them"""
    chance = ((redraw + 1) / 2).clamp(1e-4, 1 - 1e-4).expand_as(x)
    return float(model.surprise(chance.logit(), x).mean())


def plain(tokenizer: Any, ids: torch.Tensor) -> str:
    """ids (T,) as text, without the marks between documents."""
    return tokenizer.decode([i for i in ids.tolist() if i])


def xz_bits(before: str, text: str) -> float:
    """Bits a byte that xz needs for a text when it has read the last XZ_READS letters of what stands before it.

    Its dictionary holds all of it and no more: that of preset 9 takes 674 MB of memory for each who asks.
    """
    known, text_raw = before[-XZ_READS:].encode(), text.encode()
    how = [{"id": lzma.FILTER_LZMA1, "preset": 9, "dict_size": max(4096, len(known) + len(text_raw))}]
    sizes = [len(lzma.compress(raw, lzma.FORMAT_ALONE, filters=how)) for raw in (known, known + text_raw)]
    return 8 * (sizes[1] - sizes[0]) / max(1, len(text.encode()))


def lately(losses: Sequence[float]) -> float:
    """The mean of the last few; NaN where there are none."""
    return sum(losses[-LATELY:]) / len(losses[-LATELY:]) if losses else math.nan


class Samples:
    """A storyteller's continuation of a fixed beginning, and its surprise at text it has not seen."""

    curves = {"loss": "surprise"}

    def __init__(self, model: GPT, data: Text, judge: Any = None):
        part = data.parts[0]
        self.unseen = data.rows[part.name, "test"][: 3 * model.config.context].long()
        self.tokenizer = data.tokenizer
        unseen = plain(data.tokenizer, self.unseen)
        self.scale = 1 / math.log(2) / max(1, len(unseen.encode()))
        train, vocab = data.rows[part.name, "train"].long(), model.config.vocab
        self.heart = [pair for p in data.parts if (pair := self.stretches(data, p.name, 2 * model.config.context))]
        whole = sum(p.share for p in data.parts)
        sizes = [len("".join(p.train).encode()) / len(data.rows[p.name, "train"]) * p.share / whole for p in data.parts]
        self.nat = 1 / math.log(2) / sum(sizes)  # of a loss, in bits per byte
        self.rivals = {
            "xz": xz_bits("".join(part.train[-1000:]), unseen),
            "bigram": ngram_nats(train, self.unseen, vocab, 2) * self.scale,
            "unigram": ngram_nats(train, self.unseen, vocab, 1) * self.scale,
            "blind": math.log(vocab) * (len(self.unseen) - 1) * self.scale,
        }
        beginning = plain(data.tokenizer, self.unseen[1:9])
        self.beginning = beginning if part.name in ("own", "python") else "Once upon a time"

    @torch.inference_mode()
    def look(self, run: Run) -> str:
        model, device = run.trainer.model, run.trainer.device
        prompt = torch.tensor([0, *self.tokenizer.encode(self.beginning).ids])
        knobs = {"prompt": prompt, "length": 80, "temperature": 0.8, "top_p": 0.95}
        *_, ids = model.sample(1, noise(9, device=device), **knobs)
        said = plain(self.tokenizer, ids[0, len(prompt) :])
        return f'<p class="sample"><b>{escape(self.beginning)}</b>{escape(said)}</p>'

    @staticmethod
    def stretches(data: Text, part: str, most: int) -> list[tuple[Tensor, float]]:
        """Tokens of a part that it reads, and tokens kept aside: each with its bits per byte for a nat in all."""
        rows = [data.rows[part, split][:most].long() for split in ("train", "test")]
        sizes = [len(plain(data.tokenizer, row[1:]).encode()) for row in rows]
        return [(row, 1 / math.log(2) / size) for row, size in zip(rows, sizes)] if all(sizes) else []

    @torch.inference_mode()
    def sentence(self, run: Run) -> tuple[str, str]:
        """What unseen text costs it; or that it learns a part by heart, and at which value one calls it so."""
        bits = text_nats(run.trainer.model, self.unseen.to(run.trainer.device)) * self.scale
        texts, yard = words("train"), words("train")["gpt_yard"].format(**self.rivals)
        if run.trainer.seconds >= MINUTE and not run.came[0]:
            run.came = self.came(run.trainer.step, bits)
        pairs = ([text_nats(run.trainer.model, row.to(run.trainer.device)) * nat for row, nat in p] for p in self.heart)
        learnt, unseen = min(pairs, key=lambda pair: pair[0] / pair[1], default=(1.0, 1.0))
        if learnt < HEART * unseen:
            return texts["ill_text"].format(learnt=learnt, bits=unseen), f"{texts['ill_text_yard']} {yard}"
        return texts["gpt_said"].format(bits=bits), yard

    def came(self, step: int, bits: float) -> tuple[str, str]:
        """The best of the rivals that cost more than these bits per byte, as the guesses name it, and when that was."""
        texts = words("gpt.train")
        beaten = [(cost, i) for i, name in enumerate(FOES, 1) if (cost := self.rivals[name]) > bits]
        return texts["guesses"][min(beaten, default=(0.0, 0))[1]], texts["came"].format(step=step, bits=bits)

    def lines(self, losses: Sequence[float]) -> dict[str, list[float]]:
        """Its surprise at what it learns from, in bits per byte, beside what rivals need for unseen text."""
        near = {name: [self.rivals[name]] * len(losses) for name in ("bigram", "xz")}
        return {words("train")["own_text"]: [self.nat * loss for loss in losses], **near}


PREVIEWS = {"gan": Wall, "vae": Redraws, "gpt": Samples}
