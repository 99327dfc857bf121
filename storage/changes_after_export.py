"""What changed in a signature after a list with its name was written.

Whoever received the list must be told of it (GDPR art. 19). Only number and change are kept:
the name is erased with the signature. Of a signature that was counted without its name nothing
was handed over that could be told of.
"""

from datetime import datetime
from enum import StrEnum

from storage.audit import ALWAYS
from storage.database import Statement
from storage.ids import rising_id
from storage.times import to_millis

# Which lists have this signature. An export stores its row before it reads the signatures, so a
# change in that moment is noted once too often and never once too seldom.
_IN_A_LIST = """
EXISTS (SELECT 1 FROM exports e WHERE e.petition = s.petition AND e.last_number >= s.number)
"""

# The same with its name, which it has not where it was restricted or invalidated before.
_NAMED_IN_A_LIST = """
s.with_name = 1 AND EXISTS (
  SELECT 1 FROM exports e WHERE e.petition = s.petition AND e.last_number >= s.number
    AND (s.restricted_at IS NULL OR s.restricted_at >= e.exported_at)
    AND (s.objected_at IS NULL OR s.objected_at >= e.exported_at)
    AND (s.invalidation_id IS NULL OR EXISTS (
      SELECT 1 FROM invalidations i
      WHERE i.id = s.invalidation_id AND i.invalidated_at >= e.exported_at
    ))
)
"""

_NOTE = """
INSERT INTO changes_after_export (id, petition, number, change, changed_at)
SELECT :change_id, s.petition, s.number, :change, CAST(:changed_at AS BIGINT)
FROM signatures s
WHERE s.petition = :changed_petition AND s.supporter = :changed_supporter
  AND {listed} AND {only_if}
"""


class Change(StrEnum):
    """What changed.

    Attributes:
        WITHDRAWN: the person took the signature back; it is erased.
        ERASED: it was erased because the person asked by letter or e-mail.
        CORRECTED: it has another name.
        RESTRICTED: it may be stored and no longer used (art. 18).
        OBJECTED: the person objected to its use (art. 21).
        NAME_REMOVED: it is counted without its name from now on.
        NAME_GIVEN: it has its name from now on, which earlier lists do not have. Nobody is told
            of it; it says of which lists later changes are.
    """

    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    CORRECTED = "corrected"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    NAME_REMOVED = "name_removed"
    NAME_GIVEN = "name_given"


def note_change(
    slug: str, supporter: bytes, change: Change, at: datetime, *, only_if: Statement = ALWAYS
) -> Statement:
    """Returns the statement that notes a change, to run in the transaction of the change.

    It writes nothing unless an export has the signature with its name. It reads the signature as
    it was, so it comes before the statement that changes it; only after a correction, which needs
    `only_if`, it may come later.

    Args:
        slug: the petition.
        supporter: the reference of whose signature it is.
        change: what changes.
        at: when.
        only_if: an SQL condition with its values, true if the transaction has an effect.
    """
    listed = _IN_A_LIST if change is Change.NAME_GIVEN else _NAMED_IN_A_LIST
    return Statement(
        _NOTE.format(listed=listed, only_if=only_if.sql),
        {
            **only_if.values,
            "change_id": rising_id(at),
            "change": change.value,
            "changed_at": to_millis(at),
            "changed_petition": slug,
            "changed_supporter": supporter,
        },
    )
