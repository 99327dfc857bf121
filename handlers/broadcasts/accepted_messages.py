"""Decides which messages can be copied to many people, and what of them is kept.

copyMessage cannot copy every kind: https://core.telegram.org/bots/api lists which. Polls and dice
are refused too, since each person would get a different one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from telegram import InlineKeyboardMarkup, Message

from bot.text.translations import mark
from handlers.broadcasts.draft import DraftMessage, Link, LinkRows
from handlers.broadcasts.parse_links import is_address

# Fields that give a message its kind, by priority.
_KINDS: Final = (
    "animation",
    "photo",
    "video",
    "video_note",
    "audio",
    "voice",
    "sticker",
    "document",
    "venue",
    "location",
    "contact",
    "text",
)


class UnsupportedMessage(Enum):
    """Why a message cannot be broadcast."""

    POLL = auto()
    DICE = auto()
    LIVE_LOCATION = auto()
    PAID = auto()
    OTHER = auto()


UNFIT_SENTENCES: Final[Mapping[UnsupportedMessage, str]] = MappingProxyType(
    {
        UnsupportedMessage.POLL: mark(
            "Una encuesta no se puede enviar así: cada persona recibiría una distinta y los "
            "votos no se sumarían. Envíala a un canal y manda aquí el enlace."
        ),
        UnsupportedMessage.DICE: mark(
            "Un dado sale distinto para cada persona: no se puede enviar a todas el mismo. "
            "Envíame otra cosa."
        ),
        UnsupportedMessage.LIVE_LOCATION: mark(
            "Una ubicación en tiempo real no se puede enviar a más gente. Envía una que no se "
            "mueva."
        ),
        UnsupportedMessage.PAID: mark(
            "Telegram no deja copiar contenido de pago, facturas ni sorteos. Envíame otra cosa."
        ),
        UnsupportedMessage.OTHER: mark(
            "Telegram no deja copiar ese tipo de mensaje. Puedes enviarme un texto, una foto, un "
            "vídeo, un álbum, un documento, un audio, una nota de voz o de vídeo, un GIF, un "
            "sticker, una ubicación o un contacto."
        ),
    }
)


def piece_of(message: Message) -> DraftMessage | UnsupportedMessage:
    """Returns the message as part of a draft, or why it cannot be broadcast."""
    unfit = _unfit(message)
    if unfit is not None:
        return unfit
    kind = next((known for known in _KINDS if getattr(message, known)), None)
    if kind is None:
        return UnsupportedMessage.OTHER
    links, lost = _kept(message.reply_markup)
    grouped = message.media_group_id is not None
    return DraftMessage(
        message_id=message.message_id,
        kind=kind,
        group=message.media_group_id,
        # Telegram shows no buttons under an album.
        links=() if grouped else links,
        lost_buttons=lost,
    )


def _unfit(message: Message) -> UnsupportedMessage | None:
    if message.poll:
        return UnsupportedMessage.POLL
    if message.dice or message.game:
        return UnsupportedMessage.DICE if message.dice else UnsupportedMessage.OTHER
    # Not the attribute `live_period`, whose use warns since PTB is changing its type.
    if message.location and "live_period" in message.location.to_dict():
        return UnsupportedMessage.LIVE_LOCATION
    if message.paid_media or message.invoice or message.giveaway or message.giveaway_winners:
        return UnsupportedMessage.PAID
    if message.story or message.checklist:
        return UnsupportedMessage.OTHER
    return None


def _kept(keyboard: InlineKeyboardMarkup | None) -> tuple[LinkRows, bool]:
    """Returns the buttons that open an address, and whether there were others."""
    if keyboard is None:
        return (), False
    rows = [
        tuple(
            Link(text=button.text, url=button.url)
            for button in row
            if button.url is not None and is_address(button.url)
        )
        for row in keyboard.inline_keyboard
    ]
    there = sum(map(len, keyboard.inline_keyboard))
    kept = tuple(row for row in rows if row)
    return kept, sum(map(len, kept)) < there
