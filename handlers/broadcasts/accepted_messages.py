"""Which messages can be copied to many people, and what of them is kept.

What a copy cannot carry is refused here with its reason: https://core.telegram.org/bots/api names
what copyMessage takes; polls and dice it takes too, but each person would get another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from telegram import InlineKeyboardMarkup, Message

from bot.text.translations import mark

from .draft import DraftMessage, Link, LinkRows
from .parse_links import is_address

# The field that makes a message what it is; the first that is there counts.
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
    """Why a message cannot be sent to many."""

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
    """What the message is for a draft, or why it cannot be one."""
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
        # Telegram shows no buttons under an album, so none were there to be lost either.
        links=() if grouped else links,
        lost_buttons=lost,
    )


def _unfit(message: Message) -> UnsupportedMessage | None:
    if message.poll:
        return UnsupportedMessage.POLL
    if message.dice or message.game:
        return UnsupportedMessage.DICE if message.dice else UnsupportedMessage.OTHER
    # Not by its attribute, whose type the library is about to change with a warning.
    if message.location and "live_period" in message.location.to_dict():
        return UnsupportedMessage.LIVE_LOCATION
    if message.paid_media or message.invoice or message.giveaway or message.giveaway_winners:
        return UnsupportedMessage.PAID
    if message.story or message.checklist:
        return UnsupportedMessage.OTHER
    return None


def _kept(keyboard: InlineKeyboardMarkup | None) -> tuple[LinkRows, bool]:
    """The buttons that open an address, and whether there were others."""
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
