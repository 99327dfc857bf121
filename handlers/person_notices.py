"""Sends people the sentences about what was done with their signature by letter or e-mail.

The shell writes them (`petition-bot person`), beside the bot that runs. They come to those too who
muted the bot: each answers the person's own request.
"""

from collections.abc import Mapping

import structlog
from telegram.error import TelegramError

from bot.text.translations import mark
from bot.transport.errors import ErrorKind, error_kind
from handlers.context import Services
from handlers.conversation_message import ConversationMessage, send_screen
from handlers.delayed_replies import PASSING
from handlers.screens.screen import Screen, paragraphs
from handlers.sent_files import erase_files
from storage.conversations import conversation_of, store_screen
from storage.person_requests import (
    MOST_TRIES,
    NOTICES_KEPT_FOR,
    PersonNotice,
    PersonNoticeKind,
    count_try,
    expire_notices,
    forget_notice,
    waiting_notices,
)
from storage.restores import held_restore

_log = structlog.stdlib.get_logger()

LOOK_SECONDS = 5.0

_SAID: Mapping[str, str] = {
    PersonNoticeKind.SHOWN: mark(
        "<b>Hemos atendido tu carta o tu correo.</b> Pedías ver lo que guardamos de ti: hemos "
        "preparado una copia para enviártela."
    ),
    PersonNoticeKind.CORRECTED: mark(
        "<b>Hecho, como pedías en tu carta o tu correo:</b> tu firma lleva el nombre que nos "
        "diste, y el anterior se ha borrado. Puedes verla en /mydata."
    ),
    PersonNoticeKind.ERASED: mark(
        "<b>Hecho, como pedías en tu carta o tu correo:</b> tu firma está retirada y tus "
        "datos, borrados. Gracias por habernos acompañado."
    ),
    PersonNoticeKind.RESTRICTED: mark(
        "<b>Hecho, como pedías en tu carta o tu correo:</b> el uso de tus datos está "
        "limitado. Tu firma sigue contando, aunque sin nombre, y no te escribiremos: solo lo "
        "haríamos si una brecha de seguridad afecta a tus datos. Para volver atrás, entra en "
        "/mydata."
    ),
    PersonNoticeKind.OBJECTED: mark(
        "<b>Hecho, como pedías en tu carta o tu correo:</b> dejamos de usar tus datos. Tu "
        "firma sigue contando, aunque sin nombre, y no te escribiremos: solo lo haríamos si "
        "una brecha de seguridad afecta a tus datos. Para volver atrás, entra en /mydata."
    ),
    PersonNoticeKind.LIFTED: mark(
        "<b>Hecho, como pedías en tu carta o tu correo:</b> el uso de tus datos ya no está "
        "limitado, y tu firma vuelve a ser como las demás. Puedes verla en /mydata."
    ),
}
# After these, messages that were about to leave must not follow the sentence.
_SILENCING = frozenset(
    {PersonNoticeKind.ERASED, PersonNoticeKind.RESTRICTED, PersonNoticeKind.OBJECTED}
)


async def send_notices(services: Services) -> None:
    """Sends the sentences that wait, and forgets those that are too old."""
    storage, postponed = services.storage, set[bytes]()
    waiting = await storage.read(waiting_notices)
    if waiting and await storage.read(held_restore) is not None:
        return  # nobody knows whether they were sent after the backup
    if waiting and services.date_is_right():
        await storage.write(expire_notices, services.clock() - NOTICES_KEPT_FOR)
    for notice in waiting:
        # The sentences to one person keep their order.
        if notice.supporter not in postponed and not await _send(services, notice):
            postponed.add(notice.supporter)


async def _send(services: Services, notice: PersonNotice) -> bool:
    """Sends one sentence; returns False if it is to be tried again."""
    storage, chat = services.storage, notice.chat
    if chat is None or notice.attempts >= MOST_TRIES or notice.kind not in _SAID:
        _log.warning("person_notice_dropped", attempt=notice.attempts)
        await storage.write(forget_notice, notice)
        return True
    has_begun = False
    try:
        said = await _clear_away(services, notice, chat)
        has_begun = await storage.write(count_try, notice)
        if not has_begun:
            return True  # expired, or the person has withdrawn meanwhile
        await send_screen(services.bot, chat, said)
    except TelegramError as error:
        kind = error_kind(error)
        if has_begun and kind in PASSING - {ErrorKind.UNKNOWN}:
            await storage.write(count_try, notice, -1)
        if kind in PASSING:
            return False
        _log.info("person_notice_dropped", error_kind=kind)
    await storage.write(forget_notice, notice)
    return True


async def _clear_away(services: Services, notice: PersonNotice, chat: int) -> Screen:
    """Removes what the chat shows of the data as it was; returns the sentence.

    The screen says what is no longer so; a kept one loses its buttons.
    """
    if notice.kind in _SILENCING:
        services.open_claims.make_void(chat)
    words = services.words(notice.language)
    files = await erase_files(services, words, notice.supporter)
    shown = await services.storage.read(conversation_of, notice.supporter)
    if notice.kind != PersonNoticeKind.SHOWN and shown is not None and shown.message_id:
        await ConversationMessage(services, chat, shown).leave(None, words)
        await services.storage.write(store_screen, notice.supporter, None, None)
    contact = services.petition.contact
    not_asked_for = words.text(
        "Si no lo has pedido tú, dínoslo cuanto antes: {contact}", contact=contact
    )
    return Screen(paragraphs(words.text(_SAID[notice.kind]), files.told, not_asked_for))
