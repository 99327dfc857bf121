"""The steps that a draft's buttons ask for, and their encoding in callback data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from handlers.admin_context import AdminAction, Choice
from handlers.broadcasts.draft import Draft


class DraftStep(StrEnum):
    """A step of preparing a message. The values stand in callback data."""

    NEXT = "on"
    """Go on from the message to its subject."""
    WRITE = "write"
    """Wait for the message in a language."""
    DROP = "drop"
    """Remove a language's version."""
    LINKS = "links"
    """Wait for the link buttons of a language's version."""
    REMOVE_LINKS = "bare"
    """Remove the link buttons of a language's version."""
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
    """Return to the message and the choices made for it."""
    BACK = "back"
    """Return to the screen before the question."""
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tapped button of a draft: the draft and version it was drawn for, and its step."""

    key: str
    version: int
    step: DraftStep
    value: str

    def fits(self, draft: Draft) -> bool:
        """Whether the button was drawn for the current version of this draft."""
        return (self.key, self.version) == (draft.key, draft.version)


def choice(label: str, draft: Draft, step: DraftStep, value: str = "") -> Choice:
    """Returns a button for a step of this version of the draft."""
    return Choice(label, AdminAction.DRAFT, f"{draft.key}.{draft.version}:{step}:{value}")


def read_step(argument: str) -> Tapped | None:
    """Parses a draft button's argument; None for anything that no such button carries."""
    drawn_for, _, rest = argument.partition(":")
    key, _, version = drawn_for.partition(".")
    step, _, value = rest.partition(":")
    if not version.isascii() or not version.isdecimal() or step not in set(DraftStep):
        return None
    return Tapped(key, int(version), DraftStep(step), value)
