"""The words for messages, audiences and moments on admins' screens, and those about a breach."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.text.translations import Words, mark
from handlers.broadcasts.accepted_messages import MESSAGE_KINDS
from handlers.broadcasts.draft import Version
from storage.broadcast_types import Broadcast, Kind
from storage.recalls import RECALLABLE_FOR
from telegram_text.markup import Html

RECALLABLE_HOURS = RECALLABLE_FOR // timedelta(hours=1)

MUST_SAY = mark(
    "Con palabras sencillas, tiene que decir:\n"
    "• qué ha pasado, cuándo, y con qué datos;\n"
    "• qué puede suponer para quien lo lee;\n"
    "• qué se está haciendo, y qué puede hacer cada persona;\n"
    "• a quién preguntar, con una dirección de correo."
)
"""What the law wants the notice of a breach to say (GDPR art. 34(2))."""
_SUBJECTS = {
    Kind.CLOSING: mark("El mensaje final"),
    Kind.UPDATE: mark("Un mensaje sobre esta petición"),
    Kind.NEWS: mark("Un mensaje sobre otra cosa"),
    Kind.BREACH: mark("Un aviso de una brecha de seguridad"),
    Kind.CORRECTION: mark("Una corrección"),
}


def content_name(words: Words, version: Version) -> Html:
    """Returns what a version is: a photo, an album of three."""
    if version.is_album:
        return words.plural(
            "un álbum de {n} elemento", "un álbum de {n} elementos", len(version.messages)
        )
    return words.text(MESSAGE_KINDS[version.kind])


def subject_name(words: Words, kind: Kind) -> Html:
    """Returns what a broadcast is about, in a few words."""
    return words.text(_SUBJECTS[kind])


def audience_name(words: Words, kind: Kind, only: str | None, *, rest: bool = False) -> Html:
    """Returns the audience in words that can follow «a» or «para».

    `only`: those who read this language. `rest`: those whom an earlier broadcast did not reach.
    """
    if kind is Kind.CORRECTION:
        return words.text("quienes recibieron el mensaje que se corrige")
    if rest:
        return words.text("quienes faltaban por recibirlo")
    everyone = words.text(
        "quienes aceptaron recibir otras noticias"
        if kind is Kind.NEWS
        else "quienes firmaron y aún no lo han recibido"
        if kind is Kind.CLOSING
        else "todas las personas que firmaron, también las que pidieron que no se les escribiera"
        if kind is Kind.BREACH
        else "quienes eligieron recibir novedades"
    )
    if only is None:
        return everyone
    language = words.language_name(only)
    return words.text("{audience} y leen en {language}", audience=everyone, language=language)


def price_name(words: Words, price: int) -> Html:
    """Says what a broadcast costs if it goes to as many as the screen names."""
    return words.plural(
        "Precio: {n} estrella de Telegram para ese número de personas (0,1 por mensaje).",
        "Precio: {n} estrellas de Telegram para ese número de personas (0,1 por mensaje).",
        price,
    )


def moment_name(words: Words, when: datetime) -> Html:
    """Returns a moment in the petition's zone, with the name of the zone."""
    moment, offset = words.appointment(when), words.offset(when)
    city = str(words.zone).rpartition("/")[2].replace("_", " ")
    return words.text(
        "{moment} (UTC)" if offset == "UTC" else "{moment} (hora de {city}, {offset})",
        moment=moment,
        city=city,
        offset=offset,
    )


def recipients_name(words: Words, broadcast: Broadcast) -> Html:
    """Returns the audience of a broadcast in words."""
    own = broadcast.kind is Kind.CLOSING or broadcast.topic == broadcast.id.hex()
    return audience_name(words, broadcast.kind, broadcast.language, rest=not own)


def admin_name(
    words: Words, admin: int | None, names: Mapping[int, str], reader: int | None
) -> str:
    """Returns how an admin calls another, or themselves; None or 0 is one who cannot be read."""
    if admin == reader:
        return words.label("ti")
    if not admin:
        return words.label("alguien")
    return names.get(admin) or words.label("alguien sin nombre ({number})", number=admin)


def recipients_changed(words: Words, before: int, now: int) -> Html:
    """Says that nothing goes out, as there are other recipients than the button was drawn for."""
    return words.text(
        "⚠️ El número de personas ha cambiado y no ha salido nada: era {before}, ahora es {now}. "
        "Si te parece bien, pulsa otra vez el botón.",
        before=words.number(before),
        now=words.number(now),
    )


def unsigned_left_out(words: Words, people: int) -> Html:
    """Says of how many people a name is stored and no chat to write to."""
    return words.plural(
        "{n} persona más escribió su nombre y no firmó. El bot guarda ese nombre, pero no su "
        "chat: hay que avisarla de otra forma.",
        "{n} personas más escribieron su nombre y no firmaron. El bot guarda esos nombres, pero "
        "no sus chats: hay que avisarlas de otra forma.",
        people,
    )
