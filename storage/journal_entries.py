"""The entries of a journal: what each says, and which of them hold.

The file that they are in is in `journal.py`.
"""

from collections import Counter
from collections.abc import Reversible
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from storage.times import to_millis


class Deed(StrEnum):
    """What an entry is about: who did it, or whose it was, comes back to that.

    The subject is the signature, or the handover. The value of those marked with a time is
    milliseconds, or empty where the deed was undone.
    """

    WITHDRAWAL = "withdrawal"  # the signature is erased; no value
    WITH_NAME = "with_name"  # the id of the consent to it and the name; or TAKEN_OFF
    NAME = "name"  # another name, in a journal from when it was apart from the choice
    MUTED = "muted"  # a time
    UPDATES_ENDED = "updates_ended"  # a time
    NEWS_ENDED = "news_ended"  # a time
    RESTRICTED = "restricted"  # a time
    OBJECTED = "objected"  # a time
    HANDOVER = "handover"  # the handover and its list, as a JSON object


TAKEN_OFF = "0"
"""The value of `Deed.WITH_NAME` where the signature has no name from then on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed; the last entry of a deed and a subject is what holds.

    Attributes:
        subject: the id of the signature, or of the handover, which begins with its time.
        value: see `Deed`; it can be a name.
        refused: whether the same entry before it, the last of them, had no effect.
    """

    deed: Deed
    subject: bytes
    value: str = field(default="", repr=False)
    refused: bool = False

    @property
    def has_name(self) -> bool:
        """Whether the value holds a name."""
        return self.deed is Deed.NAME or (self.deed is Deed.WITH_NAME and " " in self.value)

    @property
    def takes_back_name(self) -> bool:
        """Whether a name that an entry before it holds is nobody's from then on."""
        if self.refused:
            return self.has_name
        return self.deed is Deed.WITHDRAWAL or self.value == TAKEN_OFF

    @classmethod
    def since(cls, deed: Deed, subject: bytes, moment: datetime | None) -> "Entry":
        """Returns the entry of a deed that holds from a moment on, or with None no longer."""
        return cls(deed, subject, "" if moment is None else str(to_millis(moment)))


def last_entries(entries: Reversible[Entry]) -> list[Entry]:
    """Returns what holds: the last entry of each deed and subject, none of what was withdrawn.

    A name holds until the next entry about it.
    """
    held: dict[bytes, dict[Deed, Entry]] = {}
    for each in _carried_out(entries):
        of_subject = held.setdefault(each.subject, {})
        if Deed.WITHDRAWAL in of_subject:
            continue
        if each.deed is Deed.WITHDRAWAL:
            of_subject.clear()
        elif each.deed is Deed.WITH_NAME:
            of_subject.pop(Deed.NAME, None)
        of_subject.pop(each.deed, None)
        of_subject[each.deed] = each
    return [each for of_subject in held.values() for each in of_subject.values()]


def _carried_out(entries: Reversible[Entry]) -> list[Entry]:
    """Leaves out what was refused: of each such entry, the same one before it."""
    done: list[Entry] = []
    refused: Counter[Entry] = Counter()
    for each in reversed(entries):
        if each.refused:
            refused[replace(each, refused=False)] += 1
        elif refused[each] > 0:
            refused[each] -= 1
        else:
            done.append(each)
    return done[::-1]
