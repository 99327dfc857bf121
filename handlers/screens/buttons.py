"""The buttons under all messages, and the callback data that they carry.

The strings are in messages that were already sent, so what is encoded here stays as it is:

- `VERSION:ACTION:ARGUMENT` under the conversation message,
- `adm:ACTION:ARGUMENT` under an admin's message; for `DRAFT` the argument is that of `DraftTap`,
  for `CLOSING_TEXT` it is `STEP:VALUE`, a `ClosingStep` and what it is done to,
- `stop:updates` and `stop:news` under a broadcast of that kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.petition.stages import Action
from storage.broadcast_types import Kind

NO_MORE: Mapping[Kind, str] = {Kind.UPDATE: "stop:updates", Kind.NEWS: "stop:news"}
"""Callback data of the button under a broadcast of a kind that was chosen; a tap on it draws no
screen."""

_ADMIN = "adm"
_LONGEST = 64  # Telegram's limit for callback data, in bytes
_ACTIONS = frozenset(Action)


class Style(StrEnum):
    """The colour of a button, in Telegram's words. Most have none."""

    SIGN = "success"
    """Green, on the way to the signature."""
    END = "danger"
    """Red, where this tap closes the petition, takes a signature back or calls a broadcast off."""
    SEND = "primary"
    """Blue, where this tap sends something to those who signed, or asks for it."""


class AdminAction(StrEnum):
    """What an admin's button does. The values are part of callback data."""

    CLOSE = "close"
    CLOSE_ON = "date"
    NO_CLOSING_DATE = "nodate"
    REOPEN = "reopen"
    SEND = "send"
    DISMISS = "leave"
    CLOSING_UPDATE = "final"
    CLOSING_TEXT = "text"
    COMPOSE = "compose"
    COMPOSE_BREACH = "breach"
    CORRECT = "correct"
    RESUME_DRAFT = "goon"
    DRAFT = "draft"
    WATCH = "watch"
    PAUSE = "pause"
    RESUME = "resume"
    REVIEW = "see"
    APPROVE = "yes"
    ASK_DECLINE = "no?"
    DECLINE = "no"
    ASK_CANCEL = "stop"
    CANCEL = "cancel"
    ASK_RECALL = "back"
    RECALL = "recall"
    HISTORY_PAGE = "past"
    REPORT = "report"
    RELEASE = "release"


class DraftStep(StrEnum):
    """What a draft's button does to the draft. The values are part of callback data."""

    NEXT = "on"
    """Go on from the message to its subject."""
    WRITE = "write"
    """Wait for the message in a language."""
    REMOVE_VERSION = "drop"
    LINKS = "links"
    """Wait for the link buttons of a language's version."""
    REMOVE_LINKS = "bare"
    ASK_SUBJECT = "subject"
    SUBJECT = "about"
    AUDIENCE = "to"
    PREVIEW = "look"
    TEST = "test"
    ASK_TIME = "time"
    SCHEDULE = "at"
    REMOVE_TIME = "now"
    TOGGLE_PAID = "pay"
    SECOND_CONFIRMATION = "sure"
    CHANGE = "change"
    """Return to the message and the choices made for it."""
    BACK = "back"
    """Return to the screen before the question."""
    CANCEL = "cancel"


class ClosingStep(StrEnum):
    """What a button of /closing does. The values are part of callback data."""

    OVERVIEW = "all"
    WRITE = "write"
    """Wait for a text: `ENTRY:KIND:LANGUAGE`, with `new` for an entry to be added."""
    ADD = "add"
    ENTRIES = "which"
    PREVIEW = "look"
    PUBLISH = "publish"
    DISCARD = "drop"
    HISTORY = "past"
    REVIEW = "see"
    APPROVE = "yes"
    DECLINE = "no"


@dataclass(frozen=True, slots=True)
class Button:
    """A button: a label, and the action of a tap, the address it opens or the text it copies.

    Attributes:
        argument: what the action is done to, which binds the button to what was shown with it.
    """

    label: str
    action: Action | AdminAction | None = None
    argument: str = ""
    url: str | None = None
    copied: str | None = None
    style: Style | None = None

    def callback_data(self, version: int) -> str:
        """Returns what Telegram sends back for a tap, with the conversation's version or `adm`."""
        prefix = _ADMIN if isinstance(self.action, AdminAction) else version
        return f"{prefix}:{self.action}:{self.argument}"


@dataclass(frozen=True, slots=True)
class SupporterTap:
    """A tap under the conversation message; `version` is the one it was drawn for."""

    version: int
    action: Action
    argument: str

    @property
    def page(self) -> int:
        """The page asked for, from 0."""
        return read_number(self.argument) or 0


@dataclass(frozen=True, slots=True)
class AdminTap:
    """A tap under an admin's message; `action` is None for one that no button carries."""

    action: AdminAction | None
    argument: str


def read_tap(data: object) -> SupporterTap | AdminTap | None:
    """Parses callback data; returns None for anything that no button of a screen carries."""
    if not isinstance(data, str) or len(data) > _LONGEST:
        return None
    prefix, _, rest = data.partition(":")
    action, _, argument = rest.partition(":")
    if prefix == _ADMIN:
        known = AdminAction(action) if action in set(AdminAction) else None
        return AdminTap(known, argument)
    version = read_number(prefix)
    if version is None or action not in _ACTIONS:
        return None
    return SupporterTap(version, Action(action), argument)


@dataclass(frozen=True, slots=True)
class DraftTap:
    """The argument of a draft's button: the draft and version it was drawn for, and its step."""

    key: str
    version: int
    step: DraftStep
    value: str = ""

    def __str__(self) -> str:
        return f"{self.key}.{self.version}:{self.step}:{self.value}"

    @classmethod
    def read(cls, argument: str) -> DraftTap | None:
        """Parses an argument; returns None for anything that no such button carries."""
        drawn_for, _, rest = argument.partition(":")
        key, _, number = drawn_for.partition(".")
        step, _, value = rest.partition(":")
        version = read_number(number)
        if version is None or step not in set(DraftStep):
            return None
        return cls(key, version, DraftStep(step), value)


def read_number(text: str, most: int = 2**31 - 1) -> int | None:
    """Returns the number in an argument, as a button writes it; None for other text.

    The largest is by default what fits into an integer of the database.
    """
    is_number = text.isascii() and text.isdecimal() and str(int(text)) == text
    return int(text) if is_number and int(text) <= most else None


def read_id(text: str) -> bytes:
    """Returns the id of a broadcast in an argument; for other text one that no broadcast has."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
