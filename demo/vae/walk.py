"""From one place of the map to another: a film, and what the judge calls each of its pictures. No Gradio."""

from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from demo.limits import whole
from demo.vae import ties
from demo.vae.atlas import SHOWN, STEPS, SURE, Question, halfway, place, plane, question, tiled
from demo.vae.survey import COUPLES, judged, painted, survey
from demo.vae.ways import straight
from demo.words import words

NOTHING = -1  # the kind of a picture that the judge does not name


def walk(asked: dict[str, Any]) -> dict[str, Any]:
    """{"name", "way", "pair", "ends": [{"point": i} or {"at": [a, b]}, ...]} -> the film: a sprite whose first and last
    picture are the drawings at the ends, and for each picture between what the judge calls it, and how surely."""
    which = question(asked)
    sent = asked.get("ends")
    a, b = (end(one, which) for one in (sent if isinstance(sent, list) and len(sent) == 2 else (None, None)))
    film = painted(straight(a[0], b[0], STEPS), which.name)
    sure, kind = judged(film, which.name).max(1)
    kinds = torch.where(sure >= SURE, kind, NOTHING).tolist()
    ends = [film[i : i + 1] if x is None else x[None] for i, x in ((0, a[1]), (STEPS - 1, b[1]))]
    return {
        **{"film": tiled(torch.cat((ends[0], film, ends[1])), STEPS + 2), "steps": STEPS},
        **{"kinds": kinds, "sure": [round(share, 2) for share in sure.tolist()]},
        **came(kinds, which, asked.get("guess")),
    }


def end(sent: Any, which: Question) -> tuple[Tensor, Tensor | None]:
    """What was clicked -> its code (Z,), and its drawing (C, S, S) where it is one."""
    sent = sent if isinstance(sent, dict) else {}
    if "point" not in sent:
        return plane(which).codes(place(sent.get("at")))[0], None
    seen = survey(which.name)
    half = len(seen.y) // 2
    i = half + whole(sent["point"], 0, min(SHOWN, len(seen.y) - half) - 1, words("vae.map")["point"])
    return seen.mean[i], seen.x[i]


def came(kinds: list[int], which: Question, guess: Any) -> dict[str, str]:
    """What to say of the walk, what to hold it against, and which of the guesses comes most often, the visitor's own if
    it is level with that."""
    texts, labels = words("vae.map"), [*survey(which.name).labels, words("vae.map")["nothing"]]
    runs = [f"{labels[kind]} × {len(list(run))}" for kind, run in groupby(kinds)]
    through, faded = halfway(which.name)
    shares = {f"{name}{tail}": 100 * part for tail, of in (("", through), ("_faded", faded))
              for name, part in of._asdict().items()}  # fmt: skip
    return {
        "said": texts["walked"].format(steps=len(kinds), runs=", ".join(runs)),
        "yard": texts["walks"].format(n=COUPLES, **shares),
        "most": ties.came(guess, texts["guesses"], ties.level(ties.counted(through, COUPLES))),
    }
