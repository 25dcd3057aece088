"""What of a story also stands in the texts the storyteller learnt from, and what is usual for people. No Gradio."""

from bisect import bisect_right
from itertools import accumulate
from typing import Any

from core.checkpoint import INDEX, SHELF
from core.copying import RUN, SHORTEST, WORD, Index, read
from core.model import Mishap
from demo.shelf import once
from demo.telling import TELLER, Story
from demo.words import words

TEXTS = words("gpt.tell.copied")
FAR = 1.4  # times the longest text that was measured; the sizes that were lie as far apart


@once
def index() -> Index | None:
    """The index that ships with the storyteller; None where there is none that can be read."""
    try:
        return read(SHELF / TELLER / INDEX)
    except Mishap:
        return None


def copied(story: Story) -> dict[str, Any]:
    """The event that underlines the longest run of what was told, [first piece, last], and the sentence about it."""
    if story.wish.teller != TELLER:
        return {"run": None, "said": TEXTS["other"]}
    made = index()
    if made is None:
        return {"run": None, "said": TEXTS["absent"]}
    told = "".join(story.spelt)
    count = sum(1 for _ in WORD.finditer(told))
    found, (size, medians) = made.longest(told), made.usual(count)
    usual = TEXTS["usual"].format(
        size=size, parts=TEXTS["and"].join(f"{length(median)} ({part})" for part, median in medians.items())
    )
    if count > FAR * size:
        usual = f"{usual} {TEXTS['beyond'].format(words=count, size=size)}"
    errs = TEXTS["errs"].format(
        run=RUN, false=100 * made.facts["false hits"], off=100 * made.facts["wrong by more than two words"]
    )
    usual = f"{usual} {errs}"
    if found is None:
        return {"run": None, "said": f"{TEXTS['none'].format(shortest=SHORTEST)} {usual}"}
    ends = list(accumulate(map(len, story.spelt)))
    run = [bisect_right(ends, found.begin), bisect_right(ends, found.end - 1)]
    phrase = " ".join(told[found.begin : found.end].split())
    return {"run": run, "said": f"{TEXTS['found'].format(words=found.words, phrase=phrase)} {usual}"}


def length(median: float) -> str:
    """A typical length; what is below the shortest that is told of counts as 0."""
    return f"{median:.0f}" if median >= SHORTEST else TEXTS["fewer"].format(shortest=SHORTEST)
