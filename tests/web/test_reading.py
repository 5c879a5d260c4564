"""A round of reading: seen while it goes, one at a time, and over whatever happens."""

from threading import Event

from newsletter.web.reading import Reading


def test_a_round_is_seen_while_it_goes_and_no_second_begins_beside_it() -> None:
    reading, first, second = Reading(), Event(), Event()
    heard = {4: first, 7: second}
    came: list[int] = []

    def read(number: int) -> None:
        came.append(number)
        assert heard[number].wait(5)

    assert reading.begin([4, 7], read)
    assert reading.standing == ((4, 7), 0)
    assert not reading.begin([4], read)
    first.set()
    second.set()
    reading.wait(5)
    assert came == [4, 7]
    assert not reading.standing[0]


def test_a_round_that_breaks_is_over_and_the_next_can_begin() -> None:
    reading = Reading()
    assert reading.begin([1], lambda _number: 1 // 0)
    reading.wait(5)
    read: list[int] = []
    assert reading.begin([2], read.append)
    reading.wait(5)
    assert read == [2]
    assert not reading.begin([], read.append)
