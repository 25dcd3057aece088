"""python -m core train | measure | untangle | fetch | retell | index"""

import argparse
import json
import os
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from core import checkpoint, copying, ngram, retell, unusual
from core import measure as measures
from core.data import COLLECTIONS, data_folder, open_collection
from core.data import fetch as fetching
from core.data.gallery import Gallery
from core.data.packs import PACKS, read_pack
from core.data.text import RETOLD, encode, read_parts, whole_text
from core.dial import turned
from core.families import FAMILIES, build
from core.gan import GAN
from core.gpt import GPT
from core.model import Mishap, seeded
from core.train import Plan, Trainer, pick_device
from core.untangle import tell, untangle
from core.vae import VAE
from core.verdict import to_card


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    train_arguments(verbs.add_parser("train", help="train a model and keep it as a checkpoint"))
    measure_arguments(verbs.add_parser("measure", help="measure a checkpoint, each number with its yardsticks"))
    untangle_arguments(verbs.add_parser("untangle", help="turn a VAE's code: as independent numbers as can be"))
    fetch_arguments(verbs.add_parser("fetch", help="download a collection of real data"))
    retell_arguments(verbs.add_parser("retell", help="let the storyteller write the collection 'retold'"))
    index_arguments(verbs.add_parser("index", help="index the texts a model learnt from, to tell what it copies"))
    options = parser.parse_args(arguments)
    try:
        options.act(options, arguments)
    except Mishap as mishap:
        sys.exit(str(mishap))


def train_arguments(parser: argparse.ArgumentParser) -> None:
    plan = Plan("", "")
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("data", help="a collection's name")
    parser.add_argument("--name", help="of the checkpoint (FAMILY-DATA)")
    parser.add_argument("--out", type=Path, default=checkpoint.SHELF)
    parser.add_argument("--size", default=plan.size)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--lr", type=float, default=plan.lr)
    parser.add_argument("--batch", type=int, default=plan.batch)
    parser.add_argument("--steps", type=int, default=plan.steps)
    parser.add_argument("--decay", type=float, default=plan.decay)
    parser.add_argument("--option", action="append", default=[], metavar="NAME=JSON", help="a setting of the family")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true", help="faster for a GPT; needs a C++ compiler")
    parser.add_argument("--bf16", action="store_true", help="keep the weights in half the bytes")
    parser.add_argument("--ages", type=int, nargs="*", default=[], help="steps at which a GAN's forger is kept as well")
    parser.add_argument("--resume", action="store_true", help="go on from the state in --state")
    parser.add_argument("--remark", default="", help="what the card should also say")
    parser.add_argument("--state", type=Path, default=Path("runs"), help="folder of states saved every three minutes")
    parser.set_defaults(act=train)


def train(options: argparse.Namespace, arguments: list[str]) -> None:
    torch.set_num_threads(options.threads)
    name = options.name or f"{options.family}-{options.data}"
    extra = dict(setting(pair) for pair in options.option)
    plan = Plan(
        options.family,
        options.data,
        options.size,
        options.seed,
        options.lr,
        options.batch,
        options.steps,
        options.decay,
        extra,
    )
    data = open_collection(plan.data)
    if data.card.learns not in FAMILIES[plan.family].LEARNS:
        raise Mishap(f"{plan.family} does not learn from {data.card.learns}, which is what {plan.data} holds.")
    with seeded(plan.seed):
        model = build(plan.family, plan.size, data.facts(), extra)
    if options.ages and plan.family != "gan":
        raise Mishap("Only a GAN is kept at several ages.")
    trainer = Trainer(plan, model, data, pick_device(os.environ.get("ATELIER_DEVICE", "")))
    if options.compile:
        model.loss = torch.compile(model.loss)
    state, album = options.state / f"{name}.safetensors", options.state / f"{name}-ages"
    if options.resume and state.exists():
        checkpoint.load_state(state, trainer)
    else:
        shutil.rmtree(album, ignore_errors=True)
    command = "python -m core " + shlex.join(arguments)
    follow(trainer, state, options.seconds, album, options.ages)
    card = checkpoint.describe(trainer, command) | ({"remark": options.remark} if options.remark else {})
    kept = checkpoint.ages(album)
    card |= {"ages": list(kept)} if kept else {}
    tokenizer = getattr(data, "tokenizer", None)
    checkpoint.save(
        options.out / name, trainer.model, card, tokenizer, torch.bfloat16 if options.bf16 else torch.float32
    )
    if kept:
        shutil.copy(album / "ages.safetensors", options.out / name)
    print(f"kept as {options.out / name}; `python -m core measure {name} --write` puts its numbers on the card")


def setting(pair: str) -> tuple[str, Any]:
    """NAME=JSON of the command line; Mishap if it is not of that form."""
    name, _, value = pair.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        raise Mishap(f"A setting is written NAME=JSON, such as beta=4, and {pair!r} is not.") from None


def follow(trainer: Trainer, state: Path, seconds: float, album: Path, ages: list[int]) -> None:
    """Trains to the plan's end or for so many seconds, prints, and saves the state every three minutes."""
    begun = saved = time.monotonic()
    printed = 0.0
    for now in trainer.run(every=0 if trainer.step < max(ages, default=0) else 10):
        if now.step in ages:
            checkpoint.save_age(album, now.step, trainer.model.average)  # type: ignore[arg-type]  # only a GAN has ages
        if now.seconds - printed > 9 or trainer.is_done():
            losses = "  ".join(f"{name} {value:.4f}" for name, value in now.losses.items())
            print(f"step {now.step:>7,}  {now.seconds:7.0f} s  {losses}", flush=True)
            printed = now.seconds
        if time.monotonic() - saved > 180:
            checkpoint.save_state(state, trainer)
            saved = time.monotonic()
        if time.monotonic() - begun > seconds:
            break
    checkpoint.save_state(state, trainer)


def measure_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="a shipped name, or a folder")
    parser.add_argument("--on", type=Path, metavar="FILE", help="an .npz in the packs' format, or a text file")
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--write", action="store_true", help="put the numbers on the checkpoint's card")
    parser.add_argument("--n", type=int, default=10_000, help="pictures at most")
    parser.set_defaults(act=measure)


def measure(options: argparse.Namespace, arguments: list[str]) -> None:
    folder = folder_of(options.checkpoint)
    model, card, tokenizer = checkpoint.load(folder)
    data = open_file(options.on, card, tokenizer) if options.on else open_for(card, tokenizer)
    judge = f"judge-{card['data']['name']}"
    known = checkpoint.load(judge).model if judge in checkpoint.names("judge") else None
    begun = time.perf_counter()
    numbers = {name: number._asdict() for name, number in measures.measure(model, data, known, options.n).items()}
    seconds = round(time.perf_counter() - begun, 1)
    on = options.on.name if options.on else f"{card['data']['name']}, held out"
    if options.write and not options.on:
        if isinstance(model, GAN):
            card["line"] = to_card(measures.line(model, data))
        if isinstance(model, GPT) and tokenizer:
            card["stories"] = retell.unchosen(model, tokenizer)
        if isinstance(model, VAE):
            card["costs"] = unusual.scale(model, data, min(options.n, 2000))
        if isinstance(model, VAE) and model.config.dial and known:
            card["dial"] = turned(model, data, known)._asdict()
        if isinstance(model, VAE) and isinstance(data, Gallery):
            card["latents"] = measures.latents(model, data, min(options.n, 4000))
        checkpoint.write_card(folder, {**card, "numbers": numbers})
    if options.json:
        print(json.dumps({"checkpoint": folder.name, "on": on, "seconds": seconds, "numbers": numbers}))
    else:
        print(f"{folder.name} on {on}, {seconds} s")
        print("\n".join(line(name, number) for name, number in numbers.items()))


def folder_of(name: str) -> Path:
    """Where a checkpoint lies: a folder, or one that ships under that name."""
    return Path(name) if Path(name, "card.json").exists() else checkpoint.SHELF / name


def open_for(card: dict[str, Any], tokenizer: Tokenizer | None) -> Any:
    """The collection a checkpoint was trained on."""
    name = card["data"]["name"]
    return open_collection(name, tokenizer=tokenizer) if tokenizer else open_collection(name)


def open_file(path: Path, card: dict[str, Any], tokenizer: Tokenizer | None) -> Any:
    """Any file in the form of the checkpoint's own collection."""
    if tokenizer:
        return whole_text(path, tokenizer)
    name = card["data"]["name"]
    if name not in PACKS:
        raise Mishap(f"There is no file format for {name}: only models of {', '.join(PACKS)} are measured on a file.")
    return read_pack(path, COLLECTIONS[name])


def line(name: str, number: dict[str, Any]) -> str:
    """One row of the table."""
    rivals = "   ".join(f"{rival} {value:.4g}" for rival, value in number["yardsticks"].items())
    return f"{name:<28} {number['value']:>10.4g}  {number['unit']} (n = {number['n']:,})   beside it: {rivals}"


def untangle_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="a shipped name, or a folder, of a VAE")
    parser.add_argument("--steps", type=int, default=300, help="to learn after the turn, or while it is told")
    parser.add_argument("--told", nargs="+", default=[], metavar="FACTOR", help="no turn: a latent for each of these")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.set_defaults(act=untangled)


def untangled(options: argparse.Namespace, arguments: list[str]) -> None:
    """The card's steps and seconds count those made after the turn as well."""
    torch.set_num_threads(options.threads)
    folder = folder_of(options.checkpoint)
    vae, card, _ = checkpoint.load(folder)
    if not isinstance(vae, VAE):
        raise Mishap(f"{folder.name} is no VAE: only a code can be untangled.")
    plan = card["plan"]
    data, work = open_for(card, None), (options.steps, plan["batch"], plan["seed"] + 1)
    if options.told:
        if not isinstance(data, Gallery) or "factors on one latent" not in card.get("numbers", {}):
            raise Mishap("Telling needs drawn pictures and a measured model: `python -m core measure --write`.")
        before = {"before": card["numbers"]["factors on one latent"]["value"]}
        card["told"] = before | card.get("told", {}) | {"factors": options.told}
    trainer = tell(vae, data, options.told, *work) if options.told else untangle(vae, data, *work)
    for now in trainer.run(every=10):
        print(f"step {now.step:>7,}  {now.seconds:7.0f} s  loss {now.losses['loss']:.4f}", flush=True)
    card["step"] += trainer.step
    card["examples"] += trainer.step * trainer.batch
    card["seconds"] += round(trainer.seconds)
    card["command"] += " && python -m core " + shlex.join(arguments)
    checkpoint.save(folder, trainer.model.eval(), card, None, torch.bfloat16)
    print(f"kept as {folder}; `python -m core measure {folder.name} --write` puts its numbers on the card")


def fetch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="of a collection")
    parser.set_defaults(act=fetch)


def fetch(options: argparse.Namespace, arguments: list[str]) -> None:
    for now in fetching.fetch(options.name, data_folder()):
        print(f"\r{now.file}  {now.done / 1e6:.1f} of {now.total / 1e6:.1f} MB", end="", flush=True)
    print()


def retell_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bytes", type=int, default=500_000)
    parser.add_argument("--out", type=Path, default=RETOLD)
    parser.set_defaults(act=tell_again)


def tell_again(options: argparse.Namespace, arguments: list[str]) -> None:
    model, _, tokenizer = checkpoint.load("storyteller")
    for done in retell.write(options.out, model, tokenizer, options.bytes):
        print(f"\r{done:,} bytes", end="", flush=True)
    print()


def index_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="a shipped name, or a folder, of a model that learns text")
    parser.set_defaults(act=index)


def index(options: argparse.Namespace, arguments: list[str]) -> None:
    folder = folder_of(options.checkpoint)
    card = checkpoint.read_card(folder / "card.json")
    if card["data"].get("learns") != "text":
        raise Mishap(f"{folder.name} does not learn from text, so there are no runs of words to index.")
    parts = read_parts(card["data"]["name"], data_folder())
    train = [copying.hashes(document) for part in parts for document in part.train]
    held = {part.name: [copying.hashes(document) for document in part.test] for part in parts}
    made = copying.build(train)
    made.facts = copying.measure(made, train, held)
    copying.write(folder / checkpoint.INDEX, made)
    model, _, tokenizer = checkpoint.load(folder)
    ids = torch.cat([encode(tokenizer, part.train) for part in parts]).long()
    ngram.write(folder / checkpoint.PAIRS, ngram.counted(ids, model.config.vocab, 2))
    checkpoint.write_card(folder, {**card, "copying": made.facts})
    print(json.dumps(made.facts, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
