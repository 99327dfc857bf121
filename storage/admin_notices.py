"""Notices to admins about a broadcast that were sent already, so that none is sent twice."""

from enum import StrEnum

from storage.database import Database, Statement

_WAS_SENT = """
SELECT 1 FROM admin_notices
WHERE broadcast_id = :broadcast AND kind = :kind AND about = :about
"""

_MARK_SENT = """
INSERT INTO admin_notices (broadcast_id, kind, about) VALUES (:broadcast, :kind, :about)
ON CONFLICT (broadcast_id, kind, about) DO NOTHING
"""


class NoticeKind(StrEnum):
    """What a notice is; where there can be several of a kind, `about` tells them apart."""

    BEGUN = "begun"
    PAUSED = "paused"
    QUESTION = "question"
    CHART = "chart"


class AdminNotices:
    """The notices to admins that were sent about broadcasts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def was_sent(self, broadcast: bytes, kind: NoticeKind, about: str = "") -> bool:
        """Returns whether a notice was sent before."""
        rows = await self._database.read(_statement(_WAS_SENT, broadcast, kind, about))
        return bool(rows)

    async def mark_sent(self, broadcast: bytes, kind: NoticeKind, about: str = "") -> None:
        """Stores that a notice was sent."""
        await self._database.write(_statement(_MARK_SENT, broadcast, kind, about))


def _statement(sql: str, broadcast: bytes, kind: NoticeKind, about: str) -> Statement:
    return Statement(sql, {"broadcast": broadcast, "kind": kind, "about": about})
