"""The map of the code: its directions, what lies where, and walks on it."""

from base64 import b64decode
from io import BytesIO
from math import nan

import numpy as np
import pytest
import torch
from PIL import Image
from torch.distributions import MultivariateNormal

from core.model import Mishap, noise
from demo.vae import atlas
from demo.vae import survey as surveys
from demo.vae.atlas import Halfway, Plane, Question, apart, density, holes, mesh, prior, steady, thinness, told, wide
from demo.vae.survey import Survey, named, survey
from demo.vae.walk import walk

NAME = "faces"
RULES = {"name": NAME, "way": "apart"}
needs_models = pytest.mark.skipif(NAME not in named(), reason="no shipped model of faces")


def spread_over(mean: torch.Tensor, spread: float) -> Survey:
    """A survey of codes alone."""
    return Survey(torch.zeros(len(mean), 1, 8, 8), torch.zeros(len(mean)).long(), mean, spread * torch.ones_like(mean),
                  ["one"], "unseen")  # fmt: skip


FLAT = Plane(torch.eye(3)[:, :2], torch.tensor([0.0, 0.0, 0.7]))


def test_places_and_codes_are_each_others_way_back():
    places = torch.randn(9, 2, generator=noise(0))
    across = torch.linalg.qr(torch.randn(5, 2, generator=noise(1))).Q
    on = Plane(across, torch.zeros(5))
    assert torch.allclose(on.places(on.codes(places)), places, atol=1e-6)


def test_the_density_is_that_of_the_library():
    mean, root = torch.randn(7, 2, generator=noise(0)), torch.randn(7, 2, 2, generator=noise(1))
    cov = root @ root.mT + 0.2 * torch.eye(2)
    places = torch.randn(11, 2, generator=noise(2))
    library = MultivariateNormal(mean, cov).log_prob(places[:, None]).exp().mean(1)
    assert torch.allclose(density(places, mean, cov), library, rtol=1e-4)
    assert torch.allclose(prior(places), MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(places).exp())


def test_data_that_are_as_promised_leave_no_hole_and_a_missing_half_is_one():
    codes = 0.8 * torch.randn(4000, 3, generator=noise(0))  # clouds of spread .6 around them make up the prior
    places = mesh(3.0)
    assert holes(places, thinness(places, FLAT, spread_over(codes, 0.6))) == 0
    half = codes[codes[:, 0] > 0]
    assert 0.2 < holes(places, thinness(places, FLAT, spread_over(half, 0.3))) < 0.5


def test_the_kinds_plane_finds_where_kinds_differ_and_the_wide_one_where_codes_spread():
    y = torch.arange(600) % 3
    codes = torch.randn(600, 5, generator=noise(0))
    codes[:, 4] *= 9  # wide, and of no use for telling kinds
    codes[:, 1] += 6.0 * (y == 1)
    codes[:, 2] += 6.0 * (y == 2)
    across = apart(codes, y)
    assert torch.allclose(across.T @ across, torch.eye(2), atol=1e-5)
    assert float(across[1:3].square().sum()) > 1.9
    assert float(wide(codes)[4].abs().max()) > 0.95
    assert torch.equal(steady(-across), steady(across))


def test_neighbours_tell_kinds_that_lie_apart_and_guess_where_there_is_nothing_to_tell():
    y, truth = torch.arange(400) % 4, torch.arange(300) % 4
    clear = torch.nn.functional.one_hot(y, 4) * 9.0 + torch.randn(400, 4, generator=noise(0))
    asked = torch.nn.functional.one_hot(truth, 4) * 9.0 + torch.randn(300, 4, generator=noise(1))
    assert told(clear, y, asked, truth) == 1
    nothing = torch.randn(700, 4, generator=noise(2))
    assert told(nothing[:400], y, nothing[400:], truth) < 0.4


def test_halfway_counts_ends_thirds_and_nothing():
    chances = torch.tensor([[0.9, 0.1, 0.0], [0.1, 0.1, 0.8], [0.4, 0.3, 0.3], [0.0, 0.6, 0.4]])
    ends = torch.tensor([[0, 1]]).expand(4, 2)
    assert Halfway.of(chances, ends) == (0.5, 0.25, 0.25)


@needs_models
def test_a_map_holds_all_that_the_page_plays():
    drawn = atlas.chart(atlas.question(RULES))
    assert drawn["wall"].startswith("data:image/webp;base64,") and len(drawn["share"]) == drawn["cells"] ** 2
    assert len(drawn["points"]) == len(drawn["kinds"]) == atlas.SHOWN
    assert min(drawn["told"]["here"], drawn["told"]["all"]) > 2 * drawn["told"]["chance"]


@needs_models
def test_what_hangs_is_what_lies_in_the_middle_of_each_nine_cells():
    places = mesh(3.0).view(atlas.CELLS, atlas.CELLS, 2)
    assert torch.equal(atlas.hung(mesh(3.0))[atlas.HUNG + 2], places[4, 7])  # second row, third from the left
    asked = atlas.question(RULES)
    few, all_ = (picture(sheet["wall"]) for sheet in (atlas.chart(asked), atlas.cells(asked)))
    side = atlas.chart(asked)["side"]
    assert (len(few), len(all_)) == (atlas.HUNG * side, atlas.CELLS * side)
    hangs, lies = few[side : 2 * side, 2 * side : 3 * side], all_[4 * side : 5 * side, 7 * side : 8 * side]
    others = all_[4 * side : 5 * side, 16 * side : 17 * side]
    assert (hangs - lies).abs().mean() < 6 < (hangs - others).abs().mean()  # of 255: both went through WebP


def picture(uri):
    """A data URI -> (H, W, 3) in 0..255"""
    return torch.tensor(np.array(Image.open(BytesIO(b64decode(uri.split(",")[1]))).convert("RGB")), dtype=torch.float)


@needs_models
def test_a_map_begins_with_drawings_that_are_on_this_machine(monkeypatch):
    monkeypatch.setattr(surveys, "at_hand", lambda name: name == NAME)
    assert surveys.mapped()[0] == NAME and sorted(surveys.mapped()) == sorted(named())


@needs_models
def test_a_map_begins_where_kinds_lie_clearest_apart(monkeypatch):
    """In the order of what the maps themselves say."""
    monkeypatch.setattr(surveys, "at_hand", lambda name: True)
    asked = [atlas.question({"name": name, "way": atlas.WAYS[0]}) for name in surveys.mapped()]
    told = [atlas.chart(one)["told"]["here"] for one in asked]
    assert told == sorted(told, reverse=True)


@needs_models
def test_a_walk_goes_through_the_whole_codes_of_its_ends():
    seen = survey(NAME)
    half = len(seen.y) // 2
    film = walk({**RULES, "ends": [{"point": 3}, {"point": 8}]})
    alone = surveys.judged(surveys.painted(seen.mean[[half + 3, half + 8]], NAME), NAME).max(1).values
    assert [film["sure"][0], film["sure"][-1]] == pytest.approx(alone.tolist(), abs=0.006)
    assert len(film["kinds"]) == film["steps"] == atlas.STEPS


@needs_models
@pytest.mark.parametrize("name", [name for name in ("doodles", "digits") if name in named()])
def test_without_its_data_a_map_says_whose_its_points_are(monkeypatch, name):
    def nothing(asked):
        raise Mishap("It is not here.")

    monkeypatch.setattr(surveys, "N", 40)
    monkeypatch.setattr("demo.redraw.collection", lambda asked: nothing(asked) if asked == name else keep(asked))
    seen = survey.__wrapped__(name)
    assert seen.whose == {"doodles": "made", "digits": "numerals"}[name]
    assert len(seen.x) == len(seen.y) == 40 and int(seen.y.max()) < len(seen.labels)
    again = surveys.judged(surveys.painted(seen.mean, name), name).argmax(1)
    right = float((again == seen.y).float().mean())
    assert seen.whose == "made" or right > 0.9, "what stands in is drawn as the collection would have"


def keep(name):
    from core.data import open_collection

    return open_collection(name)


@needs_models
@pytest.mark.parametrize(
    "foul",
    [
        {"name": "nonsense"},
        {"name": None},
        {"way": "sideways"},
        {"way": "pair"},
        {"way": "pair", "pair": [1]},
        {"way": "pair", "pair": [3, 3]},
        {"way": "pair", "pair": [0, 10**9]},
        {"way": "pair", "pair": [1.5, nan]},
        {"at": None},
        {"at": [1.0]},
        {"at": [nan, 0.0]},
        {"at": ["x", 1e30]},
        {"at": [0.0] * 10_000},
    ],
)
def test_a_place_that_is_none_is_refused(foul):
    with pytest.raises(Mishap, match=r"\.$"):
        atlas.spot({**RULES, "at": [0.0, 0.0], **foul})


@needs_models
@pytest.mark.parametrize(
    "ends",
    [None, [], [{}], [{}, {}], [{"point": 0}], [{"point": 0}] * 3, [{"point": -1}, {"point": 0}], "ab", ["a", "b"],
     [{"point": 10**6}, {"point": 0}], [{"point": "0x"}, {"at": [0, 0]}], [{"at": [0, nan]}, {"point": 1}]],
)  # fmt: skip
def test_a_walk_between_nothing_is_refused(ends):
    with pytest.raises(Mishap, match=r"\.$"):
        walk({**RULES, "ends": ends})


@needs_models
def test_numbers_of_the_map_are_counted_as_the_sliders_are():
    which = atlas.question({"name": NAME, "way": "pair", "pair": [2, 1]})
    order = surveys.painter(NAME).order.tolist()
    assert which == Question(NAME, "pair", (order[1], order[0]))
    assert atlas.plane(which).across.argmax(0).tolist() == [order[1], order[0]]
