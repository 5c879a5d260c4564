"""Requests that come at once are answered at once: to wait for the disk once is enough for all of them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class Together(Generic[Asked, Answered]):
    """Answers many requests with one call of `work`, in a thread. Who comes while it is at it goes with the next."""

    MOST = 100
    """At a time."""
    BREATH = 0.01
    """Seconds between one time and the next: others want to write as well, and more come together."""

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Answered]]) -> None:
        self._work = work
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []
        self._at_it: asyncio.Task[None] | None = None

    async def do(self, asked: Asked) -> Answered:
        """The answer, once all is done for this one. What `work` raises is raised to each who went with it."""
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._at_it is None or self._at_it.done():
            self._at_it = asyncio.create_task(self._go_on())
        return await answer

    async def _go_on(self) -> None:
        while self._waiting:
            party, self._waiting = self._waiting[: self.MOST], self._waiting[self.MOST :]
            # Who hung up meanwhile awaits nothing any more.
            try:
                answers = await asyncio.to_thread(self._work, [asked for asked, _ in party])
            except Exception as failure:  # noqa: BLE001 - each who waits hears of it
                for _, answer in party:
                    if not answer.done():
                        answer.set_exception(failure)
            else:
                for (_, answer), answered in zip(party, answers, strict=True):
                    if not answer.done():
                        answer.set_result(answered)
            await asyncio.sleep(self.BREATH)
