"""The confirmation of a draft: starts or schedules the broadcast that was shown, once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from bot.broadcast.confirmation import (
    broadcast_id,
    confirmed,
    content_sha256,
    has_expired,
    shown_recipients,
)
from bot.text.markup import Html
from storage import AlreadyRunning, AudienceChanged, Broadcast, Kind, NewBroadcast, PetitionOpen

from ..admin_context import AdminContext
from ..calls_before_commit import before_the_deed
from ..conversation_message import tolerate
from .draft import Stage
from .draft_editor import DraftEditor, forget, open_draft
from .original_messages import message_exists
from .preview import show_lost, take_away
from .progress_message import elsewhere, show, tell_progress, tell_standing
from .screens.draft_view import DraftView


@dataclass(frozen=True, slots=True)
class _OtherNumber:
    """The audience grew too far beyond the number shown, or nobody is left.

    Attributes:
        shown: the number of recipients that the summary showed.
    """

    shown: int


async def send(panel: AdminContext, token: str) -> None:
    """Starts or schedules the broadcast if it is still the one that was shown.

    A repeated tap shows the broadcast that the first one started.

    Raises:
        NothingDone: Telegram did not say whether the preview still exists; nothing was started.
    """
    storage = panel.services.storage
    known = await storage.broadcasts.get(broadcast_id(token))
    if known is not None:
        await go_on(panel, known)
        return
    desk = await open_draft(panel)
    if desk is None:
        await panel.say(_not_prepared(panel))
        return
    active = await storage.broadcasts.active()
    if active is not None and desk.draft.starts_at is None:
        await _wait_for(desk, active)
        return
    sheet = await desk.sheet()
    shown = shown_recipients(token) or 0
    objection = _objection(desk, sheet, token, shown)
    if objection is not None:
        await _show_again(desk, objection)
        return
    async with before_the_deed():
        is_whole = await message_exists(panel.bot, panel.chat_id, sheet.content)
    if not is_whole:
        await show_lost(desk)
        return
    await _start(desk, _plan(desk, sheet, token, shown), token)


async def leave(panel: AdminContext, shown: str) -> bool:
    """Discards the draft that was shown, or shows its broadcast if it was started meanwhile.

    A button left from an earlier draft does not discard the current one.
    """
    token, _, key = shown.partition(":")
    known = await panel.services.storage.broadcasts.get(broadcast_id(token))
    if known is not None:
        await go_on(panel, known)
        return True
    desk = await open_draft(panel)
    if desk is not None and desk.draft.key != key:
        await panel.say(_not_prepared(panel))
        return True
    await (panel.say(discarded(panel)) if desk is None else give_up(desk, discarded(panel)))
    return True


def _not_prepared(panel: AdminContext) -> Html:
    return panel.words.text(
        "Ese mensaje ya no está en preparación, y no se ha enviado nada. Escribe /broadcast para "
        "empezar otro."
    )


def discarded(panel: AdminContext) -> Html:
    """Returns the text that replaces a discarded draft."""
    return panel.words.text("De acuerdo: no se ha enviado nada, y el mensaje está descartado.")


async def give_up(desk: DraftEditor, said: Html) -> None:
    """Discards the draft, deletes its preview, and shows `said`."""
    await forget(desk.panel)
    await desk.panel.tell(partial(_cleared_away, desk, said))


async def _cleared_away(desk: DraftEditor, said: Html) -> None:
    await take_away(desk.panel, desk.draft.every_copy)
    await desk.panel.write(said)
    if desk.panel.message_id is None and desk.draft.panel is not None:
        await tolerate(desk.panel.bot.delete_message(desk.panel.chat_id, desk.draft.panel))


async def go_on(panel: AdminContext, known: Broadcast) -> None:
    """Shows the broadcast that an earlier tap on the same button started."""
    await open_draft(panel)  # deletes the draft that this was started from
    if not known.is_running:
        # A late retry of an earlier screen may have overwritten its report.
        await tell_standing(panel, known)
        return
    panel.services.wake_broadcast()
    if known.progress_chat != panel.chat_id:
        await tell_progress(
            panel, known.id
        )  # nobody watches it yet, or two admins confirmed in the same second
    elif known.progress_message_id != panel.message_id:
        await panel.say(elsewhere(panel.words))
    else:
        # The worker keeps this message up to date; Telegram refuses an edit without a change.
        await panel.services.afterwards.tell(panel.chat_id, panel.answer, beside="tap")


def _objection(
    desk: DraftEditor, sheet: DraftView, token: str, shown: int
) -> Html | _OtherNumber | None:
    """Returns why what the token confirms must not be sent now; None if it may be."""
    draft, words, now = desk.draft, desk.panel.words, desk.now
    if sheet.terms is None:
        return words.text("No se ha enviado nada: falta ver la vista previa.")
    if draft.kind is Kind.CLOSING and not sheet.is_closed:
        return _still_open(desk.panel)
    if not confirmed(token, sheet.terms, now=now):
        return _why_void(desk, token)
    if not 1 <= sheet.recipients <= sheet.most_recipients(shown):
        return _OtherNumber(shown)
    if draft.starts_at is not None and draft.starts_at <= now:
        return words.text("⚠️ Esa hora ya ha pasado y no se ha enviado nada. Elige otra.")
    if not sheet.is_affordable:
        return words.text("⚠️ No se ha enviado nada.")
    return None


def _plan(desk: DraftEditor, sheet: DraftView, token: str, shown: int) -> NewBroadcast:
    """Returns the broadcast to start; `shown` is the number of recipients in the summary."""
    panel, draft = desk.panel, desk.draft
    return NewBroadcast(
        broadcast_id(token),
        content=sheet.content,
        content_sha256=content_sha256(sheet.content),
        source_language=draft.base,
        actor=panel.user.id,
        at=desk.now,
        kind=draft.kind,
        audience=draft.audience,
        topic=draft.topic,
        source_chat=None if draft.kind is Kind.CLOSING else panel.chat_id,
        starts_at=draft.starts_at,
        expected=shown,
        at_most=sheet.most_recipients(shown),
        cutoff=draft.cutoff,
        progress=None if panel.message_id is None else (panel.chat_id, panel.message_id),
        paid=sheet.is_paid,
        needs_approval=sheet.must_be_approved(shown),
    )


async def _start(desk: DraftEditor, plan: NewBroadcast, token: str) -> None:
    panel = desk.panel
    # Stored before the start: from then on the preview belongs to the broadcast.
    desk = await desk.keep(desk.draft.model_copy(update={"token": token}))
    outcome = await panel.services.storage.broadcasts.start(plan)
    if isinstance(outcome, Broadcast):
        await forget(panel)
        panel.services.wake_broadcast()
        await panel.tell(partial(_show_started, panel, outcome, plan.progress))
    elif isinstance(outcome, AlreadyRunning):
        active = await panel.services.storage.broadcasts.get(outcome.id)
        if active is not None:
            await _wait_for(desk, active)
    else:
        await _show_again(desk, _refusal(panel, outcome, plan))


async def _show_started(
    panel: AdminContext, started: Broadcast, progress: tuple[int, int] | None
) -> None:
    now = await show(panel, started)
    there = (now.progress_chat, now.progress_message_id)
    if progress is not None and there != progress and now.is_running:
        # Another admin took the progress meanwhile, and `show` overwrote the line about that.
        await panel.at(progress[1]).write(elsewhere(panel.words))


async def _wait_for(desk: DraftEditor, active: Broadcast) -> None:
    """Says that another broadcast is active; of two closing updates shows the active one."""
    if active.kind is Kind.CLOSING is desk.draft.kind:
        await tell_progress(desk.panel, active.id)
        return
    await desk.show(
        desk.panel.words.text(
            "⚠️ Tu mensaje no ha salido: hay otro envío en marcha. Cuando acabe, confírmalo otra "
            "vez, o prográmalo para más tarde."
        )
    )


async def _show_again(desk: DraftEditor, objection: Html | _OtherNumber) -> None:
    """Shows the current summary with a new confirmation button and the reason nothing was sent."""
    draft = desk.draft
    if draft.kind is Kind.CLOSING:
        state = await desk.panel.services.storage.petitions.state()
        if not state.is_closed:
            await give_up(desk, _still_open(desk.panel))
            return
    cutoff = draft.cutoff
    if draft.copies is not None and draft.starts_at is None:
        cutoff = await desk.panel.services.storage.broadcasts.last_number()
    stage = Stage.SUMMARY if draft.stage is Stage.SURE else draft.stage
    desk = await desk.keep(draft.model_copy(update={"cutoff": cutoff, "stage": stage}))
    if isinstance(objection, _OtherNumber):
        # The new cutoff includes recent signers, so the number is counted again.
        objection = _another_number(desk, objection.shown, (await desk.sheet()).recipients)
    await desk.show(objection)


def _why_void(desk: DraftEditor, token: str) -> Html:
    words = desk.panel.words
    if has_expired(token, now=desk.now):
        return words.text(
            "⚠️ Han pasado más de diez minutos, y no se ha enviado nada. Si todo sigue bien, "
            "confírmalo otra vez."
        )
    return words.text(
        "⚠️ Algo ha cambiado desde que viste este resumen, y no se ha enviado nada. Míralo otra "
        "vez antes de confirmar."
    )


def _refusal(
    panel: AdminContext, outcome: PetitionOpen | AudienceChanged, plan: NewBroadcast
) -> Html | _OtherNumber:
    if isinstance(outcome, PetitionOpen):
        return _still_open(panel)
    return _OtherNumber(plan.expected or 0)


def _still_open(panel: AdminContext) -> Html:
    return panel.words.text("La petición está abierta: no se ha enviado nada.")


def _another_number(desk: DraftEditor, before: int, now: int) -> Html:
    words = desk.panel.words
    return words.text(
        "⚠️ El número de personas ha cambiado y no se ha enviado nada: era {before}, ahora es "
        "{now}. Si te parece bien, confírmalo otra vez.",
        before=words.number(before),
        now=words.number(now),
    )
