"""A visitor's stories as a tree: which left which, and what each costs. Nothing is ever overwritten. No Gradio."""

import asyncio
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.gpt import Guess
from core.model import Mishap
from demo.spelling import name, rounded
from demo.telling import SEEDS, Story, Wish
from demo.words import counted, words

TEXTS = words("gpt.tell.tree")
BRANCHES, PIECES = 64, 20_000  # of a tree: branches, and tokens told in all
TITLE = 48  # letters of a beginning that name it


@dataclass
class Branch:
    story: Story
    wish: Wish  # when it was begun: its knobs may change later
    parent: int | None = None  # the branch that it left
    at: int = 0  # how many told tokens it shares with it
    starred: bool = False
    guess: str | None = None  # what its visitor had guessed when it was first said what came; "" for nothing
    shared: tuple[float, int] = (0.0, 0)  # the bits of what it shares, and how much of that was not the favourite

    def born(self) -> int:
        """With how many tokens it began."""
        return self.story.begun + (0 if self.parent is None else self.at + 1)

    def own(self) -> list[Guess]:
        """What was told in it alone."""
        return self.story.guesses[self.at :]

    def bits(self) -> float:
        """What the whole story costs."""
        return self.shared[0] + bits(self.own())

    def cost(self, kept_back: bool = False) -> str:
        """What it costs, in words; how often it left the favourite may be kept back."""
        left = self.shared[1] + departures(self.own())
        said = TEXTS["cost_alone" if kept_back else "cost"]
        return counted(said, bits=self.bits(), pieces=len(self.story.guesses), left=left)


class Tree:
    """All branches in the order in which they were begun; one of them is shown."""

    def __init__(self) -> None:
        self.branches: list[Branch] = []
        self.shown = 0
        self.turn = asyncio.Lock()  # of its visitor's wishes, so that they are met in the order in which they came

    @property
    def story(self) -> Story:
        return self.branches[self.shown].story

    def left(self) -> int:
        """How many tokens may still be told; Mishap if none."""
        left = PIECES - sum(len(branch.own()) for branch in self.branches)
        if left <= 0:
            raise Mishap(TEXTS["long"].format(pieces=PIECES))
        return left

    def room(self) -> None:
        """Mishap if no branch more fits."""
        if len(self.branches) >= BRANCHES:
            raise Mishap(TEXTS["full"].format(branches=BRANCHES))
        self.left()

    def spent(self) -> bool:
        """Whether the guess that stands was already told right or wrong, of the branch begun before the last."""
        return any(branch.guess for branch in self.branches[-2:-1])

    def again(self, wish: Wish) -> Wish:
        """The wish for a story from its beginning; with the next seed if it began the story that is shown."""
        k = self.shown if self.branches else None
        while k is not None and self.branches[k].parent is not None:
            k = self.branches[k].parent
        return following(wish) if k is not None and self.branches[k].wish == wish else wish

    def unused(self, wish: Wish, ids: list[int]) -> Wish:
        """The wish for a branch that begins with ids; with the next seed that no such branch began with."""
        twins = [branch for branch in self.branches if branch.parent is not None and branch.born() == len(ids)]
        known = {branch.wish for branch in twins if branch.story.ids[: len(ids)] == ids}
        while wish in known:
            wish = following(wish)
        return wish

    def add(self, story: Story, parent: int | None = None, at: int = 0) -> Story:
        """One branch more, which is shown from now on; the one shown before stops where it stands."""
        if self.branches:
            self.leave()
        before = story.guesses[:at]
        self.branches.append(Branch(story, story.wish, parent, at, shared=(bits(before), departures(before))))
        self.shown = len(self.branches) - 1
        return story

    def leave(self) -> None:
        """Stops the story that is shown, and lets go of its log, which can be written again."""
        self.story.halt = "gone"
        self.story.log = ""

    async def show(self, k: int) -> Story:
        """Another branch, or the same; its log is written anew where no page waits for it."""
        if k != self.shown:
            await asyncio.to_thread(self.branches[k].story.rewrite)
            self.leave()
            self.shown = k
        return self.story

    def forked(self, at: int, guess: Guess, wish: Wish) -> Story:
        """A story that leaves the one shown after `at` told tokens, with another token than there; no branch yet."""
        old = self.story
        story = Story(old.teller, old.company, wish)
        story.fork = sum(start < at for start in old.starts)
        story.log = story.head()
        for known in old.guesses[:at]:
            story.add(known)
        story.add(guess)
        return story

    def where(self, piece: int) -> int:
        """With how many told tokens before it a piece of the page begins."""
        starts = self.story.starts
        return starts[piece] if piece < len(starts) else len(self.story.guesses)

    def order(self, parent: int | None = None, depth: int = 0) -> Iterator[tuple[int, int]]:
        """(branch, depth), each followed by those that left it, in the order of the text."""
        children = [k for k, branch in enumerate(self.branches) if branch.parent == parent]
        for k in sorted(children, key=lambda k: (self.branches[k].at, k)):
            yield k, depth
            yield from self.order(k, depth + 1)

    @property
    def is_opening(self) -> bool:
        """Whether nothing is there but what was told for all."""
        return len(self.branches) == 1 and self.story.first is not None

    def outline(self) -> list[dict[str, Any]]:
        """What the page shows of each branch (see parts/outline.py).

        The opening alone says not yet how often it left the favourite: that is what the room asks.
        """
        rows = []
        for k, depth in self.order():
            branch = self.branches[k]
            left = (not self.is_opening and guess.token != guess.top[0][0] for guess in branch.own())
            rows.append(
                {
                    "k": k,
                    "depth": depth,
                    "title": self.title(k),
                    "at": branch.at,
                    "left": "".join("01"[gone] for gone in left),
                    "cost": branch.cost(self.is_opening),
                    "star": branch.starred,
                }
            )
        return rows

    def title(self, k: int) -> str:
        """How a branch is called: by its beginning, or by the piece it took."""
        branch = self.branches[k]
        if branch.parent is None:
            begins = " ".join(branch.wish.beginning.split())
            begins = (begins[: TITLE - 1] + "…" if len(begins) > TITLE else begins) or TEXTS["nothing"]
            twins = [one for one in self.branches if one.parent is None and one.wish.beginning == branch.wish.beginning]
            return TEXTS["again"].format(begins=begins, seed=branch.wish.seed) if len(twins) > 1 else begins
        told = self.branches[branch.parent].story.guesses
        took = spelt(branch.own()[0], branch.story)
        if branch.at >= len(told):
            return TEXTS["after"].format(took=took)
        wrote = spelt(told[branch.at], branch.story)
        return TEXTS["anew" if took == wrote else "took"].format(took=took, wrote=wrote)

    def compared(self) -> str:
        """What the branch shown costs since it left, beside as many tokens of the one it left; "" for a root."""
        branch = self.branches[self.shown]
        if branch.parent is None:
            return ""
        theirs = self.branches[branch.parent].story.guesses[branch.at :]
        both = min(len(theirs), len(branch.own()))
        if not both:
            return ""
        return counted(TEXTS["compared"], pieces=both, own=bits(branch.own()[:both]), other=bits(theirs[:both]))

    def as_text(self) -> str:
        """Every story of the tree, whole, in the order of the outline."""
        parts = []
        for k, _ in self.order():
            branch, star = self.branches[k], "* " if self.branches[k].starred else ""
            parts.append(f"{star}{k + 1}. {self.title(k)}\n({branch.cost(self.is_opening)})\n\n{branch.story.text()}\n")
        return f"\n{'-' * 40}\n\n".join(parts)

    def as_json(self) -> str:
        """The tree with every token and the chance the model gave it; each branch without what it shares."""
        branches = [
            {
                "branch": k,
                "teller": branch.wish.teller,
                "parent": branch.parent,
                "shared": branch.at,
                "bookmarked": branch.starred,
                "beginning": branch.wish.beginning,
                "knobs": [
                    {"from": max(0, token - branch.at), **knobs._asdict()} for token, knobs in branch.story.threw
                ],
                "seed": branch.wish.seed,
                "bits": round(branch.bits(), 2),
                "tokens": [
                    {
                        "id": guess.token,
                        "text": name(branch.story.teller.tokenizer, guess.token),
                        "chance": rounded(guess.chance),
                        "favourite": guess.top[0][0],
                    }
                    for guess in branch.own()
                ],
            }
            for k, branch in enumerate(self.branches)
        ]
        return json.dumps({"branches": branches}, ensure_ascii=False, indent=1)


def spelt(guess: Guess, story: Story) -> str:
    """A token for a title, in the words of the teller that told it."""
    text = name(story.teller.tokenizer, guess.token) if guess.token != story.end else TEXTS["end"]
    return text.strip() or TEXTS["gap"]


def following(wish: Wish) -> Wish:
    """The same with the next seed."""
    return wish._replace(seed=(wish.seed + 1) % (SEEDS + 1))


def bits(guesses: list[Guess]) -> float:
    """The surprise of all of them together."""
    return -sum(math.log2(max(guess.chance, 1e-12)) for guess in guesses) + 0.0


def departures(guesses: list[Guess]) -> int:
    """How many of them are not what the model liked best."""
    return sum(guess.token != guess.top[0][0] for guess in guesses)
