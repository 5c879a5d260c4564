"""What every page asks for is asked once a second, and at once when somebody changed it."""

from itertools import count

from newsletter.web.briefly import Briefly


def test_a_thing_is_asked_for_anew_after_its_while_or_when_it_changed() -> None:
    numbers, known = count(), Briefly[int]()
    assert [known.of(lambda: next(numbers)) for _ in range(3)] == [0, 0, 0]
    known.forget()
    assert [known.of(lambda: next(numbers)) for _ in range(2)] == [1, 1]
    known.WHILE = 0.0  # it is for all; here for one
    known.forget()
    assert [known.of(lambda: next(numbers)) for _ in range(2)] == [2, 3]
