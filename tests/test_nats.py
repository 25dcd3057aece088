"""The likelihood bench: what it writes down must be a bound."""

import torch
from torch import nn

from core.model import noise
from tests.bench.nats import GRID, Neighbours, blocks, gathered, inked, log_weights


def model(latent: int) -> Neighbours:
    torch.manual_seed(0)
    made = Neighbours(latent, width=8, deep=3).eval()
    for part in made.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.normal_(part.weight, std=0.3)  # some are zero at first: they would hide what they see
    return made


def picture() -> torch.Tensor:
    return inked(torch.zeros(1, 1, 32, 32), noise(0))


@torch.no_grad()
def test_a_block_is_guessed_from_the_blocks_before_it_alone():
    ours, x = model(0), picture()
    before = ours.logits(ours.seen(x)[0], torch.zeros(1, 0))[0].flatten(1)
    for block in (0, 5, GRID, 100, GRID * GRID - 1):
        other, (row, column) = x.clone(), divmod(block, GRID)
        other[..., 2 + 2 * row + 1, 2 + 2 * column] *= -1
        assert (blocks(other) != blocks(x)).flatten(2).any(1).nonzero()[:, 1].tolist() == [block]
        after = ours.logits(ours.seen(other)[0], torch.zeros(1, 0))[0].flatten(1)
        changed = (after != before).any(0).nonzero().flatten().tolist()
        assert all(i > block for i in changed)
        assert changed or block == GRID * GRID - 1


@torch.no_grad()
def test_codes_that_say_nothing_cost_nothing_once_there_are_many():
    ours, x = model(2), picture()
    for last in (ours.decoder[-1], ours.encoder[-1]):
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]
    ours.encoder[-1].bias.copy_(torch.tensor([0.7, -0.5, 0.5, 0.3]))  # type: ignore  # a mean and a spread of its own
    exact = -float(ours.cost(ours.seen(x), torch.zeros(1, 2)))
    weights = log_weights(ours, x, 20_000, noise(1))
    assert float(weights.mean()) < exact - 0.05
    assert abs(float(gathered(weights)) - exact) < 0.03
