"""Removes files of /mydata from chats once what they hold is erased or replaced.

Telegram lets a bot delete a message for 48 hours only, but edit its own for ever; so an older file
is replaced by an empty one.
"""

import asyncio
from datetime import datetime

import structlog
from telegram import InputMediaDocument
from telegram.error import TelegramError

from bot.text.translations import Words
from bot.transport.errors import ErrorKind, error_kind, stays_for_good
from handlers.context import Bot, Services
from handlers.conversation_message import Cleared
from handlers.delayed_replies import LONGEST_WAIT, PASSING
from storage.sent_files import SentFile, expire_files, files_due, forget_sent_file, give_up_files

_log = structlog.stdlib.get_logger()


async def erase_files(services: Services, words: Words, supporter: bytes) -> Cleared:
    """Removes the due files of one person from their chat.

    A failure is returned, so that the screen can report it before it is raised.
    """
    files = await services.storage.read(files_due, supporter)
    until = asyncio.get_running_loop().time() + LONGEST_WAIT
    try:
        gone = [await _erase(services, words, file, until) for file in files]
    except (TelegramError, TimeoutError) as error:
        told = words.text(
            "Todavía no se ha podido borrar de este chat el archivo con tus datos. Lo volveremos "
            "a intentar; también puedes borrarlo tú."
        )
        return Cleared(told, error)
    if all(gone):
        return Cleared()
    return Cleared(
        words.text(
            "Telegram no nos deja borrar de este chat un archivo con tus datos. Bórralo tú, por "
            "favor."
        )
    )


async def erase_all_files(services: Services, before: datetime) -> None:
    """Removes the due files of everybody; what fails stays due for as long as it may be tried.

    Due are also those that were sent until `before` to people who have not signed.
    """
    await services.storage.write(expire_files, before)
    for file in await services.storage.read(files_due):
        words = await services.words_for(file.chat or 0)
        try:
            await _erase(services, words, file)
        except TelegramError as error:
            _log.warning("file_not_erased", error_kind=error_kind(error))
    left = await services.storage.write(give_up_files, services.clock())
    if left > 0:
        _log.warning("files_left_in_chats", total=left)


async def _erase(
    services: Services, words: Words, file: SentFile, until: float | None = None
) -> bool:
    """Removes one file and its row; returns False if it stays in the chat, at least for now.

    Telegram has `until` then, by the loop's clock. What is written is not cut off.
    """
    is_gone = file.chat is not None
    try:
        if file.chat is not None:
            async with asyncio.timeout_at(until):
                await _delete_or_replace(services.bot, words, file.chat, file.message_id)
    except TelegramError as error:
        kind = error_kind(error)
        if kind in PASSING:
            raise
        if kind is ErrorKind.UNREACHABLE and "deactivated" not in error.message:
            return False  # those who unblock the bot can read the file again
        is_gone = kind in (ErrorKind.GONE, ErrorKind.UNCHANGED) and not stays_for_good(error)
    if not is_gone:
        _log.warning("file_stays_in_chat")
    await services.storage.write(forget_sent_file, file)
    return is_gone


async def _delete_or_replace(bot: Bot, words: Words, chat_id: int, message_id: int) -> None:
    try:
        await bot.delete_message(chat_id, message_id)
    except TelegramError as error:
        if not stays_for_good(error):
            raise
        await bot.edit_message_media(
            InputMediaDocument(
                words.label("Lo que había en este archivo se ha borrado.").encode(),
                filename=words.label("archivo-borrado.txt"),
            ),
            chat_id=chat_id,
            message_id=message_id,
        )
