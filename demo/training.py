"""How a training of a visitor begins, comes back and shows itself. No Gradio."""

import os
import time
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import torch

from core import checkpoint
from core.data import COLLECTIONS, data_folder, open_collection
from core.data.collection import Few
from core.data.fetch import SOURCES, fetch
from core.data.text import LARGEST, read_parts
from core.families import FAMILIES, build
from core.gan import LOSSES
from core.model import Mishap, seeded
from core.train import Plan, Trainer, pick_device
from demo.limits import cleaned, strange, whole
from demo.previews import PREVIEWS, Redraws, Samples, Wall, charted, wall
from demo.runs import Run
from demo.shelf import collection, shelf
from demo.show import animated, curves, figure
from demo.words import counted, words

PATIENT = 3.0  # seconds between two results, which cost more than a look
FIRST = {"gan": "faces", "vae": "faces", "gpt": "retold"}  # always there, so it stands first
BATCHES = {"gan": 640, "vae": 512, "gpt": 64}  # at most: a slice is never shorter than one step, and all wait for it
FEW = 32  # pictures to learn from, where somebody wants to see them learnt by heart
VOCAB, MOST = 1024, 3_000_000  # of a storyteller trained on the page: a small table learns its words sooner
LEAST = 200  # letters of a visitor's own text
LETTERS = 257  # tokens where no bytes are joined: each of them, and the mark between documents


def device() -> torch.device:
    return pick_device(os.environ.get("ATELIER_DEVICE", ""))


def opened(name: str, text: str, vocab: int = VOCAB) -> Any:
    """The collection a new training learns from; a visitor's own text is opened for that visitor alone."""
    if name == "own":
        return open_collection("own", text=text, vocab=vocab)
    return collection(name, vocab=vocab, most=MOST) if COLLECTIONS[name].learns == "text" else collection(name)


def offered(family: str) -> list[tuple[str, str]]:
    """(title, name) of what this family can learn; the one to begin with first."""
    able = [c for c in COLLECTIONS.values() if c.learns in FAMILIES[family].LEARNS and c.learns != "points"]
    return [(c.title, c.name) for c in sorted(able, key=lambda c: c.name != FIRST[family])]


def begin(family: str, name: str, size: str, text: str, plan: dict[str, Any], options: dict[str, Any]) -> Run:
    """A new run at step 0; Mishap for anything that does not exist or is out of range."""
    if name not in COLLECTIONS or COLLECTIONS[name].learns not in FAMILIES[family].LEARNS:
        raise Mishap("This collection is not one that this family can learn.")
    options = dict(options)
    few, letters = options.pop("few", False), options.pop("letters", False)
    if COLLECTIONS[name].channels == 3 and family == "vae":
        options = options | {"likelihood": "gaussian"}
    if name == "own":
        text = cleaned(text)
        if (count := len(text.strip())) < LEAST:
            raise Mishap(words("train")["short"].format(letters=count, least=LEAST))
    agreed = Plan(family, name, size, options=options, **plan)
    data = opened(name, text, LETTERS if letters else VOCAB)
    with seeded(agreed.seed):
        model = build(family, size, data.facts(), options)
    trainer = Trainer(agreed, model, data, device())
    narrow(trainer, few)
    return equip(trainer)


def change(run: Run, told: dict[str, Any]) -> None:
    """Other rules from the next step on, for whoever holds the lock; Mishap where a step would keep all waiting."""
    fits(run.trainer.plan.family, run.trainer.batch, told.get("critic_steps", 1))
    told, before = dict(told), run.rules
    if "few" in told:
        narrow(run.trainer, told.pop("few"))
    run.trainer.change(**told)
    if run.rules != before:
        run.turn()


def narrow(trainer: Trainer, few: bool) -> None:
    """Only a few pictures to learn from, or all."""
    whole = trainer.data.whole if isinstance(trainer.data, Few) else trainer.data
    trainer.data = Few(whole, FEW) if few else whole


def fits(family: str, batch: int, rounds: int = 1) -> None:
    """Mishap where one step would take in too much."""
    if batch * rounds > BATCHES[family]:
        raise Mishap(
            f"On this page a step takes in {BATCHES[family]} examples at most, and this would be {batch * rounds:,}."
        )


def equip(trainer: Trainer) -> Run:
    """A run with its preview, measured by the collection's judge where one is shipped; Mishap if a step is too long."""
    fits(trainer.plan.family, trainer.batch, getattr(trainer.model.config, "critic_steps", 1))
    judge = f"judge-{trainer.plan.data}"
    known = shelf(judge).model if judge in checkpoint.names("judge") else None
    preview = PREVIEWS[trainer.plan.family](trainer.model.eval(), trainer.data, known)
    return Run(trainer, preview)


def inherit(run: Run, gone: Run | None) -> None:
    """Who watched a visitor's old run watches the new one, unless that learns a text of the visitor's own."""
    if gone is None or gone.seat or gone.trainer.plan.family != run.trainer.plan.family:
        return
    if run.trainer.plan.data != "own":
        run.link = gone.link
    if isinstance(run.preview, Wall) and isinstance(gone.preview, Wall):
        run.preview.remember(gone)


@cache
def glance(name: str) -> str:
    """What there is to learn from, as HTML; Mishap if it is not on this machine."""
    texts, card = words("train"), COLLECTIONS[name]
    if card.learns == "text":
        story = read_parts(name, data_folder(), most=20_000)[0].train[0]  # of one document none may be to train on
        sight = f'<p class="sample">{escape(story[:420])} …</p>'
    else:
        x, y = collection(name).fixed(24)
        sight = wall(figure(picture, card.labels[k]) for picture, k in zip(x, y.tolist()))
    return f"<h4>{escape(texts['glance'])}</h4>{sight}{note(card.about)}"


def is_missing(name: str) -> bool:
    """Whether a collection could be downloaded and is not here."""
    if name not in SOURCES:
        return False
    try:
        glance(name)
    except Mishap:
        return True
    return False


def download(name: str) -> Iterator[str]:
    """Downloads a pack, saying how far it is."""
    texts = words("train")
    for now in fetch(name, data_folder()):
        done, total = now.done / 1e6, max(now.done, now.total) / 1e6
        yield note(texts["fetching"].format(file=now.file, done=done, total=total))
    yield note(texts["fetched"])


def sight(name: str) -> str:
    """What there is to learn from, or why it cannot be seen."""
    try:
        return glance(name)
    except Mishap as mishap:
        return note(str(mishap))


def note(sentence: str, step: int = 0) -> str:
    """A line under the picture, or in its place."""
    return f'<p class="meter" data-step="{step}">{escape(sentence)}</p>'


class Seen(NamedTuple):
    """A run as the page shows it."""

    view: str  # HTML
    charts: str  # HTML
    result: tuple[str, str]  # a sentence and its yardstick
    run: Run


def see(run: Run) -> Seen:
    """The run at rest as the page shows it; the result is measured anew every few seconds only."""
    run.trainer.model.eval()
    if time.monotonic() - run.measured > PATIENT or not run.sentence:
        run.sentence, run.measured = run.preview.sentence(run), time.monotonic()
        run.look()
    elif run.trainer.plan.family != "gpt":  # a picture costs little, eighty words do not
        run.look()
    run.seen = Seen(draw(run), charts(run), run.sentence, run)  # type: ignore[arg-type]  # it has been measured by now
    return run.seen


def draw(run: Run) -> str:
    """Picture and meter as HTML."""
    texts = words("train")
    state = "running" if run.seat else "resting"
    meter = counted(
        texts["meter"],
        step=run.trainer.step,
        seconds=run.trainer.seconds,
        examples=run.trainer.step * run.trainer.batch,
        state=texts[f"state_{state}"],
    )
    return run.picture + linked(run, meter, run.trainer.step)


def linked(run: Run, sentence: str, step: int) -> str:
    """The same with the way for others to watch."""
    where, watch = f"?watch={run.trainer.plan.family}.{run.link}", escape(words("train")["watch"])
    link = f'<a href="{where}" target="_blank">{watch}</a>'
    return f'<p class="meter" data-step="{step}">{escape(sentence)} · {link}</p>'


def charts(run: Run) -> str:
    """The curves as HTML."""
    plots = titled(run) if run.last and len(run.steps) > 1 else {}
    drawn = ((title, curves(run.steps, lines, run.turns, words("train")["turn"])) for title, lines in plots.items())
    shown = "".join(f"<h4>{escape(title)}</h4>{chart}" for title, chart in drawn if chart)
    return shown + (charted(run) if run.marks else "")


def titled(run: Run) -> dict[str, dict[str, list[float]]]:
    """What is drawn of its losses: title -> name -> values."""
    if isinstance(run.preview, Redraws):
        return run.preview.costs(run.curves)
    if isinstance(run.preview, Samples):
        return {words("train")["losses"]: run.preview.lines(run.curves["loss"])}
    lines = {name: run.curves[key] for key, name in run.preview.curves.items() if key in run.curves}
    named = words("train")["losses"]
    if isinstance(run.preview, Wall):
        named += " " + words("train")[f"losses_{LOSSES.index(run.trainer.model.config.loss)}"]
    return {named: lines}


def past(run: Run, i: Any) -> str:
    """The i-th picture a run has kept, under its step; in place of the last, and beyond it, how it stands now."""
    with run.lock:
        if isinstance(i, int | float) and i >= len(run.past) - 1:
            return see(run).view
        step, picture, _ = run.past[whole(i, 0, len(run.past) - 1, words("train")["rewind"])]
    texts, since = words("train"), getattr(run.preview, "since", 0)
    said = texts["was"].format(step=step, now=run.trainer.step)
    return picture + linked(run, said + (texts["was_before"].format(since=since) if step < since else ""), step)


def film(run: Run) -> bytes:
    """All pictures a run has kept, as an animated WebP; Mishap where it has not two."""
    with run.lock:
        sheets = [sheet for _, _, sheet in run.past if sheet is not None]
    if len(sheets) < 2:
        raise Mishap(words("train")["no_film"])
    return animated(sheets)


def resumed(family: str, loaded: checkpoint.Loaded, text: str) -> Trainer:
    """A trainer that goes on with a model; Mishap where its collection is not here or has other labels."""
    name = loaded.card["data"]["name"]
    if name not in COLLECTIONS or COLLECTIONS[name].learns not in FAMILIES[family].LEARNS:
        raise Mishap("The collection this model learnt from is not known here, so it cannot go on.")
    if family == "gpt":
        data = open_collection(name, text=text, tokenizer=loaded.tokenizer, most=MOST)
    else:
        data = collection(name)
    return checkpoint.go_on(loaded, data, device())


def packed(run: Run, folder: Path) -> list[str]:
    """Card and weights of the run as it stands, written into the folder."""
    card = checkpoint.describe(run.trainer, "trained on the page")
    if isinstance(run.trainer.data, Few):
        card["remark"] = f"When it was kept, it learnt from {FEW} pictures only."
    if tuned := getattr(run.preview, "remark", ""):
        card["remark"] = tuned
    checkpoint.save(folder, run.trainer.model, card, getattr(run.trainer.data, "tokenizer", None))
    return [f"{folder}/{name}" for name in ("card.json", "model.safetensors")]


def given(family: str, files: list[str]) -> checkpoint.Loaded:
    """The model of two files that were kept; they may come from anybody. Mishap for any others."""
    by_ending = {Path(file).suffix: Path(file) for file in files or []}
    if set(by_ending) != {".json", ".safetensors"} or len(files) != 2:
        raise Mishap(words("train")["two_files"])
    loaded = checkpoint.bring(by_ending[".json"], by_ending[".safetensors"])
    if loaded.card["family"] != family:
        raise Mishap(words("train")["other_family"])
    return loaded


def unpacked(family: str, files: list[str], text: str) -> Run:
    """A run made of two such files."""
    return equip(resumed(family, given(family, files), text))


def read_text(path: str) -> str:
    """An uploaded .txt as text; Mishap if it is too large or no text."""
    file, texts = Path(path), words("train")
    if file.stat().st_size > LARGEST:
        raise Mishap(texts["large_file"].format(most=LARGEST // 1_000_000))
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Mishap(texts["no_text_file"]) from None
    if strange(text):  # all of it could be read, by chance
        raise Mishap(texts["no_text_file"])
    return text
