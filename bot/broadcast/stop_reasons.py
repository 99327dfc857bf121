"""Why a broadcast was stopped or paused, as stored with it: a reason, and a detail."""

import secrets
from enum import StrEnum


class StopReason(StrEnum):
    """Why a broadcast was stopped or paused; what the admins are advised to do depends on it."""

    CONTENT = "content"
    """Telegram rejects the content; the detail is what it said."""
    UNREADABLE = "unreadable"
    """No chat can be decrypted: the key is another one, or the data is damaged."""
    LATE = "late"
    """Its time passed while the bot was not running; it waits for a decision."""
    FORMER = "former"
    """Whoever confirmed it is no longer an admin; it waits for a decision by those who are."""
    DECLINED = "declined"
    """Another admin was asked to approve it, and declined."""
    UNAPPROVED = "unapproved"
    """Another admin was asked to approve it, and nobody answered in time."""
    OPEN = "open"
    """The petition was still open when its time came."""
    DEFECT = "defect"
    """A bug; the detail is the exception's class and its reference in the log."""
    UNRECORDED = "unrecorded"
    """A delivery's result could not be recorded; the detail is as with a defect."""
    NOBODY = "nobody"
    """None of the first recipients could be reached; the detail is their number."""
    DENIED = "denied"
    """Telegram or a proxy denied every call for a minute; the detail is what it said."""
    OTHER = "other"
    """Anything else; the detail is free text."""


def error_reference(error: Exception) -> tuple[str, str]:
    """Returns the exception's class name, and a new reference by which to find it in the log."""
    return type(error).__name__, secrets.token_hex(4)


def format_reason(cause: StopReason, said: str = "") -> str:
    """Returns the reason as it is stored."""
    return f"{cause}: {said}"


def parse_reason(reason: str) -> tuple[StopReason, str]:
    """Returns the reason and the detail of a stored reason; OTHER when it is not known."""
    cause, parted, said = reason.partition(": ")
    if not parted or cause not in set(StopReason):
        return StopReason.OTHER, reason
    return StopReason(cause), said
