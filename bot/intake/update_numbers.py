"""Checks of update numbers, by which updates are acknowledged."""

from typing import Any, Final, TypeGuard

LARGEST: Final = 2**31 - 1  # Telegram's largest; a larger offset would acknowledge every update


def is_number(value: object) -> TypeGuard[int]:
    """Tells whether it is a valid number; a negative offset would count from the newest update."""
    return type(value) is int and 0 <= value <= LARGEST


def is_numbered(update: object) -> TypeGuard[dict[str, Any]]:
    """Tells whether it is an update with a valid number."""
    return isinstance(update, dict) and is_number(update.get("update_id"))
