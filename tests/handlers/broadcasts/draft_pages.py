"""The pages about a draft, as everything that can be in one makes them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers.broadcasts.draft import (
    Draft,
    DraftStage,
    new_draft,
    with_edit_noted,
    with_kind,
    with_links,
    with_message,
    with_preview,
)
from handlers.broadcasts.screens.draft_view import LEAST_BALANCE, DraftView
from handlers.broadcasts.steps import draw
from handlers.screens.screen import Screen
from storage.broadcast_types import Correction, Kind
from tests.handlers.broadcasts.drafts import (
    LINK,
    NOW,
    NUMBERS,
    draft_view,
    empty,
    piece,
    shown,
    two_versions,
    written,
)


def at(stage: DraftStage, view: DraftView) -> Screen:
    """The page of a stage."""
    return draw(replace(view, draft=view.draft.model_copy(update={"stage": stage})))


def closing() -> Draft:
    return with_preview(
        new_draft("es", NOW, Kind.CLOSING, paid=False), {"es": [1], "en": [2]}, NOW
    )


def of_drafts(language: str) -> Mapping[str, Screen]:
    """Every page about a draft."""
    planned = shown().changed(NOW, starts_at=NOW + timedelta(days=1))
    paid = shown().changed(NOW, paid=True)
    news = with_kind(written(), Kind.NEWS, NOW)
    linking = with_links(written().changed(NOW, language="es"), ((LINK,),), NOW)
    lost = with_message(empty(), piece(links=((LINK,) * 11,), lost_buttons=True), NOW)
    both = with_message(lost.changed(NOW, language="en"), piece(18, links=((LINK,) * 10,)), NOW)
    breach = new_draft("es", NOW, Kind.BREACH, paid=False)
    known = with_preview(with_message(breach, piece(), NOW), {"es": [1]}, NOW)
    corrects = [
        new_draft("es", NOW, Kind.CORRECTION, paid=False).changed(
            NOW, topic=Correction(kind, b"b" * 16).topic
        )
        for kind in (Kind.UPDATE, Kind.CLOSING)
    ]
    right = [with_preview(with_message(each, piece(), NOW), {"es": [1]}, NOW) for each in corrects]
    resumed = shown().changed(NOW, topic="t")
    album_of_news = shown(two_versions()).changed(NOW, kind=Kind.NEWS)
    nobody = replace(NUMBERS, people={})
    one = replace(NUMBERS, people={"es": 1}, unreachable=1, not_chosen=1, had_all=2, muted=2)
    three = replace(NUMBERS, people={"es": 12, "en": 13, "ca": 2}, unsigned=1, muted=1)
    paying: dict[str, Any] = {"language": language, "may_pay": True, "rate": 1000.0}
    several: dict[str, Any] = {"languages": ("es", "en", "ca"), "language": language}
    return {
        "waiting for a notice": at(DraftStage.CONTENT, draft_view(breach, language=language)),
        "waiting for a notice that another approves": at(
            DraftStage.CONTENT, draft_view(breach, language=language, approval_above=0)
        ),
        "waiting for a correction of an update": at(
            DraftStage.CONTENT, draft_view(corrects[0], language=language)
        ),
        "waiting for a version of a correction": at(
            DraftStage.CONTENT, draft_view(right[1].changed(NOW, language="en"), language=language)
        ),
        "ready, of those left": at(DraftStage.READY, draft_view(resumed, language=language)),
        "ready, a notice": at(
            DraftStage.READY, draft_view(with_message(breach, piece(), NOW), language=language)
        ),
        "ready, in one language": at(
            DraftStage.READY, draft_view(written(), language=language, languages=("es",))
        ),
        "ready, in three languages": at(DraftStage.READY, draft_view(two_versions(), **several)),
        "audience of nobody": at(DraftStage.AUDIENCE, draft_view(written(), nobody, language)),
        "audience of nobody for news": at(DraftStage.AUDIENCE, draft_view(news, nobody, language)),
        "audience of some": at(
            DraftStage.AUDIENCE,
            draft_view(written(), replace(one, people={"es": 3, "en": 1}), **several),
        ),
        "audience of one language": at(
            DraftStage.AUDIENCE,
            draft_view(written(), replace(NUMBERS, people={"es": 3}), language),
        ),
        "audience of a former language": at(
            DraftStage.AUDIENCE,
            draft_view(
                written(),
                replace(NUMBERS, people={"en": 3}),
                language,
                languages=("es",),
            ),
        ),
        "waiting for another text": at(
            DraftStage.CONTENT, draft_view(written(), language=language)
        ),
        "summary of nobody": at(DraftStage.SUMMARY, draft_view(shown(), nobody, language)),
        "summary of one": at(DraftStage.SUMMARY, draft_view(shown(), one, language)),
        "summary of three versions": at(
            DraftStage.SUMMARY, draft_view(shown(two_versions()), three, **several)
        ),
        "summary of one version": at(DraftStage.SUMMARY, draft_view(shown(), three, **several)),
        "summary of an album of news": at(
            DraftStage.SUMMARY, draft_view(album_of_news, language=language)
        ),
        "summary of a notice": at(
            DraftStage.SUMMARY, draft_view(known, three, language, approval_above=0)
        ),
        "summary of a notice alone": at(DraftStage.SUMMARY, draft_view(known, three, language)),
        "sure, a notice alone": at(
            DraftStage.SECOND_CONFIRMATION, draft_view(known, three, language)
        ),
        "summary of a correction": at(DraftStage.SUMMARY, draft_view(right[0], one, language)),
        "summary of a correction of the closing": at(
            DraftStage.SUMMARY, draft_view(right[1], one, language)
        ),
        "summary of those left": at(DraftStage.SUMMARY, draft_view(resumed, one, language)),
        "summary of a plan that needs approval": at(
            DraftStage.SUMMARY,
            draft_view(planned, language=language, approval_above=500, written_to=1),
        ),
        "summary of a paid plan": at(
            DraftStage.SUMMARY,
            draft_view(
                paid.changed(NOW, starts_at=NOW + timedelta(days=1)), balance=10_000, **paying
            ),
        ),
        "summary, poor": at(DraftStage.SUMMARY, draft_view(paid, balance=9_999, **paying)),
        "summary, too poor": at(
            DraftStage.SUMMARY,
            draft_view(paid, replace(NUMBERS, people={"es": 200_000}), balance=19_999, **paying),
        ),
        "summary, paid and approved": at(
            DraftStage.SUMMARY, draft_view(paid, approval_above=500, balance=10_000, **paying)
        ),
        "summary of another version's readers": at(
            DraftStage.SUMMARY, draft_view(shown(), replace(NUMBERS, people={"en": 5}), language)
        ),
        "summary for a hundred": at(
            DraftStage.SUMMARY, draft_view(shown(), replace(NUMBERS, people={"es": 100}), language)
        ),
        "summary of a first": at(
            DraftStage.SUMMARY, draft_view(shown(), one, language, is_first=True)
        ),
        "summary of what is written to others": at(
            DraftStage.SUMMARY,
            draft_view(shown(), one, language, approval_above=100, written_to=100),
        ),
        "summary, could be paid": at(DraftStage.SUMMARY, draft_view(shown(), **paying)),
        "waiting": at(DraftStage.CONTENT, draft_view(empty(), language=language)),
        "waiting for a version": at(
            DraftStage.CONTENT,
            draft_view(written().changed(NOW, language="en"), language=language),
        ),
        "ready": at(DraftStage.READY, draft_view(written(), language=language)),
        "two versions": at(DraftStage.READY, draft_view(two_versions(), language=language)),
        "lost buttons": at(DraftStage.READY, draft_view(lost, language=language)),
        "lost buttons of one": at(DraftStage.READY, draft_view(both, language=language)),
        "decided": at(DraftStage.READY, draft_view(shown(), language=language)),
        "closing, not shown": at(
            DraftStage.READY,
            draft_view(new_draft("es", NOW, Kind.CLOSING, paid=False), language=language),
        ),
        "links": at(DraftStage.LINKS, draft_view(linking, language=language)),
        "subject": at(DraftStage.SUBJECT, draft_view(written(), language=language)),
        "audience": at(DraftStage.AUDIENCE, draft_view(written(), language=language)),
        "audience of news": at(DraftStage.AUDIENCE, draft_view(news, language=language)),
        "time": at(DraftStage.TIME, draft_view(shown(), language=language)),
        "summary": at(DraftStage.SUMMARY, draft_view(shown(), language=language)),
        "summary of an album": at(
            DraftStage.SUMMARY, draft_view(shown(two_versions()), language=language)
        ),
        "summary after an edit": at(
            DraftStage.SUMMARY, draft_view(with_edit_noted(shown(), 17, NOW), language=language)
        ),
        "summary of a plan": at(DraftStage.SUMMARY, draft_view(planned, language=language)),
        "summary, paid": at(
            DraftStage.SUMMARY,
            draft_view(paid, language=language, may_pay=True, rate=1000.0, balance=LEAST_BALANCE),
        ),
        "summary, unpayable": at(
            DraftStage.SUMMARY, draft_view(paid, language=language, may_pay=True, rate=1000.0)
        ),
        "summary of news": at(
            DraftStage.SUMMARY, draft_view(shown().changed(NOW, kind=Kind.NEWS), language=language)
        ),
        "summary that needs approval": at(
            DraftStage.SUMMARY, draft_view(shown(), language=language, approval_above=500)
        ),
        "sure, needs approval": at(
            DraftStage.SECOND_CONFIRMATION,
            draft_view(shown(), language=language, approval_above=500),
        ),
        "summary of the closing": at(DraftStage.SUMMARY, draft_view(closing(), language=language)),
        "sure": at(DraftStage.SECOND_CONFIRMATION, draft_view(shown(), language=language)),
    }
