"""The sealed exam: the same for both judges, and nothing of it in the page before it is handed in."""

import base64
import json
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from core.data import open_collection
from core.model import Mishap, noise
from demo.gan import exam
from demo.gan.exam import COUNT, FEWEST, MOST, Score, drawn_up, hand_in, interval, sit
from demo.gan.forger import card
from demo.gan.players import ages_of, offered, shipped
from demo.gan.relatives import TRAINED, archive, floats, nearest_of

ASKED = {"collection": "faces", "age": 5}
ONE = [True] + [False] * (COUNT - 1)


def test_a_forger_was_kept_at_six_ages_at_least():
    assert "faces" in offered()
    steps = ages_of("faces")
    assert len(steps) >= 6 and steps == sorted(set(steps))


def test_the_page_is_told_nothing_that_gives_an_answer():
    sheet = sit(ASKED)
    forged = exam.EXAMS[sheet["id"]].forged
    assert set(sheet) == {"id", "about", "pictures"} and len(sheet["pictures"]) == COUNT
    assert all(set(picture) == {"src", "subject"} for picture in sheet["pictures"])
    assert FEWEST <= int(forged.sum()) <= MOST
    assert "forged" not in json.dumps(sheet)


def test_both_kinds_arrive_in_the_same_way():
    """Size, mode, encoding and range of the files, as the page gets them; and the critic sees those very dots."""
    sheet = sit(ASKED)
    paper = exam.EXAMS[sheet["id"]]
    files = [Image.open(BytesIO(base64.b64decode(p["src"].split(",")[1]))) for p in sheet["pictures"]]
    kinds = [
        {(f.format, f.mode, f.size, tuple(f.info)) for f, k in zip(files, paper.forged) if k == kind} for kind in (0, 1)
    ]
    assert kinds[0] == kinds[1] == {("PNG", "RGB", (32, 32), ())}
    shown = torch.stack([torch.from_numpy(np.array(f)).permute(2, 0, 1) for f in files]).float() / 127.5 - 1
    assert torch.allclose(shown, paper.x, atol=1e-5)


def test_faces_are_compared_with_what_the_forger_really_met():
    """Its 17th batch of so many, drawn as the training drew it, is among the pictures compared with."""
    plan, data = card("faces")["plan"], open_collection("faces")
    trained, usual, _ = archive(shipped("faces", ages_of("faces")[0]).met)
    met = torch.linspace(0, plan["steps"] - 1, TRAINED // plan["batch"] + 1).long().tolist()[17]
    batch = data.batch(plan["batch"], noise(plan["seed"], met, 0)).x
    distances, which = nearest_of(batch, trained) if batch.dim() == 2 else nearest_of(batch.flatten(1), trained)
    assert distances.max() < 0.3 < usual.min()  # rounding alone, where an unseen face is far from all
    assert which.tolist() == list(range(17 * plan["batch"], 18 * plan["batch"]))


def test_the_number_and_the_places_of_forgeries_vary():
    papers = [drawn_up(shipped("faces", ages_of("faces")[0]), noise(i)).forged for i in range(12)]
    assert len({int(forged.sum()) for forged in papers}) > 3
    assert len({tuple(forged.tolist()) for forged in papers}) == 12


def test_the_answers_are_those_of_the_pictures():
    sheet = sit(ASKED)
    truth = exam.EXAMS[sheet["id"]].forged.tolist()
    told = hand_in({"id": sheet["id"], "marks": truth})
    assert [picture["forged"] for picture in told["pictures"]] == truth
    assert told["right"] == COUNT and told["said"].startswith(f"You judged {COUNT} of {COUNT} pictures rightly")
    assert all(picture["twin"].startswith("data:image/png") for picture in told["pictures"])


def test_young_forgers_are_easier_to_catch():
    """The critic, on forty pictures of each: a first try is found out at least as often as a master's work."""

    def caught(age):
        right = 0
        for i in range(2):
            right += exam.told(drawn_up(shipped("faces", ages_of("faces")[age]), noise(i)), torch.tensor(ONE))["critic"]
        return right

    assert caught(0) >= caught(5)


def test_an_exam_is_handed_in_once():
    key = sit(ASKED)["id"]
    hand_in({"id": key, "marks": ONE})
    with pytest.raises(Mishap, match="no longer here"):
        hand_in({"id": key, "marks": ONE})


@pytest.mark.parametrize("marks", [None, [], [True] * 19, [1] * COUNT, ["x"] * COUNT, {"0": True}, [False] * COUNT])
def test_marks_that_are_none_leave_the_exam_open(marks):
    key = sit(ASKED)["id"]
    with pytest.raises(Mishap):
        hand_in({"id": key, "marks": marks})
    assert hand_in({"id": key, "marks": ONE})["right"] >= 0


@pytest.mark.parametrize("key", [None, "", "unknown", 7, ["x"]])
def test_an_exam_of_nobody_gets_a_sentence(key):
    with pytest.raises(Mishap, match="no longer here"):
        hand_in({"id": key, "marks": ONE})


@pytest.mark.parametrize(
    "wrong", [{"collection": "x"}, {"collection": None}, {"age": 6}, {"age": -1}, {"age": True}, {"age": float("nan")}]
)
def test_an_exam_that_is_not_offered_gets_a_sentence(wrong):
    with pytest.raises(Mishap):
        sit(ASKED | wrong)


def test_another_exam_takes_the_place_of_the_old():
    old = sit(ASKED)["id"]
    new = sit(ASKED | {"old": old})["id"]
    assert old not in exam.EXAMS and new in exam.EXAMS


def test_an_exam_that_could_not_be_judged_can_be_handed_in_again(monkeypatch):
    key = sit(ASKED)["id"]
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr(exam, "interval", lambda right, n: 1 / 0)
        hand_in({"id": key, "marks": ONE})
    assert hand_in({"id": key, "marks": ONE})["right"] >= 0


def test_exams_of_many_are_kept_apart_and_bounded(monkeypatch):
    monkeypatch.setattr(exam, "KEPT", 5)
    monkeypatch.setattr(exam, "EXAMS", {})
    keys = [sit(ASKED)["id"] for _ in range(7)]
    assert len(set(keys)) == 7 and list(exam.EXAMS) == keys[-5:]


def test_scores_count_hits_and_false_alarms():
    marks, forged = torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])
    assert Score.of(marks, forged) == (1, 1, 2)


def test_the_interval_is_wilsons():
    """Against the closed form solved the long way: the shares p with (x - p)^2 = z^2 p (1 - p) / n."""
    low, high = interval(15, 20)
    for p in (low, high):
        assert (0.75 - p) ** 2 == pytest.approx(1.96**2 * p * (1 - p) / 20)
    assert low < 0.75 < high


def test_the_nearest_is_found_across_chunks():
    trained = torch.randint(0, 256, (12_000, 4), generator=noise(0), dtype=torch.uint8)
    x = floats(trained[[3, 6000, 11_999]])
    distances, which = nearest_of(x, trained)
    assert which.tolist() == [3, 6000, 11_999] and distances.max() < 1e-3
