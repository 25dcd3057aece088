"""Ways from one drawing to another."""

from base64 import b64decode
from io import BytesIO
from math import nan

import pytest
import torch
from PIL import Image

from core.model import Mishap, noise
from demo.parts.pad import shown
from demo.redraw import example
from demo.shelf import once
from demo.vae import morphing
from demo.vae.morph import other
from demo.vae.morphing import STEPS, averages, film, morph, morphed, shortness, told
from demo.vae.survey import named
from demo.vae.ways import around, straight

NAME = "faces"
needs_models = pytest.mark.skipif(NAME not in named(), reason="no shipped model of faces")


def two(length: float) -> torch.Tensor:
    codes = torch.randn(2, 16, generator=noise(0))
    return length * codes / codes.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("way", [straight, around])
def test_ways_begin_and_end_at_their_ends_and_go_evenly(way):
    a, b = two(3.0)
    codes = way(a, b, 9)
    assert torch.allclose(codes[0], a, atol=1e-5) and torch.allclose(codes[-1], b, atol=1e-5)
    pace = (codes[1:] - codes[:-1]).norm(dim=1)
    assert torch.allclose(pace, pace.mean().expand(8), rtol=1e-3)


def test_the_way_around_keeps_its_length_and_the_straight_one_does_not():
    a, b = two(3.0)
    assert torch.allclose(around(a, b, 9).norm(dim=1), torch.full((9,), 3.0), rtol=1e-4)
    assert float(straight(a, b, 9)[4].norm()) < 2.7


def test_where_there_is_no_arc_the_way_is_straight():
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.0])
    for end in (b, -b, torch.zeros(2)):
        assert torch.isfinite(around(a, end, 5)).all()
    assert torch.allclose(around(a, b, 5), straight(a, b, 5))


def test_shortness_counts_those_that_are_longer():
    among = torch.diag(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert shortness(torch.tensor([[2.5, 0, 0, 0], [0, 0, 0, 9.0]]), among).tolist() == [0.5, 0.0]


def asked(**more):
    ends = {end: shown(example(NAME, n))["dots"] for end, n in (("a", 3), ("b", 4))}
    return {"name": NAME, **ends, **more}


@needs_models
def test_a_morph_leads_from_one_drawing_to_the_other():
    _, made = morphed(asked())
    fade = made.ways[2]
    assert torch.equal(fade[0], made.ends[0]) and torch.allclose(fade[-1], made.ends[1])
    near = (made.ways[:2, 0] - made.ends[0]).square().mean() < (made.ways[:2, 0] - made.ends[1]).square().mean()
    assert near and torch.allclose(made.ways[0, 0], made.ways[1, 0], atol=1e-4)
    page, _ = morph(asked())
    assert len(page["kinds"]) == len(page["sure"]) == 3 * STEPS


@needs_models
def test_films_do_not_wait_for_the_averages_that_their_sentence_needs(monkeypatch):
    monkeypatch.setattr(morphing, "MEASURED", set())
    monkeypatch.setattr(morphing, "averages", once(averages.__wrapped__))
    films, said = morph(asked())
    assert len(films["sure"]) == 3 * STEPS and said is None
    late = told(asked())
    assert "400 pairs" in late.yard and morph(asked())[1] == late


@needs_models
def test_straight_middles_are_shorter_than_those_of_the_way_around():
    _, doubt, inner, drawn, _ = averages(NAME)
    assert inner[0] > 0.7 > inner[1]  # the share of unseen codes that are longer
    assert 0 < drawn <= 1 and 0 < doubt < 0.1


@needs_models
@pytest.mark.parametrize(("kind", "format"), [("webp", "WEBP"), ("gif", "GIF")])
def test_a_film_is_a_file_that_goes_there_and_back(kind, format):
    sent = film(asked(way="around", kind=kind))
    with Image.open(BytesIO(b64decode(sent["file"].split(",")[1]))) as file:
        assert file.format == format and file.n_frames == 2 * STEPS - 2
        assert file.size == (192, 192)
    assert sent["name"] == f"atelier-{NAME}-around.{kind}"


@needs_models
@pytest.mark.parametrize(
    "foul",
    [{"name": "nonsense"}, {"name": None}, {"a": None}, {"a": "A"}, {"b": ["x"]}, {"b": "=" * 16384}, {"way": "up"},
     {"kind": "exe"}, {"kind": None}, {"a": "A" * 10**6}],
)  # fmt: skip
def test_what_is_no_morph_is_refused(foul):
    with pytest.raises(Mishap, match=r"\.$"):
        film({**asked(way="fade", kind="gif"), **foul})


@needs_models
@pytest.mark.parametrize("turn", [None, -1, nan, 1.5, 10**9, "x"])
def test_another_drawing_is_counted_in_whole_numbers(turn):
    with pytest.raises(Mishap, match=r"\.$"):
        other({"name": NAME, "turn": turn})
