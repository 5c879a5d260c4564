"""What a TRANSPORT may say behind its question mark, whichever way out it names."""


def connections(options: dict[str, list[str]]) -> int:
    """How many at once, at most, taken out of `options`; 5 where nothing is said. Raises ValueError."""
    most = options.pop("connections", ["5"])[0]
    if not most.isascii() or not most.isdigit() or not 1 <= int(most) <= 100:
        raise ValueError("a transport may have from 1 to 100 connections")
    return int(most)
