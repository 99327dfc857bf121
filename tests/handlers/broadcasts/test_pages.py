"""Every screen of a draft or broadcast is written down, fits into a message and has a way out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handlers.broadcasts import history
from handlers.broadcasts.menu import BroadcastOptions, menu_screen
from handlers.broadcasts.screens import progress
from handlers.broadcasts.screens.broadcast_view import BroadcastView
from handlers.broadcasts.screens.progress import state_screen
from handlers.closing import Unready
from handlers.screens.buttons import AdminAction
from handlers.screens.screen import Screen
from storage.broadcast_types import Broadcast, Correction, Kind, PauseReason, StopReason, Tally
from storage.broadcasts import SignerCounts
from telegram_text.markup import length, parse
from tests.handlers.broadcasts.draft_pages import of_drafts
from tests.handlers.broadcasts.drafts import (
    CATALOGS,
    LUCY,
    MARTA,
    NOW,
    broadcast,
    broadcast_view,
    buttons,
    recall_of,
)
from tests.support.pages import check_written

DAY = timedelta(days=1)


def of_broadcasts(language: str) -> Mapping[str, Screen]:
    """Every page about a broadcast."""

    def page(
        state: str,
        tally: Tally | None = None,
        screen: Callable[[BroadcastView], Screen] = state_screen,
        seen: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Screen:
        view = broadcast_view(broadcast(state, **more), tally, language)
        return screen(replace(view, **(seen or {})))

    def seen_by(reader: int, known: Broadcast, tally: Tally, **more: Any) -> BroadcastView:
        return replace(broadcast_view(known, tally, language), reader=reader, **more)

    finished = seen_by(MARTA, broadcast("finished"), Tally(total=3, delivered=3))
    entries = [finished] * history.ON_A_PAGE
    words = CATALOGS.words(language)
    every = Tally(
        total=40, delivered=1, unreachable=2, unconfirmed=3, rejected=4, forbidden=5, withdrawn=6,
        pending=7, sending=8,
    )  # fmt: skip
    recalled: dict[str, Any] = {"recall_started_at": NOW, "recall_ended_at": NOW}
    of_all = [
        broadcast("scheduled", starts_at=NOW + DAY, started_at=None, expected=1),
        broadcast("scheduled", started_at=None, confirmed_by=None, author=LUCY),
        broadcast("running", confirmed_by=LUCY, content={"en": {"words": "Hi & bye"}}),
        broadcast("paused", kind=Kind.NEWS, content={"en": "<b>No</b>", "es": "<b>Yes</b>"}),
        broadcast(
            "stopped", kind=Kind.BREACH, confirmed_by=None, started_at=None, starts_at=NOW - DAY
        ),
    ]
    last = [
        broadcast("cancelled", kind=Kind.CORRECTION),
        broadcast("finished", kind=Kind.CLOSING, **recalled),
    ]

    def menu(**changes: Any) -> Screen:
        options = BroadcastOptions(
            is_closed=True, why_not=None, untold=2, signers=SignerCounts(3), is_chosen=True,
            any_reachable=True, planned=0, draft=None,
        )  # fmt: skip
        return menu_screen(words, replace(options, **changes))

    nobody = {"untold": 0, "signers": SignerCounts(), "is_chosen": False}
    nobody |= {"any_reachable": False}
    muted = {"signers": SignerCounts(muted=1), "any_reachable": True}
    both = (1, 2, 1)
    planned = partial(page, "scheduled", starts_at=NOW + DAY)
    return {
        "menu": menu(),
        "menu before the closing": menu(is_closed=False),
        "menu of a last one": menu(untold=1),
        "menu after the closing update": menu(untold=0),
        "menu of a draft": menu(why_not=Unready.DRAFT, draft="5f1e"),
        "menu of those who chose nothing": menu(is_chosen=False),
        "menu for nobody": menu(**nobody),
        "menu for those who are muted": menu(**nobody | muted),
        "menu for one out of reach": menu(**nobody | {"signers": SignerCounts(unreachable=1)}),
        "menu with plans": menu(planned=2),
        "recalled": page("finished", recall_of(*both), **recalled),
        "recalled closing": page("finished", recall_of(*both), kind=Kind.CLOSING, **recalled),
        "recalled notice": page(
            "finished",
            recall_of(1, 0, 0),
            seen={"not_told": 1, "unsigned": 2},
            kind=Kind.BREACH,
            **recalled,
        ),
        "notice that told most": page("finished", seen={"not_told": 3}, kind=Kind.BREACH),
        "finished, every outcome": page("finished", every),
        "finished closing, every outcome": page("finished", every, kind=Kind.CLOSING),
        "finished, to nobody": page("finished", Tally(total=0)),
        "finished, all have it": page("finished", Tally(total=2, delivered=2)),
        "finished correction": page(
            "finished", kind=Kind.CORRECTION, topic=Correction(Kind.UPDATE, b"a" * 16).topic
        ),
        "cancelled, all have it": page("cancelled", Tally(total=2, delivered=2)),
        "cancelled closing": page("cancelled", kind=Kind.CLOSING),
        "cancelled before it began": page("cancelled", started_at=None),
        "stopped by a text": page(
            "stopped", stop_reason=StopReason.CONTENT, reason_detail="Bad", source_chat=None
        ),
        "stopped without a key": page("stopped", stop_reason=StopReason.UNREADABLE),
        "stopped closing": page(
            "stopped", stop_reason=StopReason.CONTENT, reason_detail="Bad", kind=Kind.CLOSING
        ),
        "running, every outcome": page("running", every),
        "running closing": page("running", kind=Kind.CLOSING),
        "running fast": page("running", seen={"rate": 28.0}),
        "running later": page("running", every, seen={"pause": 10.0}),
        "running, the list": page(
            "running", Tally(500, pending=410, sending=30, delivered=60), enqueued_at=None
        ),
        "unrecorded": page("paused", pause_reason=PauseReason.UNRECORDED, reason_detail="X 1"),
        "denied": page("paused", pause_reason=PauseReason.DENIED, reason_detail="Not <Found>"),
        "planned text to some": planned(source_chat=None, language="en", kind=Kind.CLOSING),
        "planned closing": planned(kind=Kind.CLOSING, topic="t"),
        "finished, refused by some": page("finished", Tally(total=3, delivered=2, forbidden=1)),
        "finished, not taken for some": page("finished", Tally(total=3, delivered=2, rejected=1)),
        "cancelled, none sure": page("cancelled", Tally(total=2, unconfirmed=1, pending=1)),
        "recalling some": page(
            "finished", recall_of(397, 3, 800), seen={"rate": 28.0}, recall_started_at=NOW
        ),
        "recalled of all that failed": page("finished", recall_of(2, 1, 0), **recalled),
        "running at its end": page(
            "running", Tally(total=2, delivered=2), seen={"pause": 60.0, "rate": 28.0}
        ),
        "running until tomorrow": page(
            "running", Tally(total=9000, pending=9000), seen={"rate": 0.1}
        ),
        "running at the slowest that is told": page("running", every, seen={"rate": 0.051}),
        "running slower, and after a short pause": page(
            "running", every, seen={"rate": 0.05, "pause": 9.9}
        ),
        "running again on no day of any calendar": page("running", every, seen={"pause": 1e300}),
        "cancelled, one on its way": page("cancelled", Tally(total=3, pending=2, sending=1)),
        "cancelled, nobody has it": page("cancelled", Tally(total=3, pending=3)),
        "finished two days ago": page("finished", seen={"now": NOW + 2 * DAY}),
        "cancelling": page("paused", cancel_requested_at=NOW),
        "planned news": planned(kind=Kind.NEWS),
        "planned news to some": planned(kind=Kind.NEWS, language="en"),
        "planned update to some": planned(language="en"),
        "planned for those left": planned(topic="t"),
        "to be approved at once": page(
            "scheduled",
            seen={"names": {MARTA: "Marta"}, "reader": LUCY},
            confirmed_by=None,
            kind=Kind.BREACH,
            expected=1,
        ),
        "to be approved by its time": page(
            "scheduled", seen={"reader": LUCY}, starts_at=NOW, confirmed_by=None
        ),
        "asks for approval above": page(
            "scheduled", seen={"approval_above": 100}, confirmed_by=None
        ),
        "cancel a plan?": planned(screen=progress.ask_cancel),
        "cancel what waits?": page(
            "paused",
            screen=progress.ask_cancel,
            pause_reason=PauseReason.LATE,
            starts_at=NOW - DAY,
        ),
        "recall the closing?": page("finished", screen=progress.ask_recall, kind=Kind.CLOSING),
        "recall the notice?": page("finished", screen=progress.ask_recall, kind=Kind.BREACH),
        "history of all": history.list_screen(
            words,
            [seen_by(MARTA, each, every, names={LUCY: "Lucy <3"}) for each in of_all],
            page=0,
            more=False,
        ),
        "history of the last": history.list_screen(
            words, [seen_by(LUCY, each, every) for each in last], page=1, more=False
        ),
        "history of nothing": history.list_screen(words, [], page=0, more=False),
        "planned": planned(),
        "asks for approval": page("scheduled", starts_at=NOW, confirmed_by=None),
        "to be approved": page(
            "scheduled", seen={"reader": LUCY}, starts_at=NOW + DAY, confirmed_by=None
        ),
        "not approved?": page(
            "scheduled", screen=progress.ask_decline, starts_at=NOW, confirmed_by=None
        ),
        "declined": page(
            "stopped", starts_at=NOW, stop_reason=StopReason.DECLINED, confirmed_by=None
        ),
        "unapproved": page(
            "stopped", starts_at=NOW, stop_reason=StopReason.UNAPPROVED, confirmed_by=None
        ),
        "running": page("running"),
        "paused": page("paused"),
        "late": page("paused", starts_at=NOW - DAY, pause_reason=PauseReason.LATE),
        "planner gone": page("paused", starts_at=NOW - DAY, pause_reason=PauseReason.FORMER),
        "defect": page("paused", pause_reason=PauseReason.DEFECT, reason_detail="KeyError 3f"),
        "nobody": page("paused", pause_reason=PauseReason.NOBODY, reason_detail="20"),
        "finished": page("finished"),
        "cancelled": page("cancelled"),
        "stopped": page(
            "stopped", stop_reason=StopReason.CONTENT, reason_detail="Bad Request: <x>"
        ),
        "cancel?": page("paused", screen=progress.ask_cancel),
        "recall?": page("finished", screen=progress.ask_recall),
        "recalling": page("finished", recall_started_at=NOW),
        "history": history.list_screen(words, entries, page=1, more=True),
    }


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_is_one_that_telegram_takes(language: str) -> None:
    pages = {**of_drafts(language), **of_broadcasts(language)}
    for name, page in pages.items():
        rendered = parse(page.text)
        assert 0 < length(rendered.text) <= 4096, name
        for button in buttons(page):
            data = button.callback_data(0)
            assert len(data.encode()) <= 64, (name, button)
            assert button.label.strip(), (name, button)


def test_every_page_says_and_leads_to_what_is_written_down() -> None:
    pages = {**of_drafts("en"), **of_broadcasts("en")}
    check_written(pages, Path(__file__).with_name("pages.txt"))


def test_no_page_that_waits_or_asks_can_send_but_the_summary() -> None:
    sending = {
        name
        for name, page in of_drafts("es").items()
        if any(button.action is AdminAction.SEND for button in buttons(page))
    }
    assert {name.partition(" ")[0].strip(",") for name in sending} == {"summary", "sure"}
    # With so many recipients the summary itself asks once more.
    assert "summary" not in sending
