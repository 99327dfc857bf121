"""The preview: the bot's copies of the admin's messages, from which recipients get theirs.

An admin can edit their own message at any time, but nobody can edit the bot's copy. So what is
sent is what was previewed and confirmed, as long as nobody deletes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from telegram import InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import TelegramError

from bot.broadcast.confirmation import content_sha256
from bot.broadcast.content import Copy, MessageCall, content_of
from bot.text.translations import Words
from bot.transport.error_kinds import ErrorKind, error_kind
from handlers.admin_context import AdminContext
from handlers.broadcasts.draft import DraftStage, with_preview, without_preview
from handlers.broadcasts.draft_content import content_of_copies, current_content
from handlers.broadcasts.draft_editor import DraftEditor
from handlers.context import Bot
from handlers.conversation_message import tolerate
from storage.broadcast_types import Broadcast
from storage.petitions import petition_state
from telegram_text.markup import Html

_log = structlog.stdlib.get_logger()

_REFUSED = (ErrorKind.CONTENT, ErrorKind.GONE, ErrorKind.FORBIDDEN)
# Errors of a call that say nothing about the message it was about.
_SAY_NOTHING = (ErrorKind.WAIT, ErrorKind.RETRY, ErrorKind.UNKNOWN, ErrorKind.UNAUTHORISED)


@dataclass(eq=False)
class VersionRefused(Exception):
    """Telegram refused to send one language's version to the admin.

    Attributes:
        said: Telegram's error message.
        is_gone: whether a message to be copied no longer exists.
    """

    language: str
    said: str
    is_gone: bool


async def show_preview(editor: DraftEditor) -> None:
    """Shows every version as recipients get it, with the summary below; or that it failed."""
    await editor.ctx.tell_once(partial(_show_preview, editor))


async def send_test(editor: DraftEditor) -> None:
    """Sends the admin a test with the very call that the broadcast would make."""
    # The new version makes a repeated tap stale, so that it sends no second test.
    editor = await editor.save(editor.draft.changed(editor.now))
    await editor.ctx.tell_once(partial(_send_test, editor, {}))


async def _show_preview(editor: DraftEditor) -> None:
    editor = await editor.answered()
    ctx, services = editor.ctx, editor.ctx.services
    await delete_messages(ctx, editor.draft.preview_ids)
    editor = await editor.save(without_preview(editor.draft))
    draft = editor.draft
    if draft.is_copied:
        sources = {language: version.messages for language, version in draft.versions.items()}
        content = content_of_copies(services, draft, sources)
    else:
        state = await services.storage.read(petition_state)
        content = await current_content(services, draft, state)
    if not content:
        await editor.draw()  # it says why
        return
    copies: dict[str, tuple[int, ...]] = {}
    for language in content:
        try:
            copies[language] = await send_version(ctx, content, language)
        except VersionRefused as problem:
            if draft.versions:
                stage = DraftStage.CONTENT if problem.is_gone else DraftStage.READY
                refused = editor.draft.changed(editor.now, stage=stage, language=problem.language)
                editor = await editor.save(refused)
            await editor.draw(_why_not(ctx, problem))
            return
        # Stored at once, so that the next preview deletes them whatever happens now.
        there = tuple(m for ids in copies.values() for m in ids)
        editor = await editor.save(editor.draft.model_copy(update={"old_copies": there}))
    previewed = None if draft.is_copied else content_sha256(content).hex()
    shown = with_preview(editor.draft, copies, editor.now, previewed)
    editor = await editor.save(shown)
    await editor.draw(below=max(m for ids in copies.values() for m in ids))


async def _send_test(editor: DraftEditor, sent: dict[str, tuple[int, ...]]) -> None:
    """Sends each language that is not in `sent` yet, then shows the draft below."""
    editor = await editor.answered()
    ctx, services = editor.ctx, editor.ctx.services
    state = await services.storage.read(petition_state)
    content = await current_content(services, editor.draft, state)
    for language in (each for each in content if each not in sent):
        try:
            sent[language] = await send_version(ctx, content, language)
        except VersionRefused as problem:
            # The test copies the preview, so it is the preview that is gone.
            if problem.is_gone:
                await _draw_lost(editor)
            else:
                await editor.draw(_why_not(ctx, problem))
            return
    await editor.draw(
        ctx.words.text("Arriba tienes la prueba, tal como llegará al resto."),
        below=max((m for ids in sent.values() for m in ids), default=0),
    )


async def send_version(
    ctx: AdminContext, content: Mapping[str, object], language: str
) -> tuple[int, ...]:
    """Sends the admin one version, as a broadcast would; returns the ids of the messages.

    Raises:
        VersionRefused: Telegram refused it, or part of it no longer exists.
    """
    call = content_of(content, ctx.chat_id).call(ctx.chat_id, language)
    try:
        sent = await _send_content(ctx.bot, call)
    except TelegramError as error:
        if error_kind(error) not in _REFUSED:
            raise
        said = error.message.lower()
        gone = "not found" in said or "no messages to" in said
        raise VersionRefused(language, error.message, is_gone=gone) from None
    if len(sent) < call.messages:
        await delete_messages(ctx, sent)
        raise VersionRefused(language, "", is_gone=True)
    return sent


async def _send_content(bot: Bot, call: MessageCall) -> tuple[int, ...]:
    """Makes the call; returns the ids of the messages it sent."""
    methods: dict[str, Any] = {
        "sendMessage": bot.send_message,
        "copyMessage": bot.copy_message,
        "copyMessages": bot.copy_messages,
    }
    given: dict[str, Any] = dict(call.params)
    for name, kind in (
        ("reply_markup", InlineKeyboardMarkup),
        ("link_preview_options", LinkPreviewOptions),
    ):
        if name in given:
            given[name] = kind.de_json(given[name], bot)
    sent = await methods[call.method](**given)
    messages = sent if isinstance(sent, tuple) else (sent,)
    return tuple(message.message_id for message in messages)


async def show_content(bot: Bot, broadcast: Broadcast, words: Words, admin: int) -> Html:
    """Sends the message in each language; returns a notice about it for the question below."""
    content = content_of(broadcast.content, broadcast.source_chat)
    try:
        for language in broadcast.content:
            await _send_content(bot, content.call(admin, language))
    except TelegramError as error:
        found = error_kind(error)
        if found not in (*_REFUSED, ErrorKind.UNREACHABLE):
            raise
        _log.warning("content_not_shown", error_kind=found)
        return words.text(
            "⚠️ No puedo enseñarte el mensaje: tus ajustes de Telegram no admiten notas de voz ni "
            "de vídeo."
            if found is ErrorKind.FORBIDDEN
            else "⚠️ El mensaje no se puede mostrar: su original ya no está, y tampoco se podría "
            "enviar."
        )
    return words.text("Arriba tienes el mensaje, tal como llegaría al resto.")


async def message_exists(bot: Bot, chat_id: int, content: Mapping[str, object]) -> bool:
    """Returns whether every copied message still exists; Telegram would send an album without.

    Telegram reports no deletions to bots. So this makes an edit that changes nothing, which
    Telegram refuses with another error when the message is gone.
    """
    copies = content_of(content, chat_id).versions.values()
    for copy in (each for each in copies if isinstance(each, Copy)):
        for message_id in copy.messages:
            if not await _is_there(bot, chat_id, message_id, copy):
                return False
    return True


async def _is_there(bot: Bot, chat_id: int, message_id: int, copy: Copy) -> bool:
    rows = {"inline_keyboard": [list(row) for row in copy.keyboard]}
    markup = InlineKeyboardMarkup.de_json(rows, bot) if copy.keyboard else None
    try:
        await bot.edit_message_reply_markup(
            chat_id=chat_id, message_id=message_id, reply_markup=markup
        )
    except TelegramError as error:
        if error_kind(error) in _SAY_NOTHING:
            raise
        # The admin may have blocked the bot since, which deletes nothing.
        return "not found" not in error.message.lower()
    return True


async def delete_messages(ctx: AdminContext, messages: tuple[int, ...]) -> None:
    """Deletes those of the messages that still exist in this chat."""
    known = sorted(set(messages))
    if known:
        await tolerate(ctx.bot.delete_messages(ctx.chat_id, known))


async def show_lost(editor: DraftEditor) -> None:
    """Says that the preview was deleted, and asks to make it again, since it is what is copied."""
    await editor.ctx.tell(partial(_draw_lost, editor))


async def _draw_lost(editor: DraftEditor) -> None:
    lost = editor.draft.with_content_changed(editor.now, stage=DraftStage.READY)
    await (await editor.save(lost)).draw(
        editor.ctx.words.text(
            "⚠️ No se ha enviado nada: se ha borrado la vista previa, que es el original que se "
            "copia. Vuelve a verla antes de enviar."
        )
    )


def _why_not(ctx: AdminContext, problem: VersionRefused) -> Html:
    return ctx.words.text(
        "⚠️ El mensaje ya no está entero en este chat: se ha borrado. Envíamelo otra vez."
        if problem.is_gone
        else "⚠️ Telegram no acepta el mensaje: {reason}",
        reason=problem.said,
    )
