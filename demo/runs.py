"""Trainings that visitors have started: found again by an id, driven from one seat, sharing the machine fairly.

No Gradio here. A page keeps a run's id and never a trainer.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from core.data.collection import Few
from core.model import Mishap
from core.train import Progress, Trainer

MOST = 60  # runs kept; the one left alone for longest makes room
PATIENCE = 3600.0  # seconds a resting run is kept
WAKE = 300  # points kept of a curve
AROUND, PEAK = 4, 8.0  # points before and after; times the usual distance from them
PAST = 20  # pictures kept of what a run looked like


class Turnstile:
    """Lets one through at a time, in the order of arrival: everyone moves, and what was asked first is done first."""

    def __init__(self) -> None:
        self.door = threading.Condition()
        self.next, self.served = 0, 0

    def __enter__(self) -> None:
        with self.door:
            ticket = self.next
            self.next += 1
            self.door.wait_for(lambda: self.served == ticket)

    def __exit__(self, *_: object) -> None:
        with self.door:
            self.served += 1
            self.door.notify_all()


@dataclass
class Run:
    """One training, at rest between two slices; whoever holds `lock` may look at its model."""

    trainer: Trainer
    preview: Any  # what it shows of itself, demo.previews
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    link: str = field(default_factory=lambda: secrets.token_urlsafe(9))  # by which others may watch it
    seen: Any = None  # what was last shown of it
    seat: str = ""  # who drives; "" while it rests
    touched: float = field(default_factory=time.monotonic)
    lock: Turnstile = field(default_factory=Turnstile)
    steps: list[int] = field(default_factory=list)
    curves: dict[str, list[float]] = field(default_factory=dict)
    last: Progress | None = None
    picture: str = ""  # HTML, as last looked at
    sheet: Any = None  # the same as dots (H, W, 3) uint8, where it is a picture
    past: list[tuple[int, str, Any]] = field(default_factory=list)  # step, picture and sheet of earlier looks
    marks: list[tuple[int, Any]] = field(default_factory=list)  # step and what was measured there (demo.signs)
    turns: list[int] = field(default_factory=list)  # steps after which its rules were others
    guess: str = ""  # what its visitor expected of it
    came: tuple[str, str] = ("", "")  # which of the guesses came true, and how that was measured
    spoilt: dict[str, Any] = field(default_factory=dict)  # rules set to spoil the game -> what they were before
    sentence: tuple[str, str] | None = None  # the result and its yardstick, as last measured
    measured: float = 0.0  # when that was

    def __post_init__(self) -> None:
        self.begun = self.trainer.step  # 0 for one that had not learnt before

    def note(self, now: Progress) -> None:
        """Adds a point to every curve; curves grown long keep their ends, peaks, and points evenly spread."""
        self.last, self.touched = now, time.monotonic()
        self.steps.append(now.step)
        for name, value in now.losses.items():
            self.curves.setdefault(name, []).append(value)
        if len(self.steps) > WAKE:
            kept = telling(self.steps, list(self.curves.values()))
            self.steps = [self.steps[i] for i in kept]
            self.curves = {name: [row[i] for i in kept] for name, row in self.curves.items()}

    def mark(self, signs: Any) -> None:
        """Adds what was measured; a past grown long keeps every other one."""
        self.marks.append((self.trainer.step, signs))
        if len(self.marks) > WAKE:
            del self.marks[1:-1:2]

    @property
    def rules(self) -> tuple[Any, ...]:
        """What holds while it learns, and can change."""
        return self.trainer.lr, self.trainer.model.config, isinstance(self.trainer.data, Few)

    def turn(self) -> None:
        """Remembers that from the next step on other rules hold."""
        if self.trainer.step not in (0, *self.turns[-1:]):
            self.turns = [*self.turns[1 - WAKE :], self.trainer.step]

    def look(self) -> None:
        """The picture anew."""
        self.picture = self.preview.look(self)
        self.keep()

    def keep(self) -> None:
        """Remembers the picture as it is; of a past grown long goes that one whose neighbours are nearest."""
        if self.past and self.trainer.step <= self.past[-1][0]:
            return
        self.past.append((self.trainer.step, self.picture, self.sheet))
        if len(self.past) > PAST:
            steps = [step for step, *_ in self.past]
            del self.past[min(range(1, PAST), key=lambda i: steps[i + 1] - steps[i - 1])]


def telling(steps: Sequence[int], curves: Sequence[Sequence[float]]) -> list[int]:
    """Indices into steps (N,) and curves, each (N,): the first, the last, and one in each of WAKE / 2 equal stretches
    of steps. That is the farthest out if it is a peak, else the middle one: what is old stays as fine as what is new,
    and no curve is told by its outermost values.

    Far is how many times the usual distance a value lies from the median of the points around it.
    """
    values = np.nan_to_num(np.array(curves, dtype=float))
    around = np.pad(values, ((0, 0), (AROUND, AROUND)), mode="edge")
    off = np.abs(values - np.median(sliding_window_view(around, 2 * AROUND + 1, axis=1), axis=2))
    far = (off / (off.mean(1, keepdims=True) + 1e-12)).max(0)
    stretch = (np.array(steps) - steps[0]) * (WAKE // 2) // (steps[-1] - steps[0] + 1)
    stretches = [np.flatnonzero(stretch == i) for i in np.unique(stretch[1:-1])]
    kept = {0, len(steps) - 1}
    for at in stretches:
        farthest = int(at[far[at].argmax()])
        kept.add(farthest if far[farthest] > PEAK else int(at[len(at) // 2]))
    return sorted(kept)


class Runs:
    """id -> run."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.lock = threading.Lock()
        self.turnstile = Turnstile()

    def add(self, run: Run, most: int = MOST, old: object = "") -> str:
        """Keeps a run in the place of its visitor's old one, and returns its id; Mishap when every place is taken.

        Of runs with its kind of preview there are `most` places; those at work keep theirs.
        """
        with self.lock:
            self.let_go(old)
            self.make_room(type(run.preview), most)
            self.runs[run.id] = run
        return run.id

    def room(self, kind: type, most: int) -> None:
        """Mishap when a run with that kind of preview would find no place; to be asked before it is made."""
        with self.lock:
            self.make_room(kind, most)

    def make_room(self, kind: type, most: int) -> None:
        """Lets go of the run left alone for longest where all places are taken."""
        self.forget()
        for alike, places in ((object, MOST), (kind, most)):
            known = [r for r in self.runs.values() if isinstance(r.preview, alike)]
            if len(known) >= places:
                resting = [r for r in known if not r.seat]
                if not resting:
                    raise Mishap("Too many trainings are running here at this moment: try again in a minute.")
                del self.runs[min(resting, key=lambda r: r.touched).id]

    def forget(self) -> None:
        """Lets go of runs that nobody has touched for an hour."""
        late = time.monotonic() - PATIENCE
        for key in [r.id for r in self.runs.values() if not r.seat and r.touched < late]:
            del self.runs[key]

    def drop(self, key: object) -> None:
        """Forgets a run that its visitor replaces; one that somebody drives stays."""
        with self.lock:
            self.let_go(key)

    def let_go(self, key: object) -> None:
        """The same, for whoever holds the lock."""
        run = self.runs.get(key) if isinstance(key, str) else None
        if run and not run.seat:
            del self.runs[run.id]

    def is_here(self, key: object) -> bool:
        """Whether there is such a run."""
        return isinstance(key, str) and key in self.runs

    def is_driven(self, key: object) -> bool:
        """Whether there is such a run and somebody drives it."""
        run = self.runs.get(key) if isinstance(key, str) else None
        return bool(run and run.seat)

    def watched(self, link: object) -> Run | None:
        """The run that is watched by this link, if it is still here."""
        return next((run for run in list(self.runs.values()) if run.link == link), None)

    def get(self, key: object) -> Run:
        """The run of that id; Mishap if it is not (or no longer) here."""
        if not key:
            raise Mishap("There is no training yet: start one first.")
        run = self.runs.get(key) if isinstance(key, str) else None
        if run is None:
            raise Mishap("This training is no longer here: runs are kept for an hour and end with the server.")
        run.touched = time.monotonic()
        return run

    def follow(self, run: Run, seat: str, every: float, look: Callable[[Run], Any]) -> Iterator[Any]:
        """Drives a run from this seat, slice by slice; yields what `look` sees of it at rest after each.

        Ends when another takes the seat, when it is left with `rest`, or where the plan ends.
        """
        run.seat = seat
        try:
            slices = run.trainer.run(every)
            while run.seat == seat:
                with self.turnstile, run.lock:
                    now = next(slices, None) if run.seat == seat else None
                    if now is None:
                        return
                    run.note(now)
                    seen = look(run)
                yield seen
        finally:
            self.rest(run, seat)

    def once(self, run: Run, look: Callable[[Run], Any], every: float = 0.0) -> Any:
        """One slice, a single step unless told otherwise, if nobody drives; then what `look` sees."""
        if run.seat:
            raise Mishap("This training is running: pause it before taking single steps.")
        with self.turnstile, run.lock:
            for now in run.trainer.run(every):
                run.note(now)
                break
            return look(run)

    def rest(self, run: Run, seat: str) -> None:
        """Leaves the seat, if it is still this visitor's; the slice at work is the last."""
        if run.seat == seat:
            run.seat = ""

    def leave(self, visitor: str) -> None:
        """Frees every seat of a visitor whose tab has closed; seats begin with the visitor's name."""
        for run in list(self.runs.values()):
            if run.seat.startswith(visitor + "/"):
                run.seat = ""


RUNS = Runs()  # all trainings of the page
