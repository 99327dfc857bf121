"""What an admin sends for a broadcast: messages that can be copied to many people, and links.

copyMessage cannot copy every kind: https://core.telegram.org/bots/api lists which. Polls and dice
are refused too, since each person would get a different one. Link buttons come as lines «Texto -
dirección», of which the first that Telegram would refuse is named.
"""

import re
from collections.abc import Mapping

from telegram import Message

from bot.petition.names import is_seen
from bot.text import text_limits
from bot.text.problems import Refused
from bot.text.translations import mark
from handlers.broadcasts.draft import Link, LinkRows, Version, first_words
from telegram_text.entities import length

MOST_BUTTONS = 10
LONGEST_TEXT = 60
LONGEST_ADDRESS = 1024

_BETWEEN = " -–—:|→"  # the text and the address
_ADDRESS = re.compile(
    r"tg:(//)?[^/?#\s]\S*"
    r"|https?://([\w-]+\.)+[^\W\d_][\w-]+\.?(:\d{1,5})?([/?#]\S*)?",
    re.IGNORECASE,
)


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


_PAID = mark("Telegram no deja copiar contenido de pago, facturas ni sorteos. Envíame otra cosa.")
_REFUSED: Mapping[str, str] = {
    "poll": mark(
        "Una encuesta no se puede enviar así: cada persona recibiría una distinta y los "
        "votos no se sumarían. Envíala a un canal y manda aquí el enlace."
    ),
    "dice": mark(
        "Un dado sale distinto para cada persona: no se puede enviar a todas el mismo. "
        "Envíame otra cosa."
    ),
    **dict.fromkeys(("paid_media", "invoice", "giveaway", "giveaway_winners"), _PAID),
}
_UNSEEN = mark("En ese mensaje no se ve nada escrito. Envíame otra cosa.")


def read_text(message: Message) -> Version:
    """Returns the text of a notice as part of a draft; raises Refused if it cannot be sent."""
    if not message.text:
        raise Refused(
            "Este mensaje va en texto, para que se pueda leer en cualquier teléfono. Escríbemelo "
            "en un mensaje."
        )
    if not is_seen(message.text):
        raise Refused(_UNSEEN)
    if length(message.text) > LONGEST_NOTICE:
        raise Refused(
            "Es demasiado largo: caben {longest} caracteres. Acórtalo y envíamelo otra vez.",
            longest=LONGEST_NOTICE,
        )
    return Version(messages=(message.message_id,), kind="text", html=message.text_html)


def read_message(message: Message) -> Version:
    """Returns the message as part of a draft; raises Refused if it cannot be broadcast."""
    for field, why in _REFUSED.items():
        if getattr(message, field):
            raise Refused(why)
    # Not the attribute `live_period`, whose use warns since PTB is changing its type.
    if message.location and "live_period" in message.location.to_dict():
        raise Refused(
            "Una ubicación en tiempo real no se puede enviar a más gente. Envía una que no se "
            "mueva."
        )
    if message.text and not is_seen(message.text):
        raise Refused(_UNSEEN)
    kind = next((known for known in MESSAGE_KINDS if getattr(message, known)), None)
    if kind is None:
        raise Refused(
            "Telegram no deja copiar ese tipo de mensaje. Puedes enviarme un texto, una foto, un "
            "vídeo, un álbum, un documento, un audio, una nota de voz o de vídeo, un GIF, un "
            "sticker, una ubicación o un contacto."
        )
    return Version(
        messages=(message.message_id,),
        kind=kind,
        group=message.media_group_id,
        words=words_of(message),
    )


def words_of(message: Message) -> str:
    """Returns how a message begins: its text, or what stands under a picture; may be empty."""
    return first_words(message.text or message.caption or "")


def parse_links(text: str) -> LinkRows:
    """Returns one button per line, each in its own row; raises Refused if one is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise Refused(
            "No he encontrado ningún enlace. Escribe una línea por botón, como "
            "«Leer más - https://ejemplo.org»."
        )
    if len(lines) > MOST_BUTTONS:
        raise Refused("Son demasiados botones: caben diez.")
    return tuple((_link(line),) for line in lines)


def is_address(url: str) -> bool:
    """Returns whether Telegram accepts the address for a button."""
    return len(url) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(url) is not None


def _link(line: str) -> Link:
    *words, address = line.split()
    before, cut = " ".join(words), line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
    text, has_scheme = before.rstrip(_BETWEEN), ":" in address.partition("/")[0]
    url = address if has_scheme else f"https://{address}"
    # Without a sign the last word of a sentence may look like an address.
    if not text or (text == before and not has_scheme) or not is_address(url):
        raise Refused(
            "No entiendo «{line}». Escribe el texto, un guion y la dirección completa, como "
            "«Leer más - https://ejemplo.org».",
            line=cut,
        )
    if len(text) > LONGEST_TEXT:
        raise Refused(
            "En «{line}» el texto es demasiado largo para un botón: caben {longest} caracteres.",
            line=cut,
            longest=LONGEST_TEXT,
        )
    return Link(text=text, url=url)
