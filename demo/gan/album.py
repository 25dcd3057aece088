"""What can be done with paintings: one turned into another, a sheet of many to keep, one sent to Sketch and Redraw."""

import tempfile
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from core.model import Mishap
from demo import redraw, shelf
from demo.gan.forger import TEXTS, beliefs, latents, painted
from demo.gan.hanging import COUNT, hung
from demo.limits import whole
from demo.parts.border import border
from demo.parts.lesson import say
from demo.parts.post import post, way
from demo.parts.wall import wall
from demo.show import animated, sheet
from demo.words import words

STEPS, MANY, WIDE, LARGER = 8, 64, 8, 4  # pictures of a morph and of a sheet; in a row; times larger when kept
LATER: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", "trigger_mode": "once"}


@torch.inference_mode()
def morphed(collection: str, subject: str, seed: int, bold: float, first: int, last: int) -> tuple[Tensor, Tensor]:
    """The way (STEPS, C, S, S) from one painting of the wall to another, and the nearer one's label (STEPS,)."""
    ends = [whole(n, 1, COUNT, TEXTS["which"]) - 1 for n in (first, last)]
    z, y = (part[ends] for part in latents(collection, subject, seed, bold, COUNT))
    near = torch.arange(STEPS) * 2 // STEPS
    return shelf.shelf(f"gan-{collection}").model.morph(z, y, STEPS), y[near]


class Album:
    """Two painting numbers and three buttons, in the fold under the controls of Paint; what comes of them under it."""

    def __init__(self) -> None:
        with gr.Row():
            self.ends = [
                gr.Number(n, label=TEXTS[name], precision=0, minimum=1, maximum=COUNT, elem_id=f"gan-paint-{name}")
                for n, name in ((1, "which"), (2, "into"))
            ]
        self.morph = gr.Button(TEXTS["morph"], size="sm", elem_id="gan-paint-morph")
        self.send = gr.Button(TEXTS["send"], size="sm", elem_id="gan-paint-send")
        self.sheet = gr.Button(TEXTS["sheet"], size="sm", elem_id="gan-paint-sheet")
        self.kept = gr.File(visible=False, interactive=False, label=TEXTS["sheet_note"], elem_id="gan-paint-kept")

    def wire(self, wall: list[Any], shown: gr.HTML, result: gr.HTML) -> None:
        """wall: collection, subject, boldness and seed, which make the paintings what they are."""
        self.morph.click(border(self.turn), [*wall, *self.ends], [shown, result], **LATER)
        self.sheet.click(border(self.keep), wall, self.kept, **LATER)
        sent = self.send.click(border(self.give), [*wall, self.ends[0]], post(), **LATER)
        sent.success(None, None, None, js=way(words("vae")["title"], words("vae.sketch")["title"]))

    def turn(self, collection: str, subject: str, bold: float, seed: int, *ends: int) -> tuple[str, str]:
        x, y = morphed(collection, subject, seed, bold, *ends)
        chances = beliefs(collection, x, y)
        film = b64encode(animated([sheet([one], 1) for one in [*x, *x.flip(0)[1:-1]]], LARGER, 150, 1)).decode()
        alt = TEXTS["film"].format(first=ends[0], last=ends[1])
        moving = f'<img class="dots film" src="data:image/webp;base64,{film}" alt="{escape(alt)}">'
        said = TEXTS["morphed"].format(took=int((chances > 0.5).sum()), count=STEPS)
        return f"{wall(hung(collection, x, y, chances, TEXTS['between']))}{moving}", say(said, TEXTS["morph_yard"])

    def keep(self, collection: str, subject: str, bold: float, seed: int) -> Iterator[Any]:
        """A picture file of 64 paintings; Gradio has copied it when it asks for more."""
        x, _ = painted(collection, subject, seed, bold, MANY)
        dots = Image.fromarray(sheet(list(x), WIDE).numpy())
        with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
            file = Path(folder, f"atelier-{collection}.png")
            dots.resize((LARGER * dots.width, LARGER * dots.height), Image.Resampling.NEAREST).save(file)
            yield gr.File(str(file), visible=True)

    def give(self, collection: str, subject: str, bold: float, seed: int, which: int) -> tuple[str, Tensor]:
        """One painting (C, S, S) for the artist of the next tab."""
        if collection not in redraw.collections():
            raise Mishap(TEXTS["no_artist"])
        n = whole(which, 1, COUNT, TEXTS["which"])
        return collection, painted(collection, subject, seed, bold, n)[0][n - 1]
