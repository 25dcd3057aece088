"""A game broken on purpose gets back what it had, whatever was told it at the same moment."""

from threading import Thread

import pytest

from core.model import Mishap
from demo import training
from demo.gan.train import BREAKS, MENDS, Duel
from demo.runs import RUNS, Run
from demo.signs import EARLY
from demo.words import words
from tests.conftest import laid_out


@pytest.fixture
def run():
    run = training.begin("gan", "numerals", "small", "", {"batch": 2, "seed": 0}, {})
    run.trainer.step = EARLY
    RUNS.add(run)
    yield run
    RUNS.drop(run.id)


@pytest.fixture
def duel():
    return laid_out(lambda: Duel(None))


def test_what_was_told_before_a_break_is_what_its_mend_gives_back(duel: Duel, run: Run):
    told = [
        lambda: duel.changing("penalty")(run.id, 3),
        lambda: duel.turn("free", BREAKS["free"], run.id),
    ]
    waiting = [Thread(target=one) for one in told]
    with run.lock:  # a step is being made
        for n, thread in enumerate(waiting, 2):
            thread.start()
            while run.lock.next < n:
                assert thread.is_alive()
    for thread in waiting:
        thread.join()
    config = run.trainer.model.config
    assert (config.penalty, config.critic_steps) == (0, 4)
    duel.turn("penalty", MENDS["penalty"], run.id)
    config = run.trainer.model.config
    assert (config.penalty, config.critic_steps) == (3, 1)


def test_what_has_not_begun_is_not_broken(duel: Duel, run: Run):
    run.trainer.step = EARLY - 1
    with pytest.raises(Mishap, match=f"{EARLY}"):
        duel.turn("lag", BREAKS["lag"], run.id)
    assert words("gan.train")["did_nothing"] in duel.turn("pace", MENDS["pace"], run.id)  # but may be mended
    assert not run.spoilt
