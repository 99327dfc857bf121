"""Handles taps on a draft's buttons, if they were drawn for its current version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from storage import Kind

from ..admin_context import AdminContext
from .confirm import discarded, give_up
from .draft import Draft, Stage
from .draft_changes import about, linked, without
from .draft_editor import DraftEditor, open_draft
from .parse_time import FAULT_SENTENCES, within
from .preview import send_test, show_preview
from .steps import Step, Tapped, read_step

_ABOUT_PEOPLE: Final = frozenset({Step.SUBJECT, Step.ABOUT, Step.AUDIENCE})
_ABOUT_A_MESSAGE: Final = _ABOUT_PEOPLE | {
    Step.NEXT,
    Step.WRITE,
    Step.DROP,
    Step.LINKS,
    Step.REMOVE_LINKS,
    Step.CHANGE,
}
# Most digits of a Unix time; one more would exceed the last year of datetime.
_LONGEST_MOMENT: Final = 11


async def tapped(ctx: AdminContext, argument: str) -> None:
    """Carries out a tap; a stale button only shows the draft."""
    tap = read_step(argument)
    editor = await open_draft(ctx)
    if editor is None:
        await ctx.say(ctx.words.text("No hay ningún mensaje en preparación. Escribe /broadcast."))
        return
    if tap is None or not tap.fits(editor.draft) or not _is_offered(editor, tap):
        await editor.show()
        return
    effect = _EFFECTS.get(tap.step)
    if effect is not None:
        await effect(editor, tap)
        return
    editor = await editor.keep(_moved(editor.draft, tap, editor.now))
    await editor.show()


def _is_offered(editor: DraftEditor, tap: Tapped) -> bool:
    """Whether a draft of this kind has such a button."""
    draft = editor.draft
    if draft.kind is Kind.CLOSING and tap.step in _ABOUT_A_MESSAGE:
        return False  # the petition determines its texts and audience
    if draft.topic is not None and tap.step in _ABOUT_PEOPLE:
        return False  # its audience is fixed: those an earlier broadcast did not reach
    return tap.step is not Step.WRITE or tap.value in editor.ctx.services.campaign.languages


def _moved(draft: Draft, tap: Tapped, now: datetime) -> Draft:
    """Returns the draft after a step that only changes the draft."""
    match tap.step:
        case Step.NEXT | Step.SUBJECT:
            return draft.changed(now, stage=Stage.SUBJECT)
        case Step.WRITE:
            return draft.changed(now, stage=Stage.CONTENT, language=tap.value)
        case Step.LINKS if tap.value in draft.versions:
            return draft.changed(now, stage=Stage.LINKS, language=tap.value)
        case Step.REMOVE_LINKS if draft.language in draft.versions:
            return linked(draft, (), now)
        case Step.DROP:
            return without(draft, tap.value, now)
        case Step.ABOUT if tap.value in (Kind.UPDATE, Kind.NEWS):
            return about(draft, Kind(tap.value), now)
        case Step.TIME:
            return draft.changed(now, stage=Stage.TIME)
        case Step.SURE:
            return draft.changed(now, stage=Stage.SURE)
        case Step.PAY:
            return draft.changed(now, paid=not draft.paid)
        case Step.CHANGE:
            return draft.changed(now, stage=Stage.READY)
        case Step.BACK:
            return draft.changed(now, stage=_before(draft))
    return draft


def _before(draft: Draft) -> Stage:
    """Returns the stage before the question."""
    if draft.stage in (Stage.TIME, Stage.SURE) and draft.copies is not None:
        return Stage.SUMMARY
    if draft.stage is Stage.AUDIENCE:
        return Stage.SUBJECT
    return Stage.READY if draft.versions else Stage.CONTENT


async def _cancel(editor: DraftEditor, _tap: Tapped) -> None:
    await give_up(editor, discarded(editor.ctx))


async def _look(editor: DraftEditor, _tap: Tapped) -> None:
    if not editor.draft.versions and editor.draft.kind is not Kind.CLOSING:
        await editor.show()
        return
    await show_preview(editor)


async def _to(editor: DraftEditor, tap: Tapped) -> None:
    """Sets the audience, then shows the preview."""
    draft, news = editor.draft, tap.value.partition(".")[0] == "news"
    code = tap.value.partition(".")[2] if news else tap.value
    reads = code if code in editor.ctx.services.campaign.languages else None
    news_only = news or draft.kind is Kind.NEWS
    # Keeps the version, so that a repeated tap makes the preview again.
    chosen = {"reads": reads, "news_only": news_only, "audience_chosen": True}
    await show_preview(await editor.keep(draft.model_copy(update=chosen)))


async def _at(editor: DraftEditor, tap: Tapped) -> None:
    await plan_for(editor, datetime.fromtimestamp(_seconds(tap.value), UTC))


def _seconds(value: str) -> int:
    is_moment = value.isascii() and value.isdecimal() and len(value) <= _LONGEST_MOMENT
    return int(value) if is_moment else 0


async def plan_for(editor: DraftEditor, moment: datetime, *, below: int | None = None) -> None:
    """Schedules the draft for this moment, or says why that is not possible."""
    fault = within(moment, editor.now)
    if fault is not None:
        await editor.show(editor.ctx.words.text(FAULT_SENTENCES[fault]), below=below)
        return
    # No cutoff: those who sign until then are recipients too.
    planned = editor.draft.changed(editor.now, starts_at=moment, cutoff=None, stage=Stage.SUMMARY)
    editor = await editor.keep(planned)
    await editor.show(below=below)


async def _now(editor: DraftEditor, _tap: Tapped) -> None:
    cutoff = await editor.ctx.services.storage.broadcasts.last_number()
    editor = await editor.keep(editor.draft.changed(editor.now, starts_at=None, cutoff=cutoff))
    await editor.show()


Effect = Callable[[DraftEditor, Tapped], Awaitable[None]]

_EFFECTS: Mapping[Step, Effect] = MappingProxyType(
    {
        Step.CANCEL: _cancel,
        Step.LOOK: _look,
        Step.TEST: lambda editor, _tap: send_test(editor),
        Step.AUDIENCE: _to,
        Step.SCHEDULE: _at,
        Step.NOW: _now,
    }
)
