"""The room where you are the forger: draw, and the critic says how real it looks and what gave it away."""

import json
from html import escape
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from core.model import Mishap
from demo.gan import forgery
from demo.gan.critic import line
from demo.gan.forger import card, missing, says
from demo.ink import is_empty
from demo.parts.border import border
from demo.parts.factors import factors, offered, settings
from demo.parts.lesson import AT_ONCE, ON_THE_SPOT, Room, say, text
from demo.parts.pad import dots, is_late, pad, shown
from demo.parts.sights import sights
from demo.redraw import unpack
from demo.show import bar, figure
from demo.words import words

TEXTS, PAD = words("gan.forge"), words("vae.sketch")
SLOWLY: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", "trigger_mode": "once"}
# Shows what was found of a drawing if that is still on the pad: another may have been laid there meanwhile.
STILL = """(found, value, name, subject, ...now) => {
  const { about, answers } = JSON.parse(found), drawing = [value?.dots, name, subject];
  const shown = drawing.every((part, i) => part === about[i]) ? answers : now;
  return shown.length > 1 ? shown : shown[0];
}"""
WEAK = 0.2  # where no place is redder than this, it cannot be seen
BLANK = '<div class="sights blank"></div>'  # while the pad is empty
RED = torch.tensor([0.66, 0.23, 0.15])[:, None, None] * 2 - 1  # the tab's accent, by day


def marked(x: Tensor, gave: Tensor) -> Tensor:
    """x (C, S, S) with what gave it away in red, (3, S, S)"""
    return torch.lerp(x.expand(3, -1, -1), RED.expand(3, *gave.shape), 0.8 * gave)


def view(verdict: forgery.Verdict) -> str:
    """What the critic sees, the needle, and the clues."""
    word, sure = says(verdict.chance)
    said = TEXTS["needle"].format(verdict=word, sure=sure)
    clues = TEXTS["no_clues" if float(verdict.gave.max()) < WEAK else "clues"]
    sights = ((verdict.x, TEXTS["seen"]), (marked(verdict.x, verdict.gave), clues))
    figures = (f"<figure>{figure(x, name)}<figcaption>{escape(name)}</figcaption></figure>" for x, name in sights)
    return (
        f'<div class="{hung(verdict.x)}">{"".join(figures)}</div>'
        f'<div class="needle"><p>{escape(said)}</p>{bar(verdict.chance)}'
        f"<p><span>{escape(TEXTS['low'])}</span><span>{escape(TEXTS['high'])}</span></p></div>"
    )


def hung(x: Tensor) -> str:
    """The class of pictures like x (C, S, S): a drawing is ink on paper by day, as on the pad."""
    return "sights ink" if len(x) == 1 else "sights"


def sight(html: str, name: str, subject: str, pupil: str) -> dict[str, str]:
    """What the page shows, and what it has to say to be shown the next."""
    return {"html": html, "name": name, "subject": subject, "pupil": pupil}


def look(asked: dict[str, Any]) -> dict[str, str]:
    """What is on the pad {"name", "subject", "pupil", "dots"}, judged."""
    name = asked.get("name", "")
    k, drawing = forgery.subject(name, asked.get("subject")), unpack(asked.get("dots"), name)
    if is_empty(drawing):
        return {"html": BLANK}
    return {"html": view(forgery.weigh(drawing, name, k, asked.get("pupil")))}


def about(value: Any, name: str, subject: str, *answers: Any) -> str:
    """What was found of a drawing, for STILL."""
    return json.dumps({"about": [dots(value), name, subject], "answers": answers})


class Forge:
    """Pad and subject left; right what the critic sees, its needle, and two things to try."""

    def __init__(self) -> None:
        offer = forgery.offered()
        self.turn = gr.State(0)  # how many examples this visitor has seen
        self.laid = gr.State()  # the real picture that was last put on this visitor's pad
        self.pupil = gr.State("")  # the id of this visitor's own critic
        # what was found of a drawing, with the drawing: by a stroke, and by a lesson or a search
        self.said, self.found = (gr.Textbox(visible=False) for _ in range(2))
        with Room("gan.forge") as room:
            self.room = room
            with room.do:
                choices = [(card(name)["data"]["title"], name) for name in offer]
                self.collection = gr.Radio(
                    choices, value=offer[0], label=TEXTS["collection"], elem_id="gan-forge-collection"
                )
                labels = card(offer[0])["data"]["labels"]
                self.subject = gr.Dropdown(
                    labels, value=labels[0], label=TEXTS["subject"], filterable=False, elem_id="gan-forge-subject"
                )
                self.pad = pad(PAD, "gan-forge-pad")
                self.factors = factors(TEXTS["factors"], "gan-forge-factors")
                self.another = gr.Button(TEXTS["another"], elem_id="gan-forge-another")
                if absent := missing(forgery.possible()):
                    text("p", absent, "other")
                self.forget = gr.Button(TEXTS["forget"], size="sm", visible=False, elem_id="gan-forge-forget")
            with room.see:
                self.view = sights(TEXTS["lost"], "gan-forge-view", look)
                with gr.Row(elem_classes=["verbs"]):
                    self.learn = gr.Button(TEXTS["learn"], variant="primary", elem_id="gan-forge-learn")
                    self.imitate = gr.Button(TEXTS["imitate"], elem_id="gan-forge-imitate")
                self.twin = gr.HTML(elem_id="gan-forge-twin", js_on_load=None)
        self.wire()

    def wire(self) -> None:
        drawing = [self.pad, self.collection, self.subject, self.pupil, self.room.guess]
        seen = [self.view, self.room.result]
        drawn = self.pad.input(border(self.rest), [*drawing, self.laid], self.said, **AT_ONCE)
        told = [self.room.result, self.twin]
        drawn.success(None, [self.said, *drawing[:3], *told], told, js=STILL, **AT_ONCE)
        self.subject.input(border(self.see), drawing, seen, **AT_ONCE)
        self.room.guess.input(border(self.see), [*drawing, self.laid], seen, **AT_ONCE)
        asked = [self.collection, self.turn, self.pupil, self.room.guess]
        shows = [self.pad, self.laid, *seen, self.twin]
        learnt = [self.pupil, *seen, self.forget]
        begins = [*shows, self.turn, self.subject, self.factors]
        # the subject is of the collection before, until the server says otherwise
        self.collection.input(None, None, self.subject, js="() => null", **ON_THE_SPOT)
        begin = [self.another.click, self.collection.input, self.room.lessons.focus]
        gr.on(begin, border(self.show), asked, begins, **AT_ONCE)
        self.factors.input(border(self.make), [self.factors, *drawing], shows, **AT_ONCE)
        taught = self.learn.click(
            border(self.teach), [*drawing, self.laid], [self.pupil, self.forget, self.found], **SLOWLY
        )
        shown = taught.success(None, [self.found, *drawing[:3], *seen], seen, js=STILL, **AT_ONCE)
        shown.then(border(self.catch_up), [self.found, *drawing], seen, **AT_ONCE)
        self.forget.click(border(self.afresh), drawing, learnt, **AT_ONCE)
        sought = self.imitate.click(border(self.search), drawing[:3], self.found, **SLOWLY)
        sought.success(None, [self.found, *drawing[:3], self.twin], self.twin, js=STILL, **AT_ONCE)

    def see(self, value: Any, name: str, subject: str, pupil: str, guess: str, laid: Any = None) -> tuple[Any, Any]:
        """What is on the pad, judged, beside what was laid there for the subject."""
        if is_late(value, name):
            return gr.skip(), gr.skip()
        k, drawing = forgery.subject(name, subject), unpack(dots(value), name)
        if is_empty(drawing):
            return sight(BLANK, name, subject, pupil), say(TEXTS["empty"])
        return self.judged(drawing, name, k, pupil, guess, "begun" if forgery.same(drawing, laid) else "said")

    def rest(self, value: Any, name: str, subject: str, pupil: str, guess: str, laid: Any) -> Any:
        """Only the sentence: the page shows by itself what is seen. The forger's answer was to another drawing."""
        if is_late(value, name):
            return gr.skip()
        k, drawing = forgery.subject(name, subject), unpack(dots(value), name)
        if is_empty(drawing):
            return about(value, name, subject, say(TEXTS["empty"]), "")
        kind = "begun" if forgery.same(drawing, laid) else "said"  # a stroke was taken back, or another picture laid
        said = self.sentence(forgery.chance(drawing, name, k, pupil), name, k, pupil, guess, kind)
        return about(value, name, subject, said, "")

    def judged(
        self, drawing: Tensor, name: str, k: int, pupil: str, guess: str, kind: str = "said"
    ) -> tuple[dict[str, str], str]:
        verdict = forgery.weigh(drawing, name, k, pupil)
        shown = sight(view(verdict), name, card(name)["data"]["labels"][k], pupil)
        return shown, self.sentence(verdict.chance, name, k, pupil, guess, kind)

    def sentence(self, chance: float, name: str, k: int, pupil: str, guess: str, kind: str = "said") -> str:
        """The chance that the critic gives, and what it is worth; one that is real is said to be."""
        gan, lessons = forgery.critic(pupil, name)
        takes, n = forgery.taken(gan, name, k)
        label = card(name)["data"]["labels"][k]
        said = TEXTS[kind].format(chance=round(100 * chance), subject=label)
        yard = TEXTS["yard"].format(takes=round(takes * n), n=n)
        found = line(f"gan-{name}")
        sure = {"lessons": lessons, "off": 100 * found.off, "luck": 100 * found.luck}
        yard += " " + TEXTS["whose" if lessons else "shipped"].format(**sure)
        return say(said, yard, self.room.guessed(guess))

    def show(self, name: str, turn: int, pupil: str, guess: str) -> tuple[Any, ...]:
        """A real picture on the pad, to begin with or to be spoilt."""
        labels = card(name)["data"]["labels"]
        drawing, k = forgery.begun(name, turn + 1)
        places, subjects = offered(*forgery.made_from(name, turn + 1)), gr.Dropdown(labels, value=labels[k])
        return *self.lay(drawing, name, k, pupil, guess, "begun"), turn + 1, subjects, places

    def make(self, value: Any, drawn: Any, name: str, subject: str, pupil: str, guess: str) -> tuple[Any, ...]:
        """A picture as the collection's own program draws it, from factors that the visitor has set."""
        if is_late(drawn, name):
            return (gr.skip(),) * 5
        k = forgery.subject(name, subject)
        return self.lay(forgery.made(name, settings(value), k), name, k, pupil, guess, "made")

    def lay(self, drawing: Tensor, name: str, k: int, pupil: str, guess: str, kind: str) -> tuple[Any, ...]:
        """A real picture on the pad, and what the critic makes of it; the forger's answer was to another."""
        return shown(drawing, name), drawing, *self.judged(drawing, name, k, pupil, guess, kind), ""

    def afresh(self, value: Any, name: str, subject: str, pupil: str, guess: str) -> tuple[Any, ...]:
        """The shipped critic judges again; what the visitor's own has learnt is let go."""
        forgery.PUPILS.pop(pupil, None)
        return "", *self.see(value, name, subject, "", guess), gr.update(visible=False)

    def teach(self, value: Any, name: str, subject: str, pupil: str, guess: str, laid: Any) -> tuple[Any, ...]:
        """The visitor's own critic learns from the picture, and the same picture is judged again."""
        if is_late(value, name):
            return (gr.skip(),) * 3
        k, drawing = forgery.subject(name, subject), unpack(dots(value), name)
        if forgery.same(drawing, laid):
            raise Mishap(TEXTS["untouched"])
        done = forgery.learn(drawing, name, k, pupil)
        said = TEXTS["learnt"].format(
            steps=forgery.STEPS, before=round(100 * done.before), after=round(100 * done.after)
        )
        if done.before <= 0.5:
            said += " " + TEXTS["unfooled"]
        counts = {"takes": round(done.takes * done.n), "usual": round(done.usual * done.n), "n": done.n}
        yard = TEXTS["learnt_yard"].format(subject=subject, **counts)
        seen = sight(view(forgery.weigh(drawing, name, k, done.key)), name, subject, done.key)
        told = self.room.judged(guess, forgery.came(done))
        return done.key, gr.update(visible=True), about(value, name, subject, seen, say(said, yard, told))

    def catch_up(self, found: str, value: Any, name: str, subject: str, pupil: str, guess: str) -> tuple[Any, Any]:
        """What was drawn while the critic learnt is judged by the critic that has learnt."""
        same = found.startswith(about(value, name, subject).partition(', "answers"')[0])
        return (gr.skip(), gr.skip()) if same else self.see(value, name, subject, pupil, guess)

    def search(self, value: Any, name: str, subject: str) -> Any:
        """What the forger would have painted in its place."""
        if is_late(value, name):
            return gr.skip()
        k = forgery.subject(name, subject)
        best, off, chance = forgery.imitate(unpack(dots(value), name), name, k)
        word, sure = says(chance)
        told = TEXTS["twin"].format(off=100 * off, verdict=word, sure=sure)
        answer = (
            f'<div class="{hung(best)}"><figure>{figure(best, TEXTS["twin_alt"])}</figure><p>{escape(told)}</p></div>'
        )
        return about(value, name, subject, answer)
