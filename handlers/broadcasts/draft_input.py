"""Takes what an admin taps and sends for their draft, as the table of steps says."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from telegram import Message

from bot.text.problems import Refused
from handlers.broadcasts.accepted_messages import read_message, words_of
from handlers.broadcasts.confirm import discard_draft
from handlers.broadcasts.draft import Draft, with_edit_noted, with_message
from handlers.broadcasts.draft_editor import DraftEditor, open_draft
from handlers.broadcasts.preview import send_test, show_preview
from handlers.broadcasts.steps import STAGES, Takes, changed_by, is_offered, take_content
from handlers.chat_context import WAITS_FOR, AdminContext, AwaitedMessage
from handlers.screens.buttons import DraftStep, DraftTap
from handlers.screens.screen import sentences

# What follows a tap, where it is not the draft's screen.
_FOLLOWED_BY: Mapping[DraftStep, Callable[[DraftEditor], Awaitable[None]]] = {
    DraftStep.AUDIENCE: show_preview,
    DraftStep.PREVIEW: show_preview,
    DraftStep.TEST: send_test,
    DraftStep.CANCEL: discard_draft,
}


async def tapped(ctx: AdminContext, argument: str) -> None:
    """Carries out a tap; a stale button only shows the draft."""
    tap, editor = DraftTap.read(argument), await open_draft(ctx)
    if editor is None:
        await ctx.say(ctx.words.text("No hay ningún mensaje en preparación. Escribe /broadcast."))
        return
    if tap is None or not is_offered(editor.draft, tap, ctx.services):
        await editor.show()
        return
    try:
        editor = await editor.save(changed_by(editor.draft, tap, ctx))
    except Refused as refused:
        await editor.show(refused.why.html(ctx.words))
        return
    await _FOLLOWED_BY.get(tap.step, DraftEditor.show)(editor)


def asked(editor: DraftEditor) -> AwaitedMessage | None:
    """Returns that the draft waits for a message; None if it waits for none."""
    takes = STAGES[editor.draft.stage].takes
    if takes is None:
        return None
    take, leave = partial(_take, editor, takes), partial(discard_draft, editor)
    return AwaitedMessage(editor.draft.touched_at, take, leave)


async def _take(editor: DraftEditor, takes: Takes, message: Message) -> None:
    """Takes an admin's message for their draft, or refuses it."""
    try:
        await _keep(editor, takes(editor.draft, message, editor.ctx), message)
    except Refused as refused:
        why = refused.why.html(editor.ctx.words)
        await editor.ctx.refuse(partial(editor.show, why, below=message.message_id))


async def belongs_to_album(editor: DraftEditor, message: Message) -> bool:
    """Takes a further element of an album of the draft's; returns False for any other."""
    if editor.draft.version_with(message.message_id, message.media_group_id) is None:
        return False
    taken = with_message(editor.draft, read_message(message), editor.ctx.now)
    await _keep(editor, taken, message)
    return True


async def edited(ctx: AdminContext) -> bool:
    """Notes an admin's edit of a draft's message; returns False for any other message."""
    editor, message = await open_draft(ctx), ctx.message
    if editor is None or message is None or message.message_id not in editor.draft.message_ids():
        return False
    draft = editor.draft
    if not draft.is_copied:
        try:
            editor = await editor.save(take_content(draft, message, ctx))
        except Refused as refused:
            stays = ctx.words.text("Sigue el texto de antes, sin ese cambio.")
            await editor.show(sentences(refused.why.html(ctx.words), stays))
            return True
        await editor.show()
        return True
    noted = with_edit_noted(draft, message.message_id, ctx.now, words_of(message))
    editor = await editor.save(noted)
    if noted.version != draft.version:
        await editor.show()
    return True


async def turned_down(editor: DraftEditor, message: Message) -> bool:
    """Says that a message came unasked to a draft; returns False if that was changed long ago."""
    ctx = editor.ctx
    if ctx.now - editor.draft.touched_at > WAITS_FOR:
        return False
    notice = ctx.words.text(
        "Ese mensaje no se ha añadido: ahora no espero ninguno. Para cambiar el que estás "
        "preparando, usa los botones."
    )
    await ctx.refuse(partial(editor.show, notice, below=message.message_id))
    return True


async def _keep(editor: DraftEditor, draft: Draft, message: Message) -> None:
    """Stores the draft and shows it, unless more of an album is about to come."""
    editor, album = await editor.save(draft), message.media_group_id
    waiting = (update.get("message", {}) for update in editor.ctx.behind.waiting)
    if album is not None and any(each.get("media_group_id") == album for each in waiting):
        # A pending reply would show and store the draft without this message.
        editor.ctx.services.delayed_replies.drop(editor.ctx.chat_id)
    else:
        await editor.show(below=message.message_id)
