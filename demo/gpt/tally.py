"""What a story came to: the result sentence with its yardstick, and which of the guesses came so. No Gradio."""

from demo.branches import Tree
from demo.telling import Figures, figures
from demo.words import counted, words

TEXTS = words("gpt.tell")
EDGES = (0.8, 0.58, 0.35)  # shares of first choices that lie between the guesses
ENOUGH = 20  # pieces, from which on a guess is judged


def odds(x: float) -> str:
    """The x of "1 in x": 1.6, 6, 4,096."""
    return f"{x:.2g}" if x < 9.95 else f"{x:,.0f}"


def tally(tree: Tree) -> tuple[str, str, str]:
    """Of the story that is shown: what the dice made of the first choices, what to hold the chances against, and the
    guess that came so; three times "" if nothing is told yet."""
    found, note = figures(tree.story), tree.compared()
    if not found.pieces:
        return "", "", ""
    share = round(100 * found.first / found.pieces)
    said = counted(TEXTS["said"], first=found.first, pieces=found.pieces, share=share)
    yard = TEXTS["yard"].format(own=odds(found.own), blind=odds(found.blind))
    pair = "" if found.pair is None else TEXTS["pair"].format(pair=odds(found.pair))
    unread = TEXTS["unread"].format(unread=odds(found.unread)) if found.unread else ""
    return said, " ".join(filter(None, (yard, pair, unread, note))), came(found)


def came(found: Figures) -> str:
    """The guess that comes nearest to how often it wrote its first choice; "" where too little is written to tell."""
    share = found.first / max(1, found.pieces)
    return TEXTS["guesses"][sum(share < edge for edge in EDGES)] if found.pieces >= ENOUGH else ""
