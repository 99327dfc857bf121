"""A message that an admin is preparing: everything about it, as it is stored between two taps.

Pure: a draft and something that happened go in, the next draft comes out. The version goes up
with every change, so a button that was drawn for an earlier one is known to be stale.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from storage import Audience, Broadcast, Kind

WAITS_FOR: Final = timedelta(hours=1)
"""How long a draft takes what is written; what comes later may be meant for something else."""
REMEMBERED_FOR: Final = timedelta(days=1)
"""How long a message that comes late is likely to be meant for it."""


class Stage(StrEnum):
    """What the panel of a draft shows, and what it waits for."""

    CONTENT = "content"
    """Waits for the message of `language`."""
    READY = "ready"
    """There is a message: what more is to be done with it."""
    LINKS = "links"
    """Waits for the link buttons of `language`."""
    SUBJECT = "subject"
    AUDIENCE = "audience"
    SUMMARY = "summary"
    """It was shown as people will receive it, and can be confirmed."""
    TIME = "time"
    """Waits for a moment."""
    SURE = "sure"
    """Many people: asks a second time."""


_WAITING: Final = frozenset({Stage.CONTENT, Stage.LINKS, Stage.TIME})


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Link(_Frozen):
    """A button under the message that opens an address."""

    text: str
    url: str


LinkRows = tuple[tuple[Link, ...], ...]


class DraftMessage(_Frozen):
    """One message that came: a whole content, or one element of an album."""

    message_id: int
    kind: str
    group: str | None = None
    links: LinkRows = ()
    lost_buttons: bool = False


class Version(_Frozen):
    """What people of one language get: one message, or an album's, as the admin sent them."""

    messages: tuple[int, ...]
    kind: str
    group: str | None = None
    links: LinkRows = ()
    lost_buttons: bool = False

    @property
    def is_album(self) -> bool:
        """Whether it came as an album, which carries no buttons and counts one by one."""
        return self.group is not None

    def joined(self, piece: DraftMessage) -> Version:
        """The album with one more element, in the order in which they stand in the chat."""
        messages = tuple(sorted({*self.messages, piece.message_id}))
        return self.model_copy(update={"messages": messages})


class Draft(_Frozen):
    """A message in preparation.

    Attributes:
        key: tells this draft from another one of the same admin.
        base: the language whose version everybody gets who has none of their own.
        language: the version that is being written now.
        versions: what was sent for each language, by reference.
        copies: the bot's own copies of each version: what will be sent. None until shown.
        stale: copies of earlier previews, to be taken away.
        topic: of an earlier broadcast, whose recipients are not to be told again.
        cutoff: the last signature that the summary counted; who signs later is not written to.
        token: of the confirmation under which it was started, once it was.
        panel: the message in which the admin works on it.
        declined: an album that was turned down, of which more elements may come.
    """

    key: str
    base: str
    kind: Kind
    stage: Stage = Stage.CONTENT
    language: str = ""
    versions: dict[str, Version] = {}
    about_chosen: bool = False
    reads: str | None = None
    news_only: bool = False
    audience_chosen: bool = False
    starts_at: datetime | None = None
    paid: bool = False
    copies: dict[str, tuple[int, ...]] | None = None
    stale: tuple[int, ...] = ()
    edited: bool = False
    topic: str | None = None
    cutoff: int | None = None
    token: str | None = None
    panel: int | None = None
    declined: str | None = None
    version: int = 1
    touched_at: datetime

    @property
    def audience(self) -> Audience:
        """Who is to receive it."""
        return Audience(language=self.reads, news_only=self.news_only)

    @property
    def elements(self) -> int:
        """How many messages the largest version is for each person."""
        return max((len(version.messages) for version in self.versions.values()), default=1)

    def waits(self, now: datetime) -> bool:
        """Whether what the admin writes now is meant for this draft."""
        return self.is_waiting and self.is_fresh(now)

    @property
    def is_waiting(self) -> bool:
        """Whether its panel asks for something to be written."""
        return self.stage in _WAITING

    def is_fresh(self, now: datetime) -> bool:
        """Whether the admin has worked on it lately."""
        return now - self.touched_at <= WAITS_FOR

    def is_remembered(self, now: datetime) -> bool:
        """Whether the admin may still be at it."""
        return now - self.touched_at <= REMEMBERED_FOR

    @property
    def is_shown(self) -> bool:
        """Whether its page is one from which it can be sent."""
        return self.stage in (Stage.SUMMARY, Stage.SURE) and self.copies is not None

    def album_of(self, piece: DraftMessage) -> str | None:
        """The language whose album this message belongs to, or whose message it is."""
        for language, version in self.versions.items():
            same_album = piece.group is not None and version.group == piece.group
            if same_album or piece.message_id in version.messages:
                return language
        return None

    @property
    def every_copy(self) -> tuple[int, ...]:
        """All that the bot has put into the chat for its previews."""
        shown = (m for copies in (self.copies or {}).values() for m in copies)
        return tuple(sorted({*self.stale, *shown}))

    def sources(self) -> frozenset[int]:
        """Every message of the admin's that it is made of."""
        return frozenset(m for version in self.versions.values() for m in version.messages)

    def changed(self, now: datetime, **changes: Any) -> Draft:
        """The draft with these changes; a confirmation was for what it was before."""
        fields = {"version": self.version + 1, "touched_at": now, **changes}
        return self.model_copy(update=fields)

    def with_content_changed(self, now: datetime, **changes: Any) -> Draft:
        """The draft changed in its content: what was shown is not what it is any more."""
        fields = {"copies": None, "stale": self.every_copy, "edited": False, **changes}
        return self.changed(now, **fields)


def begun(base: str, now: datetime, *, paid: bool) -> Draft:
    """A new draft, which waits for its message."""
    key = secrets.token_hex(4)
    return Draft(key=key, base=base, kind=Kind.UPDATE, language=base, paid=paid, touched_at=now)


def begun_closing(base: str, now: datetime, *, paid: bool) -> Draft:
    """The closing update, whose texts are the petition's and which only waits to be shown."""
    return begun(base, now, paid=paid).model_copy(
        update={
            "kind": Kind.CLOSING,
            "stage": Stage.READY,
            "about_chosen": True,
            "audience_chosen": True,
        }
    )


def begun_for_the_rest(broadcast: Broadcast, base: str, now: datetime, *, paid: bool) -> Draft:
    """A new message for those whom a broadcast that was stopped did not reach."""
    return begun(base, now, paid=paid).model_copy(
        update={
            "kind": broadcast.kind,
            "topic": broadcast.topic,
            "reads": broadcast.audience.language,
            "news_only": broadcast.audience.news_only,
            "about_chosen": True,
            "audience_chosen": True,
        }
    )


def read_draft(body: str | None) -> Draft | None:
    """The stored draft; one of another version of the bot is as good as none."""
    if body is None:
        return None
    try:
        return Draft.model_validate_json(body)
    except ValidationError:
        return None
