"""What a list of signatures says before its names: whose petition it is, and how many signed.

A signature without a name is in no line of its own: a day or a language with few of them would say
something of each, so those are counted together.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from bot.dossier.opened_list import ListedVersionCount
from bot.petition.counts import FEWEST, told_apart
from bot.petition.petition import Petition
from bot.petition.retention_days import day_of
from storage.exports import ExportedList, NamedSignature, SignatureGroup, named_signatures
from storage.petitions import PetitionState

_Key = TypeVar("_Key")


Pages = AsyncIterator[list[NamedSignature]]


async def pages_of(export: ExportedList, read: Callable[..., Awaitable[Any]]) -> Pages:
    """Yields what is listed with a name, by number, in portions; `read` reads of one moment."""
    after = 0
    while page := await read(named_signatures, after, export.last_number):
        yield page
        after = page[-1].number


class DayAndLanguage(NamedTuple):
    """How many signed on a day in a language; both are None for few without a name."""

    day: date | None
    language: str | None
    with_name: int
    without_name: int


@dataclass(frozen=True)
class SignatureListHeader:
    """All that a list holds besides the signatures themselves.

    Attributes:
        state: of the petition, as of the moment of the list.
        anonymous: how many counted ones are erased because their retention is over.
    """

    export: ExportedList
    petition: Petition
    state: PetitionState
    anonymous: int
    groups: Sequence[SignatureGroup]

    @cached_property
    def with_name(self) -> int:
        """How many are in the list with their names."""
        return sum(group.signatures for group in self.groups if group.named)

    @cached_property
    def counted(self) -> int:
        """How many signatures there are, with a name and without."""
        return sum(group.signatures for group in self.groups) + self.anonymous

    @property
    def without_name(self) -> int:
        """How many are counted without their names."""
        return self.counted - self.with_name

    @property
    def withdrawn_since(self) -> int:
        """How many were withdrawn since the closing; 0 while the petition is open."""
        if self.state.closed_signatures is None:
            return 0
        return self.state.closed_signatures - self.state.invalidated_since - self.counted

    def by_day(self) -> list[DayAndLanguage]:
        """Returns the counts by day and language, in that order; their sums are the counts.

        Signatures without a name wait for a later day of their language until there are `FEWEST`.
        """
        named, unnamed = self._counted_by(
            lambda group: (day_of(group.quarter, self.petition.zone), group.language)
        )
        told, rest = _told_apart(_gathered(unnamed))
        days = [
            DayAndLanguage(*key, with_name=named[key], without_name=told.get(key, 0))
            for key in sorted({*named, *told})
        ]
        rest += self.anonymous
        return [*days, DayAndLanguage(None, None, 0, rest)] if rest else days

    def by_version(self) -> list[ListedVersionCount]:
        """Returns how many signed each version, the oldest first, without who is erased.

        The list says of each name which version it signed, so fewer than `FEWEST` others of a
        version would be told apart as on a day.
        """
        named, unnamed = self._counted_by(lambda group: group.text_version)
        told, rest = _told_apart(unnamed)
        counted: list[tuple[str | None, int]] = [*sorted((named + Counter(told)).items())]
        counted += [(None, rest)] if rest else []
        return [ListedVersionCount(version=each, signatures=n) for each, n in counted]

    def _counted_by(
        self, key: Callable[[SignatureGroup], _Key]
    ) -> tuple[Counter[_Key], Counter[_Key]]:
        """Returns how many there are of each key with a name, and without."""
        named, unnamed = Counter[_Key](), Counter[_Key]()
        for group in self.groups:
            (named if group.named else unnamed)[key(group)] += group.signatures
        return named, unnamed


def _gathered(cells: Mapping[tuple[date, str], int]) -> dict[tuple[date, str], int]:
    """Returns cells of day and language in which few have waited for a later day.

    The last ones of a language, if they are few, take those before them along.
    """
    gathered: dict[tuple[date, str], int] = {}
    for language in {language for _, language in cells}:
        days = sorted(day for day, each in cells if each == language)
        full, waiting = days[0], 0
        for day in days:
            waiting += cells[day, language]
            if waiting >= FEWEST:
                gathered[day, language] = waiting
                full, waiting = day, 0
        if waiting:
            waiting += gathered.pop((full, language), 0)
            gathered[days[-1], language] = waiting
    return gathered


def _told_apart(groups: Mapping[_Key, int]) -> tuple[dict[_Key, int], int]:
    """Returns the groups of at least `FEWEST`, and how many are in none of them.

    Those are at least as many, or it could be worked out what they are, unless there are no more.
    """
    told, rest = told_apart(groups.items())
    if 0 < rest < FEWEST and told:
        rest += told.popitem()[1]
    return told, rest
