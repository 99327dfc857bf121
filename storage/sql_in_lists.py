"""Lists as parameters of a statement: in portions, and padded to one of a few lengths.

Few lengths mean few different SQL texts, so few prepared statements.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_LENGTHS = (1, 10, 100)


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yields the items in portions short enough for `padded`."""
    longest = _LENGTHS[-1]
    for start in range(0, len(items), longest):
        yield items[start : start + longest]


def padded(portion: Sequence[Item]) -> list[Item]:
    """Returns a portion with its last item repeated up to one of the fixed lengths."""
    length = next(length for length in _LENGTHS if length >= len(portion))
    return [*portion, *[portion[-1]] * (length - len(portion))]
