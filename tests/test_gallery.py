"""The drawn collections: every picture its seed's own, every factor visible, every word true."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from core.data.gallery import GALLERY, PART, Gallery, open_gallery
from core.model import Mishap, noise

PAINTED = ("faces", "landscapes", "numerals", "shapes")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small pictures gain nothing from more, and lose much where the other cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=GALLERY)
def gallery(request: pytest.FixtureRequest) -> Gallery:
    return open_gallery(request.param)


def sweep(gallery: Gallery, factor: str, kind: int, steps: int = 5) -> Tensor:
    """One factor from 0 to 1, the others held in the middle."""
    factors = torch.full((steps, len(gallery.card.factors)), 0.5)
    factors[:, gallery.card.factors.index(factor)] = torch.linspace(0, 1, steps)
    return gallery.paint(factors, torch.full((steps,), kind))


def rising(values: Tensor) -> bool:
    return bool((values.diff() > 0).all())


def centre(weight: Tensor, dim: int) -> Tensor:
    """Where the weight (B, S, S) lies along a dimension, in pixels."""
    return (weight.sum(3 - dim) * torch.arange(weight.shape[dim])).sum(1) / weight.sum((1, 2))


def test_a_picture_is_the_same_in_any_company(gallery: Gallery) -> None:
    seeds = torch.randint(2 * PART, (140,), generator=noise(1))
    whole = gallery.draw(seeds)
    order = torch.randperm(len(seeds), generator=noise(2))
    assert torch.equal(gallery.draw(seeds[order]).x, whole.x[order])
    for first, last in ((0, 1), (1, 4), (4, 37), (37, 140)):
        for part, all_ in zip(gallery.draw(seeds[first:last]), whole, strict=True):
            assert torch.equal(part, all_[first:last])


def test_the_number_of_threads_changes_no_bit(gallery: Gallery) -> None:
    seeds = torch.arange(131)
    alone = gallery.draw(seeds).x
    torch.set_num_threads(3)
    assert torch.equal(alone, gallery.draw(seeds).x)


def test_pictures_are_finite_and_in_range(gallery: Gallery) -> None:
    drawn = gallery.draw(torch.arange(256))
    side = gallery.card.side
    assert drawn.x.shape[1:] == ((gallery.card.channels, side, side) if side else (2,))
    assert drawn.x.dtype == torch.float32 and drawn.x.isfinite().all()
    assert drawn.x.abs().max() <= 1
    assert 0 <= drawn.factors.min() and drawn.factors.max() < 1
    assert drawn.factors.shape == (256, len(gallery.card.factors))


def test_training_and_test_pictures_are_apart(gallery: Gallery) -> None:
    train, test = gallery.fixed(120, "train").x, gallery.fixed(120, "test").x
    rows = torch.cat([train, test, gallery.batch(120, noise(3)).x]).flatten(1)
    assert len(rows.unique(dim=0)) == 360
    with pytest.raises(Mishap):
        gallery.fixed(2, "train", PART - 1)  # one step further would be the first test picture
    assert torch.equal(gallery.fixed(1, "train", PART - 1).x, gallery.draw(torch.tensor([PART - 1])).x)
    assert torch.equal(gallery.fixed(1, "test").x, gallery.draw(torch.tensor([PART])).x)


def test_a_batch_is_its_generators_choice(gallery: Gallery) -> None:
    one, same, other = (gallery.batch(8, noise(seed)) for seed in (4, 4, 5))
    assert torch.equal(one.x, same.x) and not torch.equal(one.x, other.x)
    assert (one.y is None) == (not gallery.card.labels)


def test_labels_appear_about_equally(gallery: Gallery) -> None:
    kinds = max(1, len(gallery.card.labels))
    counts = gallery.choose(torch.arange(20_000))[1].bincount(minlength=kinds)
    assert len(counts) == kinds
    assert (counts * kinds / 20_000 - 1).abs().max() < 0.12


def test_factors_are_uniform_and_unrelated(gallery: Gallery) -> None:
    factors = gallery.choose(torch.arange(20_000))[0]
    assert (factors.mean(0) - 0.5).abs().max() < 0.01
    assert (factors.std(0) - 12**-0.5).abs().max() < 0.01
    assert (factors.T.corrcoef() - torch.eye(factors.shape[1])).abs().max() < 0.04


def test_each_factor_changes_the_picture(gallery: Gallery) -> None:
    factors, y = gallery.choose(torch.arange(40))
    for place, name in enumerate(gallery.card.factors):
        low, high = factors.clone(), factors.clone()
        low[:, place], high[:, place] = 0.02, 0.52
        change = (gallery.paint(low, y) - gallery.paint(high, y)).abs().mean()
        assert change > 0.002, f"{name} shows too little: {change:.4f}"


@pytest.mark.parametrize("name", ("faces", "landscapes"))
def test_a_small_step_is_a_small_change(name: str) -> None:
    gallery = open_gallery(name)
    factors, y = gallery.choose(torch.arange(24))
    before = gallery.paint(factors, y)
    for place, factor in enumerate(gallery.card.factors):
        moved = factors.clone()
        moved[:, place] = (moved[:, place] + 0.005).clamp(max=1)
        change = (gallery.paint(moved, y) - before).abs().mean((1, 2, 3)).max()
        assert change < 0.03, f"{factor} jumps: {change:.3f}"


def test_more_smile_bends_the_mouth_down_in_its_middle() -> None:
    mouth = sweep(open_gallery("faces"), "smile", 1)[:, 1, 19:27, 15:17]
    ink = (mouth.amax(1, keepdim=True) - mouth).square()
    assert rising(centre(ink, 1))


def test_more_hair_is_longer_hair() -> None:
    bob = sweep(open_gallery("faces"), "hair length", 1)
    wall = bob[:, :, 31, 2:3]  # hair of factor 0.5 is ginger: less blue than the wall
    hair = (wall[:, 2, None] - bob[:, 2, 20:, 2:10]).clamp(min=0)
    assert rising(hair.sum((1, 2)))


def test_the_head_tilts_and_turns_to_the_right() -> None:
    faces = open_gallery("faces")
    for factor in ("head tilt", "head turn"):
        dark = 1 - sweep(faces, factor, 0)[:, :, 9:19].mean(1)  # the eyes of a bald head
        dark = (dark - dark.mean((1, 2), keepdim=True)).clamp(min=0.4)
        assert rising(centre(dark - 0.4, 2)), factor


def test_nights_are_darker_than_days_and_dusk_is_redder_than_day() -> None:
    landscapes = open_gallery("landscapes")
    drawn = landscapes.draw(torch.arange(200))
    light = torch.stack([drawn.x[drawn.y == kind].mean((0, 2, 3)) for kind in range(4)])  # (4, 3)
    dawn, day, dusk, night = light.mean(1)
    assert night < dusk < day and night < dawn < day
    assert light[2, 0] - light[2, 2] > light[1, 0] - light[1, 2]


def test_numerals_obey_the_hand() -> None:
    numerals = open_gallery("numerals")
    for digit in range(10):
        ink = {name: sweep(numerals, name, digit)[:, 0] / 2 + 0.5 for name in ("weight", "slant", "shift across")}
        assert rising(ink["weight"].sum((1, 2)))
        assert rising(centre(ink["slant"][:, :13], 2) - centre(ink["slant"][:, 19:], 2))
        assert rising(centre(ink["shift across"], 2))


def test_numerals_are_white_on_black() -> None:
    x = open_gallery("numerals").draw(torch.arange(300)).x
    edges = torch.cat([x[:, 0, 0], x[:, 0, -1], x[:, 0, :, 0], x[:, 0, :, -1]], 1)
    assert (edges == -1).float().mean() > 0.99
    assert (x.amax((1, 2, 3)) > 0.8).all()
    assert 0.05 < (x > 0).float().mean() < 0.25  # MNIST, padded to 32 x 32, has about a tenth


def test_captions_of_shapes_are_true() -> None:
    shapes = open_gallery("shapes")
    seeds = torch.arange(400)
    drawn, captions = shapes.draw(seeds), shapes.captions(seeds)
    saturation = drawn.x.amax(1) - drawn.x.amin(1)
    ink = (saturation - 0.45).clamp(min=0)
    across, down, size = centre(ink, 2), centre(ink, 1), (ink > 0).sum((1, 2))
    for row, words in enumerate(captions):
        assert f" {shapes.card.labels[drawn.y[row]]}," in words
        for place, where, low in (("left", across, True), ("right", across, False), ("top", down, True)):
            if place in words.split(",")[1]:
                assert (where[row] < 15.5) == low, words
    mean = {
        word: size[[word in caption for caption in captions]].float().mean() for word in ("small", "medium", "large")
    }
    assert mean["small"] * 1.5 < mean["medium"] and mean["medium"] * 1.3 < mean["large"]


def test_captions_of_colours_are_true() -> None:
    shapes = open_gallery("shapes")
    seeds = torch.arange(600)
    x, captions = shapes.draw(seeds).x, shapes.captions(seeds)
    strongest = (x.amax(1) - x.amin(1)).flatten(1).argmax(1)
    red, green, blue = x.flatten(2)[torch.arange(600), :, strongest].T
    for row, words in enumerate(captions):
        if " red " in words:
            assert red[row] > green[row] and red[row] > blue[row]
        if " green " in words:
            assert green[row] > red[row] and green[row] > blue[row]
        if " blue " in words:
            assert blue[row] > red[row] and blue[row] > green[row]


def test_every_caption_names_the_label() -> None:
    seeds = torch.arange(100)
    for name in (*PAINTED, "points-gaussians"):
        gallery = open_gallery(name)
        labels = [gallery.card.labels[kind] for kind in gallery.choose(seeds)[1].tolist()]
        assert all(label in words for label, words in zip(labels, gallery.captions(seeds), strict=True)), name


def test_points_lie_where_they_should() -> None:
    ring = open_gallery("points-ring").draw(torch.arange(4000)).x
    assert (ring.norm(dim=1) - 0.7).abs().mean() < 0.05
    cloud = open_gallery("points-gaussians").draw(torch.arange(4000))
    centres = torch.stack([cloud.x[cloud.y == kind].mean(0) for kind in range(8)])
    assert (torch.cdist(cloud.x, centres).argmin(1) == cloud.y).float().mean() > 0.999
    spiral = open_gallery("points-spiral").draw(torch.arange(4000))
    assert torch.stack([spiral.x.norm(dim=1), spiral.factors[:, 0].sqrt()]).corrcoef()[0, 1] > 0.98


def test_wrong_names_are_told_in_a_sentence() -> None:
    with pytest.raises(Mishap, match="'portraits'"):
        open_gallery("portraits")
    with pytest.raises(Mishap, match="'validation'"):
        open_gallery("faces").fixed(1, "validation")
    with pytest.raises(Mishap):
        open_gallery("faces").fixed(1, start=-1)


def test_factors_out_of_range_are_told_in_a_sentence(gallery: Gallery) -> None:
    count = len(gallery.card.factors)
    for wrong in (float("nan"), float("inf"), -0.1, 1.1):
        with pytest.raises(Mishap, match="from 0 to 1"):
            gallery.paint(torch.full((1, count), wrong), torch.tensor([0]))
    for kind in (-1, 99):
        with pytest.raises(Mishap, match="labels"):
            gallery.paint(torch.full((1, count), 0.5), torch.tensor([kind]))
    for edge in (0.0, 1.0):
        assert gallery.paint(torch.full((1, count), edge), torch.tensor([0])).isfinite().all()


def test_cards_tell_what_is_drawn() -> None:
    for name, card in GALLERY.items():
        assert card.name == name and card.licence.startswith("CC0") and card.about.endswith(".")
        assert len(set(card.factors)) == len(card.factors)
