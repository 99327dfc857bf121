"""The table of steps: what a draft shows and takes at each stage, and what each button does to it.

A row is all that there is of a stage or a button: a new one is added here. Changes are pure; what
is called besides, as for a preview, is `draft_input`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from telegram import Message

from handlers.broadcasts.accepted_messages import parse_links, read_message, read_text
from handlers.broadcasts.draft import Draft, DraftStage, LinkRows, with_message
from handlers.broadcasts.parse_time import parse_moment
from handlers.broadcasts.screens import compose, summary
from handlers.broadcasts.screens.draft_view import DraftView
from handlers.chat_context import AdminContext
from handlers.context import Services
from handlers.screens.buttons import DraftStep, DraftTap
from handlers.screens.screen import Screen
from storage.broadcast_types import Kind

Changes = Mapping[str, object]
Takes = Callable[[Draft, Message, AdminContext], Draft]


@dataclass(frozen=True, slots=True)
class StageRules:
    """What a draft shows at a stage, and what becomes of a message that the admin sends then.

    Attributes:
        takes: returns the draft with the message, or raises Refused; None: none is awaited.
        back: the stage to which «Volver» leads; None where nothing is asked.
    """

    screen: Callable[[DraftView], Screen]
    takes: Takes | None = None
    back: DraftStage | None = None


@dataclass(frozen=True, slots=True)
class ButtonRules:
    """What a button does to a draft, and which drafts have it.

    Attributes:
        change: returns which fields of the draft become what, none if the value is none that the
            button can have; or raises Refused.
        kinds: of the drafts that have the button.
        is_about_people: whether it is about the audience, which an earlier broadcast may decide.
        voids_preview: whether something else would be sent after it than was previewed.
        keeps_version: whether a repeated tap does it again, as it makes the preview.
    """

    change: Callable[[Draft, str, AdminContext], Changes] = lambda *_: {}
    kinds: frozenset[Kind] = frozenset(Kind)
    is_about_people: bool = False
    voids_preview: bool = False
    keeps_version: bool = False


def draw(view: DraftView) -> Screen:
    """Returns the screen of a draft's stage, with the ways out of it."""
    stage = view.draft.stage
    if stage in _CONFIRMING and view.terms is not None:
        return STAGES[stage].screen(view)
    row = STAGES[DraftStage.READY if stage in _CONFIRMING else stage]
    screen, has_back = row.screen(view), row.back is not None and view.draft.has_content
    back = has_back and view.button("Volver", DraftStep.BACK)
    return replace(screen, lines=[*screen.lines, back, view.discard])


def is_offered(draft: Draft, tap: DraftTap, services: Services) -> bool:
    """Whether the draft has such a button in its current version."""
    row = STEPS[tap.step]
    return (
        (tap.key, tap.version) == (draft.key, draft.version)
        and draft.kind in row.kinds
        and (draft.has_content or tap.step is DraftStep.CANCEL)
        and (draft.topic is None or not row.is_about_people)
        and (tap.step is not DraftStep.WRITE or tap.value in services.petition.languages)
    )


def changed_by(draft: Draft, tap: DraftTap, ctx: AdminContext) -> Draft:
    """Returns the draft after a tap on a button that it has; raises Refused for a late one."""
    row = STEPS[tap.step]
    changes = row.change(draft, tap.value, ctx)
    if row.keeps_version or not changes:
        return draft.model_copy(update=dict(changes))
    change = draft.with_content_changed if row.voids_preview else draft.changed
    return change(ctx.now, **changes)


def take_content(draft: Draft, message: Message, ctx: AdminContext) -> Draft:
    """Returns the draft with a message, or with the text that one of its has now."""
    piece = read_message(message) if draft.is_copied else read_text(message)
    return with_message(draft, piece, ctx.now)


def _take_links(draft: Draft, message: Message, ctx: AdminContext) -> Draft:
    links = parse_links(message.text or "")
    return draft.with_content_changed(ctx.now, **_with_links(draft, links))


def _take_time(draft: Draft, message: Message, ctx: AdminContext) -> Draft:
    return draft.changed(ctx.now, **_schedule(draft, message.text or "", ctx))


def _schedule(_draft: Draft, typed: str, ctx: AdminContext) -> Changes:
    moment = parse_moment(typed, ctx.now, ctx.services.petition.zone)
    # No last signature: those who sign until then are recipients too.
    return {"starts_at": moment, "last_signature_number": None, "stage": DraftStage.SUMMARY}


def _with_links(draft: Draft, links: LinkRows) -> Changes:
    if draft.language not in draft.versions:
        return {}
    version = draft.versions[draft.language].model_copy(update={"links": links})
    return {"versions": {**draft.versions, draft.language: version}, "stage": DraftStage.READY}


def _without_version(draft: Draft, language: str) -> Changes:
    if language == draft.default_language:
        return {}
    left = {code: version for code, version in draft.versions.items() if code != language}
    return {"versions": left, "stage": DraftStage.READY}


def _set_subject(_draft: Draft, value: str, _ctx: AdminContext) -> Changes:
    if value not in _COPIED:
        return {}
    people = {"audience_language": None, "audience_chosen": False}
    return {"kind": Kind(value), "stage": DraftStage.AUDIENCE, **people}


def _set_audience(_draft: Draft, value: str, ctx: AdminContext) -> Changes:
    code = value.removeprefix("news.")
    language = code if code in ctx.services.petition.languages else None
    return {"audience_language": language, "audience_chosen": True}


def _to(stage: DraftStage) -> Callable[[Draft, str, AdminContext], Changes]:
    return lambda *_: {"stage": stage}


_CONFIRMING = (DraftStage.SUMMARY, DraftStage.SECOND_CONFIRMATION)

STAGES: Mapping[DraftStage, StageRules] = {
    DraftStage.CONTENT: StageRules(compose.ask_message, take_content, back=DraftStage.READY),
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
    DraftStep.WRITE: ButtonRules(
        lambda _draft, language, _: {"stage": DraftStage.CONTENT, "language": language}, _WRITTEN
    ),
    DraftStep.REMOVE_VERSION: ButtonRules(
        lambda draft, language, _: _without_version(draft, language), _WRITTEN, voids_preview=True
    ),
    DraftStep.LINKS: ButtonRules(
        lambda draft, language, _: (
            {"stage": DraftStage.LINKS, "language": language} if language in draft.versions else {}
        ),
        _COPIED,
    ),
    DraftStep.REMOVE_LINKS: ButtonRules(
        lambda draft, *_: _with_links(draft, ()), _COPIED, voids_preview=True
    ),
    DraftStep.ASK_SUBJECT: ButtonRules(_to(DraftStage.SUBJECT), _COPIED, is_about_people=True),
    DraftStep.SUBJECT: ButtonRules(_set_subject, _COPIED, is_about_people=True),
    DraftStep.AUDIENCE: ButtonRules(
        _set_audience, _COPIED, is_about_people=True, keeps_version=True
    ),
    DraftStep.PREVIEW: ButtonRules(),
    DraftStep.TEST: ButtonRules(),
    DraftStep.ASK_TIME: ButtonRules(_to(DraftStage.TIME), _PLANNED),
    DraftStep.SCHEDULE: ButtonRules(_schedule, _PLANNED),
    DraftStep.REMOVE_TIME: ButtonRules(
        lambda *_: {"starts_at": None, "last_signature_number": None}, _PLANNED
    ),
    DraftStep.TOGGLE_PAID: ButtonRules(lambda draft, *_: {"paid": not draft.paid}),
    DraftStep.SECOND_CONFIRMATION: ButtonRules(_to(DraftStage.SECOND_CONFIRMATION)),
    DraftStep.CHANGE: ButtonRules(_to(DraftStage.READY), _WRITTEN),
    DraftStep.BACK: ButtonRules(
        lambda draft, *_: {"stage": back} if (back := STAGES[draft.stage].back) else {}
    ),
    DraftStep.CANCEL: ButtonRules(),
}
