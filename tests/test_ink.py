"""A drawing means the same wherever, however large and with whatever brush it was drawn."""

from base64 import b64encode

import pytest
import torch
import torch.nn.functional as F

from core.checkpoint import names
from core.data import open_collection
from core.model import Mishap
from demo import ink
from demo.shelf import shelf
from demo.sketches import SKETCHES, arc, pen

LINES = {
    **SKETCHES,
    "zero": [arc(0.5, 0.5, 0.28, 0.42)],
    "four": [[(0.6, 0.05), (0.15, 0.65), (0.85, 0.62)], [(0.66, 0.35), (0.6, 0.95)]],
    "seven": [[(0.15, 0.12), (0.82, 0.1), (0.4, 0.95)]],
}
DIGITS, DOODLES = ("zero", "four", "seven"), tuple(SKETCHES)


def drawn(name, size=0.8, left=0.1, top=0.1, width=4.0):
    """The sketch on the pad: its size and place as shares of the pad's side, the brush in dots."""
    lines = [[(left + size * x, top + size * y) for x, y in line] for line in LINES[name]]
    return pen(lines, ink.PAD, width)


def apart(a, b):
    """Mean square difference of brightness."""
    return float(((a - b) / 2).square().mean())


CASES = [("digits", name) for name in DIGITS] + [("doodles", name) for name in DOODLES]


@pytest.fixture(scope="module")
def plain():
    """Every sketch in the middle of the pad, settled."""
    return {case: ink.settle(drawn(case[1]), case[0]) for case in CASES}


@pytest.fixture(scope="module")
def strangers(plain):
    """How far apart the two most alike of different drawings are: the yardstick of all that follows."""
    pairs = [(a, b) for a in CASES for b in CASES if a[0] == b[0] and a[1] < b[1]]
    return {name: min(apart(plain[a], plain[b]) for a, b in pairs if a[0] == name) for name in ink.HANDS}


CHANGES = {
    "shifted": ({"left": 0.02, "top": 0.17}, 0.02),
    "half as large, in a corner": ({"size": 0.4, "left": 0.55, "top": 0.05}, 0.1),
    "larger": ({"size": 0.94, "left": 0.03, "top": 0.03}, 0.1),
    "thin": ({"width": 2.0}, 0.1),
    "thick": ({"width": 7.0}, 0.1),
    "small and thick": ({"size": 0.5, "left": 0.2, "top": 0.4, "width": 5.0}, 0.15),
}
SLACK = {("doodles", "shifted"): 1.5, ("doodles", "half as large, in a corner"): 1.1}  # thin, sharp lines show it more


@pytest.mark.parametrize("change", CHANGES)
def test_a_sketch_settles_to_the_same_picture(change, plain, strangers):
    moved, share = CHANGES[change]
    for collection, name in CASES:
        off = apart(plain[collection, name], ink.settle(drawn(name, **moved), collection))
        most = SLACK.get((collection, change), 1) * share
        assert off < most * strangers[collection], (collection, name, off / strangers[collection])


@pytest.mark.parametrize(("collection", "name"), CASES)
def test_a_settled_sketch_fills_the_box_of_its_collection(collection, name):
    hand, light = ink.HANDS[collection], (ink.settle(drawn(name, size=0.5), collection)[0, 0] + 1) / 2
    left, right, top, bottom = ink.box(light > 0.3)
    assert abs(max(right - left, bottom - top) - hand.box) <= 1.5
    middle = ink.centre_of_mass(light) if hand.by_mass else ((left + right) / 2, (top + bottom) / 2)
    assert middle == pytest.approx(hand.centre, abs=0.1 if hand.by_mass else 0.6)


def test_the_pen_is_as_wide_as_the_collection_s():
    for collection in ink.HANDS:
        bar = pen([[(0.2, 0.5), (0.7, 0.5)]], ink.PAD, 9)
        light = (ink.settle(bar, collection)[0, 0] + 1) / 2
        assert float(light[:, 16].sum()) == pytest.approx(ink.HANDS[collection].pen, abs=0.35)


def test_what_is_filled_stays_filled():
    disc = pen([[(0.5, 0.5), (0.5, 0.5)]], ink.PAD, 50).maximum(pen([[(0.05, 0.8), (0.95, 0.8)]], ink.PAD, 3))
    middle = ink.settle(disc, "doodles")[0, 0, 8:18, 14:19]
    assert float(middle.mean()) > 0.5


def test_a_dot_of_any_size_and_a_full_pad_are_no_trouble():
    dots = [pen([[(x, 0.1), (x, 0.1)]], ink.PAD, width) for x in (0.5, 0.9) for width in (1.0, 2.0, 3.0, 9.0, 40.0)]
    square = F.pad(torch.ones(1, 12, 12), (50, 50, 50, 50))
    for drawing in (*dots, square, 1 - dots[0]):
        for collection in ink.HANDS:
            settled = ink.settle(drawing, collection)
            assert settled.isfinite().all()
            assert float(settled.max()) > 0


def test_two_far_specks_are_too_little_to_read():
    """Brought to size, their box leaves each of them less than a dot."""
    pad = torch.zeros(1, ink.PAD, ink.PAD)
    pad[0, 5, 5] = pad[0, 95, 5] = 1
    with pytest.raises(Mishap, match="little ink"):
        ink.settle(pad, "digits")


def test_ink_at_the_edge_of_the_pad_does_not_run():
    inside = ink.settle(drawn("seven", left=0.1, top=0.03), "digits")
    lines = [[(x, y) for x, y in line] for line in LINES["seven"]]
    cut = torch.zeros(1, ink.PAD, ink.PAD)
    whole = pen([[(0.1 + 0.8 * x, 0.03 + 0.8 * y) for x, y in line] for line in lines], ink.PAD, 4.0)
    rows = whole[0].amax(1).nonzero()
    cut[:, : ink.PAD - int(rows[0])] = whole[:, int(rows[0]) :]  # pushed against the upper edge
    assert apart(inside, ink.settle(cut, "digits")) < 1e-6


def test_an_even_pad_is_empty():
    for tone in (0.0, 0.05, 1.0):
        with pytest.raises(Mishap):
            ink.settle(torch.full((1, ink.PAD, ink.PAD), tone), "digits")


def test_a_painting_is_only_brought_to_size():
    small = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    large = small.repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert torch.allclose((ink.settle(large, "faces")[0] + 1) / 2, small, atol=1e-5)


def test_payloads_are_read_row_by_row_and_refused_if_they_are_none():
    told = bytes(range(12))
    assert ink.parse(b64encode(told).decode(), 2, 3)[:, 0, 1].tolist() == pytest.approx([3 / 255, 4 / 255, 5 / 255])
    whole = b64encode(bytes(12544)).decode()
    short_or_long, foul = (whole[:-4], whole + "AAAA"), ("!" + whole[1:], "=" * len(whole), "é" * len(whole))
    for payload in (None, 7, "", whole.encode(), *short_or_long, *foul):
        with pytest.raises(Mishap):
            ink.parse(payload)


# ---- with real drawings and shipped models ----


def on_pad(x):
    """x (1, 32, 32) of a pack as it lies on the pad when taken as an example"""
    light = (x[None, :, 2:-2, 2:-2] + 1) / 2
    return F.interpolate(light, (ink.PAD, ink.PAD), mode="bilinear", align_corners=False)[0]


def in_corner(drawing):
    """The same at half size in a corner"""
    small = F.interpolate(drawing[None], scale_factor=0.5, mode="bilinear", antialias=True)[0]
    return F.pad(small, (ink.PAD // 2 - 4, 4, 5, ink.PAD // 2 - 5))


@pytest.mark.parametrize("collection", ["digits", "doodles"])
def test_a_real_drawing_has_nearly_the_same_code_at_half_size_in_a_corner(collection):
    """Held-out drawings through the canvas path; the yardstick is how far apart codes of different drawings are."""
    if f"vae-{collection}" not in names("vae"):
        pytest.skip(f"no vae-{collection} is shipped")
    try:
        x = open_collection(collection).fixed(32).x
    except Mishap as mishap:
        pytest.skip(str(mishap))
    model = shelf(f"vae-{collection}").model
    plain = torch.cat([ink.settle(on_pad(one), collection) for one in x])
    corner = torch.cat([ink.settle(in_corner(on_pad(one)), collection) for one in x])
    with torch.inference_mode():
        true, a, b = (model.encode(pictures)[0] for pictures in (x, plain, corner))
    different = (a[:16] - a[16:]).square().sum(1).mean()
    assert (a - b).square().sum(1).mean() < 0.02 * different
    assert (true - a).square().sum(1).mean() < 0.2 * different  # the pen is another, the drawing is not
