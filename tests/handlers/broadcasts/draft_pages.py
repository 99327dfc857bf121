"""The pages about a draft, as everything that can be in one makes them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from bot.broadcast.confirmation import LEAST_BALANCE
from handlers.broadcasts.draft import (
    Draft,
    DraftStage,
    new_draft,
    with_edit_noted,
    with_message,
    with_preview,
)
from handlers.broadcasts.screens.draft_view import RecipientCounts
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

    summary, ready, audience, waiting, sure = (
        partial(page, DraftStage[name])
        for name in ("SUMMARY", "READY", "AUDIENCE", "CONTENT", "SECOND_CONFIRMATION")
    )
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
        "waiting for a notice": waiting(breach),
        "waiting for a notice that another approves": waiting(breach, approval_above=0),
        "waiting for a correction of an update": waiting(corrects[0]),
        "waiting for a version of a correction": waiting(right[1].changed(NOW, language="en")),
        "ready, of those left": ready(resumed),
        "ready, a notice": ready(with_message(breach, piece(), NOW)),
        "ready, in one language": ready(written(), languages=("es",)),
        "ready, in three languages": ready(two_versions(), **several),
        "audience of nobody": audience(written(), nobody),
        "audience of nobody for news": audience(news, nobody),
        "audience of some": audience(
            written(), replace(one, people={"es": 3, "en": 1}), **several
        ),
        "audience of one language": audience(written(), replace(NUMBERS, people={"es": 3})),
        "audience of a former language": audience(
            written(), replace(NUMBERS, people={"en": 3}), languages=("es",)
        ),
        "waiting for another text": waiting(written()),
        "summary of nobody": summary(shown(), nobody),
        "summary of one": summary(shown(), one),
        "summary of three versions": summary(shown(two_versions()), three, **several),
        "summary of one version": summary(shown(), three, **several),
        "summary of an album of news": summary(album_of_news),
        "summary of a notice": summary(known, three, approval_above=0),
        "summary of a notice alone": summary(known, three),
        "sure, a notice alone": sure(known, three),
        "summary of a correction": summary(right[0], one),
        "summary of a correction of the closing": summary(right[1], one),
        "summary of those left": summary(resumed, one),
        "summary of a plan that needs approval": summary(
            planned, approval_above=500, written_to=1
        ),
        "summary of a paid plan": summary(
            paid.changed(NOW, starts_at=NOW + timedelta(days=1)), balance=10000, **paying
        ),
        "summary, poor": summary(paid, balance=9999, **paying),
        "summary, too poor": summary(
            paid, replace(NUMBERS, people={"es": 200000}), balance=19999, **paying
        ),
        "summary, paid and approved": summary(paid, approval_above=500, balance=10000, **paying),
        "summary of another version's readers": summary(
            shown(), replace(NUMBERS, people={"en": 5})
        ),
        "summary for a hundred": summary(shown(), replace(NUMBERS, people={"es": 100})),
        "summary of a first": summary(shown(), one, is_first=True),
        "summary of what is written to others": summary(
            shown(), one, approval_above=100, written_to=100
        ),
        "summary, could be paid": summary(shown(), **paying),
        "waiting": waiting(empty()),
        "waiting for a version": waiting(written().changed(NOW, language="en")),
        "ready": ready(written()),
        "two versions": ready(two_versions()),
        "decided": ready(shown()),
        "closing, not shown": ready(new_draft("es", NOW, Kind.CLOSING, paid=False)),
        "links": page(DraftStage.LINKS, linking),
        "subject": page(DraftStage.SUBJECT, written()),
        "audience": audience(written()),
        "audience of news": audience(news),
        "time": page(DraftStage.TIME, shown()),
        "summary": summary(shown()),
        "summary of an album": summary(shown(two_versions())),
        "summary after an edit": summary(with_edit_noted(shown(), 17, NOW)),
        "summary of a plan": summary(planned),
        "summary, paid": summary(paid, may_pay=True, rate=1000.0, balance=LEAST_BALANCE),
        "summary, unpayable": summary(paid, may_pay=True, rate=1000.0),
        "summary of news": summary(shown().changed(NOW, kind=Kind.NEWS)),
        "summary that needs approval": summary(shown(), approval_above=500),
        "sure, needs approval": sure(shown(), approval_above=500),
        "summary of the closing": summary(closing()),
        "sure": sure(shown()),
    }
