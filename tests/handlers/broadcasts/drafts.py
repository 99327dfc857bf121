"""Drafts, views and broadcasts for tests of screens, without a bot."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.text.translations import Catalogs
from handlers.broadcasts.draft import (
    Draft,
    DraftStage,
    Link,
    Version,
    new_draft,
    with_message,
    with_preview,
)
from handlers.broadcasts.screens.broadcast_view import BroadcastView
from handlers.broadcasts.screens.draft_view import DraftView, RecipientCounts
from handlers.screens.buttons import Button
from handlers.screens.screen import Screen
from storage.broadcast_types import Broadcast, BroadcastState, Kind, Tally
from storage.broadcasts import SignerCounts

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
MARTA, LUCY = 6_100_000_900, 6_100_000_901
CATALOGS = Catalogs.load()
LANGUAGES = ("es", "en")
NUMBERS = RecipientCounts(people={"es": 1200, "en": 330}, signers=SignerCounts(unreachable=2))
LINK = Link(text="Leer más", url="https://example.org/")


def empty() -> Draft:
    """A draft that waits for its message."""
    return new_draft("es", NOW, paid=False)


def piece(message_id: int = 17, kind: str = "text", **more: Any) -> Version:
    """A message that came."""
    return Version(messages=(message_id,), kind=kind, **more)


def written(**more: Any) -> Draft:
    """A draft with a message."""
    return with_message(empty(), piece(**more), NOW)


def two_versions() -> Draft:
    """A draft with a text and, in English, an album."""
    draft = written().changed(NOW, stage=DraftStage.CONTENT, language="en")
    return with_message(draft, piece(18, "photo", group="g"), NOW)


def with_kind(draft: Draft, kind: Kind) -> Draft:
    """The draft with its kind chosen, and its audience still to be."""
    return draft.changed(NOW, kind=kind, audience_chosen=False, stage=DraftStage.AUDIENCE)


def with_links(draft: Draft, *links: Link) -> Draft:
    """The draft with these buttons under its message, one in a row."""
    version = draft.versions["es"].model_copy(update={"links": tuple((link,) for link in links)})
    return draft.with_content_changed(NOW, versions={**draft.versions, "es": version})


def shown(draft: Draft | None = None) -> Draft:
    """A draft to everyone that was shown: the preview has the ids of the originals, and 100."""
    chosen = with_kind(draft or written(), Kind.UPDATE).changed(NOW, audience_chosen=True)
    content = {
        language: {"messages": [message + 100 for message in version.messages]}
        for language, version in chosen.versions.items()
    }
    there = [message for each in content.values() for message in each["messages"]]
    return with_preview(chosen, content, NOW).model_copy(update={"preview_ids": tuple(there)})


def draft_view(
    draft: Draft, numbers: RecipientCounts = NUMBERS, language: str = "es", **more: Any
) -> DraftView:
    """A draft and its surroundings."""
    surroundings: dict[str, Any] = {
        "words": CATALOGS.words(language),
        "languages": LANGUAGES,
        "numbers": numbers,
        "now": NOW,
        "rate": 28.0,
        "free_rate": 28.0,
        "revision": 1,
    }
    return DraftView(draft=draft, **{**surroundings, **more})


def broadcast(state: str = "running", **more: Any) -> Broadcast:
    """A broadcast of an update to everyone, by Marta."""
    fields: dict[str, Any] = {
        "id": b"b" * 16,
        "kind": Kind.UPDATE,
        "topic": (b"b" * 16).hex(),
        "state": BroadcastState(state),
        "content": {"es": {"messages": [117]}},
        "source_language": "es",
        "source_chat": MARTA,
        "language": None,
        "expected": 1530,
        "enqueued_at": NOW,
        "created_at": NOW - timedelta(minutes=1),
        "started_at": NOW - timedelta(minutes=1),
        "ended_at": NOW if state in ("finished", "stopped", "cancelled") else None,
        "progress_chat": MARTA,
        "progress_message_id": 7,
        "author": MARTA,
        "confirmed_by": MARTA,
    }
    return Broadcast(**{**fields, **more})


TALLY = Tally(total=1530, delivered=1200, unreachable=10, pending=320)


def recall_of(done: int, failed: int, left: int) -> Tally:
    """The tally of a recall: how many are deleted, could not be, and are left."""
    return replace(TALLY, delivered=done + failed + left, recalled=done, unrecallable=failed)


def broadcast_view(
    known: Broadcast, tally: Tally | None = None, language: str = "es"
) -> BroadcastView:
    """A broadcast as Marta sees it, and what is known of it."""
    words = CATALOGS.words(language)
    return BroadcastView(words, known, tally or TALLY, NOW, reader=MARTA)


def labels(page: Screen) -> list[str]:
    """The labels of all buttons, in reading order."""
    return [button.label for button in buttons(page)]


def buttons(page: Screen) -> list[Button]:
    """All buttons, in reading order."""
    return [button for row in page.rows for button in row]


def arguments(page: Screen) -> Mapping[str, str]:
    """What each button carries."""
    return {button.label: button.argument for button in buttons(page)}
