"""The table of steps: what a draft shows and takes at each stage, and what each button does to it.

A row is all that there is of a stage or a button: a new one is added here. Changes are pure; what
is called besides, as for a preview, is `draft_input`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from telegram import Message

from bot.text.translations import Words
from handlers.broadcasts.accepted_messages import (
    LONGEST_NOTICE,
    UnsupportedMessage,
    read_message,
    read_text,
)
from handlers.broadcasts.draft import (
    Draft,
    DraftStage,
    with_kind,
    with_links,
    with_message,
    with_text_edited,
    without_version,
)
from handlers.broadcasts.parse_links import LONGEST_TEXT, WrongLine, parse_links
from handlers.broadcasts.parse_time import FARTHEST, TimeFault, parse_moment, time_fault
from handlers.broadcasts.screens import compose, summary
from handlers.broadcasts.screens.draft_view import DraftView
from handlers.context import Services
from handlers.screens.buttons import DraftStep, DraftTap, read_number
from handlers.screens.screen import Screen
from storage.broadcast_types import Kind
from telegram_text.markup import Html

# Seconds of a Unix time; ten times as many would exceed the last year of datetime.
_LATEST = 10**11 - 1


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something is not taken: a sentence for admins, and what it names."""

    sentence: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def said(self, words: Words) -> Html:
        """Returns it in a language."""
        values = self.values.items()
        shown = {name: words.number(v) if isinstance(v, int) else v for name, v in values}
        return words.text(self.sentence, **shown)


@dataclass(frozen=True, slots=True)
class StageRules:
    """What a draft shows at a stage, and what becomes of a message that the admin sends then.

    Attributes:
        takes: returns the draft with the message, or why it is refused; None: none is awaited.
        back: the stage to which «Volver» leads; None where nothing is asked.
    """

    screen: Callable[[DraftView], Screen]
    takes: Callable[[Draft, Message, Services], Draft | Fault] | None = None
    back: DraftStage | None = None


@dataclass(frozen=True, slots=True)
class ButtonRules:
    """What a button does to a draft, and which drafts have it.

    Attributes:
        change: returns the draft after it, the same if the value is none that the button can have,
            or why it is refused.
        kinds: of the drafts that have the button.
        is_about_people: whether it is about the audience, which an earlier broadcast may decide.
        needs_content: whether something to send must be there.
    """

    change: Callable[[Draft, str, Services], Draft | Fault] = lambda draft, _value, _services: (
        draft
    )
    kinds: frozenset[Kind] = frozenset(Kind)
    is_about_people: bool = False
    needs_content: bool = True


def draw(view: DraftView) -> Screen:
    """Returns the screen of a draft's stage, with the ways out of it."""
    stage = view.draft.stage
    if stage not in _CONFIRMING:
        row = STAGES[stage]
    elif view.terms is not None:
        return STAGES[stage].screen(view)
    else:
        row = STAGES[DraftStage.READY]
    screen, has_back = row.screen(view), row.back is not None and view.draft.has_content
    return replace(screen, lines=[*screen.lines, *view.ways_out(back=has_back)])


def is_offered(draft: Draft, tap: DraftTap, services: Services) -> bool:
    """Whether the draft has such a button in its current version."""
    row = STEPS[tap.step]
    return (
        (tap.key, tap.version) == (draft.key, draft.version)
        and draft.kind in row.kinds
        and (draft.has_content or not row.needs_content)
        and (draft.topic is None or not row.is_about_people)
        and (tap.step is not DraftStep.WRITE or tap.value in services.petition.languages)
    )


def _take_content(draft: Draft, message: Message, services: Services) -> Draft | Fault:
    piece = read_message(message) if draft.is_copied else read_text(message)
    if isinstance(piece, UnsupportedMessage):
        return Fault(piece.value, {"longest": LONGEST_NOTICE})
    return with_message(draft, piece, services.clock())


def take_text_edited(draft: Draft, message: Message, services: Services) -> Draft | Fault:
    """Returns the draft of a text with the text that its message has now, or why it stays."""
    piece = read_text(message)
    if isinstance(piece, UnsupportedMessage):
        return Fault(piece.value, {"longest": LONGEST_NOTICE})
    return with_text_edited(draft, message.message_id, piece.html, services.clock())


def _take_links(draft: Draft, message: Message, services: Services) -> Draft | Fault:
    links = parse_links(message.text or "")
    if isinstance(links, WrongLine):
        return Fault(links.fault.value, {"line": links.line, "longest": LONGEST_TEXT})
    return with_links(draft, links, services.clock())


def _take_time(draft: Draft, message: Message, services: Services) -> Draft | Fault:
    moment = parse_moment(message.text or "", services.clock(), services.zone)
    return _planned(draft, moment, services)


def _schedule(draft: Draft, value: str, services: Services) -> Draft | Fault:
    moment = datetime.fromtimestamp(read_number(value, _LATEST) or 0, UTC)
    return _planned(draft, time_fault(moment, services.clock()) or moment, services)


def _planned(draft: Draft, moment: datetime | TimeFault, services: Services) -> Draft | Fault:
    if isinstance(moment, TimeFault):
        return Fault(moment.value, {"days": FARTHEST.days})
    # No last signature: those who sign until then are recipients too.
    planned = {"starts_at": moment, "last_signature_number": None, "stage": DraftStage.SUMMARY}
    return draft.changed(services.clock(), **planned)


def _remove_time(draft: Draft, _value: str, services: Services) -> Draft:
    return draft.changed(services.clock(), starts_at=None, last_signature_number=None)


def _to(stage: DraftStage) -> Callable[[Draft, str, Services], Draft]:
    return lambda draft, _value, services: draft.changed(services.clock(), stage=stage)


def _write(draft: Draft, language: str, services: Services) -> Draft:
    return draft.changed(services.clock(), stage=DraftStage.CONTENT, language=language)


def _ask_links(draft: Draft, language: str, services: Services) -> Draft:
    if language not in draft.versions:
        return draft
    return draft.changed(services.clock(), stage=DraftStage.LINKS, language=language)


def _remove_links(draft: Draft, _value: str, services: Services) -> Draft:
    return with_links(draft, (), services.clock()) if draft.language in draft.versions else draft


def _remove_version(draft: Draft, language: str, services: Services) -> Draft:
    return without_version(draft, language, services.clock())


def _set_subject(draft: Draft, value: str, services: Services) -> Draft:
    return with_kind(draft, Kind(value), services.clock()) if value in _COPIED else draft


def _set_audience(draft: Draft, value: str, services: Services) -> Draft:
    code = value.removeprefix("news.")
    language = code if code in services.petition.languages else None
    # Keeps the version, so that a repeated tap makes the preview again.
    return draft.model_copy(update={"audience_language": language, "audience_chosen": True})


def _toggle_paid(draft: Draft, _value: str, services: Services) -> Draft:
    return draft.changed(services.clock(), paid=not draft.paid)


def _back(draft: Draft, _value: str, services: Services) -> Draft:
    back = STAGES[draft.stage].back
    return draft if back is None else draft.changed(services.clock(), stage=back)


_CONFIRMING = (DraftStage.SUMMARY, DraftStage.SECOND_CONFIRMATION)

STAGES: Mapping[DraftStage, StageRules] = {
    DraftStage.CONTENT: StageRules(compose.ask_message, _take_content, back=DraftStage.READY),
    DraftStage.READY: StageRules(compose.message_ready),
    DraftStage.LINKS: StageRules(compose.ask_links, _take_links, back=DraftStage.READY),
    DraftStage.SUBJECT: StageRules(compose.ask_subject, back=DraftStage.READY),
    DraftStage.AUDIENCE: StageRules(compose.ask_audience, back=DraftStage.SUBJECT),
    DraftStage.SUMMARY: StageRules(summary.summary),
    DraftStage.TIME: StageRules(summary.ask_time, _take_time, back=DraftStage.SUMMARY),
    DraftStage.SECOND_CONFIRMATION: StageRules(
        summary.second_confirmation, back=DraftStage.SUMMARY
    ),
}

# The notice of a breach and a correction are texts, and to whom they go is decided; the notice
# goes out as soon as it is approved. The texts and the audience of the closing update are decided.
_COPIED = frozenset({Kind.UPDATE, Kind.NEWS})
_WRITTEN = frozenset(Kind) - {Kind.CLOSING}
_PLANNED = frozenset(Kind) - {Kind.BREACH}

STEPS: Mapping[DraftStep, ButtonRules] = {
    DraftStep.NEXT: ButtonRules(_to(DraftStage.SUBJECT), _COPIED, is_about_people=True),
    DraftStep.WRITE: ButtonRules(_write, _WRITTEN),
    DraftStep.REMOVE_VERSION: ButtonRules(_remove_version, _WRITTEN),
    DraftStep.LINKS: ButtonRules(_ask_links, _COPIED),
    DraftStep.REMOVE_LINKS: ButtonRules(_remove_links, _COPIED),
    DraftStep.ASK_SUBJECT: ButtonRules(_to(DraftStage.SUBJECT), _COPIED, is_about_people=True),
    DraftStep.SUBJECT: ButtonRules(_set_subject, _COPIED, is_about_people=True),
    DraftStep.AUDIENCE: ButtonRules(_set_audience, _COPIED, is_about_people=True),
    DraftStep.PREVIEW: ButtonRules(),
    DraftStep.TEST: ButtonRules(),
    DraftStep.ASK_TIME: ButtonRules(_to(DraftStage.TIME), _PLANNED),
    DraftStep.SCHEDULE: ButtonRules(_schedule, _PLANNED),
    DraftStep.REMOVE_TIME: ButtonRules(_remove_time, _PLANNED),
    DraftStep.TOGGLE_PAID: ButtonRules(_toggle_paid),
    DraftStep.SECOND_CONFIRMATION: ButtonRules(_to(DraftStage.SECOND_CONFIRMATION)),
    DraftStep.CHANGE: ButtonRules(_to(DraftStage.READY), _WRITTEN),
    DraftStep.BACK: ButtonRules(_back),
    DraftStep.CANCEL: ButtonRules(needs_content=False),
}
