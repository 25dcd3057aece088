"""Directions out of examples, the instrument that tests them, and what strangers send."""

from math import inf, nan

import pytest
import torch

from core.data.gallery import open_gallery
from core.model import Mishap, noise
from demo.redraw import painter
from demo.vae import needle
from demo.vae.gauge import fitted, gauge, readings, truths
from demo.vae.needle import EACH, WALL, build, mix, shown, verdict, wall
from demo.vae.survey import named, survey
from demo.words import words

NAME, TEXTS = "faces", words("vae.compass")
pytestmark = pytest.mark.skipif(NAME not in named(), reason="no shipped model of faces")


def test_the_line_reads_what_is_written_in_the_dots():
    base, factors = torch.randn(3, 1, 8, 8, generator=noise(0)), torch.rand(700, 3, generator=noise(1))
    x = (factors @ base.flatten(1)).view(-1, 1, 8, 8)
    factors[:, 2] = torch.rand(700, generator=noise(2))  # not in the picture
    line = fitted(x[:500], factors[:500], x[500:], factors[500:])
    assert line.r[:2].min() > 0.99 and abs(line.r[2]) < 0.3
    assert torch.allclose(line.read(x[500:])[:, 0], factors[500:, 0], atol=0.05)


def test_the_instrument_reads_factors_of_pictures_it_was_not_fitted_to():
    by = gauge(NAME)
    assert {"smile", "skin tone", "light", "top hat"} <= {*by.names}
    fresh = open_gallery(NAME).fixed(200, start=50_000).x
    truth = open_gallery(NAME).factors(50_200)[50_000:][:, by.legible]
    read = readings(fresh, NAME)[:, : len(by.legible)]
    assert (read - truth).abs().mean() < 0.15


def extremes(reading: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The pictures of the second half with most of it, and those with least."""
    order = truths(NAME)[500:, gauge(NAME).names.index(reading)].argsort() + 500
    return order[-EACH:], order[:EACH]


def test_a_direction_of_what_the_code_knows_does_it_oftener_than_blind_ones():
    has, lacks = extremes("light")
    mean = survey(NAME).mean
    said = verdict(mean[has].mean(0) - mean[lacks].mean(0), has, lacks, NAME)
    assert gauge(NAME).names[said.target] == "light" and said.asked > 2
    assert said.did > 0.6 and said.did > 2 * said.blind
    assert TEXTS["no_better"] not in needle.told(said, NAME)["said"]
    back = verdict(mean[lacks].mean(0) - mean[has].mean(0), lacks, has, NAME)
    assert back.asked == pytest.approx(-said.asked) and back.moved[said.target] < 0 < said.moved[said.target]


def test_a_direction_that_leads_nowhere_changes_nothing():
    has, lacks = extremes("light")
    said = verdict(torch.zeros_like(survey(NAME).mean[0]), has, lacks, NAME)
    assert said.did == said.blind == 0 and not said.moved.any()
    assert TEXTS["no_better"].format(doubt=0) in needle.told(said, NAME)["said"]
    assert "none can come over" in needle.told(said._replace(lacked=0), NAME)["said"]


def test_walls_differ_hold_six_of_a_kind_and_none_of_what_is_tested():
    seen = survey(NAME)
    walls = [shown(seen, turn) for turn in range(3)]
    for hung in walls:
        assert len(hung.unique()) == WALL and int(hung.min()) >= needle.TESTED + needle.ROWS
        assert int(seen.y[hung].bincount().max()) >= EACH
    assert not torch.equal(walls[0], walls[1]) and torch.equal(walls[0], shown(seen, 0))


def tagged(**more):
    return {"name": NAME, "turn": 0, "with": [0, 1, 2, 3, 4, 5], "without": [6, 7, 8, 9, 10, 11], **more}


def test_a_built_direction_is_what_mix_moves_by():
    built = build(tagged())
    z = wall({"name": NAME, "turn": 0})["code"]
    still, moved = (
        mix({"name": NAME, "code": z, "sliders": [{"direction": built["direction"], "by": by}]}) for by in (0, 1)
    )
    assert still == mix({"name": NAME, "code": z, "sliders": []}) != moved
    assert {"said", "yard", "most", "rows", "moved", "target"} <= built.keys()


@pytest.mark.parametrize(
    "foul",
    [
        {"name": "nonsense"},
        {"turn": -1},
        {"turn": nan},
        {"with": None},
        {"with": [0, 1, 2, 3, 4]},
        {"with": [0] * 6},
        {"with": [0, 1, 2, 3, 4, 6]},
        {"with": [0, 1, 2, 3, 4, WALL]},
        {"without": [0.5] * 6},
        {"without": ["a"] * 6},
        {"without": list(range(10**5))},
    ],
)
def test_tags_that_are_none_are_refused(foul):
    with pytest.raises(Mishap, match=r"\.$"):
        build(tagged(**foul))


LATENT = painter(NAME).config.latent if NAME in named() else 0
ZERO = [0.0] * LATENT


@pytest.mark.parametrize(
    "foul",
    [
        {"name": None},
        {"code": ZERO[1:]},
        {"code": [nan, *ZERO[1:]]},
        {"sliders": None},
        {"sliders": ["x"]},
        {"sliders": [{"direction": ZERO, "by": inf}]},
        {"sliders": [{"direction": [*ZERO, 0.0], "by": 0}]},
        {"sliders": [{"direction": [1e9, *ZERO[1:]], "by": 0}]},
        {"sliders": [{"direction": ZERO, "by": 0}] * 9},
    ],
)
def test_sliders_that_are_none_are_refused(foul):
    with pytest.raises(Mishap, match=r"\.$"):
        mix({"name": NAME, "code": ZERO, "sliders": [], **foul})
