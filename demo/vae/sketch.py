"""Draw, see the code, move its sliders: the room of Sketch and Redraw."""

from collections.abc import Collection, Mapping
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from core.data import is_here
from core.model import Mishap
from demo import redraw
from demo.firsts import HALF, hit
from demo.ink import is_empty
from demo.limits import finite, whole
from demo.parts.border import border
from demo.parts.lesson import AT_ONCE, Room, Told, say
from demo.parts.mixer import mixer
from demo.parts.pad import dots, is_late, pad, shown
from demo.parts.post import post
from demo.redraw import (
    FARTHEST,
    SEEDS,
    Seen,
    card,
    cloud,
    code,
    collections,
    example,
    laid,
    look,
    pack,
    paint,
    rival,
    sweep,
    unpack,
)
from demo.show import figure, signed, uri
from demo.vae.survey import mapped, survey
from demo.words import counted, words

TEXTS = words("vae.sketch")
DRAWS = 8  # from the cloud
WHOLLY, MOSTLY = 0.97, 0.9  # of a picture's parts: nothing is lost, and the rough shape is not
ALARM = 98  # of 100 unseen drawings that cost less: so many make a drawing unlike the data


def mixed(seen: Seen, name: str) -> dict[str, Any]:
    """What the mixer shows of a drawing. All drawings get the same dice, so draws change as smoothly as they do."""
    facts: dict[str, Any] = {
        key: [round(number, 4) for number in getattr(seen, key).tolist()] for key in ("mean", "spread", "bits")
    }
    order = redraw.painter(name).order.tolist()
    pictures = {"reads": pack(seen.x), "again": pack(seen.again), "side": seen.x.shape[-1], "channels": len(seen.x)}
    told = card(name).get("told", {}).get("factors", ())
    facts["names"] = [about(row, told) for row in redraw.alone(name)]
    return {"name": name, "order": order, **facts, **pictures, **drawn(name, seen.mean, seen.spread, seed=0)}


def about(row: Mapping[str, Any], told: Collection[str]) -> dict[str, Any]:
    """The factor that a latent is mostly about, its correlation with it, and whether the painter was told of it while
    it learnt; {} for a latent that carries none alone."""
    if not row:
        return {}
    return {"what": row["factor"], "r": signed(row["r"]), "told": row["factor"] in told}


def drawn(name: str, mean: Tensor, spread: Tensor, seed: int) -> dict[str, Any]:
    """Draws from the cloud of a code."""
    codes = cloud(mean, spread, DRAWS, seed)
    rows = [[round(number, 3) for number in row] for row in codes.tolist()]
    return {"codes": rows, "dots": [pack(picture) for picture in paint(codes, name)]}


def read(asked: dict[str, Any]) -> dict[str, Any]:
    """What is on the pad {"name", "dots"}, read and redrawn; nothing where the pad is empty."""
    name = asked.get("name", "")
    drawing = unpack(asked.get("dots"), name)
    return {} if is_empty(drawing) else mixed(look(drawing, name), name)


def mix(asked: dict[str, Any]) -> dict[str, str]:
    """A slider moved: the picture of {"name", "code"}. Mishap for what no slider of ours says."""
    name = asked.get("name", "")
    return {"dots": pack(paint(code(asked.get("code"), name)[None], name)[0])}


def ahead(asked: dict[str, Any]) -> dict[str, Any]:
    """All that the sliders of {"name", "code", "latents", "far"} would paint, so that the page need not ask then."""
    name, latents = asked.get("name", ""), asked.get("latents")
    base = code(asked.get("code"), name)
    if not isinstance(latents, list) or not 0 < len(latents) <= len(base):
        raise Mishap("Some of the code's numbers must be named, and no more than it has.")
    chosen = [whole(k, 0, len(base) - 1, "The place of a number") for k in latents]
    far = finite(asked.get("far"), 0, FARTHEST, "A slider's end")
    return {"sheet": uri(sweep(base, chosen, far, name))}


def shake(asked: dict[str, Any]) -> dict[str, Any]:
    """Other draws from the cloud {"name", "code", "spread", "seed"}."""
    name = asked.get("name", "")
    mean, spread = code(asked.get("code"), name), code(asked.get("spread"), name, 0, "A spread")
    return drawn(name, mean, spread, whole(asked.get("seed"), 0, SEEDS, "The seed"))


def lost(seen: Seen, name: str) -> tuple[str, str]:
    """Which guess came of what the redraw lost, and how that was measured."""
    middle = paint(torch.zeros(1, len(seen.mean)), name)
    fine, shape = (round(share, 2) for share in hit(seen.x[None], seen.again[None], middle)[:2])  # as it is told
    which = 0 if min(fine, shape) >= WHOLLY else 1 if shape >= MOSTLY else 2 if shape >= HALF else 3
    shares = {"fine": fine, "shape": shape, "wholly": WHOLLY, "mostly": MOSTLY, "half": HALF}
    measured = TEXTS["kept"].format(**{key: 100 * max(0.0, share) for key, share in shares.items()})
    return TEXTS["guesses"][which], measured


def result(seen: Seen, name: str, guessed: Told) -> str:
    """What the code cost and what the redraw lost, beside what a straight-line code loses."""
    error, bits = redraw.off(seen.x, seen.again), float(seen.bits.sum())
    said = counted(TEXTS["said"], latent=len(seen.mean), bits=bits, error=100 * error)
    share = redraw.unusual(seen.x, name)
    said += "" if share is None else " " + TEXTS["unusual"].format(share=share)
    alarm = f'<p class="alarm">{TEXTS["alarm"]}</p>' if share is not None and share >= ALARM else ""
    line = rival(seen.x, name)
    yard = by_card(name) if line is None else TEXTS["yard"].format(error=100 * line)
    near = "" if line is None else twin(seen, name)
    return say(said, yard, guessed) + alarm + (near if is_here(name) else f'<p class="yard">{TEXTS["absent"]}</p>')


def by_card(name: str) -> str:
    """What a straight-line code loses on the whole, as it was measured; "" where it was not."""
    measured = card(name)["numbers"].get("error", {})
    straight = next((v for k, v in measured.get("yardsticks", {}).items() if k.startswith("PCA")), None)
    if straight is None:
        return ""
    return TEXTS["yard_card"].format(ours=100 * measured["value"] ** 0.5, error=100 * straight**0.5)


def twin(seen: Seen, name: str) -> str:
    """The training picture most like the drawing, as HTML."""
    near = redraw.nearest(seen.x, name)
    if near is None:
        return ""
    text, kind = TEXTS["twin"].format(n=redraw.KNOWN), "twin ink" if len(near) == 1 else "twin"
    return f'<figure class="{kind}">{figure(near, text)}<figcaption>{text}</figcaption></figure>'


class Sketch:
    """The room where you draw, see the code, and move its sliders."""

    def __init__(self) -> None:
        offer = collections()
        self.turn = gr.State(0)  # how many examples this visitor has seen
        with Room("vae.sketch") as room:
            self.room = room
            with room.do:
                choices = [(TEXTS["short"].get(name, card(name)["data"]["title"]), name) for name in offer]
                self.collection = gr.Radio(
                    choices, value=offer[0], label=TEXTS["collection"], elem_id="vae-sketch-collection"
                )
                self.pad = pad(TEXTS, "vae-sketch-pad")
                self.another = gr.Button(TEXTS["another"], elem_id="vae-sketch-another")
                self.send = gr.Button(TEXTS["send"], size="sm", elem_id="vae-sketch-send", elem_classes=["quiet"])
            with room.see:
                self.mixer = mixer(TEXTS, "vae-sketch-mixer", read, mix, ahead, shake)
        self.wire()

    def wire(self) -> None:
        """The first example needs no collection to be read; the rival (PCA) is found while the person looks."""
        drawing = [self.pad, self.collection, self.room.guess]
        judge = {"fn": border(self.judge), "inputs": drawing, "outputs": self.room.result, **AT_ONCE}
        learn = {"fn": border(redraw.learn_rival), "inputs": self.collection, "outputs": None, **AT_ONCE}
        self.room.guess.input(**judge)
        self.pad.input(border(self.drawn), drawing, [self.room.result, self.room.guess], **AT_ONCE)
        shows = [self.turn, self.pad, self.mixer, self.room.result, self.room.guess]
        asked = [self.collection, self.turn]
        self.another.click(border(self.show), asked, shows, **AT_ONCE).then(**learn).then(**judge)
        self.collection.input(border(self.show), asked, shows, **AT_ONCE).then(**learn).then(**judge)
        sent = post().change(border(self.receive), [post(), self.turn], [self.collection, *shows], **AT_ONCE)
        sent.then(**learn).then(**judge)
        opened = self.room.lessons.focus(border(self.open), [*asked, post()], [self.collection, *shows], **AT_ONCE)
        opened.then(**learn).then(**judge).then(border(self.ready), None, None, **AT_ONCE)

    def open(self, name: str, turn: int, sent: Any) -> tuple[Any, ...]:
        """The room opens with the first example, or with what another room sent; who was quick has guessed by then."""
        return self.receive(sent, turn) if sent else (name, *self.show(name, -1)[:-1], gr.skip())

    def ready(self) -> None:
        """What the map will stand on is read while the person looks at this room: once, for all visitors."""
        if mapped():
            survey(mapped()[0])

    def show(self, name: str, turn: int) -> tuple[Any, ...]:
        """The next example on the pad, and what becomes of it."""
        return self.lay(example(name, turn + 1), name, turn)

    def receive(self, sent: tuple[str, Tensor], turn: int) -> tuple[Any, ...]:
        """A picture that another room sent."""
        name, x = sent
        return name, *self.lay(laid(x[None], name), name, turn)

    def lay(self, drawing: Tensor, name: str, turn: int) -> tuple[Any, ...]:
        """Of another drawing another guess is asked."""
        seen = look(drawing, name)
        return turn + 1, shown(drawing, name), mixed(seen, name), result(seen, name, Told()), None

    def drawn(self, value: Any, name: str, guess: str) -> tuple[Any, Any]:
        """What each stroke does; a guess about a drawing goes with it when it is cleared or another picture comes."""
        gone = not is_late(value, name) and (value.get("brought") or is_empty(unpack(dots(value), name)))
        return self.judge(value, name, "" if gone else guess), None if gone else gr.skip()

    def judge(self, value: Any, name: str, guess: str) -> Any:
        """The sentence about what is on the pad; the mixer has read it by itself."""
        if is_late(value, name):
            return gr.skip()
        drawing = unpack(dots(value), name)
        if is_empty(drawing):
            return say(TEXTS["empty"])
        seen = look(drawing, name)
        return result(seen, name, self.told(seen, name, guess))

    def told(self, seen: Seen, name: str, guess: str) -> Told:
        """What came of the guess, if there is one; no other counts until the pad is empty or shows another drawing."""
        if guess not in TEXTS["guesses"]:
            return Told()
        came, measured = lost(seen, name)
        return Told(f"{self.room.guessed(guess, came).line} {measured}", judged=True)
