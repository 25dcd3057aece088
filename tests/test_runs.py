"""Trainings of several visitors on one machine."""

import re
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from core.model import Mishap
from demo.runs import MOST, PAST, WAKE, Run, Runs, Turnstile
from demo.show import BOTTOM, HIGH, TOP, curves
from tests.test_contract import trainer


@pytest.fixture
def runs() -> Runs:
    return Runs()


def new() -> Run:
    return Run(trainer("judge", batch=2), preview=None)


def step(run: Run) -> int:
    return run.trainer.step


def test_a_run_is_found_by_its_id_and_by_nothing_else(runs):
    run = new()
    key = runs.add(run)
    assert runs.get(key) is run
    for foreign in ("x", 7, ["a"], key + "x"):
        with pytest.raises(Mishap, match="no longer here"):
            runs.get(foreign)
    for nothing in ("", None):
        with pytest.raises(Mishap, match="start one first"):
            runs.get(nothing)


def test_a_run_takes_the_place_of_its_visitors_old_one(runs):
    old, new_one = new(), new()
    runs.add(old)
    runs.add(new_one, old=old.id)
    assert [runs.is_here(run.id) for run in (old, new_one)] == [False, True]
    new_one.seat = "a/1"
    runs.add(old, old=new_one.id)
    assert runs.is_here(new_one.id), "one that somebody drives stays"


def test_of_one_kind_only_so_many_are_kept(runs):
    """Places of a kind are given up by the one of it left alone for longest, and by none at work."""
    small, large = [new() for _ in range(2)], [new() for _ in range(3)]
    for run in large:
        run.preview = {}
    for run in (*small, *large[:2]):
        runs.add(run, 2)
    runs.get(large[0].id)
    runs.add(large[2], 2)
    assert [runs.is_here(run.id) for run in (*small, *large)] == [True, True, True, False, True]
    large[0].seat = large[2].seat = "a/1"
    with pytest.raises(Mishap, match="Too many"):
        runs.room(dict, 2)
    runs.room(type(None), 3)


def test_going_on_after_a_rest_goes_on(runs):
    run = new()
    for seen in runs.follow(run, "a/1", 0, step):
        if seen == 3:
            runs.rest(run, "a/1")
    assert run.seat == "" and run.trainer.step == 3
    assert next(runs.follow(run, "a/2", 0, step)) == 4
    assert run.steps == [1, 2, 3, 4]


def test_who_follows_last_drives(runs):
    run = new()
    first, second = runs.follow(run, "a/1", 0, step), runs.follow(run, "b/1", 0, step)
    assert [next(first), next(second), next(second)] == [1, 2, 3]
    assert list(first) == []  # the first driver's stream ends, and takes nothing from the second
    assert next(second) == 4


def test_a_closed_stream_frees_the_seat(runs):
    run = new()
    stream = runs.follow(run, "a/1", 0, step)
    next(stream)
    stream.close()
    assert run.seat == ""


def test_a_visitor_who_leaves_frees_only_their_own(runs):
    mine, other = new(), new()
    runs.add(mine), runs.add(other)
    mine.seat, other.seat = "anna/1", "annabel/1"
    runs.leave("anna")
    assert (mine.seat, other.seat) == ("", "annabel/1")


def test_one_step_is_one_step_and_not_while_driving(runs):
    run = new()
    assert runs.once(run, step) == 1
    run.seat = "a/1"
    with pytest.raises(Mishap, match="pause"):
        runs.once(run, step)


def test_everyone_moves(runs):
    """Three runs driven at once from three threads: none is left behind."""
    trio = [new() for _ in range(3)]

    def drive(run: Run, seat: str) -> None:
        for seen in runs.follow(run, seat, 0, step):
            if seen >= 12:
                break

    threads = [threading.Thread(target=drive, args=(run, f"v{i}/1")) for i, run in enumerate(trio)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [run.trainer.step for run in trio] == [12, 12, 12]


def test_the_turnstile_serves_in_order_of_arrival():
    turnstile, served = Turnstile(), []

    def pass_through(i: int) -> None:
        with turnstile:
            served.append(i)

    with turnstile:
        threads = [threading.Thread(target=pass_through, args=(i,)) for i in range(5)]
        for i, thread in enumerate(threads):
            thread.start()
            while turnstile.next < i + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert served == [0, 1, 2, 3, 4]


def test_a_run_that_breaks_lets_the_next_through(runs):
    run, other = new(), new()

    def broken(run: Run) -> None:
        raise ValueError("a bug in a preview")

    with pytest.raises(ValueError):
        next(runs.follow(run, "a/1", 0, broken))
    assert run.seat == ""
    assert next(runs.follow(other, "b/1", 0, step)) == 1


def test_there_is_an_end_to_what_is_kept(runs):
    first = new()
    for _ in range(MOST - 1):
        runs.add(Run(first.trainer, None))
    driven = Run(first.trainer, None)
    driven.seat, driven.touched = "a/1", 0.0
    runs.add(driven)
    oldest = next(iter(runs.runs.values()))
    oldest.touched = 1.0 + time.monotonic() - 3600
    runs.add(Run(first.trainer, None))
    assert len(runs.runs) == MOST
    assert oldest.id not in runs.runs and driven.id in runs.runs


def test_curves_stay_short_and_keep_their_ends():
    run = new()
    for now in run.trainer.run(0):
        for i in range(WAKE):
            run.note(now._replace(step=now.step + i))
        if now.step == 3:
            break
    assert len(run.steps) <= WAKE and run.steps[0] == 1 and run.steps[-1] == 3 + WAKE - 1
    assert all(len(curve) == len(run.steps) for curve in run.curves.values())


def test_a_peak_outlives_the_thinning_of_its_curve():
    run, start = new(), next(iter(new().trainer.run(0)))
    for i in range(5 * WAKE):
        run.note(start._replace(step=i + 1, losses={"forger": 9.0 if i == 100 else 1 + i % 3 / 10, "critic": 5.0}))
    assert len(run.steps) <= WAKE and run.curves["forger"][run.steps.index(101)] == max(run.curves["forger"]) == 9.0


def test_thinning_leaves_the_past_as_fine_as_the_present_and_no_higher():
    run, start, long = new(), next(iter(new().trainer.run(0))), 20 * WAKE
    noises = np.random.default_rng(0).normal(size=long)
    for i, noise in enumerate(noises):
        height = 2.0 if i < 0.1 * long else 1.0  # it falls at once, early in what will be a long run
        run.note(start._replace(step=i + 1, losses={"forger": height + 0.1 * noise, "critic": 5.0}))
    assert max(np.diff(run.steps)) <= 5 * long / (WAKE / 2)
    steps, curve = np.array(run.steps), np.array(run.curves["forger"])
    early, late = curve[steps <= 0.1 * long], curve[steps > 0.1 * long]
    assert len(early) > 10 and early.mean() == pytest.approx(2, abs=0.1)
    assert late.mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("peak", [40.0, -40.0])
def test_a_peak_does_not_press_the_rest_of_a_chart_flat(peak):
    """It is named, and drawn at the edge; without it the same lines have the same heights."""
    steps, calm = list(range(200)), [1 + i % 3 / 10 for i in range(200)]
    drawn = curves(steps, {"loss": [*calm[:50], peak, *calm[51:]]})
    heights = [float(at.split(",")[1]) for at in re.search('points="([^"]+)"', drawn)[1].split()]
    assert heights[50] == (min if peak > 0 else max)(heights) and max(heights) - min(heights) < 4 * abs(
        heights[2] - heights[0]
    )
    assert f"{'up' if peak > 0 else 'down'} to {peak:g}" in drawn
    assert " to " not in curves(steps, {"loss": calm})


def test_names_beside_a_chart_stand_near_their_lines_and_apart():
    """Three lines close together: their names spread to both sides, and none leaves the chart, wherever they end."""
    drawn = curves([0, 1], {"a": [6.0, 3.0], "b": [4.0, 3.1], "c": [4.0, 3.2], "d": [0.0, 0.0]})
    for lines in ((6.0, 5.8, 0.0), (6.0, 5.9, 0.1, 0.0), (3.0, 3.0, 3.0, 3.0)):
        high = curves([0, 1], {name: [0.0, end] for name, end in zip("abcd", lines)})
        heights = sorted(map(float, re.findall(r'<text class="line-\d" x="[^"]+" y="([^"]+)"', high)))
        assert heights[0] >= TOP and heights[-1] <= HIGH - BOTTOM
        assert all(low - high >= 38 - 1e-6 for high, low in pairwise(heights))
    names = {name: float(y) for y, name in re.findall(r'<text class="line-\d" x="[^"]+" y="([^"]+)">(\w)', drawn)}
    ends = [float(line.split()[-1].split(",")[1]) for line in re.findall('points="([^"]+)"', drawn)]
    assert names["c"] < ends[2] and names["a"] > ends[0] and abs(names["b"] - ends[1]) < 1
    heights = sorted(names.values())
    assert all(low - high >= 38 - 1e-6 for high, low in pairwise(heights))
    assert heights[0] >= TOP and heights[-1] <= HIGH - BOTTOM


def test_a_chart_shows_from_where_on_other_rules_held():
    run = new()
    run.turn()
    assert not run.turns, "a game that has not begun has no other rules behind it"
    for step in (10, 10, 30):
        run.trainer.step = step
        run.turn()
    steps = list(range(5, 25))
    assert run.turns == [10, 30], "told twice at one step, they changed once"
    drawn = curves(steps, {"loss": [1 + i % 3 / 10 for i in steps]}, run.turns, "other rules")
    (at,) = re.findall('class="turn" x1="([^"]+)"', drawn)
    assert float(at) == float(re.search('points="([^"]+)"', drawn)[1].split()[5].split(",")[0])
    assert drawn.count("other rules") == 1 and "turn" not in curves(steps, {"loss": steps}, [30], "other rules")
    for step in range(2 * WAKE):
        run.trainer.step = 100 + step
        run.turn()
    assert len(run.turns) <= WAKE


def test_a_run_remembers_its_past_evenly_and_for_ever():
    run = new()
    for at in range(1000):
        run.trainer.step, run.picture, run.sheet = at, f"picture {at}", at
        run.keep()
    steps = [at for at, picture, sheet in run.past]
    assert steps[0] == 0 and steps[-1] == 999 and len(steps) == PAST
    *gaps, _ = (after - before for before, after in pairwise(steps))
    assert max(gaps) <= 3 * min(gaps)
    assert all((picture, sheet) == (f"picture {at}", at) for at, picture, sheet in run.past)
