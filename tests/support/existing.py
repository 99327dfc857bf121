"""What has to be there for a test to go on."""

from typing import TypeVar

T = TypeVar("T")


def existing(found: T | None) -> T:
    """Returns what was found, and fails where nothing was."""
    assert found is not None
    return found
