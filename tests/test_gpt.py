"""The mathematics of the storyteller, and its text."""

import math

import pytest
import torch
import torch.nn.functional as F

from core.data.text import END, held_out, make_tokenizer, merges_of, open_text, train_tokenizer
from core.gpt import GPT, pick
from core.measure import text_nats
from core.model import EPS, Mishap, Muon, noise, norm, orthogonal, squared, turn
from core.ngram import counted, ngram_nats, read, write

TEXT = "A café, a cat 🐱 and مرحبا. The end of the day came softly. " * 30


def test_a_token_sees_only_what_came_before(gpt):
    ids = torch.randint(300, (1, 20), generator=noise(1))
    changed = ids.clone()
    changed[0, 12] = (ids[0, 12] + 1) % 300
    with torch.inference_mode():
        a, b = gpt(ids), gpt(changed)
    assert torch.allclose(a[0, :12], b[0, :12], atol=1e-5)
    assert not torch.allclose(a[0, 12:], b[0, 12:], atol=1e-2)


def test_cached_reading_equals_reading_at_once(gpt):
    ids = torch.randint(300, (3, 30), generator=noise(1))
    cache = gpt.cache(3)
    with torch.inference_mode():
        pieces = [
            gpt(ids[:, :7], cache),
            gpt(ids[:, 7:11], cache),
            *(gpt(ids[:, t : t + 1], cache) for t in range(11, 30)),
        ]
        assert torch.allclose(torch.cat(pieces, 1), gpt(ids), atol=1e-4)


def test_positions_matter_and_only_relatively(gpt):
    ids = torch.randint(300, (1, 10), generator=noise(1))
    with torch.inference_mode():
        swapped = gpt(ids[:, [1, 0, *range(2, 10)]])
        assert not torch.allclose(swapped[0, -1], gpt(ids)[0, -1], atol=1e-3)


def test_a_story_outgrows_the_context(gpt):
    guesses = list(gpt.tell([0], noise(0), length=3 * gpt.config.context))
    assert len(guesses) == 3 * gpt.config.context
    assert all(0 < g.chance <= 1 and len(g.top) == 5 for g in guesses)


def test_telling_and_sampling_are_the_same_walk(gpt):
    told = [g.token for g in gpt.tell([0, 5, 9], noise(3), length=40, temperature=0.9, top_k=20)]
    knobs = {"prompt": torch.tensor([0, 5, 9]), "length": 40, "temperature": 0.9, "top_k": 20}
    *_, last = gpt.sample(1, noise(3), **knobs)
    assert last[0, 3:].tolist() == told


def test_cuts_cut_what_they_say():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()

    def drawn(**knobs):
        return {int(pick(logits, noise(i), **knobs)) for i in range(300)}

    assert drawn() == {0, 1, 2, 3}
    assert drawn(top_k=2) == {0, 1}
    assert drawn(top_p=0.6) == {0, 1}  # the first that passes .6 is the second
    assert drawn(top_p=0.0) == {0}
    assert drawn(temperature=0) == {0}
    assert drawn(temperature=0.05) == {0}


def test_next_to_no_temperature_takes_the_favourite():
    logits = torch.tensor([[0.0, 2.0, 1.0]])
    assert pick(logits, noise(0), temperature=1e-39).item() == 1


def test_the_norm_is_torchs_own_and_so_is_its_slope():
    x = torch.randn(3, 5, 16, dtype=torch.double, generator=noise(0), requires_grad=True)
    weights = torch.randn(3, 5, 16, dtype=torch.double, generator=noise(1))
    slopes = [
        torch.autograd.grad((f(x) * weights).sum(), x)[0] for f in (norm, lambda x: F.rms_norm(x, (16,), eps=EPS))
    ]
    assert torch.allclose(norm(x), F.rms_norm(x, (16,), eps=EPS)) and torch.allclose(*slopes)


def test_turns_and_squares_are_what_they_say_and_so_are_their_slopes():
    """Pairs of numbers as complex ones, times e^(i angle); and relu(x)^2."""
    x = torch.randn(2, 3, 5, 8, generator=noise(0), dtype=torch.float64, requires_grad=True)
    angles = torch.randn(5, 4, generator=noise(1), dtype=torch.float64)
    whole = torch.complex(x[..., :4], x[..., 4:]) * torch.polar(torch.ones_like(angles), angles)
    assert torch.allclose(turn(x, angles.cos(), angles.sin()), torch.cat((whole.real, whole.imag), -1))
    assert torch.allclose(squared(x), F.relu(x) ** 2)
    assert torch.autograd.gradcheck(lambda x: turn(x, angles.cos(), angles.sin()), x)
    assert torch.autograd.gradcheck(squared, x)
    half = x.detach().to(torch.bfloat16).requires_grad_()
    turned = turn(half, angles.float().cos(), angles.float().sin())
    turned.sum().backward()
    assert turned.dtype == torch.float32 and half.grad is not None and half.grad.dtype == torch.bfloat16


def test_muon_moves_every_direction_equally():
    x = torch.randn(2, 24, 64, generator=noise(0))
    values = torch.linalg.svdvals(orthogonal(x))
    assert values.min() > 0.5 and values.max() < 1.3  # the steps aim near 1, not at it
    p = torch.nn.Parameter(torch.zeros(24, 64))
    p.grad = x[0].clone()
    Muon([p], lr=0.1).step()
    assert torch.allclose(p, -0.1 * orthogonal(p.grad[None])[0], atol=1e-6)
    kernel = torch.nn.Parameter(torch.zeros(24, 4, 4, 4).contiguous(memory_format=torch.channels_last))
    kernel.grad = p.grad.view(24, 4, 4, 4).contiguous(memory_format=torch.channels_last)
    Muon([kernel], lr=0.1).step()
    assert torch.allclose(kernel.flatten(1), p, atol=1e-6)


def test_muon_keeps_its_precision_where_the_model_multiplies_in_half_of_it():
    steps = []
    for half in (False, True):
        p = torch.nn.Parameter(torch.zeros(64, 96))
        p.grad = torch.randn(64, 8, generator=noise(0)) @ torch.randn(8, 96, generator=noise(1))  # few directions
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            Muon([p], lr=0.1).step()
        steps.append(p.detach())
    assert torch.equal(*steps)


def test_a_text_survives_its_tokens():
    tokenizer = train_tokenizer([TEXT], 400)
    assert tokenizer.decode(tokenizer.encode(TEXT).ids) == TEXT
    again = make_tokenizer(merges_of(tokenizer))
    assert again.encode(TEXT).ids == tokenizer.encode(TEXT).ids
    assert again.token_to_id(END) == 0


@pytest.mark.parametrize("merges", [[["a", "zz"]], [["a"]], [[1, 2]], [[END, "a"]], "ab", {"a": 1}])
def test_foreign_merges_are_refused(merges):
    with pytest.raises(Mishap):
        make_tokenizer(merges)


def test_windows_are_whole_and_documents_begin_with_their_mark():
    data = open_text("own", None, TEXT, vocab=300)
    x = data.batch(64, noise(0), 16).x
    row = data.rows["own", "train"].long()
    windows = {tuple(w.tolist()) for w in row.unfold(0, 17, 1)}
    assert x.shape == (64, 17) and all(tuple(w.tolist()) in windows for w in x)
    assert (x[:, 0] == 0).sum() >= 2


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 20_000_001])
def test_texts_out_of_bounds_are_refused(text):
    with pytest.raises(Mishap):
        open_text("own", None, text)


def test_a_text_of_ten_letters_is_enough_to_train_on():
    data = open_text("own", None, "abcabcabca", vocab=300)
    assert data.batch(4, noise(0), 64).x.shape == (4, 65)


def test_held_out_documents_are_about_two_in_a_hundred():
    share = sum(held_out(f"story {i}") for i in range(20_000)) / 20_000
    assert 0.015 < share < 0.025


def test_a_blind_model_needs_as_many_bits_as_blind_guessing():
    model = GPT(GPT.Config(vocab=300, **GPT.PRESETS["tiny"])).eval()
    torch.nn.init.zeros_(model.embed.weight)
    row = torch.randint(300, (150,), generator=noise(0))
    with torch.inference_mode():
        assert text_nats(model, row) == pytest.approx(149 * math.log(300), rel=1e-4)


def test_bigram_knows_pairs_and_leaves_room_for_the_unseen():
    train = torch.tensor([0, 1, 2] * 50)
    usual, odd = (
        ngram_nats(train, torch.tensor([0, 1, 2, 0]), 5, 2),
        ngram_nats(train, torch.tensor([0, 2, 1, 4]), 5, 2),
    )
    assert usual < 0.2 < odd < float("inf")
    # every row of the table adds up to 1
    total = sum(math.exp(-ngram_nats(train, torch.tensor([1, after]), 5, 2)) for after in range(5))
    assert total == pytest.approx(1, abs=1e-5)
    table = counted(train, 5, 2)
    assert torch.allclose(table.after(1), torch.cat([table.along(torch.tensor([1, after])) for after in range(5)]))


def test_a_bigram_is_kept_but_for_its_rare_pairs(tmp_path):
    train = torch.tensor([0, 1, 2] * 50 + [4, 3])
    write(tmp_path / "pairs", counted(train, 5, 2))
    again, whole = read(tmp_path / "pairs"), counted(train, 5, 2)
    for token in range(5):
        assert float(again.after(token).sum()) == pytest.approx(1)
        assert torch.allclose(again.after(token), whole.after(token), atol=0.02) or token in (2, 4)
    assert again.after(4)[3] == again.single[3] < whole.after(4)[3], "what came once is not kept"
    (tmp_path / "pairs").write_bytes(b"\x08" + bytes(30))
    with pytest.raises(Mishap, match="damaged"):
        read(tmp_path / "pairs")


def test_longer_rows_of_tokens_tell_what_pairs_cannot():
    train = torch.tensor([0, 1, 2, 3, 0, 4, 2, 1] * 40)  # what follows a 2 hangs on what stood before it
    row = torch.tensor([0, 1, 2, 3, 0, 4, 2, 1, 0, 1, 2, 3])
    pairs, fives = (ngram_nats(train, row, 5, order) for order in (2, 5))
    assert fives < 0.5 * pairs
    for context in ([0, 1, 2], [3, 0, 4, 2], [2, 2, 2, 2], [4]):
        before = ngram_nats(train, torch.tensor(context), 5, 5)
        after = (ngram_nats(train, torch.tensor([*context, last]), 5, 5) - before for last in range(5))
        assert sum(math.exp(-nats) for nats in after) == pytest.approx(1, abs=1e-6)
    with pytest.raises(Mishap, match="too large"):
        ngram_nats(train, row, 50_000, 5)
