"""A story is the same in company: equal logits, equal throws; nobody waits long for another, and seats are freed."""

import asyncio
from contextlib import aclosing

import pytest
import torch

from core import crowd
from core.crowd import Crowd
from core.decode import Decoder
from core.gpt import GPT
from core.model import noise
from demo.company import AHEAD, TURNS, Company
from demo.shelf import shelf
from demo.telling import TELLER
from demo.words import words
from tests.conftest import finish

VOCAB = 300
PROMPTS = [[0], [0, 7, 9], [0, *range(5, 45)], [0, 4, 4], [0, *range(80, 99)]]  # the third is longer than a context
TIRED = {"temperature": 1.2, "top_p": 0.9, "penalty": 1.3}
KNOBS = [{"temperature": 0}, TIRED, {"top_k": 12}, {}, TIRED]


@pytest.fixture(scope="module")
def decoder():
    """Of a tiny one whose projections are not zero, as after training."""
    torch.manual_seed(0)
    model = GPT(GPT.Config(vocab=VOCAB, **GPT.PRESETS["tiny"])).eval().requires_grad_(False)
    for p in model.parameters():
        p.normal_(std=0.2)
    return Decoder(model)


def joined(crowd, i):
    return crowd.join(PROMPTS[i], noise(i), **KNOBS[i])


def told(crowd, streams, length):
    """The guesses of each stream until each has so many."""
    found = [[] for _ in streams]
    while min(map(len, found)) < length:
        here = [i for i in range(len(streams)) if len(found[i]) < length]
        for i, guess in zip(here, crowd.advance([streams[i] for i in here])):
            found[i] += [guess] if guess else []
    return found


@torch.inference_mode()
def test_logits_alone_and_in_company_are_equal(decoder):
    """Streams of different lengths, some seats left empty among them; the model itself reads the same text at once."""
    company = Crowd(decoder, seats=2)
    streams = [joined(company, i) for i in (0, 1, 3, 4)]
    company.leave(streams.pop(1))
    for _ in range(12):
        ready, logits = company.logits(streams)
        for stream, row in zip(ready, logits):
            assert torch.allclose(row, decoder.gpt(torch.tensor([stream.ids]))[0, -1], atol=1e-4)
            company.note(stream, int(row.argmax()))
    assert len(streams[0].ids) == 13 and len(streams[2].ids) > 30


def test_everyone_hears_the_same_story_as_alone(decoder):
    """Two contexts long, with knobs and dice of their own, and others that come and go."""
    length, company = 2 * decoder.config.context + 5, Crowd(decoder)
    streams = [joined(company, i) for i in (0, 1, 2)]
    passing = joined(company, 3)
    for _ in range(3):
        company.advance([passing])
    company.leave(passing)
    streams += [joined(company, i) for i in (3, 4)]
    for i, guesses in enumerate(told(company, streams, length)):
        alone = list(decoder.tell(PROMPTS[i], noise(i), length, **KNOBS[i]))
        assert [guess.token for guess in guesses] == [guess.token for guess in alone]
        assert max(abs(a.chance - b.chance) for a, b in zip(guesses, alone)) < 1e-4
        assert all(a.top[0][0] == b.top[0][0] for a, b in zip(guesses, alone))


def test_the_page_s_beginnings_go_on_alike_in_company():
    """The shipped storyteller, always its first choice: batched and single streams agree token for token."""
    loaded = shelf(TELLER)
    quick, company = Decoder(loaded.model), Company(Decoder(loaded.model))
    prompts = [[0, *loaded.tokenizer.encode(begun).ids] for begun in words("gpt.tell")["beginnings"]]

    async def tell(prompt):
        async with aclosing(company.tell(prompt, noise(0), 40, temperature=0)) as guesses:
            return [guess.token async for guess in guesses]

    async def tell_all():
        return await asyncio.gather(*map(tell, prompts))

    for prompt, batched in zip(prompts, finish(tell_all())):
        assert batched == [guess.token for guess in quick.tell(prompt, noise(0), 40, temperature=0)]


def test_a_long_beginning_is_read_between_the_steps_of_the_others(decoder, monkeypatch):
    monkeypatch.setattr(crowd, "READ", 8)
    company = Crowd(decoder)
    streams = [joined(company, i) for i in (0, 2)]
    assert company.advance(streams[:1])[0]
    heard = [company.advance(streams) for _ in range(4)]
    assert all(first for first, _ in heard)
    assert [bool(second) for _, second in heard] == [False, False, False, True]  # 32 tokens, eight at a time


def test_a_seat_that_was_left_is_taken_again(decoder):
    company = Crowd(decoder, seats=1)
    streams = [joined(company, i) for i in (0, 1, 3)]  # more than there were seats
    company.leave(streams[1])
    company.leave(streams[1])
    assert joined(company, 4).seat == streams[1].seat and company.store.shape[2] == 4


def test_a_slow_reader_holds_nobody_up_and_a_leaver_frees_the_seat(decoder):
    company = Company(decoder)

    async def listen():
        slow = company.tell([0, 3], noise(1), 60)
        await anext(slow)
        async with aclosing(company.tell([0, 4], noise(2), 60)) as guesses:
            assert len([guess async for guess in guesses]) == 60
        waits = next(place for place in company.places)
        assert len(waits.told) == AHEAD
        await slow.aclose()
        await asyncio.wrap_future(TURNS.submit(lambda: None))
        assert not company.places and not company.crowd.streams

    finish(listen())


def test_a_fault_reaches_everyone_who_waits(decoder):
    company = Company(decoder)

    async def listen():
        with pytest.raises(TypeError):
            await anext(company.tell([0, 3], noise(1), 60, temperature="warm"))

    finish(listen())
