"""Exams on the trainings of the page: sealed, shared by who watches, and no matter to the training."""

import json
from threading import Thread

import pytest
import torch

from core.model import Mishap, noise
from demo import training
from demo.gan import exam, players
from demo.gan.exam import COUNT, FEWEST, MOST, drawn_up, hand_in, sit
from demo.gan.players import guests
from demo.runs import RUNS, Run

ONE = [True] + [False] * (COUNT - 1)


def trained(steps: int = 3, **told) -> Run:
    """A training that has made some steps; of the smallest size, for the page's own takes minutes."""
    run = training.begin("gan", "faces", "tiny", "", {"seed": 5, "batch": 8, "lr": 1e-3}, told)
    for _ in range(steps):
        run.trainer.advance()
    RUNS.add(run)
    return run


@pytest.fixture(scope="module")
def run():
    return trained()


def test_nothing_of_an_exam_on_a_training_tells_an_answer(run):
    sheet = sit({"age": run.link})
    forged = exam.EXAMS[sheet["id"]].forged
    assert set(sheet) == {"id", "about", "pictures"} and "at step 3." in sheet["about"]
    assert all(set(picture) == {"src", "subject"} for picture in sheet["pictures"])
    assert "forged" not in json.dumps(sheet["pictures"])
    assert FEWEST <= int(forged.sum()) <= MOST
    assert run.id not in json.dumps(sheet), "who knows it could drive the training"


def test_the_answers_come_with_the_runs_own_critic(run):
    """Its marks are those of a line that was found on other pictures."""
    sheet = sit({"age": run.link})
    paper = exam.EXAMS[sheet["id"]]
    gan, line = run.trainer.model, guests(run.link).line
    with torch.inference_mode():
        marks = gan.judge(paper.x, paper.y) <= line.middle[paper.y]
    told = hand_in({"id": sheet["id"], "marks": paper.forged.tolist()})
    assert told["right"] == COUNT and "had learnt for 3 steps" in told["said"]
    assert [picture["critic"] for picture in told["pictures"]] == marks.tolist()
    assert "The critic's line was found on unseen pictures" in told["yard"]
    assert "among 24 training pictures" in told["pictures"][0]["near"], "three steps of eight"


def test_real_pictures_are_unseen_and_none_of_those_the_line_was_found_on(run):
    mine, data = guests(run.link), run.trainer.data
    known = data.fixed(mine.free).x.flatten(1)
    for paper in (drawn_up(mine, noise(i)) for i in range(3)):
        apart = torch.cdist(paper.x[~paper.forged].flatten(1), known)
        assert apart.min() > 0.5, "rounding moves a picture by less than .25"


def test_two_visitors_share_one_copy_and_have_their_own_papers(run, monkeypatch):
    made = []
    monkeypatch.setattr(players, "measured", lambda *told, find=players.measured: made.append(1) or find(*told))
    run.trainer.advance()
    sheets: list = []
    visitors = [Thread(target=lambda: sheets.append(sit({"age": run.link}))) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert len(made) == 1
    mine, theirs = (exam.EXAMS[sheet["id"]] for sheet in sheets)
    assert mine.steps == theirs.steps == 4 and not torch.equal(mine.x, theirs.x)
    hand_in({"id": sheets[0]["id"], "marks": ONE})
    assert sheets[1]["id"] in exam.EXAMS


def test_an_exam_on_a_resting_training_is_on_its_last_step(run):
    before = guests(run.link).steps
    run.trainer.advance()
    assert guests(run.link).steps == before + 1
    run.seat = "a/1"  # while it learns, a copy is enough for some seconds of learning
    try:
        now = guests(run.link).steps
        run.trainer.advance()
        assert guests(run.link).steps == now
    finally:
        run.seat = ""


def test_a_training_goes_on_exactly_where_exams_are_set_on_it():
    watched, alone = trained(2), trained(2)
    paper = drawn_up(guests(watched.link), noise(1))
    for training_ in (watched, alone):
        for _ in range(2):
            training_.trainer.advance()
    for mine, other in zip(watched.trainer.model.parameters(), alone.trainer.model.parameters(), strict=True):
        assert torch.equal(mine, other)
    again = guests(watched.link)
    assert again.steps == 4 and paper.steps == 2


def test_a_training_started_over_keeps_its_link_and_lends_its_own_players():
    old, new = trained(2), trained(2)
    before = guests(old.link)
    training.inherit(new, old)
    RUNS.drop(old.id)
    assert RUNS.watched(old.link) is new
    assert guests(old.link) is not before, "the copy is of the training that is gone"


def test_an_exam_outlives_its_training():
    run = trained(1)
    key = sit({"age": run.link})["id"]
    RUNS.drop(run.id)
    assert hand_in({"id": key, "marks": ONE})["right"] >= 0
    with pytest.raises(Mishap, match="no longer here"):
        sit({"age": run.link})


def test_a_key_that_is_no_link_of_such_a_training_gets_a_sentence(run):
    other = training.begin("vae", "faces", "tiny", "", {"batch": 8}, {})
    RUNS.add(other)
    for foreign in ("", "unknown", run.id, other.link, "a master"):
        with pytest.raises(Mishap, match="no longer here"):
            sit({"age": foreign})


def test_without_labels_no_subject_is_named():
    """Nearly every forgery would be given away by it."""
    run = trained(1, classes=0)
    sheet = sit({"age": run.link})
    assert {picture["subject"] for picture in sheet["pictures"]} == {run.trainer.data.card.title}
    assert hand_in({"id": sheet["id"], "marks": ONE})["right"] >= 0


def test_of_few_pictures_the_nearest_is_one_of_them():
    run = trained(1, few=True)
    key = sit({"age": run.link})["id"]
    assert exam.EXAMS[key].met.few == training.FEW
    assert f"among {training.FEW} training" in hand_in({"id": key, "marks": ONE})["pictures"][0]["near"]


def test_a_training_that_ran_away_gets_a_sentence():
    run = trained(1)
    run.trainer.model.average.paints[0].weight.data.fill_(torch.nan)
    with pytest.raises(Mishap, match="ran away"):
        sit({"age": run.link})


def test_rules_told_as_they_were_are_no_other_rules():
    run = trained()
    training.change(run, {"critic_pace": run.trainer.model.config.critic_pace, "few": False})
    assert not run.turns
    training.change(run, {"critic_pace": 0.5})
    assert run.turns == [run.trainer.step]
