"""The confirmation of a draft: starts or schedules the broadcast that was shown, once."""

from functools import partial

from bot.broadcast.confirmation import (
    broadcast_id,
    confirmed,
    has_expired,
    shown_recipients,
)
from handlers.admin_context import AdminContext
from handlers.broadcasts.draft import DraftStage
from handlers.broadcasts.draft_editor import DraftEditor, forget_draft, open_draft
from handlers.broadcasts.preview import delete_messages, message_exists, show_lost
from handlers.broadcasts.progress_message import progress_place, show, tell_progress, tell_state
from handlers.broadcasts.screens.draft_view import DraftView
from handlers.broadcasts.screens.progress import elsewhere
from handlers.calls_before_commit import before_commit
from handlers.closing_texts import unready
from handlers.conversation_message import tolerate
from storage.broadcast_transitions import start_broadcast
from storage.broadcast_types import Broadcast, Kind
from storage.broadcasts import broadcast_with
from storage.petitions import last_number_given, petition_state
from telegram_text.markup import Html

_Objection = Html | int
"""Why nothing was sent; a number is that of the recipients shown, when there are others now."""


async def send(ctx: AdminContext, token: str) -> None:
    """Starts or schedules the broadcast if it is still the one that was shown.

    A repeated tap shows the broadcast that the first one started.

    Raises:
        NothingDone: Telegram did not say whether the preview still exists; nothing was started.
    """
    known = await ctx.services.storage.read(broadcast_with, broadcast_id(token))
    if known is not None:
        await show_already_started(ctx, known)
        return
    editor = await open_draft(ctx)
    if editor is None:
        await ctx.say(_not_prepared(ctx))
        return
    draft_view = await editor.view()
    shown = shown_recipients(token) or 0
    why_not = await unready(ctx.services) if editor.draft.kind is Kind.CLOSING else None
    objection = (
        _objection(editor, draft_view, token) if why_not is None else ctx.words.text(why_not)
    )
    if objection is not None:
        await _show_again(editor, objection)
        return
    async with before_commit():
        is_whole = await message_exists(ctx.bot, ctx.chat_id, draft_view.content)
    if not is_whole:
        await show_lost(editor)
        return
    await _start(editor, draft_view, token, shown)


async def dismiss(ctx: AdminContext, shown: str) -> bool:
    """Discards the draft that was shown, or shows its broadcast if it was started meanwhile.

    A button left from an earlier draft does not discard the current one.
    """
    token, _, key = shown.partition(":")
    known = await ctx.services.storage.read(broadcast_with, broadcast_id(token))
    if known is not None:
        await show_already_started(ctx, known)
        return True
    editor = await open_draft(ctx)
    if editor is None:
        await ctx.say(_discarded(ctx))
    elif editor.draft.key != key:
        await ctx.say(_not_prepared(ctx))
    else:
        await discard_draft(editor)
    return True


def _not_prepared(ctx: AdminContext) -> Html:
    return ctx.words.text(
        "Ese mensaje ya no está en preparación, y no se ha enviado nada. Escribe /broadcast para "
        "empezar otro."
    )


def _discarded(ctx: AdminContext) -> Html:
    return ctx.words.text("De acuerdo: no se ha enviado nada, y el mensaje está descartado.")


async def discard_draft(editor: DraftEditor, said: Html | None = None) -> None:
    """Discards the draft, deletes its preview, and says so, or why."""
    await forget_draft(editor.ctx)
    await editor.ctx.tell(partial(_cleared_away, editor, said or _discarded(editor.ctx)))


async def _cleared_away(editor: DraftEditor, said: Html) -> None:
    await delete_messages(editor.ctx, editor.draft.preview_ids)
    await editor.ctx.write(said)
    if editor.ctx.message_id is None and editor.draft.message_id is not None:
        await tolerate(editor.ctx.bot.delete_message(editor.ctx.chat_id, editor.draft.message_id))


async def show_already_started(ctx: AdminContext, known: Broadcast) -> None:
    """Shows the broadcast that an earlier tap on the same button started."""
    if not known.is_running:
        # A late retry of an earlier screen may have overwritten its report.
        await tell_state(ctx, known)
        return
    if known.progress_chat != ctx.chat_id:
        # Nobody watches it yet, or two admins confirmed in the same second.
        await tell_progress(ctx, known.id)
    elif known.progress_message_id != ctx.message_id:
        await ctx.say(elsewhere(ctx.words))
    else:
        # The worker keeps this message up to date; Telegram refuses an edit without a change.
        await ctx.services.delayed_replies.tell(ctx.chat_id, ctx.answer, beside="tap")


def _objection(editor: DraftEditor, draft_view: DraftView, token: str) -> Html | None:
    """Returns why what the token confirms must not be sent now; None if it may be.

    How many would get it is counted as it starts.
    """
    draft, words, now = editor.draft, editor.ctx.words, editor.now
    if draft_view.terms is None and draft.is_shown:
        return _changed(editor)
    if draft_view.terms is None:
        return words.text("No se ha enviado nada: falta ver la vista previa.")
    if draft_view.is_breach_alone and draft.stage is not DraftStage.SECOND_CONFIRMATION:
        return _changed(editor)  # when it was drawn, there was another admin to approve it
    if has_expired(token, now=now):
        return words.text(
            "⚠️ Han pasado más de diez minutos, y no se ha enviado nada. Si todo sigue bien, "
            "confírmalo otra vez."
        )
    if not confirmed(token, draft_view.terms, now=now):
        return _changed(editor)
    if draft.starts_at is not None and draft.starts_at <= now:
        return words.text("⚠️ Esa hora ya ha pasado y no se ha enviado nada. Elige otra.")
    if not draft_view.is_affordable:
        return words.text("⚠️ No se ha enviado nada.")
    return None


def _plan(editor: DraftEditor, draft_view: DraftView, token: str, shown: int) -> Broadcast:
    """Returns the broadcast to start; `shown` is the number of recipients in the summary."""
    ctx, draft = editor.ctx, editor.draft
    return Broadcast(
        broadcast_id(token),
        kind=draft.kind,
        content=draft_view.content,
        source_language=draft.default_language,
        author=ctx.user.id,
        created_at=editor.now,
        topic=draft.topic or "",
        source_chat=ctx.chat_id if draft.is_copied else None,
        language=draft.audience_language,
        paid=draft_view.is_paid,
        expected=shown,
        starts_at=draft.starts_at,
        confirmed_by=None if draft_view.must_be_approved(shown) else ctx.user.id,
        progress_chat=None if ctx.message_id is None else ctx.chat_id,
        progress_message_id=ctx.message_id,
        last_signature_number=draft.last_signature_number,
    )


async def _start(editor: DraftEditor, draft_view: DraftView, token: str, shown: int) -> None:
    ctx, plan = editor.ctx, _plan(editor, draft_view, token, shown)
    # Stored before the start: from then on the preview belongs to the broadcast.
    editor = await editor.save(editor.draft.model_copy(update={"token": token}))
    found = await ctx.services.storage.write(
        start_broadcast,
        plan,
        at_most=draft_view.most_recipients(shown),
        approval_above=draft_view.approval_above,
        revision=None if draft_view.terms is None else draft_view.terms.revision,
    )
    if found is None:
        await _show_again(editor, shown)
    elif found.id != plan.id:
        await _wait_for(editor, found)
    else:
        await forget_draft(ctx)
        ctx.services.wake_broadcast()
        await ctx.tell(partial(_show_started, ctx, found, progress_place(plan)))


async def _show_started(
    ctx: AdminContext, started: Broadcast, progress: tuple[int, int] | None
) -> None:
    now = await ctx.services.storage.read(broadcast_with, started.id) or started
    if now.is_running and progress not in (None, progress_place(now)):
        await ctx.write(elsewhere(ctx.words))  # another admin took the progress meanwhile
    else:
        await show(ctx, now)


async def _wait_for(editor: DraftEditor, active: Broadcast) -> None:
    """Says that another broadcast is active; of two closing updates shows the active one."""
    if active.kind is Kind.CLOSING is editor.draft.kind:
        await tell_progress(editor.ctx, active.id)
        return
    await editor.show(
        editor.ctx.words.text(
            "⚠️ Tu mensaje no ha salido: hay otro envío en marcha. Cuando acabe, confírmalo otra "
            "vez, o prográmalo para más tarde."
        )
    )


async def _show_again(editor: DraftEditor, objection: _Objection) -> None:
    """Shows the current summary with a new confirmation button and the reason nothing was sent."""
    ctx, draft = editor.ctx, editor.draft
    if draft.kind is Kind.CLOSING:
        state = await ctx.services.storage.read(petition_state)
        if not state.is_closed:
            said = ctx.words.text("La petición está abierta: no se ha enviado nada.")
            await discard_draft(editor, said)
            return
    last = draft.last_signature_number
    if draft.copies is not None and draft.starts_at is None:
        last = await ctx.services.storage.read(last_number_given)
    stage = DraftStage.SUMMARY if draft.stage is DraftStage.SECOND_CONFIRMATION else draft.stage
    editor = await editor.save(
        draft.model_copy(update={"last_signature_number": last, "stage": stage})
    )
    if isinstance(objection, int):
        # The new number includes recent signers, so the number is counted again.
        now = (await editor.view()).recipients
        # The same: the admin's own other messages have made it more than one may send alone.
        objection = _changed(editor) if now == objection else _other_number(ctx, objection, now)
    await editor.show(objection)


def _changed(editor: DraftEditor) -> Html:
    return editor.ctx.words.text(
        "⚠️ Algo ha cambiado desde que viste este resumen, y no se ha enviado nada. Míralo otra "
        "vez antes de confirmar."
    )


def _other_number(ctx: AdminContext, before: int, now: int) -> Html:
    return ctx.words.text(
        "⚠️ El número de personas ha cambiado y no se ha enviado nada: era {before}, ahora es "
        "{now}. Si te parece bien, confírmalo otra vez.",
        before=ctx.words.number(before),
        now=ctx.words.number(now),
    )
