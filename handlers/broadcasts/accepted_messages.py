"""Decides which messages can be copied to many people, and what of them is kept.

copyMessage cannot copy every kind: https://core.telegram.org/bots/api lists which. Polls and dice
are refused too, since each person would get a different one.
"""

from collections.abc import Mapping
from enum import Enum

from telegram import InlineKeyboardMarkup, Message

from bot.text import text_limits
from bot.text.translations import mark
from handlers.broadcasts.draft import Link, LinkRows, Version, first_words
from handlers.broadcasts.parse_links import is_address
from telegram_text.entities import length

MESSAGE_KINDS: Mapping[str, str] = {
    "animation": mark("un GIF"),
    "photo": mark("una foto"),
    "video": mark("un vídeo"),
    "video_note": mark("una nota de vídeo"),
    "audio": mark("un audio"),
    "voice": mark("una nota de voz"),
    "sticker": mark("un sticker"),
    "document": mark("un documento"),
    "venue": mark("un lugar"),
    "location": mark("una ubicación"),
    "contact": mark("un contacto"),
    "text": mark("un texto"),
}
"""The fields of a message that give it its kind, by priority, and what each is called."""


LONGEST_NOTICE = text_limits.MESSAGE - text_limits.BOT_WORDS
"""Characters of the notice of a breach, as Telegram counts them; the bot's own are around it."""


class UnsupportedMessage(Enum):
    """Why a message cannot be broadcast. The values are sentences for admins."""

    POLL = mark(
        "Una encuesta no se puede enviar así: cada persona recibiría una distinta y los "
        "votos no se sumarían. Envíala a un canal y manda aquí el enlace."
    )
    DICE = mark(
        "Un dado sale distinto para cada persona: no se puede enviar a todas el mismo. "
        "Envíame otra cosa."
    )
    LIVE_LOCATION = mark(
        "Una ubicación en tiempo real no se puede enviar a más gente. Envía una que no se mueva."
    )
    PAID = mark(
        "Telegram no deja copiar contenido de pago, facturas ni sorteos. Envíame otra cosa."
    )
    OTHER = mark(
        "Telegram no deja copiar ese tipo de mensaje. Puedes enviarme un texto, una foto, un "
        "vídeo, un álbum, un documento, un audio, una nota de voz o de vídeo, un GIF, un "
        "sticker, una ubicación o un contacto."
    )
    NO_TEXT = mark(
        "Este mensaje va en texto, para que se pueda leer en cualquier teléfono. Escríbemelo en "
        "un mensaje."
    )
    TOO_LONG = mark(
        "Es demasiado largo: caben {longest} caracteres. Acórtalo y envíamelo otra vez."
    )


def read_text(message: Message) -> Version | UnsupportedMessage:
    """Returns the text of a notice as part of a draft, or why it cannot be sent as one."""
    if not message.text:
        return UnsupportedMessage.NO_TEXT
    if length(message.text) > LONGEST_NOTICE:
        return UnsupportedMessage.TOO_LONG
    return Version(messages=(message.message_id,), kind="text", html=message.text_html)


def read_message(message: Message) -> Version | UnsupportedMessage:
    """Returns the message as part of a draft, or why it cannot be broadcast."""
    why_not = _why_unsupported(message)
    if why_not is not None:
        return why_not
    kind = next((known for known in MESSAGE_KINDS if getattr(message, known)), None)
    if kind is None:
        return UnsupportedMessage.OTHER
    links, lost = _link_buttons(message.reply_markup)
    grouped = message.media_group_id is not None
    return Version(
        messages=(message.message_id,),
        kind=kind,
        group=message.media_group_id,
        # Telegram shows no buttons under an album.
        links=() if grouped else links,
        lost_buttons=lost,
        words=words_of(message),
    )


def words_of(message: Message) -> str:
    """Returns how a message begins: its text, or what stands under a picture; may be empty."""
    return first_words(message.text or message.caption or "")


def _why_unsupported(message: Message) -> UnsupportedMessage | None:
    if message.poll:
        return UnsupportedMessage.POLL
    if message.dice:
        return UnsupportedMessage.DICE
    # Not the attribute `live_period`, whose use warns since PTB is changing its type.
    if message.location and "live_period" in message.location.to_dict():
        return UnsupportedMessage.LIVE_LOCATION
    if message.paid_media or message.invoice or message.giveaway or message.giveaway_winners:
        return UnsupportedMessage.PAID
    return None


def _link_buttons(keyboard: InlineKeyboardMarkup | None) -> tuple[LinkRows, bool]:
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
