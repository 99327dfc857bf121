"""Every screen of supporters and of /closing is written down, for people who differ in it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.petition.stages import Place, Stage, nearest_valid_stage
from bot.petition_folder.schema import EarlierVersion
from handlers.screens import closing_texts as screens
from handlers.screens import draw
from handlers.screens.closing_texts import ClosingTextsView
from handlers.screens.screen import Screen
from handlers.screens.supporter_view import View
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingText,
    ClosingTextKind,
    Publication,
)
from storage.conversations import Conversation
from storage.handovers import Handover
from storage.person_requests import MOST_WRONG_CODES
from storage.personal_data import Held
from storage.petitions import PetitionState
from storage.signatures import Signature
from telegram_text.markup import Html
from tests.handlers.test_screens import CATALOGS, NOON, PETITION
from tests.support.pages import check_written

FIELDS = ("title", "summary", "privacy_short", "news", "share")
SHORT = {
    **{name: name.capitalize() for name in FIELDS},
    **{name: f"{name.capitalize()}: {{count}} {{people}}" for name in ("thanks", "closed")},
    "closing_update": "So it ended: {count} {people}",
    "appeal": ("First page", "Second page"),
    "privacy": ("Notice",),
    "consent": "I consent",
    "name_consent": "I, <b>{name}</b>, give my name",
}
LATER = NOON + timedelta(days=40)
SIGNED = Signature(1_007, "Ana", NOON, None, text_version="2025-01-01")


def handed_over(with_name: int, without_name: int, *, with_theirs: bool | None = None) -> Handover:
    day = date(2025, 6, 20)
    known = Handover(bytes(16), day, "0f" * 32, with_name, without_name, NOON)
    return replace(known, with_their_name=with_theirs)


def entry(number: int, kind: ClosingTextKind, day: date | None, text: str) -> ClosingText:
    publication = Publication(bytes(16), 1, NOON, None, NOON)
    name = CLOSING_UPDATE if day is None else f"e{number}"
    return ClosingText(bytes(16), name, kind, day, "en", number, text, 1, NOON, None, publication)


def of_people() -> dict[str, View]:
    """People who differ in what they read, at whatever stage."""
    changed = EarlierVersion(date="2025-01-01", changed={"es": "El qué.", "en": "The what."})
    petition = PETITION.model_copy(
        update={
            "texts": {
                code: texts.model_copy(update=SHORT) for code, texts in PETITION.texts.items()
            },
            "earlier_versions": (changed,),
        }
    )
    asking = petition.model_copy(update={"asks_again_since": petition.version})
    drafted = petition.model_copy(update={"closing_is_draft": True})
    named = petition.model_copy(update={"handed_over": "with_name"})
    unnamed = petition.model_copy(update={"handed_over": "without_name"})
    of_few_words = petition.model_copy(
        update={
            "texts": {
                code: texts.model_copy(update={"name_consent": None})
                for code, texts in petition.texts.items()
            }
        }
    )
    one_language = petition.model_copy(
        update={"texts": {"en": petition.texts["en"]}, "languages": ("en",)}
    )
    state = PetitionState(1_530, None, None, 0)
    talk = Conversation(supporter=bytes(32), language="en")
    new = View(
        petition, CATALOGS.words("en"), CATALOGS.words, "en", state, talk, None, "Ana García",
        "bot", now=LATER, today=LATER.date(),
    )  # fmt: skip
    open_until = replace(state, closes_at=LATER)
    closed = replace(state, closed_at=NOON, closed_signatures=1_530)
    over = replace(new, petition_state=closed)
    typed = replace(talk, name="Bea", news=True, updates=True, with_name=True)
    without = replace(talk, with_name=False)
    signed = replace(new, signature=SIGNED, held=Held(signature={}))
    told = (
        entry(1, ClosingTextKind.DECIDED, date(2025, 8, 1), "Decided: {count}"),
        entry(2, ClosingTextKind.ANSWERED, date(2025, 7, 1), "Answered"),
        entry(3, ClosingTextKind.DELIVERED, date(2025, 6, 1), "Delivered"),
        entry(4, ClosingTextKind.DELIVERED, date(2025, 9, 1), "Delivered more"),
    )
    written = entry(5, ClosingTextKind.DECIDED, None, "In other words, {count} {people}")

    def mine(base: View = signed, **changes: Any) -> View:
        return replace(base, signature=replace(SIGNED, **changes))

    def holding(**held: Any) -> View:
        return replace(signed, held=Held(**{"signature": {}, **held}))

    def code(**changes: Any) -> View:
        known = {"used_at": None, "attempts": 0, "ends_at": LATER + timedelta(days=1)}
        return holding(letter_code=known | changes)

    def closed_for(handover: Handover | None, **more: Any) -> View:
        return replace(signed, petition_state=closed, handover=handover, **more)

    everything = mine(name="", with_name=False, news=True, updates_at_most=3)
    return {
        "new": replace(new, conversation=replace(talk, language=None)),
        "first of all": replace(new, petition_state=replace(state, signatures=0)),
        "second": replace(new, petition_state=replace(open_until, signatures=1)),
        "above every goal": replace(new, petition_state=replace(state, signatures=10**9)),
        "after erasures": replace(new, petition_state=replace(state, erased_at=NOON)),
        "who reads one language": replace(new, petition=one_language),
        "admin": replace(new, by_admin=True, held=Held(as_admin={"deeds": ({},)})),
        "of a petition with names": replace(new, petition=named),
        "of a petition without names": replace(new, petition=unnamed),
        "without a profile name": replace(
            new, full_name="", conversation=replace(talk, with_name=True)
        ),
        "who gives no name": replace(new, conversation=without),
        "who wrote a name": replace(new, conversation=typed),
        "who wrote a name and got files": replace(
            new, conversation=replace(typed, updates=False), held=Held(files=({},))
        ),
        "who wrote a name, of a petition of few words": replace(
            new, conversation=typed, petition=of_few_words
        ),
        "who got files": replace(new, held=Held(files=({},))),
        "whose name is damaged": replace(new, conversation=replace(talk, is_damaged=True)),
        "late": over,
        "late, of a draft": replace(over, petition=drafted),
        "late, of nobody": replace(over, petition_state=replace(closed, closed_signatures=0)),
        "late, with a form": replace(over, conversation=replace(talk, return_stage="consent")),
        "late, of all that followed": replace(over, closing_texts=(*told, written)),
        "late, after erasures": replace(over, petition_state=replace(closed, erased_at=NOON)),
        "late, after all erasures": replace(
            over, petition_state=replace(closed, erased_at=NOON), any_left=False
        ),
        "late, after a handover of names": replace(
            over, handover=handed_over(2, 0), closing_texts=told
        ),
        "late, on the day of erasing": replace(
            over, handover=handed_over(1, 0), today=date(2025, 7, 20)
        ),
        "late, after a handover of a number": replace(over, handover=handed_over(0, 1)),
        "signer": signed,
        "signer, open until a day": replace(signed, petition_state=open_until),
        "signer of everything": everything,
        "signer who gives a name": replace(everything, conversation=replace(talk, name="Bea")),
        "signer who gives a name to few words": replace(
            everything, conversation=replace(talk, name="Bea"), petition=of_few_words
        ),
        "signer of a petition with names": replace(signed, petition=named),
        "signer of a petition without names": replace(everything, petition=unnamed),
        "signer who is muted": mine(muted=True, updates_at_most=3),
        "signer since when muted": replace(
            everything, held=Held(signature={"muted_at": NOON, "unreachable_at": LATER})
        ),
        "signer who was told": mine(was_told=True),
        "signer who is restricted": mine(restricted_at=LATER, news=True),
        "signer who objects": mine(objected_at=LATER, restricted_at=NOON),
        "signer who is not counted": mine(is_counted=False),
        "signer whose name is damaged": mine(is_damaged=True, name=""),
        "signer who is asked": replace(everything, petition=asking),
        "signer who kept": mine(kept_version="2025-02-01"),
        "signer who may write": code(),
        "signer who could write": code(ends_at=LATER),
        "signer who wrote": code(used_at=LATER),
        "signer of whom others wrote": code(attempts=MOST_WRONG_CODES),
        "signer and admin": holding(as_admin={"awaited_closing_text": {}}),
        "late signer": closed_for(None),
        "late signer, of a draft": closed_for(None, petition=drafted),
        "late signer who is asked": closed_for(None, petition=asking),
        "late signer, named": closed_for(handed_over(3, 4, with_theirs=True), closing_texts=told),
        "late signer, counted": closed_for(handed_over(0, 2, with_theirs=False)),
        "late signer, after it": closed_for(handed_over(1, 2)),
        "late signer, not counted any more": mine(
            closed_for(handed_over(1, 2, with_theirs=True)), is_counted=False
        ),
        "late signer, on the last day": closed_for(
            handed_over(1, 2, with_theirs=True), today=date(2025, 7, 20)
        ),
    }


def test_every_screen_says_and_leads_to_what_is_written_down() -> None:
    drawn = {}
    for name, view in of_people().items():
        for stage, page in ((stage, page) for stage in Stage for page in (0, 1)):
            place = Place(stage, page, view.place.return_stage)
            if nearest_valid_stage(place, view.status) == place:
                talk = replace(view.conversation, stage=stage.value, page=page)
                drawn[f"{name}: {stage} {page}"] = draw(replace(view, conversation=talk))
    check_written(drawn, Path(__file__).with_name("screens.txt"))


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
