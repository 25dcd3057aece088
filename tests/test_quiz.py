"""Guess the next word: four words for all three, the truth stays here until it is answered, and only once."""

import json

import pytest
import torch

from core.data.text import encode, read_documents
from core.model import Mishap
from demo.gpt import quiz
from demo.shelf import shelf


@pytest.fixture
def page(monkeypatch, tmp_path):
    """A house without any downloaded story."""
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))
    made = quiz.book.__wrapped__()
    monkeypatch.setattr(quiz, "book", lambda: made)
    monkeypatch.setattr(quiz, "QUESTIONS", {})
    return made


def test_the_four_hold_the_truth_and_what_each_rival_likes_best():
    model = torch.tensor([0.1, 0.4, 0.2, 0.15, 0.1, 0.05, 0, 0, 0, 0])
    pairs = torch.tensor([0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 0, 0, 0, 0])
    assert quiz.options(0, model, pairs) == [0, 1, 5, 2]
    assert quiz.options(1, model, pairs) == [1, 2, 5, 3]
    assert len(set(quiz.options(5, model, pairs))) == 4


def test_a_question_is_about_a_whole_word_of_one_story(page):
    assert not page.unread
    row, tokenizer = page.row, shelf("storyteller").tokenizer
    for at in page.places[:: len(page.places) // 40].tolist():
        before = quiz.context(row, at, 256)
        assert (before.count(0) == 1 and before[0] == 0) or len(before) == 256
        assert len(before) >= quiz.EARLIEST
        word, after = tokenizer.decode([int(row[at])]), tokenizer.decode(row[at + 1 : at + 2].tolist())
        assert quiz.WORD.fullmatch(word) and not after[:1].isalpha()


def test_the_truth_is_told_once_and_not_before(page):
    question = quiz.ask({})
    kept = quiz.QUESTIONS[question["id"]]
    assert len(set(question["words"])) == 4 and set(question) == {"id", "text", "words", "source"}
    story = question["text"].removeprefix("… ")
    full = question["words"][kept.truth]
    assert any(f"{story} {full}" in document for document in read_documents(quiz.RETOLD))
    told = quiz.answer({"id": question["id"], "choice": kept.truth})
    assert told["truth"] == told["choice"] == kept.truth
    assert told["model"] == max(range(4), key=lambda i: told["chances"][i][0])
    with pytest.raises(Mishap, match="answered already"):
        quiz.answer({"id": question["id"], "choice": 0})
    assert json.dumps(told)


@pytest.mark.parametrize("asked", [{}, {"choice": 4}, {"choice": "x"}, {"choice": 0, "id": ["a"]}, {"choice": True}])
def test_a_wild_answer_is_refused_in_a_sentence(page, asked):
    with pytest.raises(Mishap):
        quiz.answer(asked)


def test_questions_are_forgotten_in_time(page, monkeypatch):
    monkeypatch.setattr(quiz, "KEPT", 3)
    asked = [quiz.ask({})["id"] for _ in range(4)]
    assert list(quiz.QUESTIONS) == asked[1:]
    quiz.ask({"old": asked[3]})
    assert asked[3] not in quiz.QUESTIONS


def test_the_pairs_see_only_the_last_piece(page):
    gpt = shelf("storyteller").model
    row = encode(shelf("storyteller").tokenizer, ["The cat sat on the", "A dog ran to the"])
    one, two = row[: len(row) // 2].tolist(), row[len(row) // 2 :].tolist()
    assert one[-1] == two[-1]
    (model, pairs), (other, same) = quiz.chances(gpt, one), quiz.chances(gpt, two)
    assert torch.equal(pairs, same) and not torch.allclose(model, other)
