"""A visitor's copy learns and the shared storyteller does not; what is measured was not learnt; bad texts are named."""

import copy
import math
from threading import BoundedSemaphore

import pytest
import torch

from core.model import Mishap
from demo import training, tuning
from demo.booklets import BOOKLETS, booklet
from demo.previews import plain, xz_bits
from demo.runs import Runs
from demo.shelf import shelf
from demo.telling import TELLER
from demo.tuning import Bits


@pytest.fixture(scope="module")
def run():
    """Three steps on a little book, of the twenty in which the rate still rises."""
    kept = copy.deepcopy(shelf(TELLER).model.state_dict())
    run = tuning.begin(booklet("recipes"), "In the morning", 0)
    tuning.see(run)
    for _ in range(3):
        run.note(next(run.trainer.run(0.0)))
    run.measured = 0.0
    tuning.see(run)
    shared = shelf(TELLER).model.state_dict()
    assert all(torch.equal(kept[name], shared[name]) for name in kept)
    return run


def test_a_copy_learns_the_new_text(run):
    (_, first), (step, now) = run.marks
    assert step == 3 and now.new < 0.99 * first.new and math.isfinite(now.old)
    assert first.new == pytest.approx(run.preview.before.new)
    assert math.isnan(first.learnt) and now.learnt > 0
    assert f"{now.new:.2f}" in run.sentence[0] and f"{first.old:.2f}" in run.sentence[0]
    assert run.seen.charts.count("<polyline") == 3


def test_what_is_measured_is_kept_from_learning(run):
    learnt, unseen = run.trainer.data.parts[0].train[0], plain(run.preview.loaded.tokenizer, run.preview.new.ids)
    assert booklet("recipes").endswith(run.trainer.data.parts[0].test[0])
    assert unseen.strip() in booklet("recipes") and unseen.strip() not in learnt


def test_before_and_after_begin_alike(run):
    """At step 0 the copy tells what the shipped storyteller tells, with the same dice."""
    assert run.preview.tell(shelf(TELLER).model) == run.preview.first
    assert run.picture.count("In the morning") == 2


def test_a_guess_is_judged_once_by_the_first_full_minute(run, monkeypatch):
    """Wherever one stops before, and however it goes on after."""
    before = run.preview.before.old
    for rise, seconds, came in ((0.3, 59.9, ""), (0.04, 61.0, "1 to 5 % more"), (0.3, 125.0, "1 to 5 % more")):
        now = Bits(2.0, (1 + rise) * before, 1.5)
        monkeypatch.setattr(run.preview, "bits", lambda model, losses, now=now: now)
        monkeypatch.setattr(run.trainer, "seconds", seconds)
        assert f"{100 * rise:+.1f} %" in run.preview.sentence(run)[0]
        assert run.came[0] == came
    assert "step 3" in run.came[1] and "+4.0 %" in run.came[1]
    run.came = ("", "")


def test_learning_by_heart_is_named(run, monkeypatch):
    monkeypatch.setattr(run.preview, "bits", lambda model, losses: Bits(2.0, 1.5, 0.9))
    assert "by heart" in run.preview.sentence(run)[0]
    monkeypatch.setattr(run.preview, "bits", lambda model, losses: Bits(2.0, 1.5, 1.1))
    assert "by heart" not in run.preview.sentence(run)[0]


def test_it_is_kept_and_brought_back(run, tmp_path):
    files = training.packed(run, tmp_path)
    again = tuning.brought(files, booklet("recipes"), "In the morning", 0)
    assert (
        again.trainer.step == 3 and again.preview.before[:2] == run.preview.before[:2]
    )  # of the third there is none yet
    assert again.preview.tell(again.trainer.model.eval()) == run.preview.tell(run.trainer.model.eval())
    with pytest.raises(Mishap, match="two files"):
        tuning.brought(files[:1], booklet("recipes"), "", 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "nothing to learn from"),
        (" \n\t", "nothing to learn from"),
        (None, "nothing to learn from"),
        ("ten bytes.", "600 at least"),
        ("\x01\x02\x03" * 400, "does not look like a text"),
        (bytes(range(1, 256)).decode("utf8", "replace") * 10, "does not look like a text"),
        ("words " * 600_000, "3,000,000 are the most"),
    ],
)
def test_what_cannot_be_learnt_is_said_in_a_sentence(text, sentence):
    with pytest.raises(Mishap, match=sentence):
        tuning.opened(text)


def test_tunings_are_made_one_at_a_time_and_only_so_many_wait(run, monkeypatch):
    monkeypatch.setattr(tuning, "ROOM", BoundedSemaphore(1))
    runs = Runs()
    with tuning.making(runs), pytest.raises(Mishap, match="in a minute"), tuning.making(runs):
        pass
    monkeypatch.setattr(tuning, "COPIES", 1)
    runs.add(run)
    with tuning.making(runs):  # it rests, and gives way
        assert not runs.is_here(run.id)
    run.seat = "a/1"
    runs.add(run)
    with pytest.raises(Mishap, match="Too many"), tuning.making(runs):
        pass
    run.seat = ""


def test_the_little_books_are_fit_to_learn_from():
    for name in BOOKLETS:
        assert tuning.checked(booklet(name)) == booklet(name) and len(booklet(name)) > 6000


def test_xz_is_asked_what_the_tail_costs_after_the_rest():
    book = booklet("weather")
    assert xz_bits(book[:6000], book[6000:7000]) < 0.7 * xz_bits("", book[6000:7000])
