"""Every screen of /closing is written down."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from handlers.screens import closing_texts as screens
from handlers.screens.closing_texts import ClosingTextsView
from handlers.screens.screen import Screen
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingText,
    ClosingTextKind,
    Publication,
)
from telegram_text.markup import Html
from tests.handlers.test_screens import CATALOGS, NOON, PETITION
from tests.support.pages import check_written

MARTA, LUCY, PAU = 1, 2, 3
HOUR = timedelta(hours=1)
DELIVERED = date(2025, 6, 1)


def made(id_: int, by: int, *, approver: int | None = None, waits: bool = False) -> Publication:
    asked_at = NOON + id_ * HOUR
    return Publication(bytes([id_] * 16), by, asked_at, approver, None if waits else asked_at)


def version(
    number: int,
    author: int | None,
    publication: Publication | None = None,
    *,
    entry: str = CLOSING_UPDATE,
    language: str = "es",
    discarded_at: datetime | None = None,
) -> ClosingText:
    kind = ClosingTextKind.CLOSING_UPDATE if entry == CLOSING_UPDATE else ClosingTextKind.DELIVERED
    day = None if entry == CLOSING_UPDATE else DELIVERED + timedelta(days=int(entry))
    return ClosingText(
        bytes([number] * 16), entry, kind, day, language, number, "So", author,
        NOON + number * HOUR, discarded_at, publication,
    )  # fmt: skip


def pages() -> dict[str, Screen]:
    """The screens for Marta, and those on which Lucy reads or may do something else."""
    folder = ClosingTextsView(CATALOGS.words("en"), PETITION, (), {LUCY: "Lucy"}, MARTA)
    draft = replace(folder, petition=PETITION.model_copy(update={"closing_is_draft": True}))
    own, lucys = made(1, MARTA), made(2, LUCY, approver=PAU)
    waits = made(3, LUCY, waits=True)
    versions = [
        version(1, MARTA, own),
        version(2, LUCY, lucys),
        version(3, None, lucys, entry="0", language="en"),
        version(4, PAU, entry="1", discarded_at=NOON),
        version(5, MARTA, waits),
        version(6, PAU, waits, entry="2"),
        version(7, LUCY, entry="3"),
        version(8, MARTA, language="en"),
    ]
    marta = replace(folder, versions=versions)
    lucy = replace(marta, reader=LUCY)
    entries = [version(n, MARTA, own, entry=str(n)) for n in range(6)]
    of_update = AwaitedText(CLOSING_UPDATE, ClosingTextKind.CLOSING_UPDATE, "es", NOON)
    of_answer = AwaitedText("1", ClosingTextKind.ANSWERED, "en", NOON, DELIVERED)
    return {
        "overview": screens.overview(marta),
        "overview before": screens.overview(folder),
        "overview of a draft": screens.overview(draft),
        "kind": screens.ask_kind(marta),
        "entry": screens.ask_entry(marta),
        "entry, of many": screens.ask_entry(replace(folder, versions=entries)),
        "publish": screens.publish_question(marta, Html("When it is read.")),
        "publish nothing": screens.publish_question(folder, Html("When it is read.")),
        "update": screens.ask_text(marta, of_update),
        "answer": screens.ask_text(marta, of_answer),
        "history": screens.history(marta),
        "approval": screens.approval_question(marta, waits),
        "approval, of one's own": screens.approval_question(lucy, waits),
        "change": screens.change_notice(marta, own),
        "approved": screens.change_notice(marta, lucys),
        "own change": screens.change_notice(lucy, lucys),
        "waits": screens.change_notice(marta, waits),
        "own waits": screens.change_notice(lucy, waits),
    }


def test_every_screen_of_closing_says_and_leads_to_what_is_written_down() -> None:
    check_written(pages(), Path(__file__).with_name("closing_texts.txt"))


def test_of_many_versions_the_newest_twenty_are_listed() -> None:
    view = ClosingTextsView(CATALOGS.words("en"), PETITION, (), {}, MARTA)
    for count, end in (
        (20, "Not published."),
        (21, "And 1 earlier one."),
        (23, "And 3 earlier"),
    ):
        versions = [version(number, MARTA) for number in range(1, count + 1)]
        listed = screens.history(replace(view, versions=versions)).text.split("\n")
        lines = [line for line in listed if line.startswith("•")]
        assert [f"version {count}:" in lines[0], len(lines)] == [True, 20]
        assert end in listed[-1]
