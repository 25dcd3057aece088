"""Runs of words that also stand in a training text: found where they are, with the errors that are stated."""

import numpy as np
import pytest

from core import copying
from core.checkpoint import INDEX, SHELF, read_card
from core.model import Mishap
from demo.gpt import copied as page
from demo.telling import wish
from tests.test_branches import TEXT, teller, told  # noqa: F401 - a fixture

WORDS = np.array([f"w{i}" for i in range(3_000)])


def documents(seed: int, count: int, words: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, words)) for _ in range(count)]


@pytest.fixture(scope="module")
def train() -> list[str]:
    return documents(0, 40, 500)


@pytest.fixture(scope="module")
def index(train) -> copying.Index:
    return copying.build(map(copying.hashes, train), bits=200_000)


@pytest.mark.parametrize("length", [8, 9, 12, 31, 60])
@pytest.mark.parametrize("at", [0, 1, 77])
def test_a_copied_run_is_found_where_it_stands(index, train, length, at):
    own = documents(9, 1, 80)[0].split()
    run = train[3].split()[at : at + length]
    text = " ".join([*own[:30], *run, *own[30:]])
    found = index.longest(text)
    if length < copying.SHORTEST + copying.EVERY - 1 and found is None:
        return  # the shortest may lie between two runs that are kept
    assert abs(found.words - length) <= 2
    assert set(text[found.begin : found.end].split()) & set(run)
    assert len(text[found.begin : found.end].split()) == found.words


def test_case_and_punctuation_hide_nothing(index, train):
    run = train[5].split()[10:30]
    disguised = ", ".join(run[:10]).upper() + "!\n\n“" + "” — ".join(run[10:])
    assert index.longest(disguised).words >= 19


def test_nothing_is_found_in_other_words_or_in_none(index):
    assert index.longest(documents(1, 1, 200)[0]) is None
    for empty in ("", "w1 w2", "!?\n", "🐱 مرحبا"):
        assert index.longest(empty) is None
    assert copying.false_hits(index) < 0.01


def test_the_true_run_is_known_exactly():
    train = [copying.hashes("a b c d e f g h i j"), copying.hashes("k l m n o p q r s t u")]
    texts = ["x a b c d e f g h i y", "g h i j k l m n o", "k l m n o p q r s t u", "x y z"]
    assert copying.exact(train, list(map(copying.hashes, texts))).tolist() == [9, 5, 11, 0]


def test_an_index_is_kept_and_a_broken_one_refused(index, tmp_path):
    index.facts = {"usual": {"50": {"books": 8.0}, "200": {"books": 11.0}}}
    copying.write(tmp_path / INDEX, index)
    again = copying.read(tmp_path / INDEX)
    assert np.array_equal(again.bits, index.bits) and again.usual(180) == (200, {"books": 11.0})
    assert copying.read(tmp_path / "none") is None
    (tmp_path / INDEX).write_bytes((tmp_path / INDEX).read_bytes()[:900])
    with pytest.raises(Mishap, match="index of runs"):
        copying.read(tmp_path / INDEX)


def test_the_shipped_index_belongs_to_its_card_and_says_how_often_it_errs():
    made, card = copying.read(SHELF / "storyteller" / INDEX), read_card(SHELF / "storyteller" / "card.json")
    assert made.facts == card["copying"]
    assert made.facts["false hits"] == pytest.approx(copying.false_hits(made), abs=1e-4)
    assert made.facts["wrong by more than two words"] < 0.15
    famous = "Once upon a time there was a little girl named Lily who loved to play outside in the park"
    assert made.longest(famous).words >= 8


def test_what_is_copied_is_marked_piece_by_piece(teller, index, train, monkeypatch):  # noqa: F811
    index.facts = {"usual": {"50": {"books": 3.0, "TinyStories": 9.0}}}
    index.facts |= {"false hits": 0.017, "wrong by more than two words": 0.03}
    monkeypatch.setattr(page, "index", lambda: index)
    story = told(teller, wish("A", 1.0, 0, 1.0, 0), 3)
    run = train[0].split()[4:20]
    story.spelt = ["Then", " he", *(part for word in run for part in (" ", word)), ".", ""]
    event = page.copied(story)
    first, last = event["run"]
    assert "".join(story.spelt[first : last + 1]).split() == run[: (last - first) // 2 + 1]
    assert "takes 1.7 for known" in event["said"]
    assert "9 (TinyStories)" in event["said"] and "fewer than 8 (books)" in event["said"]
    assert "not measured" not in event["said"]
    story.spelt = [f" word{i}" for i in range(90)]
    assert page.copied(story)["run"] is None and "90 words" in page.copied(story)["said"]
    monkeypatch.setattr(page, "index", lambda: None)
    assert "missing" in page.copied(story)["said"]
