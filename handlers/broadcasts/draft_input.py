"""Takes what an admin sends for a draft: the message, its link buttons, a time.

What the draft does not wait for goes to the supporters' handlers, since an admin may also be a
supporter.
"""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from telegram import Message, Update

from bot.intake import updates_behind
from bot.petition.names import NameRefused, clean_name
from bot.petition.stages import Place, expects_name
from bot.petition.stages import Stage as Where
from bot.text.markup import Html
from handlers import supporter_commands, supporter_messages
from handlers.admin_context import AdminContext, open_admin_context
from handlers.broadcasts.accepted_messages import UNFIT_SENTENCES, UnsupportedMessage, piece_of
from handlers.broadcasts.confirm import discarded, give_up
from handlers.broadcasts.draft import DraftMessage, DraftStage
from handlers.broadcasts.draft_changes import add_message, linked, mark_edited
from handlers.broadcasts.draft_editor import DraftEditor, open_draft
from handlers.broadcasts.draft_taps import plan_for
from handlers.broadcasts.parse_links import FAULT_SENTENCES as LINK_FAULTS
from handlers.broadcasts.parse_links import WrongLine, read_links
from handlers.broadcasts.parse_time import FAULT_SENTENCES as WHEN_FAULTS
from handlers.broadcasts.parse_time import WhenFault, read_when
from handlers.context import Context
from handlers.screens.supporter_view import place_of

_ASKS_FOR_A_NAME: Final = frozenset({Where.NAME, Where.CONSENT})


async def sent(update: Update, context: Context) -> None:
    """Takes an admin's message for their draft, or passes it to the supporters' handlers."""
    ctx, message = await open_admin_context(update, context), update.effective_message
    editor = await open_draft(ctx)
    if editor is None or message is None or not await _took(editor, message):
        await _ordinary(update, context)


async def edited(update: Update, context: Context) -> None:
    """Notes an admin's edit of a draft's message, or passes it to the supporters' handlers."""
    ctx, message = await open_admin_context(update, context), update.effective_message
    editor = await open_draft(ctx)
    if editor is None or message is None or message.message_id not in editor.draft.sources():
        await supporter_messages.edited(update, context)
        return
    touched = mark_edited(editor.draft, message.message_id, editor.now)
    if touched != editor.draft:
        editor = await editor.keep(touched)
        await editor.show()


async def cancel(update: Update, context: Context) -> None:
    """Handles an admin's /cancel: discards the draft, or leaves the signing form.

    It leaves the form when there is no draft, or when the form asks for a name and the draft
    is not waiting for a message.
    """
    ctx = await open_admin_context(update, context)
    editor = await open_draft(ctx)
    if editor is None or (
        not editor.draft.waits(editor.now) and (await _place(ctx)).stage in _ASKS_FOR_A_NAME
    ):
        await supporter_commands.cancel(update, context)
        return
    await give_up(editor, discarded(ctx))


async def _took(editor: DraftEditor, message: Message) -> bool:
    """Takes or refuses the message for the draft; returns False if it is not for the draft."""
    draft = editor.draft
    if message.media_group_id is not None and message.media_group_id == draft.refused_album:
        return True  # the album was refused with its first element
    piece = piece_of(message)
    if isinstance(piece, DraftMessage) and draft.album_of(piece) is not None:
        await _take(editor, piece)
        return True
    if not draft.waits(editor.now):
        place = await _place(editor.ctx)
        if place.stage in _ASKS_FOR_A_NAME and _may_be_a_name(message):
            return False
        return await _turned_down(editor, message, is_at_form=expects_name(place))
    if draft.stage is DraftStage.CONTENT:
        await _take_content(editor, message, piece)
    elif draft.stage is DraftStage.LINKS:
        await _take_links(editor, message)
    else:
        await _take_time(editor, message)
    return True


async def _take_content(
    editor: DraftEditor, message: Message, piece: DraftMessage | UnsupportedMessage
) -> None:
    if isinstance(piece, UnsupportedMessage):
        await _decline(editor, message, editor.ctx.words.text(UNFIT_SENTENCES[piece]))
        return
    await _take(editor, piece)


async def _take(editor: DraftEditor, piece: DraftMessage) -> None:
    editor = await editor.keep(add_message(editor.draft, piece, editor.now))
    if _more_of_it_comes(piece):
        # A pending reply would show and store the draft without this message.
        editor.ctx.services.delayed_replies.drop(editor.ctx.chat_id)
    else:
        await editor.show(below=piece.message_id)


def _more_of_it_comes(piece: DraftMessage) -> bool:
    """Whether a later update has another element of the album and will show the draft."""
    if piece.group is None:
        return False
    behind = (update.get("message", {}) for update in updates_behind())
    return any(message.get("media_group_id") == piece.group for message in behind)


async def _take_links(editor: DraftEditor, message: Message) -> None:
    words = editor.ctx.words
    links = read_links(message.text or "")
    if isinstance(links, WrongLine):
        sentence = words.text(LINK_FAULTS[links.fault], line=links.line)
        await _decline(editor, message, sentence)
        return
    editor = await editor.keep(linked(editor.draft, links, editor.now))
    await editor.show(below=message.message_id)


async def _take_time(editor: DraftEditor, message: Message) -> None:
    zone = ZoneInfo(editor.ctx.services.petition.time_zone)
    moment = read_when(message.text or "", editor.now, zone)
    if isinstance(moment, WhenFault):
        await _decline(editor, message, editor.ctx.words.text(WHEN_FAULTS[moment]))
        return
    await plan_for(editor, moment, below=message.message_id)


async def _turned_down(editor: DraftEditor, message: Message, *, is_at_form: bool) -> bool:
    """Says that a message came unasked or too late; returns False if it is not for the draft.

    At the signing form the supporters' handlers would delete it as an attempt at a name, and a
    message written for a broadcast must not be lost.
    """
    words, draft = editor.ctx.words, editor.draft
    is_remembered = draft.is_remembered(editor.now)
    if draft.is_fresh(editor.now) or (is_at_form and is_remembered and not draft.is_waiting):
        notice = words.text(
            "Ese mensaje no se ha añadido: ahora no estoy esperando ninguno. Usa los botones, por "
            "favor."
        )
    elif draft.is_waiting and is_remembered:
        # Renews the time during which the draft waits.
        editor = await editor.keep(draft.changed(editor.now))
        notice = words.text(
            "Ese mensaje no se ha añadido, porque llevaba más de una hora esperándolo y podía ser "
            "para otra cosa. Si era este, envíamelo otra vez."
        )
    else:
        return False
    await _decline(editor, message, notice)
    return True


async def _decline(editor: DraftEditor, message: Message, why: Html) -> None:
    """Says why the message is refused, once for all elements of an album."""
    editor = await editor.keep(
        editor.draft.model_copy(update={"refused_album": message.media_group_id})
    )
    await editor.show(why, below=message.message_id)


async def _place(ctx: AdminContext) -> Place:
    """Returns the admin's stage as a supporter."""
    services = ctx.services
    supporter = services.keyring.reference(services.petition.slug, ctx.user.id)
    known = await services.storage.conversations.get(supporter)
    return Place() if known is None else place_of(known)


def _may_be_a_name(message: Message) -> bool:
    try:
        clean_name(message.text)
    except NameRefused:
        return False
    return True


async def _ordinary(update: Update, context: Context) -> None:
    message = update.effective_message
    if message is not None and message.text:
        await supporter_messages.written(update, context)
    else:
        await supporter_messages.sent_media(update, context)
