"""What happens to a draft: a message comes, an audience is chosen, it is shown.

Pure: the draft and what happened go in, the next draft comes out. What comes again changes
nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from storage import Kind

from .draft import Draft, DraftMessage, LinkRows, Stage, Version


def add_message(draft: Draft, piece: DraftMessage, now: datetime) -> Draft:
    """The draft with a message that came for it; one that comes again changes nothing."""
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
        return draft.with_content_changed(now, versions=versions, stage=Stage.READY)
    known = draft.versions[language]
    grown = known.joined(piece)
    if grown == known:
        return draft
    # An album's last photos may come when the admin is already writing something else.
    stage = draft.stage if draft.stage in (Stage.CONTENT, Stage.LINKS) else Stage.READY
    return draft.with_content_changed(
        now, versions={**draft.versions, language: grown}, stage=stage
    )


def linked(draft: Draft, links: LinkRows, now: datetime) -> Draft:
    """The draft with these buttons under the version that is being worked on."""
    version = draft.versions[draft.language].model_copy(update={"links": links})
    versions = {**draft.versions, draft.language: version}
    return draft.with_content_changed(now, versions=versions, stage=Stage.READY)


def without(draft: Draft, language: str, now: datetime) -> Draft:
    """The draft without the version of a language; the base stays."""
    if language == draft.base:
        return draft
    versions = {known: version for known, version in draft.versions.items() if known != language}
    return draft.with_content_changed(now, versions=versions, stage=Stage.READY)


def about(draft: Draft, kind: Kind, now: datetime) -> Draft:
    """The draft about the petition or about something else, which only news may be."""
    news = kind is Kind.NEWS
    return draft.changed(
        now,
        kind=kind,
        about_chosen=True,
        news_only=news,
        reads=None,
        audience_chosen=False,
        stage=Stage.AUDIENCE,
    )


def unfrozen(draft: Draft) -> Draft:
    """The draft while its preview is being made.

    Its version stays, so that a tap that comes again, when that went wrong, makes it again.
    """
    return draft.model_copy(
        update={"copies": None, "stale": (), "edited": False, "stage": Stage.READY}
    )


def frozen(draft: Draft, copies: Mapping[str, Iterable[int]], now: datetime) -> Draft:
    """The draft as it was shown: from now on the bot's copies are what it is."""
    return draft.changed(
        now,
        copies={language: tuple(ids) for language, ids in copies.items()},
        stale=(),
        edited=False,
        stage=Stage.SUMMARY,
    )


def mark_edited(draft: Draft, message_id: int, now: datetime) -> Draft:
    """The draft after the admin edited one of its messages: only a new preview takes that in."""
    if message_id not in draft.sources() or draft.copies is None or draft.edited:
        return draft
    # Nobody is asked for the last word beside a change that is not in it.
    stage = Stage.SUMMARY if draft.stage is Stage.SURE else draft.stage
    return draft.changed(now, edited=True, stage=stage)
