"""The confirmation of a draft: starts or schedules the broadcast that was shown, once."""

from functools import partial

from bot.broadcast.confirmation import broadcast_id, confirmed, has_expired, shown_recipients
from bot.text.translations import mark
from handlers.broadcasts.draft import DraftStage
from handlers.broadcasts.draft_editor import DraftEditor, open_draft
from handlers.broadcasts.preview import delete_messages, draw_lost, message_exists
from handlers.broadcasts.progress_message import progress_place, show, tell_progress
from handlers.broadcasts.screens.draft_view import DraftView
from handlers.broadcasts.screens.labels import recipients_changed
from handlers.broadcasts.screens.progress import ELSEWHERE
from handlers.chat_context import AdminContext
from handlers.closing import why_unready
from handlers.conversation_message import tolerate
from handlers.restored_backup import is_held
from storage.admins import delete_draft
from storage.broadcast_transitions import start_broadcast
from storage.broadcast_types import Broadcast, Kind
from storage.broadcasts import broadcast_with
from storage.petitions import petition_state
from telegram_text.markup import Html

_NOT_PREPARED = mark(
    "Ese mensaje ya no está en preparación. Si se envió, está en /broadcasts. Escribe /broadcast "
    "para empezar otro."
)
_DISCARDED = mark("De acuerdo: no se ha enviado nada, y el mensaje está descartado.")
_CHANGED = mark(
    "⚠️ Algo ha cambiado desde que viste este resumen, y no se ha enviado nada. Míralo otra "
    "vez antes de confirmar."
)


async def send(ctx: AdminContext, token: str) -> None:
    """Starts or schedules the broadcast if it is still the one that was shown.

    A repeated tap shows the broadcast that the first one started.

    Raises:
        NothingDone: Telegram did not say whether the preview still exists; nothing was started.
    """
    editor = await _open_unless_started(ctx, token)
    if editor is None or await is_held(ctx):
        return
    view = await editor.view()
    objection = await _objection(editor, view, token)
    if objection is not None:
        await _ask_again(editor, objection)
        return
    if await message_exists(ctx.bot, ctx.chat_id, editor.draft.content or {}):
        await _start(editor, view, token)
    else:
        await ctx.tell(partial(draw_lost, editor))


async def dismiss(ctx: AdminContext, shown: str) -> None:
    """Discards the draft that was shown, or shows its broadcast if it was started meanwhile.

    A button left from an earlier draft does not discard the current one.
    """
    token, _, key = shown.partition(":")
    editor = await _open_unless_started(ctx, token)
    if editor is not None and editor.draft.key == key:
        await discard_draft(editor)
    elif editor is not None:
        await ctx.say(ctx.words.text(_NOT_PREPARED))


async def discard_draft(editor: DraftEditor, said: Html | None = None) -> None:
    """Discards the draft, deletes its preview, and says so, or why."""
    ctx, former = editor.ctx, editor.draft.message_id
    await ctx.storage.write(delete_draft, ctx.reference)

    async def clear_away() -> None:
        await delete_messages(ctx.bot, ctx.chat_id, editor.draft.preview_ids)
        await ctx.write(said or ctx.words.text(_DISCARDED))
        if ctx.message_id is None and former is not None:
            await tolerate(ctx.bot.delete_message(ctx.chat_id, former))

    await ctx.tell(clear_away)


async def _open_unless_started(ctx: AdminContext, token: str) -> DraftEditor | None:
    """Returns the draft; None after saying that it is gone, or showing the broadcast of it.

    That is the one which an earlier tap on the same button started.
    """
    known = await ctx.storage.read(broadcast_with, broadcast_id(token))
    if known is None:
        editor = await open_draft(ctx)
        if editor is None:
            await ctx.say(ctx.words.text(_NOT_PREPARED))
        return editor
    if known.is_running and known.progress_chat != ctx.chat_id:
        # Nobody watches it yet, or two admins confirmed in the same second.
        await tell_progress(ctx, known)
    else:
        await ctx.tell(partial(_show_started, ctx, known))
    return None


async def _objection(editor: DraftEditor, view: DraftView, token: str) -> Html | None:
    """Returns why what the token confirms must not be sent now; None if it may be.

    How many would get it is counted as it starts.
    """
    draft, words, now = editor.draft, editor.ctx.words, editor.ctx.now
    if draft.kind is Kind.CLOSING and (why_not := await why_unready(editor.ctx)):
        return why_not
    if view.terms is None and not draft.is_shown:
        return words.text("No se ha enviado nada: falta ver la vista previa.")
    # Where nobody else can approve it, there was somebody when the question was drawn.
    is_asked = not view.is_breach_alone or draft.stage is DraftStage.SECOND_CONFIRMATION
    if view.terms is None or not is_asked:
        return words.text(_CHANGED)
    if has_expired(token, now=now):
        return words.text(
            "⚠️ Han pasado más de diez minutos, y no se ha enviado nada. Si todo sigue bien, "
            "confírmalo otra vez."
        )
    if not confirmed(token, view.terms, now=now):
        return words.text(_CHANGED)
    if draft.starts_at is not None and draft.starts_at <= now:
        return words.text("⚠️ Esa hora ya ha pasado y no se ha enviado nada. Elige otra.")
    return None if view.is_affordable else words.text("⚠️ No se ha enviado nada.")


async def _start(editor: DraftEditor, view: DraftView, token: str) -> None:
    ctx, draft, shown = editor.ctx, editor.draft, shown_recipients(token)
    plan = Broadcast(
        broadcast_id(token),
        kind=draft.kind,
        content=draft.content or {},
        source_language=draft.default_language,
        author=ctx.user.id,
        created_at=editor.ctx.now,
        topic=draft.topic or "",
        source_chat=ctx.chat_id if draft.is_copied else None,
        language=draft.audience_language,
        paid=view.is_paid,
        expected=shown,
        starts_at=draft.starts_at,
        confirmed_by=None if view.must_be_approved(shown) else ctx.user.id,
        progress_chat=ctx.chat_id,
        progress_message_id=ctx.message_id,
        last_signature_number=draft.last_signature_number,
    )
    found = await ctx.storage.write(
        start_broadcast,
        plan,
        at_most=view.most_recipients(shown),
        approval_above=view.approval_above,
        revision=view.revision,
        drafted_by=ctx.reference,
    )
    if found is None:
        await _ask_again(editor, None, shown)
    elif found.id == plan.id:
        ctx.services.wake_broadcast()
        await ctx.tell(partial(_show_started, ctx, found))
    elif found.kind is Kind.CLOSING is draft.kind:
        await tell_progress(ctx, found)
    else:
        await editor.show(
            ctx.words.text(
                "⚠️ Tu mensaje no ha salido: hay otro envío en marcha. Cuando termine, confírmalo "
                "otra vez, o prográmalo para más tarde."
            )
        )


async def _show_started(ctx: AdminContext, started: Broadcast) -> None:
    """Shows the broadcast, over whatever a late retry of an earlier screen has drawn here."""
    now = await ctx.storage.read(broadcast_with, started.id) or started
    if now.is_running and progress_place(now) != (ctx.chat_id, ctx.message_id):
        await ctx.write(ctx.words.text(ELSEWHERE))  # another admin took the progress meanwhile
    else:
        await show(ctx, now)


async def _ask_again(editor: DraftEditor, objection: Html | None, before: int = 0) -> None:
    """Shows the summary as it is now, with a new button and why nothing was sent.

    Without an objection, it is that there were `before` recipients, and are others now.
    """
    ctx, draft, words = editor.ctx, editor.draft, editor.ctx.words
    if draft.kind is Kind.CLOSING:
        state = await ctx.storage.read(petition_state)
        if not state.is_closed:
            said = words.text("La petición está abierta: no se ha enviado nada.")
            await discard_draft(editor, said)
            return
    if draft.content is not None and draft.starts_at is None:
        # Saved, it gets the number of now, which includes recent signers.
        draft = draft.model_copy(update={"last_signature_number": None})
    if draft.stage is DraftStage.SECOND_CONFIRMATION:
        draft = draft.model_copy(update={"stage": DraftStage.SUMMARY})
    editor = await editor.save(draft)
    if objection is None:
        now = (await editor.view()).recipients
        # The same number: the admin's own other messages made it more than one may send alone.
        is_other = now != before
        objection = recipients_changed(words, before, now) if is_other else words.text(_CHANGED)
    await editor.show(objection)
