"""The preview: the bot's copies of the admin's messages, from which recipients get theirs.

An admin can edit their own message at any time, but nobody can edit the bot's copy. So what is
sent is what was previewed and confirmed, as long as nobody deletes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.broadcast.confirmation import content_sha256
from bot.broadcast.content import Copy, content_of, message_ids
from bot.text.translations import Words
from bot.transport.error_kinds import ErrorKind, error_kind
from handlers.admin_context import AdminContext
from handlers.broadcasts.draft import DraftStage, with_preview
from handlers.broadcasts.draft_editor import DraftEditor, current_content
from handlers.context import Bot
from handlers.conversation_message import tolerate
from handlers.delayed_replies import PASSING, before_commit
from storage.broadcast_types import Broadcast
from telegram_text.markup import Html

_log = structlog.stdlib.get_logger()

_REFUSED = (ErrorKind.CONTENT, ErrorKind.GONE, ErrorKind.FORBIDDEN)


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
    editor = await editor.save(editor.draft.changed(editor.ctx.now))
    await editor.ctx.tell_once(partial(_send_test, editor, {}))


async def _show_preview(editor: DraftEditor) -> None:
    editor = await editor.answered()
    ctx = editor.ctx
    await delete_messages(ctx, editor.draft.preview_ids)
    # Keeps the version, so that a repeated tap can make the preview again after a failure.
    former = {"copies": None, "old_copies": (), "edited": False, "stage": DraftStage.READY}
    editor = await editor.save(editor.draft.model_copy(update=former))
    draft = editor.draft
    sources = {language: version.messages for language, version in draft.versions.items()}
    content = await current_content(ctx.services, draft, sources)
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
                refused = editor.draft.changed(ctx.now, stage=stage, language=problem.language)
                editor = await editor.save(refused)
            await editor.draw(_why_not(ctx, problem))
            return
        # Stored at once, so that the next preview deletes them whatever happens now.
        there = tuple(m for ids in copies.values() for m in ids)
        editor = await editor.save(editor.draft.model_copy(update={"old_copies": there}))
    previewed = None if draft.is_copied else content_sha256(content).hex()
    shown = with_preview(editor.draft, copies, ctx.now, previewed)
    editor = await editor.save(shown)
    await editor.draw(below=max(m for ids in copies.values() for m in ids))


async def _send_test(editor: DraftEditor, sent: dict[str, tuple[int, ...]]) -> None:
    """Sends each language that is not in `sent` yet, then shows the draft below."""
    editor = await editor.answered()
    ctx = editor.ctx
    content = await current_content(ctx.services, editor.draft)
    if not content:
        await editor.draw()  # it says why
        return
    for language in (each for each in content if each not in sent):
        try:
            sent[language] = await send_version(ctx, content, language)
        except VersionRefused as problem:
            # The test copies the preview, so it is the preview that is gone.
            if problem.is_gone:
                await draw_lost(editor)
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
        sent = message_ids(await ctx.bot.call(call.method, **call.params))
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


async def show_content(bot: Bot, broadcast: Broadcast, words: Words, admin: int) -> Html:
    """Sends the message in each language; returns a notice about it for the question below."""
    content = content_of(broadcast.content, broadcast.source_chat)
    try:
        for language in broadcast.content:
            call = content.call(admin, language)
            await bot.call(call.method, **call.params)
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

    Raises:
        NothingDone: Telegram did not say.
    """
    copies = content_of(content, chat_id).versions.values()
    async with before_commit():
        for copy in (each for each in copies if isinstance(each, Copy)):
            for message_id in copy.messages:
                if not await _is_there(bot, chat_id, message_id, copy):
                    return False
    return True


async def _is_there(bot: Bot, chat_id: int, message_id: int, copy: Copy) -> bool:
    markup = {"inline_keyboard": copy.keyboard} if copy.keyboard else None
    where = {"chat_id": chat_id, "message_id": message_id}
    try:
        await bot.call("editMessageReplyMarkup", **where, reply_markup=markup)
    except TelegramError as error:
        if error_kind(error) in PASSING:
            raise  # it says nothing about the message
        # The admin may have blocked the bot since, which deletes nothing.
        return "not found" not in error.message.lower()
    return True


async def delete_messages(ctx: AdminContext, messages: tuple[int, ...]) -> None:
    """Deletes those of the messages that still exist in this chat."""
    known = sorted(set(messages))
    if known:
        await tolerate(ctx.bot.delete_messages(ctx.chat_id, known))


async def draw_lost(editor: DraftEditor) -> None:
    """Says that the preview was deleted, and asks to make it again, since it is what is copied."""
    lost = editor.draft.with_content_changed(editor.ctx.now, stage=DraftStage.READY)
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
