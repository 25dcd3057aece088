"""The game in the plane, as the page asks for it."""

import base64

import pytest
import torch

from core.data import open_collection
from core.model import Mishap, noise
from demo.gan import field
from demo.gan.field import ARROWS, HEAT, LINES, SHOWN, begin, divergence, go
from demo.words import words

ASKED = {
    "world": "points-gaussians",
    "loss": "relativistic",
    "rate": 0.001,
    "critic_pace": 1,
    "critic_steps": 1,
    "penalty": 0.1,
    "seed": 0,
}


def shorts(text: str) -> torch.Tensor:
    """(n, 2) places out of a frame"""
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.int16).reshape(-1, 2) / 10_000


def test_a_frame_holds_all_that_is_drawn():
    frame = begin(ASKED)
    sizes = {"real": SHOWN, "fake": SHOWN, "arrows": ARROWS, "net": LINES**2}
    assert {name: len(shorts(frame[name])) for name in sizes} == sizes
    assert len(base64.b64decode(frame["heat"])) == HEAT**2
    real = open_collection("points-gaussians").fixed(SHOWN).x
    assert torch.allclose(shorts(frame["real"]), real, atol=1e-4)


def test_the_game_goes_on_and_comes_nearer():
    frame = begin(ASKED)
    far, key = frame["far"], frame["id"]
    assert go(ASKED | {"id": key, "single": True})["step"] == 1
    still = go(ASKED | {"id": key, "still": True, "rate": None})  # whatever is being typed
    assert still["step"] == 1 and "After 1 step" in still["said"], "measured where it stands"
    trainer = field.FIELDS.get(key).trainer
    while trainer.step < 700:
        trainer.advance()
    field.FIELDS.get(key).measured = 0.0
    frame = go(ASKED | {"id": key})
    assert frame["step"] > 700
    assert frame["far"] < far - 0.2
    assert f"{frame['far']:.2f}" in frame["said"]


@pytest.mark.parametrize(("moves", "which"), [("spread", 0), ("run", 1), ("stay", 2)])
def test_what_the_forger_did_is_told_by_where_its_points_went(moves, which):
    run = field.FIELDS.get(begin(ASKED)["id"])
    real, angle = run.preview.real, torch.atan2(*run.preview.real.T)
    for step in range(20, field.TO + 1, 20):
        run.trainer.step = step
        cloud = real[(angle - torch.pi * (step / 150 - 1)).abs() < 0.4]  # around the circle, one after the other
        run.preview.watch(run, {"spread": real, "run": cloud, "stay": 0.1 * real}[moves])
        assert bool(run.came[0]) == (step == field.TO)
    assert run.came[0] == words("gan.plane")["guesses"][which]


def test_arrows_lead_to_what_the_critic_likes_better():
    frame = begin(ASKED)
    gan = field.FIELDS.get(frame["id"]).trainer.model
    y = torch.zeros(ARROWS, dtype=torch.long)
    fake, arrows = shorts(frame["fake"])[:ARROWS], shorts(frame["arrows"])
    with torch.inference_mode():
        assert (gan.judge(fake + 0.1 * arrows, y) >= gan.judge(fake, y)).float().mean() > 0.9


def test_rules_change_while_the_game_goes_on():
    key = begin(ASKED)["id"]
    go(ASKED | {"id": key, "single": True, "loss": "hinge", "rate": 0.01, "critic_pace": 3, "critic_steps": 2})
    trainer = field.FIELDS.get(key).trainer
    assert (trainer.model.config.loss, trainer.model.config.critic_steps) == ("hinge", 2)
    forger, critic = (o.param_groups[0]["lr"] for o in trainer.optimizers)
    assert critic == pytest.approx(3 * forger)


def test_a_drawn_world_is_what_the_critic_is_shown():
    places = [[i / 100, -0.5] for i in range(50)]
    frame = begin(ASKED | {"world": "own", "places": places})
    real = shorts(frame["real"])
    assert ((real[:, 0] > -0.2) & (real[:, 0] < 0.7)).all() and (real[:, 1] + 0.5).abs().max() < 0.2


def test_a_new_game_takes_the_place_of_the_old():
    old = begin(ASKED)["id"]
    new = begin(ASKED | {"old": old})["id"]
    with pytest.raises(Mishap, match="no longer here"):
        go(ASKED | {"id": old})
    assert go(ASKED | {"id": new, "single": True})["step"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"world": "faces"},
        {"world": "own"},
        {"world": "own", "places": [[0, 0]] * 29},
        {"world": "own", "places": [[0, 0]] * 1501},
        {"world": "own", "places": [[0, float("nan")]] * 30},
        {"world": "own", "places": [[0, 2]] * 30},
        {"world": "own", "places": [{"x": 1}] * 30},
        {"loss": "none"},
        {"loss": ["hinge"]},
        {"rate": float("nan")},
        {"rate": 1e9},
        {"critic_steps": 11},
        {"critic_steps": 1.5},
        {"critic_pace": None},
        {"penalty": -1},
        {"seed": "x"},
    ],
)
def test_wrong_rules_get_a_sentence(wrong):
    with pytest.raises(Mishap):
        begin(ASKED | wrong)


@pytest.mark.parametrize("key", [None, "", "unknown", 7, ["x"]])
def test_a_game_that_is_not_here_gets_a_sentence(key):
    with pytest.raises(Mishap, match="no longer here" if key else "start one first"):
        go(ASKED | {"id": key})


def test_divergence_is_0_for_the_same_and_1_for_nothing_in_common():
    a = torch.rand(4000, 2, generator=noise(0)) / 2
    assert divergence(a, a) == pytest.approx(0, abs=1e-9)
    assert divergence(a, -a - 0.1) == pytest.approx(1)
    assert 0 < divergence(a, a + 0.1) < 1
