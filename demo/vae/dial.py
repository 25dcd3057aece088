"""One dial between a perfect redraw and a short code: the room of the balance that makes a VAE."""

from typing import Any

import gradio as gr

from demo.dialing import facts, offered, table
from demo.limits import whole
from demo.parts.border import border
from demo.parts.dial import dial
from demo.parts.lesson import AT_ONCE, Room, say
from demo.redraw import SEEDS, card
from demo.words import counted, words

TEXTS, SKETCH = words("vae.dial"), words("vae.sketch")
SAME = 1.02  # distances nearer to each other than that are not told apart by 2,000 pictures


def turn(asked: dict[str, Any]) -> dict[str, Any]:
    """Six pictures {"name", "turn"} at all places of the dial."""
    return facts(asked.get("name", ""), asked.get("turn"))


def short(beta: float) -> str:
    """As the dial itself tells it."""
    return f"{beta:.3g}" if beta >= 10 else f"{beta:.2g}"


class Dial:
    """The room; nothing is remembered about anybody but what stands on their own page."""

    def __init__(self) -> None:
        offer = offered()
        with Room("vae.dial") as self.room:
            self.room.result.value = say(TEXTS["first"])
            with self.room.do:
                choices = [(SKETCH["short"].get(name, card(name)["data"]["title"]), name) for name in offer]
                self.collection = gr.Radio(
                    choices, value=offer[0], label=SKETCH["collection"], elem_id="vae-dial-collection"
                )
                self.others = gr.Button(TEXTS["others"], elem_id="vae-dial-others")
            with self.room.see:
                self.dial = dial(TEXTS, "vae-dial-dial", offer[0], turn)
        self.wire()

    def wire(self) -> None:
        asked = [self.collection, self.dial, self.room.guess]
        self.others.click(border(self.show), asked[:2], self.dial, **AT_ONCE)
        anew = [self.dial, self.room.result, self.room.guess]
        self.collection.input(border(self.change), asked[:2], anew, **AT_ONCE)
        gr.on([self.dial.input, self.room.guess.input], border(self.judge), asked, self.room.result, **AT_ONCE)

    def show(self, name: str, value: Any) -> dict[str, Any]:
        """The next pictures, or the same of another collection; the dial stays where it stands."""
        before = value if isinstance(value, dict) else {}
        turn = whole(before.get("turn"), 0, SEEDS - 1, "The turn")
        return {**before, "name": name, "turn": turn + (before.get("name") == name)}

    def change(self, name: str, value: Any) -> tuple[dict[str, Any], str, None]:
        """Another collection, of which nothing has been guessed yet."""
        return self.show(name, value), self.judge(name, value, None), None

    def judge(self, name: str, value: Any, guess: Any) -> str:
        """What the dial at its place gives and takes, as it was measured, and where it would be best."""
        rows, yards = table(name)["rows"], table(name)
        if not isinstance(value, dict) or "place" not in value:
            return say(TEXTS["first"])
        beta, bits, error, far = rows[whole(value["place"], 0, len(rows) - 1, TEXTS["dial"])]
        best = min(range(len(rows)), key=lambda i: rows[i][3])
        thirds = {TEXTS["guesses"][3 * i // len(rows)] for i, row in enumerate(rows) if row[3] < SAME * rows[best][3]}
        came = guess if guess in thirds else TEXTS["guesses"][3 * best // len(rows)]
        said = counted(TEXTS["said"], n=yards["n"], beta=short(beta), bits=bits, error=100 * error**0.5)
        numbers = {"pca": 100 * yards["pca"] ** 0.5, "latent": card(name)["config"]["latent"], "floor": yards["floor"]}
        yard = TEXTS["yard"].format(**numbers)
        if guess in self.room.words["guesses"]:  # it was asked for
            said += " " + TEXTS["said_far"].format(far=far)
            yard += " " + TEXTS["yard_far"].format(best=short(rows[best][0]), least=rows[best][3], **numbers)
        return say(said, yard, self.room.judged(guess, came))
