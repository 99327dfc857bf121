"""The draft: a message that an admin is preparing, as stored between two updates.

Pure: changes return a new draft. The version goes up with every change, so that a button drawn
for an earlier one is recognised as stale.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ValidationError

from storage.broadcast_types import Correction, Kind


class DraftStage(StrEnum):
    """What a draft's screen shows, and what the draft waits for."""

    CONTENT = "content"
    """Waits for the message of `language`."""
    READY = "ready"
    """Has a message; offers what to do with it."""
    LINKS = "links"
    """Waits for the link buttons of `language`."""
    SUBJECT = "subject"
    AUDIENCE = "audience"
    SUMMARY = "summary"
    """Was previewed and can be confirmed."""
    TIME = "time"
    """Waits for the time to send at."""
    SECOND_CONFIRMATION = "sure"
    """Asks for a second confirmation, for a broadcast to many people."""


_FIRST_WORDS = 60


def first_words(text: str) -> str:
    """Returns how a text begins, on one line, for a list.

    It is cut between two words, or within the first, as an address may be longer than the line.
    """
    line = " ".join(text.split())
    if len(line) <= _FIRST_WORDS:
        return line
    return f"{line[:_FIRST_WORDS].rpartition(' ')[0] or line[: _FIRST_WORDS - 1]}…"


class Link(BaseModel, frozen=True):
    """A button under the message that opens an address."""

    text: str
    url: str


LinkRows = tuple[tuple[Link, ...], ...]


class Version(BaseModel, frozen=True):
    """What readers of one language get: one message, or those of an album.

    Attributes:
        messages: ids of the admin's messages; one alone while it is an element that came just now.
        html: its text, if that is what is sent; empty where the message itself is copied.
        words: how a message that is copied begins, as lists show it; may be empty.
    """

    messages: tuple[int, ...]
    kind: str
    group: str | None = None
    links: LinkRows = ()
    html: str = ""
    words: str = ""

    @property
    def is_album(self) -> bool:
        """Whether it is an album; it has no buttons, and each element counts as a message."""
        return self.group is not None

    def joined_by(self, piece: Version) -> Version:
        """Returns the album with one more element, in the order of the chat.

        Of a text it is the text that its message has now.
        """
        messages = tuple(sorted({*self.messages, *piece.messages}))
        said = {"words": self.words or piece.words, "html": piece.html or self.html}
        return self.model_copy(update={"messages": messages, **said})


class Draft(BaseModel, frozen=True):
    """A message in preparation.

    Attributes:
        key: identifies this draft among those of the same admin.
        default_language: for readers of a language without a version.
        language: the language whose version is being written.
        versions: what the admin sent, by language.
        content: what recipients get, by language, as it was previewed; None until it is, and once
            something else would be sent.
        preview_ids: message ids of its previews, to be deleted before the next one.
        edited: whether a message of the admin's was edited since the preview.
        topic: of an earlier broadcast, whose recipients are left out; of a correction, its own.
        last_signature_number: number of the last signature included; later signers get nothing.
        message_id: of the message in which the admin edits it.
    """

    key: str
    default_language: str
    kind: Kind
    stage: DraftStage = DraftStage.CONTENT
    language: str = ""
    versions: dict[str, Version] = {}
    audience_language: str | None = None
    audience_chosen: bool = False
    starts_at: datetime | None = None
    paid: bool = False
    content: dict[str, Any] | None = None
    preview_ids: tuple[int, ...] = ()
    edited: bool = False
    topic: str | None = None
    last_signature_number: int | None = None
    message_id: int | None = None
    version: int = 1
    touched_at: datetime

    @property
    def is_copied(self) -> bool:
        """Whether recipients get a copy of the preview, and not its text."""
        return self.kind in (Kind.UPDATE, Kind.NEWS)

    @property
    def corrects(self) -> Kind | None:
        """The kind of the broadcast that a correction puts right; None of any other draft."""
        correction = Correction.on(self.topic or "")
        return None if correction is None else correction.kind

    @property
    def elements(self) -> int:
        """How many messages per person the largest version has."""
        return max((len(version.messages) for version in self.versions.values()), default=1)

    @property
    def has_content(self) -> bool:
        """Whether there is something to send; the closing update's texts are the petition's."""
        return self.kind is Kind.CLOSING or bool(self.versions)

    @property
    def is_shown(self) -> bool:
        """Whether it has been previewed and its screen offers to send it."""
        return (
            self.stage in (DraftStage.SUMMARY, DraftStage.SECOND_CONFIRMATION)
            and self.content is not None
        )

    def version_with(self, message_id: int, group: str | None) -> str | None:
        """Returns the language whose version has this message, or other messages of its album."""
        for language, version in self.versions.items():
            same_album = group is not None and version.group == group
            if same_album or message_id in version.messages:
                return language
        return None

    def message_ids(self) -> frozenset[int]:
        """Returns the ids of all the admin's messages that it consists of."""
        return frozenset(m for version in self.versions.values() for m in version.messages)

    def changed(self, now: datetime, **changes: Any) -> Draft:
        """Returns the draft with these changes and a new version."""
        return self.model_copy(update={"version": self.version + 1, "touched_at": now, **changes})

    def with_content_changed(self, now: datetime, **changes: Any) -> Draft:
        """Returns the draft with changed content: its preview is no longer valid."""
        return self.changed(now, **{"content": None, "edited": False, **changes})


def new_draft(
    default_language: str, now: datetime, kind: Kind = Kind.UPDATE, *, paid: bool
) -> Draft:
    """Returns a new draft that waits for its message.

    The closing update waits for none, as its texts are the petition's. To whom it goes is not to
    be chosen either, nor of the notice of a breach or a correction.
    """
    return Draft(
        key=secrets.token_hex(4),
        default_language=default_language,
        kind=kind,
        stage=DraftStage.READY if kind is Kind.CLOSING else DraftStage.CONTENT,
        language=default_language,
        audience_chosen=kind not in (Kind.UPDATE, Kind.NEWS),
        paid=paid,
        touched_at=now,
    )


def with_message(draft: Draft, piece: Version, now: datetime) -> Draft:
    """Returns the draft with a message added; a repeated one changes nothing."""
    language, stage = draft.version_with(piece.messages[0], piece.group), DraftStage.READY
    if language is None:
        language = draft.language
    else:
        known = draft.versions[language]
        piece = known.joined_by(piece)
        if piece == known:
            return draft
        # An album's last photos may come when the draft already waits for something else.
        if draft.stage in (DraftStage.CONTENT, DraftStage.LINKS):
            stage = draft.stage
    versions = {**draft.versions, language: piece}
    return draft.with_content_changed(now, versions=versions, stage=stage)


def with_preview(draft: Draft, content: Mapping[str, Any], now: datetime) -> Draft:
    """Returns the draft with what was previewed, which is what will be sent."""
    shown = {"content": content, "edited": False, "last_signature_number": None}
    return draft.changed(now, **shown, stage=DraftStage.SUMMARY)


def with_edit_noted(draft: Draft, message_id: int, now: datetime, words: str = "") -> Draft:
    """Marks the draft as edited after its preview; only a new preview includes the edit.

    `words` are those with which the message begins now.
    """
    versions = {
        language: version.model_copy(update={"words": words})
        if version.messages[0] == message_id
        else version
        for language, version in draft.versions.items()
    }
    draft = draft.model_copy(update={"versions": versions})
    if message_id not in draft.message_ids() or draft.content is None or draft.edited:
        return draft
    # Back to the summary, which says that the edit is not included.
    stage = DraftStage.SUMMARY if draft.stage is DraftStage.SECOND_CONFIRMATION else draft.stage
    return draft.changed(now, edited=True, stage=stage)


def parse_draft(body: str | None) -> Draft | None:
    """Parses a stored draft.

    None if there is none, or if it cannot be read: its buttons then say that there is none.
    """
    try:
        return Draft.model_validate_json(body or "{}")
    except ValidationError:
        return None
