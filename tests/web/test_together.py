"""Who comes while others are at it goes with the next, all at once; what fails fails for each of them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from newsletter.web.together import Together


def test_who_comes_meanwhile_goes_together_and_all_hear_of_a_failure() -> None:
    begun, go_on = Event(), Event()
    parties: list[list[int]] = []

    def work(numbers: Sequence[int]) -> None:
        parties.append(sorted(numbers))
        begun.set()
        if len(parties) == 1:
            assert go_on.wait(10)
        if 7 in numbers:
            raise OSError("the disk is full")

    together = Together(work)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(together.do, 1)
        assert begun.wait(10)
        others = [threads.submit(together.do, number) for number in (5, 6, 7, 8, 9)]
        while len(together._party.members) < len(others):
            pass
        go_on.set()
        first.result(10)
        for other in others:
            with pytest.raises(OSError, match="full"):
                other.result(10)
    together.do(2)
    assert parties == [[1], [5, 6, 7, 8, 9], [2]]
