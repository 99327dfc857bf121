"""Lists as parameters of a statement: in portions, and padded to one of a few lengths.

Few lengths are few texts, so few prepared statements.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

_LENGTHS: Final = (1, 10, 100)


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The same in parts that can be padded."""
    longest = _LENGTHS[-1]
    for start in range(0, len(items), longest):
        yield items[start : start + longest]


def padded(portion: Sequence[Item]) -> list[Item]:
    """A portion, and the last of it again and again: a list of a known length, the same rows."""
    length = next(length for length in _LENGTHS if length >= len(portion))
    return [*portion, *[portion[-1]] * (length - len(portion))]
