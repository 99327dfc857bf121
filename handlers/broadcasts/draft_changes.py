"""Changes to a draft: a message is added, an audience is chosen, a preview is shown.

Pure: each function returns a new draft. Applying the same change twice changes nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from handlers.broadcasts.draft import Draft, DraftMessage, DraftStage, LinkRows, Version
from storage import Kind


def add_message(draft: Draft, piece: DraftMessage, now: datetime) -> Draft:
    """Returns the draft with a message added; a repeated one changes nothing."""
    language = draft.album_of(piece)
    if language is None:
        version = Version(
            messages=(piece.message_id,),
            kind=piece.kind,
            group=piece.group,
            links=piece.links,
            lost_buttons=piece.lost_buttons,
        )
        versions = {**draft.versions, draft.language: version}
        return draft.with_content_changed(now, versions=versions, stage=DraftStage.READY)
    known = draft.versions[language]
    grown = known.joined(piece)
    if grown == known:
        return draft
    # An album's last photos may come when the draft already waits for something else.
    stage = (
        draft.stage if draft.stage in (DraftStage.CONTENT, DraftStage.LINKS) else DraftStage.READY
    )
    return draft.with_content_changed(
        now, versions={**draft.versions, language: grown}, stage=stage
    )


def linked(draft: Draft, links: LinkRows, now: datetime) -> Draft:
    """Returns the draft with these buttons under the version of its current language."""
    version = draft.versions[draft.language].model_copy(update={"links": links})
    versions = {**draft.versions, draft.language: version}
    return draft.with_content_changed(now, versions=versions, stage=DraftStage.READY)


def without(draft: Draft, language: str, now: datetime) -> Draft:
    """Returns the draft without a language's version; the default language's stays."""
    if language == draft.default_language:
        return draft
    versions = {known: version for known, version in draft.versions.items() if known != language}
    return draft.with_content_changed(now, versions=versions, stage=DraftStage.READY)


def about(draft: Draft, kind: Kind, now: datetime) -> Draft:
    """Returns the draft with its kind set and its audience still to be chosen."""
    news = kind is Kind.NEWS
    return draft.changed(
        now,
        kind=kind,
        kind_chosen=True,
        news_only=news,
        audience_language=None,
        audience_chosen=False,
        stage=DraftStage.AUDIENCE,
    )


def unfrozen(draft: Draft) -> Draft:
    """Returns the draft without a preview, while a new one is being made.

    Keeps the version, so that a repeated tap can make the preview again after a failure.
    """
    return draft.model_copy(
        update={"copies": None, "old_copies": (), "edited": False, "stage": DraftStage.READY}
    )


def frozen(draft: Draft, copies: Mapping[str, Iterable[int]], now: datetime) -> Draft:
    """Returns the draft with its preview; these copies are what will be sent."""
    return draft.changed(
        now,
        copies={language: tuple(ids) for language, ids in copies.items()},
        old_copies=(),
        edited=False,
        stage=DraftStage.SUMMARY,
    )


def mark_edited(draft: Draft, message_id: int, now: datetime) -> Draft:
    """Marks the draft as edited after its preview; only a new preview includes the edit."""
    if message_id not in draft.sources() or draft.copies is None or draft.edited:
        return draft
    # Back to the summary, which says that the edit is not included.
    stage = DraftStage.SUMMARY if draft.stage is DraftStage.SECOND_CONFIRMATION else draft.stage
    return draft.changed(now, edited=True, stage=stage)
