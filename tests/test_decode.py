"""The quick teller says what the plain one says; spelling never breaks a character; beginnings are made readable."""

import asyncio
import math

import pytest
import torch

from core.data.text import train_tokenizer
from core.decode import Decoder
from core.gpt import GPT, least
from core.model import Mishap, noise
from demo.company import Company
from demo.spelling import Speller, raw, unfinished
from demo.telling import LONGEST, READING, readable, wish
from tests.conftest import finish

TEXT = "A café, a cat 🐱 and مرحبا. The end of the day came softly. " * 30


@pytest.fixture
def gpt() -> GPT:
    """A tiny one whose projections are not zero, as after training."""
    torch.manual_seed(0)
    model = GPT(GPT.Config(vocab=300, **GPT.PRESETS["tiny"])).eval().requires_grad_(False)
    for p in model.parameters():
        p.normal_(std=0.2)
    return model


@torch.inference_mode()
def test_the_decoder_has_the_logits_of_the_model(gpt):
    ids = torch.randint(300, (1, 32), generator=noise(1))
    decoder, cache = Decoder(gpt), gpt.cache()
    stepped = torch.stack([decoder.step(token, cache) for token in ids[0].tolist()])
    assert torch.allclose(stepped, gpt(ids)[0], atol=1e-4)


@pytest.mark.parametrize("knobs", [{"temperature": 0}, {"temperature": 1.2, "top_p": 0.9}, {"top_k": 12}])
def test_the_decoder_tells_the_same_story(gpt, knobs):
    length = 2 * gpt.config.context + 5  # twice past a full cache
    plain = list(gpt.tell([0, 7, 9], noise(3), length, **knobs))
    quick = list(Decoder(gpt).tell([0, 7, 9], noise(3), length, **knobs))
    assert [g.token for g in quick] == [g.token for g in plain]
    assert max(abs(a.chance - b.chance) for a, b in zip(plain, quick)) < 1e-4


def test_a_token_is_drawn_as_often_as_its_chance_says():
    from core.gpt import pick

    chances = torch.tensor([0.02, 0.0, 0.5, 0.28, 0.2])
    drawn = pick(chances.log().expand(20_000, -1), noise(0)).flatten().bincount(minlength=5) / 20_000
    assert torch.allclose(drawn, chances, atol=0.015)
    assert drawn[1] == 0


def test_cuts_that_reach_far_are_sorted_whole():
    chances = torch.full((1, 2000), 1 / 2000)
    chances[0, :3] = torch.tensor([3e-4, 2e-4, 1e-4])
    chances /= chances.sum()
    kept = chances >= least(chances, 0, 0.9995)
    assert kept[0, 3:].all() and kept[0, 0] and not kept[0, 1:3].any()


def test_spelling_joins_bytes_to_whole_characters():
    tokenizer = train_tokenizer(["ab"], 258)  # bytes and little else
    speller, text = Speller(tokenizer), "a 🐱é\u200d\nب"
    said = [speller.spell(token) for token in tokenizer.encode(text).ids]
    assert "".join(filter(None, said)) == text
    assert "�" not in "".join(filter(None, said))
    assert said.count(None) == 3 + 1 + 2 + 1  # the bytes that are not yet a character
    assert b"".join(raw(tokenizer, token) for token in tokenizer.encode(text).ids).decode() == text


@pytest.mark.parametrize("text", [b"\xff", b"\x80\x80\x80\x80", b"a\xe2\x82\xac", b"\xf8", b""])
def test_bytes_that_nothing_can_complete_are_not_waited_for(text):
    assert not unfinished(text)


def test_a_beginning_is_made_readable():
    assert readable("a\x00b\x07\r\nc\u202ed\u2066e\ud800\tf") == "ab\ncde\tf"
    assert readable("مرحبا 👩\u200d🚀") == "مرحبا 👩\u200d🚀"
    with pytest.raises(Mishap, match="4,000"):
        readable("x" * (LONGEST + 1))
    with pytest.raises(Mishap):
        readable(None)


@pytest.mark.parametrize(
    "knobs", [(math.nan, 0, 1, 0), (0.8, 0.5, 1, 0), (0.8, 0, 0, 0), (0.8, 0, 1, -1), ("x", 0, 1, 0)]
)
def test_wild_knobs_are_refused_in_a_sentence(knobs):
    with pytest.raises(Mishap, match="must be"):
        wish("Once", *knobs)


def test_thirty_readers_advance_in_turn(gpt):
    """Whoever looks, at any moment, finds all stories about equally long."""
    from core.checkpoint import Loaded
    from demo.telling import Story, tell_readers

    tokenizer = train_tokenizer([TEXT], 300)
    company = Company(Decoder(gpt))
    stories = [Story(Loaded(gpt, {}, tokenizer), company, wish("A", 1.0, 0, 1.0, i)) for i in range(30)]
    spread = []

    async def read(story: Story) -> None:
        async for _ in tell_readers(story, 40):
            lengths = [len(s.guesses) for s in stories]
            spread.append(max(lengths) - min(lengths))
            assert len(READING) <= 30

    async def read_all() -> None:
        await asyncio.gather(*map(read, stories))

    for story in stories:
        story.end = -1  # none of them ends before the others
    finish(read_all())
    assert all(len(s.guesses) == 40 for s in stories)
    assert max(spread) <= 10
    assert not READING
    assert len({s.text() for s in stories}) == 30
