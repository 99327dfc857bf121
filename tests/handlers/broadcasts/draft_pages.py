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
    with_message,
    with_preview,
)
from handlers.broadcasts.screens.draft_view import LEAST_BALANCE, RecipientCounts
from handlers.broadcasts.steps import draw
from handlers.screens.screen import Screen
from storage.broadcast_types import Correction, Kind
from storage.broadcasts import SignerCounts
from tests.handlers.broadcasts.drafts import (
    LINK,
    NOW,
    NUMBERS,
    draft_view,
    empty,
    piece,
    shown,
    two_versions,
    with_kind,
    with_links,
    written,
)


def closing() -> Draft:
    texts = {"es": "Gracias", "en": "Thank you"}
    return with_preview(new_draft("es", NOW, Kind.CLOSING, paid=False), texts, NOW)


def of_drafts(language: str) -> Mapping[str, Screen]:
    """Every page about a draft."""

    def page(
        stage: DraftStage, draft: Draft, numbers: RecipientCounts = NUMBERS, **more: Any
    ) -> Screen:
        at_stage = draft.model_copy(update={"stage": stage})
        return draw(draft_view(at_stage, numbers, language, **more))

    planned = shown().changed(NOW, starts_at=NOW + timedelta(days=1))
    paid = shown().changed(NOW, paid=True)
    news = with_kind(written(), Kind.NEWS)
    linking = with_links(written(), LINK)
    breach = new_draft("es", NOW, Kind.BREACH, paid=False)
    known = with_preview(with_message(breach, piece(), NOW), {"es": "Hola"}, NOW)
    corrects = [
        new_draft("es", NOW, Kind.CORRECTION, paid=False).changed(
            NOW, topic=Correction(kind, b"b" * 16).topic
        )
        for kind in (Kind.UPDATE, Kind.CLOSING)
    ]
    right = [
        with_preview(with_message(each, piece(), NOW), {"es": "Hola"}, NOW) for each in corrects
    ]
    resumed = shown().changed(NOW, topic="t")
    album_of_news = shown(two_versions()).changed(NOW, kind=Kind.NEWS)
    nobody = replace(NUMBERS, people={})
    signers = SignerCounts(unreachable=1, not_chosen=1, had_all=2, muted=2)
    one = RecipientCounts({"es": 1}, signers)
    signers = SignerCounts(unreachable=2, muted=1)
    three = RecipientCounts({"es": 12, "en": 13, "ca": 2}, signers, unsigned=1)
    paying: dict[str, Any] = {"may_pay": True, "rate": 1000.0}
    several: dict[str, Any] = {"languages": ("es", "en", "ca")}
    return {
        "waiting for a notice": page(DraftStage.CONTENT, breach),
        "waiting for a notice that another approves": page(
            DraftStage.CONTENT, breach, approval_above=0
        ),
        "waiting for a correction of an update": page(DraftStage.CONTENT, corrects[0]),
        "waiting for a version of a correction": page(
            DraftStage.CONTENT, right[1].changed(NOW, language="en")
        ),
        "ready, of those left": page(DraftStage.READY, resumed),
        "ready, a notice": page(DraftStage.READY, with_message(breach, piece(), NOW)),
        "ready, in one language": page(DraftStage.READY, written(), languages=("es",)),
        "ready, in three languages": page(DraftStage.READY, two_versions(), **several),
        "audience of nobody": page(DraftStage.AUDIENCE, written(), nobody),
        "audience of nobody for news": page(DraftStage.AUDIENCE, news, nobody),
        "audience of some": page(
            DraftStage.AUDIENCE, written(), replace(one, people={"es": 3, "en": 1}), **several
        ),
        "audience of one language": page(
            DraftStage.AUDIENCE, written(), replace(NUMBERS, people={"es": 3})
        ),
        "audience of a former language": page(
            DraftStage.AUDIENCE, written(), replace(NUMBERS, people={"en": 3}), languages=("es",)
        ),
        "waiting for another text": page(DraftStage.CONTENT, written()),
        "summary of nobody": page(DraftStage.SUMMARY, shown(), nobody),
        "summary of one": page(DraftStage.SUMMARY, shown(), one),
        "summary of three versions": page(
            DraftStage.SUMMARY, shown(two_versions()), three, **several
        ),
        "summary of one version": page(DraftStage.SUMMARY, shown(), three, **several),
        "summary of an album of news": page(DraftStage.SUMMARY, album_of_news),
        "summary of a notice": page(DraftStage.SUMMARY, known, three, approval_above=0),
        "summary of a notice alone": page(DraftStage.SUMMARY, known, three),
        "sure, a notice alone": page(DraftStage.SECOND_CONFIRMATION, known, three),
        "summary of a correction": page(DraftStage.SUMMARY, right[0], one),
        "summary of a correction of the closing": page(DraftStage.SUMMARY, right[1], one),
        "summary of those left": page(DraftStage.SUMMARY, resumed, one),
        "summary of a plan that needs approval": page(
            DraftStage.SUMMARY, planned, approval_above=500, written_to=1
        ),
        "summary of a paid plan": page(
            DraftStage.SUMMARY,
            paid.changed(NOW, starts_at=NOW + timedelta(days=1)),
            balance=10000,
            **paying,
        ),
        "summary, poor": page(DraftStage.SUMMARY, paid, balance=9999, **paying),
        "summary, too poor": page(
            DraftStage.SUMMARY,
            paid,
            replace(NUMBERS, people={"es": 200000}),
            balance=19999,
            **paying,
        ),
        "summary, paid and approved": page(
            DraftStage.SUMMARY, paid, approval_above=500, balance=10000, **paying
        ),
        "summary of another version's readers": page(
            DraftStage.SUMMARY, shown(), replace(NUMBERS, people={"en": 5})
        ),
        "summary for a hundred": page(
            DraftStage.SUMMARY, shown(), replace(NUMBERS, people={"es": 100})
        ),
        "summary of a first": page(DraftStage.SUMMARY, shown(), one, is_first=True),
        "summary of what is written to others": page(
            DraftStage.SUMMARY, shown(), one, approval_above=100, written_to=100
        ),
        "summary, could be paid": page(DraftStage.SUMMARY, shown(), **paying),
        "waiting": page(DraftStage.CONTENT, empty()),
        "waiting for a version": page(DraftStage.CONTENT, written().changed(NOW, language="en")),
        "ready": page(DraftStage.READY, written()),
        "two versions": page(DraftStage.READY, two_versions()),
        "decided": page(DraftStage.READY, shown()),
        "closing, not shown": page(
            DraftStage.READY, new_draft("es", NOW, Kind.CLOSING, paid=False)
        ),
        "links": page(DraftStage.LINKS, linking),
        "subject": page(DraftStage.SUBJECT, written()),
        "audience": page(DraftStage.AUDIENCE, written()),
        "audience of news": page(DraftStage.AUDIENCE, news),
        "time": page(DraftStage.TIME, shown()),
        "summary": page(DraftStage.SUMMARY, shown()),
        "summary of an album": page(DraftStage.SUMMARY, shown(two_versions())),
        "summary after an edit": page(DraftStage.SUMMARY, with_edit_noted(shown(), 17, NOW)),
        "summary of a plan": page(DraftStage.SUMMARY, planned),
        "summary, paid": page(
            DraftStage.SUMMARY, paid, may_pay=True, rate=1000.0, balance=LEAST_BALANCE
        ),
        "summary, unpayable": page(DraftStage.SUMMARY, paid, may_pay=True, rate=1000.0),
        "summary of news": page(DraftStage.SUMMARY, shown().changed(NOW, kind=Kind.NEWS)),
        "summary that needs approval": page(DraftStage.SUMMARY, shown(), approval_above=500),
        "sure, needs approval": page(DraftStage.SECOND_CONFIRMATION, shown(), approval_above=500),
        "summary of the closing": page(DraftStage.SUMMARY, closing()),
        "sure": page(DraftStage.SECOND_CONFIRMATION, shown()),
    }
