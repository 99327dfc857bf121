"""Handles taps on a draft's buttons, if they were drawn for its current version."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from handlers.admin_context import AdminContext
from handlers.broadcasts.confirm import discard_draft
from handlers.broadcasts.draft import Draft, DraftStage, with_kind, with_links, without_version
from handlers.broadcasts.draft_editor import DraftEditor, open_draft
from handlers.broadcasts.parse_time import FARTHEST, time_fault
from handlers.broadcasts.preview import send_test, show_preview
from handlers.screens.buttons import DraftStep, DraftTap, read_number
from storage.broadcast_types import Kind
from storage.petitions import last_number_given

_ABOUT_PEOPLE = frozenset({DraftStep.ASK_SUBJECT, DraftStep.SUBJECT, DraftStep.AUDIENCE})
_ABOUT_A_MESSAGE = _ABOUT_PEOPLE | {
    DraftStep.NEXT,
    DraftStep.WRITE,
    DraftStep.REMOVE_VERSION,
    DraftStep.LINKS,
    DraftStep.REMOVE_LINKS,
    DraftStep.CHANGE,
}
# The notice of a breach and a correction are texts, and to whom they go is decided.
_NOT_ABOUT_A_TEXT = _ABOUT_PEOPLE | {DraftStep.NEXT, DraftStep.LINKS, DraftStep.REMOVE_LINKS}
# The notice goes out as soon as it is approved.
_NOT_ABOUT_A_BREACH = {
    DraftStep.ASK_TIME,
    DraftStep.SCHEDULE,
    DraftStep.REMOVE_TIME,
}
_WITHOUT_MESSAGE = frozenset({DraftStep.BACK, DraftStep.CANCEL})
# Seconds of a Unix time; ten times as many would exceed the last year of datetime.
_LATEST = 10**11 - 1


async def tapped(ctx: AdminContext, argument: str) -> None:
    """Carries out a tap; a stale button only shows the draft."""
    tap = DraftTap.read(argument)
    editor = await open_draft(ctx)
    if editor is None:
        await ctx.say(ctx.words.text("No hay ningún mensaje en preparación. Escribe /broadcast."))
        return
    if tap is None or not _is_offered(editor, tap):
        await editor.show()
        return
    effect = _EFFECTS.get(tap.step)
    if effect is not None:
        await effect(editor, tap)
        return
    editor = await editor.save(_moved(editor.draft, tap, editor.now))
    await editor.show()


def _is_offered(editor: DraftEditor, tap: DraftTap) -> bool:
    """Whether the draft has such a button in its current version."""
    draft = editor.draft
    if (tap.key, tap.version) != (draft.key, draft.version):
        return False
    if draft.kind is Kind.CLOSING and tap.step in _ABOUT_A_MESSAGE:
        return False  # the petition determines its texts and audience
    if not draft.is_copied and tap.step in _NOT_ABOUT_A_TEXT:
        return False
    if draft.kind is Kind.BREACH and tap.step in _NOT_ABOUT_A_BREACH:
        return False
    if draft.kind is not Kind.CLOSING and not draft.versions and tap.step not in _WITHOUT_MESSAGE:
        return False
    if draft.topic is not None and tap.step in _ABOUT_PEOPLE:
        return False  # its audience is fixed: those an earlier broadcast did not reach
    return tap.step is not DraftStep.WRITE or tap.value in editor.ctx.services.petition.languages


def _moved(draft: Draft, tap: DraftTap, now: datetime) -> Draft:
    """Returns the draft after a step that only changes the draft."""
    match tap.step:
        case DraftStep.NEXT | DraftStep.ASK_SUBJECT:
            return draft.changed(now, stage=DraftStage.SUBJECT)
        case DraftStep.WRITE:
            return draft.changed(now, stage=DraftStage.CONTENT, language=tap.value)
        case DraftStep.LINKS if tap.value in draft.versions:
            return draft.changed(now, stage=DraftStage.LINKS, language=tap.value)
        case DraftStep.REMOVE_LINKS if draft.language in draft.versions:
            return with_links(draft, (), now)
        case DraftStep.REMOVE_VERSION:
            return without_version(draft, tap.value, now)
        case DraftStep.SUBJECT if tap.value in (Kind.UPDATE, Kind.NEWS):
            return with_kind(draft, Kind(tap.value), now)
        case DraftStep.ASK_TIME:
            return draft.changed(now, stage=DraftStage.TIME)
        case DraftStep.SECOND_CONFIRMATION:
            return draft.changed(now, stage=DraftStage.SECOND_CONFIRMATION)
        case DraftStep.TOGGLE_PAID:
            return draft.changed(now, paid=not draft.paid)
        case DraftStep.CHANGE:
            return draft.changed(now, stage=DraftStage.READY)
        case DraftStep.BACK:
            return draft.changed(now, stage=_before(draft))
    return draft


def _before(draft: Draft) -> DraftStage:
    """Returns the stage before the question."""
    if (
        draft.stage in (DraftStage.TIME, DraftStage.SECOND_CONFIRMATION)
        and draft.copies is not None
    ):
        return DraftStage.SUMMARY
    if draft.stage is DraftStage.AUDIENCE:
        return DraftStage.SUBJECT
    return DraftStage.READY if draft.versions else DraftStage.CONTENT


async def _set_audience(editor: DraftEditor, tap: DraftTap) -> None:
    """Sets the audience, then shows the preview."""
    code = tap.value.removeprefix("news.")
    language = code if code in editor.ctx.services.petition.languages else None
    # Keeps the version, so that a repeated tap makes the preview again.
    chosen = {"audience_language": language, "audience_chosen": True}
    await show_preview(await editor.save(editor.draft.model_copy(update=chosen)))


async def _schedule(editor: DraftEditor, tap: DraftTap) -> None:
    seconds = read_number(tap.value, _LATEST) or 0
    await plan_for(editor, datetime.fromtimestamp(seconds, UTC))


async def plan_for(editor: DraftEditor, moment: datetime, *, below: int | None = None) -> None:
    """Schedules the draft for this moment, or says why that is not possible."""
    fault = time_fault(moment, editor.now)
    if fault is not None:
        await editor.show(editor.ctx.words.text(fault.value, days=FARTHEST.days), below=below)
        return
    # No last signature: those who sign until then are recipients too.
    planned = editor.draft.changed(
        editor.now, starts_at=moment, last_signature_number=None, stage=DraftStage.SUMMARY
    )
    editor = await editor.save(planned)
    await editor.show(below=below)


async def _remove_time(editor: DraftEditor, _tap: DraftTap) -> None:
    last = await editor.ctx.services.storage.read(last_number_given)
    editor = await editor.save(
        editor.draft.changed(editor.now, starts_at=None, last_signature_number=last)
    )
    await editor.show()


Effect = Callable[[DraftEditor, DraftTap], Awaitable[None]]

_EFFECTS: Mapping[DraftStep, Effect] = {
    DraftStep.CANCEL: lambda editor, _tap: discard_draft(editor),
    DraftStep.PREVIEW: lambda editor, _tap: show_preview(editor),
    DraftStep.TEST: lambda editor, _tap: send_test(editor),
    DraftStep.AUDIENCE: _set_audience,
    DraftStep.SCHEDULE: _schedule,
    DraftStep.REMOVE_TIME: _remove_time,
}
