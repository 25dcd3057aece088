"""What is made once for everybody, and for whom that holds up whom."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from demo.shelf import once


def test_each_thing_is_made_once_and_holds_up_nobody_who_asks_for_another():
    made, begun, over = [], Event(), Event()

    @once
    def thing(name: str) -> str:
        made.append(name)
        if name == "slow":
            begun.set()
            assert over.wait(60)
        return name.upper()

    with ThreadPoolExecutor(3) as visitors:
        try:
            slow = [visitors.submit(thing, "slow") for _ in range(2)]
            assert begun.wait(60)
            assert visitors.submit(thing, "quick").result(60) == "QUICK"
            assert made == ["slow", "quick"] and not slow[1].done()
        finally:
            over.set()
        assert [asked.result(60) for asked in slow] == ["SLOW", "SLOW"] and made == ["slow", "quick"]


def test_what_failed_is_tried_again_and_only_the_latest_are_kept():
    made = []

    def thing(name: str) -> int:
        made.append(name)
        if len(made) == 1:
            raise ValueError
        return len(made)

    kept = once(thing, most=2)
    with pytest.raises(ValueError):
        kept("a")
    assert [kept("a"), kept("b"), kept("a"), kept("c"), kept("a"), kept("b")] == [2, 3, 2, 4, 2, 5]
