"""Why a broadcast was stopped or held, as it is kept with it: a cause, and what was said of it."""

import secrets
from enum import StrEnum


class StopReason(StrEnum):
    """Whose fault it was, which decides what the admin is advised to do."""

    CONTENT = "content"
    """Telegram does not take the text; what it said about it comes with it."""
    UNREADABLE = "unreadable"
    """The key opens none of the chats: it is another key, or the data is damaged."""
    LATE = "late"
    """Its time passed while no bot was there to send it; it waits for a decision."""
    FORMER = "former"
    """Whoever planned it is no admin any more; it waits for a decision of those who are."""
    DECLINED = "declined"
    """Another admin was to agree, and did not."""
    UNAPPROVED = "unapproved"
    """Another admin was to agree, and nobody said anything in time."""
    OPEN = "open"
    """The petition was open when its time came."""
    DEFECT = "defect"
    """A mistake of ours, whose kind comes with it and by what name the log has it."""
    UNRECORDED = "unrecorded"
    """What became of somebody could not be written down; kind and name as with a defect."""
    NOBODY = "nobody"
    """Not one of the first, whose number comes with it, could be reached."""
    DENIED = "denied"
    """Telegram, or what is in between, denied every call for a minute; what it said comes too."""
    OTHER = "other"
    """Somebody's own words."""


def error_reference(error: Exception) -> tuple[str, str]:
    """The kind of a mistake of ours, and a name by which people find it in the log."""
    return type(error).__name__, secrets.token_hex(4)


def format_reason(cause: StopReason, said: str = "") -> str:
    """The reason as it is stored."""
    return f"{cause}: {said}"


def parse_reason(reason: str) -> tuple[StopReason, str]:
    """The cause of a stored reason, and what was said."""
    cause, parted, said = reason.partition(": ")
    if not parted or cause not in set(StopReason):
        return StopReason.OTHER, reason
    return StopReason(cause), said
