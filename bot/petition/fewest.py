"""How many signatures there have to be before something is told of them apart from all others."""

from collections.abc import Collection
from typing import TypeVar

FEWEST = 5
"""Fewer could tell whether one person signed; see docs/decisions/links-with-few-signatures.md."""

_Key = TypeVar("_Key")


def told_apart(counts: Collection[tuple[_Key | None, int]]) -> tuple[dict[_Key, int], int]:
    """Returns the counts of at least `FEWEST`, the most first, and how many are in none of them.

    Who is counted under None is in none.
    """
    large = {key: n for key, n in counts if key is not None and n >= FEWEST}
    ranked = sorted(large.items(), key=lambda item: (-item[1], str(item[0])))
    return dict(ranked), sum(n for _, n in counts) - sum(large.values())
