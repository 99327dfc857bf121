"""Takes what an admin sends for a draft: the message, its link buttons, a time."""

from datetime import datetime

from telegram import Message

from bot.intake import UpdatesBehind
from handlers.admin_context import AdminContext
from handlers.broadcasts.accepted_messages import (
    LONGEST_NOTICE,
    UnsupportedMessage,
    read_message,
    read_text,
    words_of,
)
from handlers.broadcasts.confirm import discard_draft
from handlers.broadcasts.draft import (
    DraftStage,
    Version,
    with_edit_noted,
    with_links,
    with_message,
    with_text_edited,
)
from handlers.broadcasts.draft_editor import DraftEditor, open_draft
from handlers.broadcasts.draft_taps import plan_for
from handlers.broadcasts.parse_links import LONGEST_TEXT, WrongLine, parse_links
from handlers.broadcasts.parse_time import FARTHEST, TimeFault, parse_moment
from telegram_text.markup import Html


async def asked_at(ctx: AdminContext) -> datetime | None:
    """Returns when the draft asked for a message that it still waits for."""
    editor = await open_draft(ctx)
    waits = editor is not None and editor.draft.accepts_messages(editor.now)
    return editor.draft.touched_at if editor is not None and waits else None


async def belongs_to_album(ctx: AdminContext) -> bool:
    """Takes a further element of an album of the draft's, or of one that was refused."""
    editor, message = await open_draft(ctx), ctx.message
    if editor is None or message is None:
        return False
    if message.media_group_id is not None and message.media_group_id == editor.draft.refused_album:
        return True  # the album was refused with its first element
    piece = read_message(message)
    if not isinstance(piece, Version) or editor.draft.album_of(piece) is None:
        return False
    await _take(editor, piece)
    return True


async def take(ctx: AdminContext) -> None:
    """Takes an admin's message for their draft, or refuses it."""
    editor, message = await open_draft(ctx), ctx.message
    if editor is None or message is None:
        return
    if editor.draft.stage is DraftStage.CONTENT:
        await _take_content(editor, message, read_message(message))
    elif editor.draft.stage is DraftStage.LINKS:
        await _take_links(editor, message)
    else:
        await _take_time(editor, message)


async def edited(ctx: AdminContext) -> bool:
    """Notes an admin's edit of a draft's message; returns False for any other message."""
    editor, message = await open_draft(ctx), ctx.message
    if editor is None or message is None or message.message_id not in editor.draft.message_ids():
        return False
    if not editor.draft.is_copied:
        await _take_edit(editor, message)
    else:
        former, words = editor.draft.version, words_of(message)
        touched = with_edit_noted(editor.draft, message.message_id, editor.now, words)
        editor = await editor.save(touched)
        if touched.version != former:
            await editor.show()
    return True


async def cancel(ctx: AdminContext) -> bool:
    """Discards the admin's draft; returns False if there is none."""
    editor = await open_draft(ctx)
    if editor is not None:
        await discard_draft(editor)
    return editor is not None


async def _take_content(
    editor: DraftEditor, message: Message, piece: Version | UnsupportedMessage
) -> None:
    if not editor.draft.is_copied:
        piece = read_text(message)
    if isinstance(piece, UnsupportedMessage):
        await _decline(editor, message, _why_not(editor, piece))
        return
    await _take(editor, piece)


async def _take(editor: DraftEditor, piece: Version) -> None:
    editor = await editor.save(with_message(editor.draft, piece, editor.now))
    if _more_of_it_comes(piece, editor.ctx.behind):
        # A pending reply would show and store the draft without this message.
        editor.ctx.services.delayed_replies.drop(editor.ctx.chat_id)
    else:
        await editor.show(below=piece.messages[0])


async def _take_edit(editor: DraftEditor, message: Message) -> None:
    """Takes a text as it is now, or says that the former one stays."""
    piece, words = read_text(message), editor.ctx.words
    if isinstance(piece, UnsupportedMessage):
        stays = words.text("Sigue el texto de antes, sin ese cambio.")
        await editor.show(Html(f"{_why_not(editor, piece)} {stays}"))
        return
    touched = with_text_edited(editor.draft, message.message_id, piece.html, editor.now)
    editor = await editor.save(touched)
    await editor.show()


def _why_not(editor: DraftEditor, refused: UnsupportedMessage) -> Html:
    words = editor.ctx.words
    return words.text(refused.value, longest=words.number(LONGEST_NOTICE))


def _more_of_it_comes(piece: Version, behind: UpdatesBehind) -> bool:
    """Whether a later update has another element of the album and will show the draft."""
    if piece.group is None:
        return False
    messages = (update.get("message", {}) for update in behind.waiting)
    return any(message.get("media_group_id") == piece.group for message in messages)


async def _take_links(editor: DraftEditor, message: Message) -> None:
    words = editor.ctx.words
    links = parse_links(message.text or "")
    if isinstance(links, WrongLine):
        sentence = words.text(links.fault.value, line=links.line, longest=LONGEST_TEXT)
        await _decline(editor, message, sentence)
        return
    editor = await editor.save(with_links(editor.draft, links, editor.now))
    await editor.show(below=message.message_id)


async def _take_time(editor: DraftEditor, message: Message) -> None:
    moment = parse_moment(message.text or "", editor.now, editor.ctx.services.zone)
    if isinstance(moment, TimeFault):
        await _decline(editor, message, editor.ctx.words.text(moment.value, days=FARTHEST.days))
        return
    await plan_for(editor, moment, below=message.message_id)


async def turned_down(ctx: AdminContext, *, is_at_form: bool) -> bool:
    """Says that a message came unasked or too late; returns False if it is not for the draft.

    At the signing form the supporters' handlers would delete it as an attempt at a name, and a
    message written for a broadcast must not be lost.
    """
    editor, message = await open_draft(ctx), ctx.message
    if editor is None or message is None:
        return False
    words, draft = editor.ctx.words, editor.draft
    is_remembered = draft.is_remembered(editor.now)
    if draft.is_fresh(editor.now) or (is_at_form and is_remembered and not draft.is_waiting):
        notice = words.text(
            "Ese mensaje no se ha añadido: ahora no espero ninguno. Para cambiar el que preparas, "
            "usa los botones."
        )
    elif draft.is_waiting and is_remembered:
        # Renews the time during which the draft waits.
        editor = await editor.save(draft.changed(editor.now))
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
    editor = await editor.save(
        editor.draft.model_copy(update={"refused_album": message.media_group_id})
    )
    await editor.show(why, below=message.message_id)
