"""The number of an update, by which it is acknowledged."""

from typing import Any, Final, TypeGuard

LARGEST: Final = 2**31 - 1  # Telegram's; a larger one as the offset would acknowledge them all


def is_number(value: object) -> TypeGuard[int]:
    """Whether it can be acknowledged with; a negative one would mean the newest instead."""
    return type(value) is int and 0 <= value <= LARGEST


def is_numbered(update: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is an update that has a number."""
    return isinstance(update, dict) and is_number(update.get("update_id"))
