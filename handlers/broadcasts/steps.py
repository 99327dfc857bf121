"""What the buttons under a draft's panel ask for, and how it is written into them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..admin_context import AdminAction, Choice
from .draft import Draft


class Step(StrEnum):
    """One step of preparing a message."""

    NEXT = "on"
    """From the message to what it is about."""
    WRITE = "write"
    """Wait for the message of a language."""
    DROP = "drop"
    """Do without the version of a language."""
    LINKS = "links"
    """Wait for the link buttons of a language."""
    REMOVE_LINKS = "bare"
    """Take the link buttons of a language away."""
    SUBJECT = "subject"
    ABOUT = "about"
    AUDIENCE = "to"
    LOOK = "look"
    TEST = "test"
    TIME = "time"
    SCHEDULE = "at"
    NOW = "now"
    PAY = "pay"
    SURE = "sure"
    CHANGE = "change"
    """Back to the message and all that is decided about it."""
    BACK = "back"
    """Back to where the panel was before it asked something."""
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Tapped:
    """A button under a draft: what it was drawn for, and what it asks."""

    key: str
    version: int
    step: Step
    value: str

    def fits(self, draft: Draft) -> bool:
        """Whether it was drawn for the draft as it is."""
        return (self.key, self.version) == (draft.key, draft.version)


def choice(label: str, draft: Draft, step: Step, value: str = "") -> Choice:
    """A button that takes a draft one step on."""
    return Choice(label, AdminAction.DRAFT, f"{draft.key}.{draft.version}:{step}:{value}")


def read_step(argument: str) -> Tapped | None:
    """What a button under a draft asks for; None for what no such button carries."""
    drawn_for, _, rest = argument.partition(":")
    key, _, version = drawn_for.partition(".")
    step, _, value = rest.partition(":")
    if not version.isascii() or not version.isdecimal() or step not in set(Step):
        return None
    return Tapped(key, int(version), Step(step), value)
