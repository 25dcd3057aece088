"""The shipped storyteller going on to learn a visitor's text, in a copy of that visitor's own. No Gradio.

All its weights move (full tuning), in small steps with the optimizers it was trained with. LoRA (rank 8, AdamW) took
more steps in equal time, but for much the same gain it lost more: in 15 s on Shakespeare 2.49 -> 2.23 bits a byte and
.97 -> 1.11 on old stories, where this went to 2.26 and .985 (one run each, two stretches a step here, four there).
"""

import copy
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from threading import BoundedSemaphore
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core import checkpoint
from core.checkpoint import Loaded
from core.data import data_folder
from core.data.text import RETOLD, TEXTS, Text, encode, first, merges_of, own_part, read_all, read_documents, split_part
from core.gpt import GPT
from core.measure import text_nats
from core.model import Mishap, noise
from core.ngram import ngram_nats
from core.train import Plan, Trainer
from demo.limits import cleaned, strange, whole
from demo.previews import HEART, lately, plain, xz_bits
from demo.runs import Run, Runs, Turnstile
from demo.shelf import once, shelf
from demo.show import curves
from demo.telling import SEEDS, TELLER, readable
from demo.training import Seen, device, given, note
from demo.words import counted, words

LR, BATCH = 0.006, 4  # a third of the rate it was trained with, and stretches few enough for a step a second
MINUTE = 60.0  # seconds of learning at one go
LEAST = 600  # letters, of which a tenth is kept aside
ROW, TOLD = 640, 60  # tokens that are measured on, and that are told before and after
PATIENT = 4.0  # seconds between two measurements
A_FEW = 2_000_000  # letters of stories, of which one in fifty was never read
COPIES, WAITING = 24, 8  # tunings kept, each of some seventy megabytes; visitors who wait for theirs to be made

ROOM, MAKING = BoundedSemaphore(WAITING + 1), Turnstile()


def checked(text: Any) -> str:
    """A visitor's text, fit to learn from; Mishap for one that is not."""
    texts = words("gpt.tune")
    if not isinstance(text, str) or not text.strip():
        raise Mishap(texts["no_text"])
    if strange(text):
        raise Mishap(texts["strange"])
    text = cleaned(text).strip()
    if len(text) < LEAST:
        raise Mishap(texts["short"].format(least=LEAST, letters=len(text)))
    return text


EDGES = (0.01, 0.05, 0.2)  # more bits for the old stories, as the guesses name them


class Bits(NamedTuple):
    """What a model needs for a letter (byte), in bits."""

    new: float  # of the part of the visitor's text that was kept aside
    old: float  # of stories that it has not read
    learnt: float  # of what it learns from, as it learns it; NaN before the first step


class Row(NamedTuple):
    """Tokens to be measured on."""

    ids: Tensor  # (N,)
    scale: float  # bits per byte for a nat in all

    def bits(self, model: GPT) -> float:
        return text_nats(model, self.ids.to(model.embed.weight.device)) * self.scale


def measured(loaded: Loaded, ids: Tensor) -> Row:
    row = ids[:ROW].long()
    return Row(row, 1 / math.log(2) / max(1, len(plain(loaded.tokenizer, row).encode())))


@once
def stories() -> tuple[Row, str]:
    """Stories to see what is forgotten, and which they are: those by others that it never read, if they are here."""
    loaded = shelf(TELLER)
    others = split_part("others", 1.0, first(read_all(data_folder(), "TinyStories"), A_FEW)).test
    unread = others or split_part("own", 1.0, first(read_documents(RETOLD), A_FEW)).test
    return measured(loaded, encode(loaded.tokenizer, unread)), "others" if others else "own"


class Tuning:
    """What a run shows of itself: the same beginning before and after, and what was won and lost."""

    remark = "Tuned on the page: the shipped storyteller went on to learn a visitor's text."

    def __init__(self, model: GPT, data: Text, beginning: str, seed: int):
        loaded, (part,) = shelf(TELLER), data.parts
        self.loaded, self.beginning, self.seed = loaded, beginning, seed
        self.prompt = [0, *loaded.tokenizer.encode(beginning, add_special_tokens=False).ids]
        self.new, (self.old, self.whose) = measured(loaded, data.rows["own", "test"]), stories()
        train = data.rows["own", "train"].long()
        self.scale = 1 / math.log(2) / (len("".join(part.train).encode()) / len(train))
        self.xz = xz_bits("".join(part.train), plain(loaded.tokenizer, self.new.ids))
        self.bigram = ngram_nats(train, self.new.ids, model.config.vocab, 2) * self.new.scale
        self.first, self.before = self.tell(model), self.bits(model)

    @torch.inference_mode()
    def bits(self, model: GPT, losses: Sequence[float] = ()) -> Bits:
        return Bits(self.new.bits(model), self.old.bits(model), self.scale * lately(losses))

    def tell(self, model: GPT) -> str:
        """How it goes on with the beginning; the same seed every time."""
        rng = noise(self.seed, device=model.embed.weight.device)
        ids = [guess.token for guess in model.tell(self.prompt, rng, TOLD, temperature=0.8, top_p=0.95)]
        return self.loaded.tokenizer.decode(ids[: ids.index(0)] if 0 in ids else ids)

    def look(self, run: Run) -> str:
        texts, step = words("gpt.tune"), run.trainer.step
        shown = ((texts["before"], self.first), (counted(texts["after"], step=step), self.tell(run.trainer.model)))
        told = (
            f'<div><h4>{escape(title)}</h4><p class="sample"><b>{escape(self.beginning)}</b>{escape(said)}</p></div>'
            for title, said in shown
        )
        return f'<div class="twins">{"".join(told)}</div>'

    def sentence(self, run: Run) -> tuple[str, str]:
        """What was won and lost; or that it learns by heart, and at which value one calls it so."""
        texts, now = words("gpt.tune"), self.bits(run.trainer.model, run.curves.get("loss", []))
        run.mark(now)
        facts = {"was_new": self.before.new, "was_old": self.before.old, "xz": self.xz, "bigram": self.bigram}
        rise = now.old / self.before.old - 1
        facts |= {**now._asdict(), "rise": 100 * rise, "whose": texts[f"whose_{self.whose}"]}
        if run.trainer.seconds >= MINUTE and not (run.begun or run.came[0]):  # not of one that had learnt before
            which, step = texts["guesses"][sum(rise >= edge for edge in EDGES)], run.trainer.step
            run.came = which, texts["came"].format(step=step, **facts)
        said = texts["said"] if run.trainer.step else texts["said_first"]
        yard = texts["yard"].format(**facts)
        if now.learnt < HEART * now.new:
            return texts["ill"].format(**facts), f"{said.format(**facts)} {yard}"
        return said.format(**facts), yard


def is_known(run: Run) -> bool:
    """Whether anything was measured of a tuning after its beginning: from then on a guess is none."""
    return isinstance(run.preview, Tuning) and bool(run.marks and run.marks[-1][0])


def opened(text: Any) -> Text:
    """A visitor's text in the tokens of the shipped storyteller."""
    return Text(TEXTS["own"], [own_part(checked(text))], shelf(TELLER).tokenizer)


def begin(text: Any, beginning: Any, seed: Any) -> Run:
    """A copy of the shipped storyteller, at rest before its first step; Mishap for what cannot be learnt."""
    known, seed = readable(beginning), whole(seed, 0, SEEDS, words("train")["seed"])
    data, card = opened(text), shelf(TELLER).card
    trainer = Trainer(Plan("gpt", "own", card["size"], lr=LR, batch=BATCH), own_copy(), data, device())
    return Run(trainer, Tuning(trainer.model.eval(), data, known, seed))


@contextmanager
def making(runs: Runs) -> Iterator[None]:
    """A turn to make a tuning, one visitor at a time; Mishap where none would find a place, or too many wait."""
    runs.room(Tuning, COPIES)
    if not ROOM.acquire(blocking=False):
        raise Mishap(words("gpt.tune")["crowd"])
    try:
        with MAKING:
            yield
    finally:
        ROOM.release()


def own_copy() -> GPT:
    return copy.deepcopy(shelf(TELLER).model)


def brought(files: list[str], text: Any, beginning: Any, seed: Any) -> Run:
    """A run that goes on from two files that were kept; Mishap if they are no child of the shipped storyteller."""
    loaded, ours = given("gpt", files), shelf(TELLER)
    if loaded.model.config != ours.model.config or merges_of(loaded.tokenizer) != merges_of(ours.tokenizer):
        raise Mishap(words("gpt.tune")["stranger"])
    data, known = opened(text), readable(beginning)
    seed = whole(seed, 0, SEEDS, words("train")["seed"])
    trainer = checkpoint.go_on(loaded, data, device())
    return Run(trainer, Tuning(own_copy().to(trainer.device), data, known, seed))


def see(run: Run) -> Seen:
    """The run at rest as the page shows it; measured anew every few seconds only."""
    run.trainer.model.eval()
    said = run.sentence
    if not said or time.monotonic() - run.measured > PATIENT:
        said = run.sentence = run.preview.sentence(run)
        run.measured = time.monotonic()
        run.look()
    texts = words("train")
    meter = words("gpt.tune")["meter"].format(
        step=run.trainer.step,
        seconds=run.trainer.seconds,
        state=texts["state_running" if run.seat else "state_resting"],
    )
    run.seen = Seen(run.picture + note(meter, run.trainer.step), charts(run), said, run)
    return run.seen


def charts(run: Run) -> str:
    """What was measured while it learnt, as curves."""
    if len(run.marks) < 2:
        return ""
    texts, found = words("gpt.tune"), [bits for _, bits in run.marks]
    lines = {
        texts["line_new"]: [bits.new for bits in found],
        texts["line_old"]: [bits.old for bits in found],
        texts["line_xz"]: [run.preview.xz] * len(found),
    }
    return f"<h4>{escape(texts['lines'])}</h4>{curves([step for step, _ in run.marks], lines)}"
