"""A tree of stories: branches part and both stay, what stands ahead is what comes, and all of it is bounded."""

import json
import math

import pytest
import torch

from core.checkpoint import Loaded
from core.data.text import train_tokenizer
from core.decode import Decoder
from core.gpt import GPT, Guess, least, pick, shaped, tired
from core.model import Mishap, noise
from demo import branches
from demo.branches import Tree
from demo.company import Company
from demo.gpt import ahead
from demo.gpt.tally import came, tally
from demo.telling import Story, Wish, figures, tell, wish
from demo.words import counted, words
from tests.conftest import finish

TEXT = "A café, a cat 🐱 and مرحبا. The end of the day came softly. " * 30


@pytest.fixture(scope="module")
def teller() -> Loaded:
    """A tiny one with weights that are not zero, which never ends a story."""
    torch.manual_seed(0)
    model = GPT(GPT.Config(vocab=300, **GPT.PRESETS["tiny"])).eval().requires_grad_(False)
    for p in model.parameters():
        p.normal_(std=0.2)
    return Loaded(model, {"data": {"name": "own"}, "numbers": {}}, train_tokenizer([TEXT], 300))


def told(teller: Loaded, asked: Wish, length: int = 20) -> Story:
    return go_on(Story(teller, Company(Decoder(teller.model)), asked), length)


def go_on(story: Story, length: int) -> Story:
    async def all_of_it() -> None:
        story.end = -1  # it never ends
        async for _ in tell(story, length):
            pass

    finish(all_of_it())
    return story


def other(story: Story, at: int) -> Guess:
    """The likeliest token that does not stand there."""
    token = next(token for token, _ in story.guesses[at].top if token != story.guesses[at].token)
    return Guess(token, 0.25, story.guesses[at].top)


@pytest.fixture
def tree(teller) -> Tree:
    tree = Tree()
    tree.add(told(teller, wish("Once", 1.0, 0, 1.0, 3)))
    return tree


def leave(tree: Tree, at: int, guess: Guess, wish: Wish) -> Story:
    return tree.add(tree.forked(at, guess, wish), tree.shown, at)


def fork(tree: Tree, at: int, length: int = 10) -> Story:
    return go_on(leave(tree, at, other(tree.story, at), tree.story.wish), length)


def test_a_branch_shares_what_stood_before_and_both_stay(tree):
    root = tree.story
    before = root.text()
    story = fork(tree, 6)
    assert story.ids[: root.begun + 6] == root.ids[: root.begun + 6] and story.ids != root.ids[: len(story.ids)]
    assert len(story.guesses) == 17 and tree.story is story
    assert root.text() == before and root.halt == "gone"
    assert finish(tree.show(0)) is root and tree.shown == 0
    events = [json.loads(line) for line in root.log.splitlines()]
    assert "".join(event[0] for event in events if isinstance(event, list)) == before[len("Once") :].rstrip("\ufffd")


def test_the_outline_has_the_order_of_the_text_and_what_each_costs(tree):
    fork(tree, 9)
    finish(tree.show(0))
    early = fork(tree, 2)
    fork(tree, 4)
    rows = tree.outline()
    assert [(row["k"], row["depth"]) for row in rows] == [(0, 0), (2, 1), (3, 2), (1, 1)]
    assert rows[1]["at"] == 2 and len(rows[1]["left"]) == len(early.guesses) - 2
    nats = -sum(math.log(guess.chance) for guess in early.guesses)
    assert f"{nats / math.log(2):,.0f} bits" in rows[1]["cost"]
    departed = sum(guess.token != guess.top[0][0] for guess in early.guesses)
    assert f"; {departed} were not" in rows[1]["cost"]
    assert "8 pieces" not in tree.compared() and tree.compared().startswith("Since they part, 9 pieces")


def test_the_opening_does_not_answer_what_the_room_asks(tree):
    """How often it left its favourite is told of a story of one's own, and once one has branched off."""
    opening = Tree()
    opening.add(tree.story.twin())
    (row,) = opening.outline()
    assert "were not" not in row["cost"] + opening.as_text() and set(row["left"]) == {"0"} and len(row["left"]) == 20
    fork(opening, 5)
    assert all("not its favourite" in row["cost"] for row in opening.outline())
    assert "1" in opening.outline()[0]["left"] and "1" in tree.outline()[0]["left"]


def test_a_tree_is_saved_whole(tree):
    fork(tree, 5)
    tree.branches[1].starred = True
    saved = json.loads(tree.as_json())["branches"]
    assert [len(branch["tokens"]) for branch in saved] == [20, 11] and saved[1]["parent"] == 0
    assert saved[1]["bookmarked"] and saved[1]["seed"] == 3 and saved[1]["shared"] == 5
    rebuilt = [token["id"] for token in saved[0]["tokens"][:5] + saved[1]["tokens"]]
    assert rebuilt == [guess.token for guess in tree.story.guesses]
    text = tree.as_text()
    assert all(branch.story.text() in text for branch in tree.branches) and "* 2." in text


def test_a_tree_has_bounds(tree, monkeypatch):
    monkeypatch.setattr(branches, "BRANCHES", 2)
    tree.room()
    fork(tree, 3)
    with pytest.raises(Mishap, match="has 2 branches"):
        tree.room()
    monkeypatch.setattr(branches, "PIECES", 31)
    with pytest.raises(Mishap, match="31 pieces"):
        tree.left()


def test_the_same_branch_again_gets_other_dice(tree):
    root, wanted = tree.story, tree.story.wish
    guess = other(root, 6)
    ids = [*root.ids[: root.begun + 6], guess.token]
    assert tree.unused(wanted, ids) == wanted
    go_on(leave(tree, 6, guess, wanted), 5)
    assert tree.unused(wanted, ids) == wanted._replace(seed=4)
    assert tree.unused(wanted._replace(knobs=wanted.knobs._replace(top_k=3)), ids).seed == 3
    assert tree.again(wanted).seed == 4  # told anew from the branch's own beginning
    assert tree.again(wanted._replace(seed=9)).seed == 9


@pytest.mark.parametrize("dice", [(1.0, 0, 1.0), (0.7, 20, 0.9, 0.02, 1.3)])
def test_what_stands_ahead_is_what_comes(teller, dice):
    temperature, top_k, top_p, *more = dice
    asked = wish("A cat", temperature, top_k, top_p, 8, *more)
    tree = Tree()
    root = tree.add(told(teller, asked, 4))
    taken = [token for token, _ in root.guesses[2].top]
    ids, known = root.ids[: root.begun + 2], root.begun + 2
    rows = ahead.go_on(teller.model, ids, taken, noise(8, known + 1), asked.knobs)
    for token, row in zip(taken, rows):
        finish(tree.show(0))
        story = go_on(leave(tree, 2, Guess(token, 0.1, root.guesses[2].top), asked), ahead.FURTHER)
        assert [guess.token for guess in story.guesses[3:]] == row


def test_a_guess_is_held_against_what_was_measured(tree):
    """The nearest of the four, and none for a story too short to tell."""
    guesses = words("gpt.tell")["guesses"]
    found = [came(figures(tree.story)._replace(pieces=100, first=first)) for first in (97, 66, 51, 12)]
    assert found == guesses and came(figures(tree.story)._replace(pieces=9, first=9)) == ""
    said, yard, told = tally(tree)
    first = sum(guess.token == guess.top[0][0] for guess in tree.story.guesses)
    assert said.startswith(f"{first} of the 20 pieces") and "blind chance" in yard
    assert told in guesses


def test_one_is_told_of_in_the_singular():
    text = "{n:,} {n:piece was/pieces were} {of}"
    found = [counted(text, n=n, of="it") for n in (0, 1, 2_000)]
    assert found == ["0 pieces were it", "1 piece was it", "2,000 pieces were it"]


def test_min_p_cuts_what_is_far_below_the_likeliest():
    chances = torch.tensor([[0.5, 0.3, 0.15, 0.04, 0.01]])
    left = shaped(chances.log(), min_p=0.25)
    assert left[0].tolist() == pytest.approx([0.5, 0.3, 0.15, 0, 0])
    assert float(least(chances, 2, 1.0, 0.01)) == pytest.approx(0.3)  # the harder cut counts


def test_what_was_written_is_less_likely_written_again():
    logits = torch.tensor([[2.0, 3.0, -1.0, 0.5]])
    lowered = tired(logits, torch.tensor([[0, 1, 2, 1]]), 2.0)
    assert lowered[0].tolist() == pytest.approx([2.0, 1.5, -2.0, 0.5])  # but for the end of a document
    assert tired(logits, torch.tensor([[0, 1, 2, 1]]), 2.0, end=1)[0].tolist() == pytest.approx([1.0, 3.0, -2.0, 0.5])
    drawn = {int(pick(logits, noise(i), temperature=0, penalty=2.0, seen=torch.tensor([[1]]))) for i in range(3)}
    assert drawn == {0}


def test_each_knob_says_what_it_did():
    said, ids = torch.tensor([0.4, 0.3, 0.2, 0.06, 0.04]).log(), (0, 1)
    dice = ahead.NEUTRAL._replace(top_k=4, top_p=0.85, min_p=0.6)
    sentences = ahead.cuts(said, ids, dice)
    assert sentences[:3] == ["Top-k cut off 4 %.", "Top-p cut off 6 %.", "Min-p cut off 20 %."]
    assert sentences[3] == "2 of 5 pieces stay in the throw."
    moved = ahead.cuts(said, ids, ahead.NEUTRAL._replace(temperature=0.0))
    assert moved == ["Temperature moved 60 % of the chances.", "1 of 5 pieces stays in the throw."]


@pytest.mark.parametrize("ids", [None, [], "0", [[0]], [True], [1.5], [-1], [4096], [0] * 257])
def test_a_page_that_asks_nonsense_is_answered_in_a_sentence(ids):
    knobs = {"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0, "penalty": 1}
    for answer in (ahead.weigh, ahead.preview):
        with pytest.raises(Mishap, match="no pieces"):
            answer({"ids": ids, "tokens": [1], "seed": 0, "known": 1, **knobs})


@pytest.mark.parametrize(
    "wrong", [{"tokens": [1] * 9}, {"tokens": [4096]}, {"seed": -1}, {"known": "x"}, {"temperature": math.nan}]
)
def test_a_preview_is_bounded(wrong):
    knobs = {"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0, "penalty": 1}
    with pytest.raises(Mishap):
        ahead.preview({"ids": [0], "tokens": [1], "seed": 0, "known": 1, **knobs, **wrong})
