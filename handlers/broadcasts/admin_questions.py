"""Asks the admins about a broadcast that waits for one of them to decide.

Each is shown the message as recipients would get it, and below it the question. The first tap
decides; the other admins' buttons then show the result.
"""

import hashlib

import structlog
from telegram.error import TelegramError

from bot.broadcast.content import content_of
from bot.text.markup import Html
from bot.text.translations import Words
from bot.transport.error_kinds import ErrorKind, error_kind
from handlers.broadcasts.preview import send_content
from handlers.broadcasts.progress_publisher import view_of
from handlers.broadcasts.screens.broadcast_lines import Measured
from handlers.broadcasts.screens.progress import state_screen
from handlers.context import Bot, Services
from handlers.conversation_message import send_screen
from storage import Broadcast, NoticeKind, Tally

_log = structlog.stdlib.get_logger()


async def ask_everyone(bot: Bot, services: Services, broadcast: Broadcast, tally: Tally) -> None:
    """Asks each admin once, even if called again for the same question.

    Raises:
        TelegramError: some admin could not be asked now; the others were.
    """
    failed: TelegramError | None = None
    # Authors do not approve their own broadcasts.
    author = {broadcast.author} if broadcast.awaits_approval else set[int]()
    for admin in sorted(services.admins - author):
        try:
            await _ask(bot, services, broadcast, tally, admin)
        except TelegramError as error:
            if error_kind(error) is ErrorKind.UNREACHABLE:
                _log.warning("admin_not_asked", error_kind=error_kind(error))
            else:
                failed = error
    if failed is not None:
        raise failed


async def _ask(
    bot: Bot, services: Services, broadcast: Broadcast, tally: Tally, admin: int
) -> None:
    notices = services.storage.admin_notices
    who = services.reference(admin)
    about = question_digest(broadcast, who)
    if await notices.was_sent(broadcast.id, NoticeKind.QUESTION, about):
        return
    words = await services.words_for(admin)
    notice = None
    if not tally.done:
        notice = await show_content(bot, broadcast, words, admin)
    measured = Measured(tally)
    view = await view_of(services, words, broadcast, reader=admin, measured=measured)
    await send_screen(bot, admin, state_screen(view).with_notice(notice))
    await notices.mark_sent(broadcast.id, NoticeKind.QUESTION, about)


def question_digest(broadcast: Broadcast, reader: bytes = b"") -> str:
    """Returns what tells the notices apart of a broadcast's questions, and of their readers."""
    return hashlib.sha256(reader + (broadcast.question or "").encode()).hexdigest()[:16]


async def show_content(bot: Bot, broadcast: Broadcast, words: Words, admin: int) -> Html:
    """Sends the message in each language; returns a notice about it for the question below."""
    content = content_of(broadcast.content, broadcast.source_chat)
    try:
        for language in broadcast.content:
            await send_content(bot, content.call(admin, language))
    except TelegramError as error:
        if error_kind(error) not in (ErrorKind.CONTENT, ErrorKind.GONE, ErrorKind.UNREACHABLE):
            raise
        _log.warning("content_not_shown", error_kind=error_kind(error))
        return words.text(
            "⚠️ El mensaje no se puede mostrar: su original ya no está, y tampoco se podría enviar."
        )
    return words.text("Arriba tienes el mensaje, tal como llegaría al resto.")
