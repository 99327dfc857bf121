"""Every supporter's screen is written down, for people who read something else on it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.petition.stages import Place, Stage, nearest_valid_stage
from bot.petition_folder.schema import EarlierVersion
from handlers.screens import draw
from handlers.screens.supporter_view import View
from storage.closing_texts import CLOSING_UPDATE, ClosingText, ClosingTextKind, Publication
from storage.conversations import Conversation
from storage.handovers import Handover
from storage.person_requests import MOST_WRONG_CODES
from storage.personal_data import Held
from storage.petitions import PetitionState
from storage.signatures import Signature
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
