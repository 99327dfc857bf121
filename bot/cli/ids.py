"""Ids in the shell: shown by their first digits, and named by as many as tell them apart."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from bot.console import CannotDo
from storage.ids import SHOWN_DIGITS


class Identified(Protocol):
    """Something with an id, as a broadcast, a list or an invalidation."""

    @property
    def id(self) -> bytes:
        """Returns 16 bytes."""


Found = TypeVar("Found", bound=Identified)


def short_id(identified: Identified) -> str:
    """Returns the beginning of an id, as people are shown it."""
    return identified.id.hex()[:SHOWN_DIGITS]


def with_id(wanted: str, among: Iterable[Found], listing: str) -> Found:
    """Returns the one whose id begins like this; `listing` is the command that shows them all.

    Raises:
        CannotDo: there is none, or more than one.
    """
    found = [each for each in among if wanted and each.id.hex().startswith(wanted.lower())]
    if not found:
        raise CannotDo.because(
            "Ningún número empieza por «{wanted}». {command} los muestra.",
            wanted=wanted,
            command=listing,
        )
    if len(found) > 1:
        raise CannotDo.because(
            "Varios números empiezan por «{wanted}»: {ids}. Escribe más.",
            wanted=wanted,
            ids=", ".join(each.id.hex() for each in found),
        )
    return found[0]
