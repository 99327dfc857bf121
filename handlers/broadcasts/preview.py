"""The preview: the bot's copies of the admin's messages, from which recipients get theirs.

An admin can edit their own message at any time, but nobody can edit the bot's copy. So what is
sent is what was previewed and confirmed, as long as nobody deletes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.broadcast.content import Content, Copy, content_of, message_ids
from bot.text.translations import Words
from bot.transport.errors import ErrorKind, error_kind
from handlers.broadcasts.draft import DraftStage, with_preview
from handlers.broadcasts.draft_editor import DraftEditor, new_content
from handlers.chat_context import AdminContext
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
        kind: of the error; GONE where a message to be copied no longer exists.
        said: Telegram's error message.
    """

    kind: ErrorKind
    said: str = ""


async def show_preview(editor: DraftEditor) -> None:
    """Shows every version as recipients get it, with the summary below; or that it failed."""
    await editor.ctx.tell_once(partial(_show_preview, editor))


async def send_test(editor: DraftEditor) -> None:
    """Sends the admin a test with the very call that the broadcast would make."""
    # The new version makes a repeated tap stale, so that it sends no second test.
    editor = await editor.save(editor.draft.changed(editor.ctx.now))
    await editor.ctx.tell_once(partial(_send_test, editor, {}))


async def _show_preview(editor: DraftEditor) -> None:
    ctx = editor.ctx
    await delete_messages(ctx.bot, ctx.chat_id, editor.draft.preview_ids)
    # Keeps the version, so that a repeated tap can make the preview again after a failure.
    former = {"content": None, "preview_ids": (), "edited": False, "stage": DraftStage.READY}
    editor = await editor.save(editor.draft.model_copy(update=former))
    content = await new_content(ctx.services, editor.draft)
    if not content:
        await editor.draw()  # it says why
        return
    originals = content_of(content, ctx.chat_id)
    for language, version in content.items():
        try:
            sent = await send_version(ctx.bot, originals, ctx.chat_id, language)
        except VersionRefused as problem:
            if editor.draft.versions:
                is_gone = problem.kind is ErrorKind.GONE
                stage = DraftStage.CONTENT if is_gone else DraftStage.READY
                refused = editor.draft.changed(ctx.now, stage=stage, language=language)
                editor = await editor.save(refused)
            await editor.draw(_why_not(ctx, problem))
            return
        if isinstance(version, dict):
            version["messages"] = list(sent)
        # Stored at once, so that the next preview deletes them whatever happens now.
        there = (*editor.draft.preview_ids, *sent)
        editor = await editor.save(editor.draft.model_copy(update={"preview_ids": there}))
    editor = await editor.save(with_preview(editor.draft, content, ctx.now))
    await editor.draw(below=max(editor.draft.preview_ids))


async def _send_test(editor: DraftEditor, sent: dict[str, tuple[int, ...]]) -> None:
    """Sends each language that is not in `sent` yet, then shows the draft below."""
    ctx = editor.ctx
    if (await editor.view()).terms is None:
        await editor.draw()  # something else would be sent by now, and it says why
        return
    shown = content_of(editor.draft.content or {}, ctx.chat_id)
    for language in (each for each in shown.versions if each not in sent):
        try:
            sent[language] = await send_version(ctx.bot, shown, ctx.chat_id, language)
        except VersionRefused as problem:
            # The test copies the preview, so it is the preview that is gone.
            if problem.kind is ErrorKind.GONE:
                await draw_lost(editor)
            else:
                await editor.draw(_why_not(ctx, problem))
            return
    await editor.draw(
        ctx.words.text("Arriba tienes la prueba, tal como llegará al resto."),
        below=max((m for ids in sent.values() for m in ids), default=0),
    )


async def send_version(bot: Bot, content: Content, admin: int, language: str) -> tuple[int, ...]:
    """Sends an admin one version, as a broadcast would; returns the ids of the messages.

    Raises:
        VersionRefused: Telegram refused it, or part of it no longer exists.
    """
    call = content.call(admin, language)
    try:
        sent = message_ids(await bot.call(call.method, **call.params))
    except TelegramError as error:
        kind, said = error_kind(error), error.message.lower()
        if kind not in _REFUSED:
            raise
        is_gone = "not found" in said or "no messages to" in said
        raise VersionRefused(ErrorKind.GONE if is_gone else kind, error.message) from None
    if len(sent) < call.messages:
        await delete_messages(bot, admin, sent)
        raise VersionRefused(ErrorKind.GONE)
    return sent


async def show_content(bot: Bot, broadcast: Broadcast, words: Words, admin: int) -> Html:
    """Sends the message in each language; returns a notice about it for the question below."""
    content = content_of(broadcast.content, broadcast.source_chat)
    try:
        for language in broadcast.content:
            await send_version(bot, content, admin, language)
    except VersionRefused as refused:
        _log.warning("content_not_shown", error_kind=refused.kind)
        return words.text(
            "⚠️ No puedo enseñarte el mensaje: tus ajustes de Telegram no admiten notas de voz ni "
            "de vídeo."
            if refused.kind is ErrorKind.FORBIDDEN
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
            markup = {"inline_keyboard": copy.keyboard} if copy.keyboard else None
            for message_id in copy.messages:
                where = {"chat_id": chat_id, "message_id": message_id}
                try:
                    await bot.call("editMessageReplyMarkup", **where, reply_markup=markup)
                except TelegramError as error:
                    if error_kind(error) in PASSING:
                        raise  # it says nothing about the message
                    # The admin may have blocked the bot since, which deletes nothing.
                    if "not found" in error.message.lower():
                        return False
    return True


async def delete_messages(bot: Bot, chat_id: int, messages: tuple[int, ...]) -> None:
    """Deletes those of the messages that still exist in a chat."""
    if messages:
        await tolerate(bot.delete_messages(chat_id, messages))


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
        if problem.kind is ErrorKind.GONE
        else "⚠️ Telegram no acepta el mensaje: {reason}",
        reason=problem.said,
    )
