"""Notices to admins about a broadcast that were sent already, so that none is sent twice."""

from enum import StrEnum

from storage.tables import ADMIN_NOTICES
from storage.transaction import Transaction


class NoticeKind(StrEnum):
    """What a notice is; where there can be several of a kind, `about` tells them apart."""

    BEGUN = "begun"
    PAUSED = "paused"
    QUESTION = "question"
    CHART = "chart"


def broadcast_notice_was_sent(
    tx: Transaction, broadcast: bytes, kind: NoticeKind, about: str = ""
) -> bool:
    """Returns whether a notice was sent before."""
    columns = ADMIN_NOTICES.c
    same = (columns.broadcast_id == broadcast, columns.kind == kind, columns.about == about)
    return tx.find(ADMIN_NOTICES, *same) is not None


def mark_broadcast_notice_sent(
    tx: Transaction, broadcast: bytes, kind: NoticeKind, about: str = ""
) -> None:
    """Stores that a notice was sent."""
    tx.add_new(ADMIN_NOTICES, broadcast_id=broadcast, kind=kind, about=about)
