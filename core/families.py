"""The families, in the order of the lesson."""

from dataclasses import fields
from typing import Any

from core.gan import GAN
from core.gpt import GPT
from core.judge import Judge
from core.model import Mishap, Model
from core.vae import VAE

FAMILIES: dict[str, type[Model]] = {"gan": GAN, "vae": VAE, "gpt": GPT, "judge": Judge}


def build(family: str, size: str, facts: dict[str, Any], options: dict[str, Any] | None = None) -> Model:
    """A new model of a family and size, fitted to its data: facts it has no use for are left out.

    Weights come from torch's global generator: seed it (`core.model.seeded`) for the same model again.
    Mishap if family, size or an option does not exist.
    """
    if family not in FAMILIES:
        raise Mishap(f"There is no family called {family!r}: there are {', '.join(FAMILIES)}.")
    kind = FAMILIES[family]
    if size not in kind.PRESETS:
        raise Mishap(f"{family} comes in the sizes {', '.join(kind.PRESETS)}, not {size!r}.")
    known = {f.name for f in fields(kind.Config)}
    if strange := set(options or {}) - known:
        raise Mishap(f"{family} has no setting called {', '.join(sorted(strange))}.")
    given = {name: value for name, value in facts.items() if name in known}
    return kind(kind.Config(**{**given, **kind.PRESETS[size], **(options or {})}))
