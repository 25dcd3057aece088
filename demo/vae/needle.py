"""A direction of the code out of six pictures against six, and a test of what it does. No Gradio.

The direction d (Z,) is the difference of the means of their codes. What was asked for is what the two groups really
differ in most. The test moves unseen pictures by d and reads what has changed (demo/vae/gauge.py); directions out of
blindly chosen groups, as long as d, say what chance does.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.model import Mishap, noise
from demo.limits import finite, one_of, whole
from demo.redraw import FARTHEST, SEEDS, code, pack
from demo.shelf import once
from demo.vae.atlas import tiled
from demo.vae.gauge import gauge, readings, truths
from demo.vae.survey import Survey, named, painted, survey
from demo.words import words

WALL, EACH, KINDS = 24, 6, 3  # pictures to choose from, of each side, and kinds to choose from
TESTED, BLIND = 100, 4  # unseen pictures that are moved; blind directions
ROWS, STEPS, SPAN = 4, 7, 1.5  # rows of pictures that are shown moved, from -SPAN to SPAN times d
ALIKE = 0.1  # of a reading's spread: groups that differ by less in everything differ in nothing
KEPT, TURNS = 8, 3.0  # sliders of one visitor, and how far each goes


class Verdict(NamedTuple):
    """What moving by a direction did."""

    target: int  # the reading that was asked for
    asked: float  # how much more of it the one group has, in usual spreads
    lacked: int  # unseen pictures that lie nearer to the group without it
    did: float  # the share of them that lie nearer to the other group once they are moved
    blind: float  # the same for blind directions
    moved: Tensor  # (Q,) mean change of each reading, in usual spreads
    doubt: float  # two standard errors of did - blind: of the pictures tried, and of the few blind directions


def wall(asked: dict[str, Any]) -> dict[str, Any]:
    """{"name", "turn"} -> pictures to choose from, as a sprite; those the direction is tested on are not among them."""
    name, turn = which(asked)
    seen = survey(name)
    x = seen.x[shown(seen, turn)]
    return {
        **{"wall": tiled(x, WALL), "side": x.shape[-1], "channels": x.shape[1], "count": WALL, "each": EACH},
        **{"kinds": [seen.labels[k] for k in seen.y[shown(seen, turn)].tolist()], "whose": seen.whose},
        **start(name, turn),
    }


def which(asked: dict[str, Any]) -> tuple[str, int]:
    texts = words("vae.compass")
    name = one_of(asked.get("name"), named(), texts["collection"])
    return name, whole(asked.get("turn"), 0, SEEDS, texts["turn"])


def shown(seen: Survey, turn: int) -> Tensor:
    """(WALL,) which pictures hang on the wall: out of the second half, ever others, and of few kinds, so that six of a
    kind can be found."""
    rng, half = noise(turn, 17), len(seen.y) // 2
    order = half + torch.randperm(len(seen.y) - half, generator=rng)
    kinds = torch.randperm(len(seen.labels), generator=rng).tolist()
    some = torch.cat([order[seen.y[order] == kind][: WALL // KINDS] for kind in kinds])[:WALL]
    return some[torch.randperm(len(some), generator=rng)]


def start(name: str, turn: int) -> dict[str, Any]:
    """The picture that the sliders move: one of those that are tested."""
    mean = survey(name).mean[turn % TESTED].clamp(-FARTHEST, FARTHEST)
    return {"code": [round(number, 4) for number in mean.tolist()], "dots": pack(painted(mean[None], name)[0])}


def sides(asked: dict[str, Any], seen: Survey, turn: int) -> tuple[Tensor, Tensor]:
    """What was tagged -> which pictures of the survey, (EACH,) and (EACH,); Mishap unless it is six against six."""
    texts, hung, tagged = words("vae.compass"), shown(seen, turn), []
    for side in ("with", "without"):
        sent = asked.get(side)
        if not isinstance(sent, list) or len(sent) != EACH:
            raise Mishap(texts["six"])
        tagged.append([whole(i, 0, WALL - 1, texts["picture"]) for i in sent])
    if len({*tagged[0], *tagged[1]}) != 2 * EACH:
        raise Mishap(texts["twice"])
    return hung[tagged[0]], hung[tagged[1]]


def build(asked: dict[str, Any]) -> dict[str, Any]:
    """{"name", "turn", "with", "without"} -> the direction, rows of pictures moved along it, and what the test says."""
    name, turn = which(asked)
    seen = survey(name)
    has, lacks = sides(asked, seen, turn)
    d = (seen.mean[has].mean(0) - seen.mean[lacks].mean(0)).clamp(-FARTHEST, FARTHEST)
    steps = torch.linspace(-SPAN, SPAN, STEPS)
    rows = seen.mean[TESTED : TESTED + ROWS, None] + steps[:, None] * d  # (ROWS, STEPS, Z)
    said = verdict(d, has, lacks, name)
    return {
        "direction": [round(number, 4) for number in d.tolist()],
        **{"rows": tiled(painted(rows.flatten(0, 1), name), STEPS), "high": ROWS, "wide": STEPS},
        **{"target": called(said, name), "moved": drags(said, name)},
        **told(said, name),
    }


def verdict(d: Tensor, has: Tensor, lacks: Tensor, name: str) -> Verdict:
    by, truth, before = gauge(name), truths(name), unmoved(name)
    ends = truth[has].mean(0), truth[lacks].mean(0)
    target = int(((ends[0] - ends[1]) / by.spread.clamp(min=1e-6)).abs().argmax())
    if abs(float((ends[0] - ends[1])[target])) < ALIKE * float(by.spread[target]):
        raise Mishap(words("vae.compass")["alike"])
    middle, gap = (ends[0] + ends[1])[target] / 2, float((ends[0] - ends[1])[target])

    def having(read: Tensor) -> Tensor:
        return (read[:, target] - middle) * gap > 0

    after = moved(d, name)
    lacked = ~having(before)
    chance = [share(having(moved(blindly(d, name, i), name))[lacked]) for i in range(BLIND)]
    changed = (after - before).mean(0) / by.spread.clamp(min=1e-6)
    asked = gap / float(by.spread[target])
    did, blind, n = share(having(after)[lacked]), sum(chance) / BLIND, int(lacked.sum())
    doubt = 2 * (did * (1 - did) / max(1, n) + float(torch.tensor(chance).var()) / BLIND) ** 0.5
    return Verdict(target, asked, n, did, blind, changed, doubt)


def share(which: Tensor) -> float:
    """(n,) bool -> 0..1; 0 of none"""
    return float(which.float().mean()) if len(which) else 0.0


def moved(d: Tensor, name: str) -> Tensor:
    """(TESTED, Q) readings of unseen pictures' redraws, moved by d"""
    return readings(painted(survey(name).mean[:TESTED] + d, name), name)


@once
def unmoved(name: str) -> Tensor:
    """(TESTED, Q) readings of the redraws as they are"""
    return moved(torch.zeros(survey(name).mean.shape[1]), name)


def blindly(d: Tensor, name: str, i: int) -> Tensor:
    """A direction as long as d, out of EACH against EACH pictures that nobody looked at."""
    mean = survey(name).mean
    chosen = mean[torch.randperm(len(mean), generator=noise(i, 11))[: 2 * EACH]]
    other = chosen[:EACH].mean(0) - chosen[EACH:].mean(0)
    return other * d.norm() / other.norm().clamp(min=1e-6)


def called(said: Verdict, name: str) -> str:
    """The target by name: "more smile" """
    return words("vae.compass")["more" if said.asked > 0 else "less"].format(name=gauge(name).names[said.target])


def drags(said: Verdict, name: str) -> list[dict[str, Any]]:
    """What changed most, the target first: names and mean changes in usual spreads, each as often as it counts"""
    others = [q for q in said.moved.abs().argsort(descending=True).tolist() if q != said.target][:4]
    names = gauge(name).names
    return [{"name": names[q], "by": round(float(said.moved[q]), 2)} for q in (said.target, *others)]


def told(said: Verdict, name: str) -> dict[str, str]:
    texts, by = words("vae.compass"), gauge(name)
    target, *others = drags(said, name)
    dragged = ", ".join(f"{one['name']} ({one['by']:+.1f})" for one in others[:2]).replace("-", "−")
    r = "" if by.line is None or said.target >= len(by.legible) else texts["line"].format(
        r=float(by.line.r[by.legible[said.target]]))  # fmt: skip
    guess = texts["guesses"][0 if said.did >= 0.75 else 1 if said.did >= 0.25 else 2]
    facts = {"target": called(said, name), "did": round(said.lacked * said.did), "n": said.lacked, "of": TESTED}
    facts["whose"] = texts["whose"][survey(name).whose]
    by_itself = f"{target['by']:+.1f}".replace("-", "−")
    sentence = texts["said" if said.lacked else "none_lacked"].format(**facts)
    found = not said.lacked or said.did - said.blind > said.doubt
    no_better = "" if found else texts["no_better"].format(doubt=said.lacked * said.doubt)
    return {
        "said": sentence + no_better,
        "yard": texts["yard"].format(
            blind=said.lacked * said.blind, n=said.lacked, dragged=dragged, moved=by_itself, line=r
        ),
        "most": guess,
    }


def mix(asked: dict[str, Any]) -> dict[str, str]:
    """{"name", "code", "sliders": [{"direction", "by"}, ...]} -> the picture of the code moved along all of them"""
    texts = words("vae.compass")
    name = one_of(asked.get("name"), named(), texts["collection"])
    z, sliders = code(asked.get("code"), name), asked.get("sliders")
    if not isinstance(sliders, list) or len(sliders) > KEPT:
        raise Mishap(texts["many"].format(n=KEPT))
    for one in sliders:
        one = one if isinstance(one, dict) else {}
        z = z + finite(one.get("by"), -TURNS, TURNS, texts["by"]) * code(one.get("direction"), name, what=texts["part"])
    return {"dots": pack(painted(z[None], name)[0])}
