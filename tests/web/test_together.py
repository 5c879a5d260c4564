"""Who comes while others are at it goes with the next, all at once; what fails fails for each of them."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

import pytest

from newsletter.web.together import Together
from subscribers.models import State
from tests.web.conftest import Web

Result = TypeVar("Result")


def played(story: Coroutine[Any, Any, Result]) -> Result:
    """In a thread of its own: the browser of other tests may have a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, story).result()


class _Work:
    """Doubles numbers; the first party waits until it may go on."""

    def __init__(self) -> None:
        self.parties: list[list[int]] = []
        self.go_on = Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.parties.append(list(numbers))
        assert self.go_on.wait(10)
        if 7 in numbers:
            raise OSError("the disk is full")
        return [2 * number for number in numbers]


async def _asked(together: Together[int, int], *numbers: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(together.do(number)) for number in numbers]
    await asyncio.sleep(0)
    return tasks


def test_who_comes_meanwhile_goes_together_and_all_hear_of_a_failure() -> None:
    async def told() -> None:
        together = Together(work := _Work())
        first = await _asked(together, 1)
        while not work.parties:
            await asyncio.sleep(0)
        others = await _asked(together, 5, 6, 7)
        work.go_on.set()
        assert await asyncio.gather(*first) == [2]
        for other in others:
            with pytest.raises(OSError, match="full"):
                await other
        assert await together.do(2) == 4
        assert work.parties == [[1], [5, 6, 7], [2]]

    played(told())


def test_who_hangs_up_stops_nobody_else() -> None:
    async def told() -> list[int]:
        together = Together(work := _Work())
        gone, *others = await _asked(together, 1, 2, 3)
        while not work.parties:
            await asyncio.sleep(0)
        gone.cancel()
        work.go_on.set()
        return await asyncio.gather(*others)

    assert played(told()) == [4, 6]


def test_many_go_in_parties_of_a_bearable_size() -> None:
    async def told() -> list[int]:
        together = Together(work := _Work())
        work.go_on.set()
        await asyncio.gather(*(together.do(number) for number in range(10, 260)))
        return [len(party) for party in work.parties]

    assert played(told()) == [100, 100, 50]


def test_a_mail_program_that_hangs_up_has_taken_its_reader_off_all_the_same(web: Web) -> None:
    """And nobody reads of it in the log, which it could fill."""
    body = {"type": "http.request", "body": b"List-Unsub", "more_body": True}
    said: Iterator[dict[str, object]] = iter([body, {"type": "http.disconnect"}])
    headers = [(b"host", b"news.example.org"), (b"content-length", b"26")]
    path = f"/u/{web.join()}"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}

    async def receive() -> dict[str, object]:
        return next(said)

    async def send(_message: object) -> None:
        pass

    played(web.app(scope, receive, send))
    assert web.held().state is State.LEFT
