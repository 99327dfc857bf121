"""A person's rights: the full notice, what is held, taking the signature back."""

from __future__ import annotations

from bot.petition.journey import Action
from bot.petition.markup import Html

from .reading import turning
from .screen import Button, Screen, paragraphs, rows
from .view import View


def privacy(view: View) -> Screen:
    """The second layer, page by page (GDPR art. 13, LOPDGDD art. 11)."""
    words, pages, page = view.words, view.texts.privacy, view.place.page
    number = words.text("Página {page} de {pages}", page=page + 1, pages=len(pages))
    data = Button(words.label("Mis datos"), Action.MY_DATA)
    return Screen(
        paragraphs(pages[page], f"<i>{number}</i>" if len(pages) > 1 else None),
        rows(turning(view, Action.PRIVACY, page, len(pages)), (data, _back(view))),
    )


def my_data(view: View) -> Screen:
    """Everything that is held of this person (GDPR art. 15)."""
    words = view.words
    title = words.text("<b>Lo que guardamos de ti en esta petición</b>")
    lines = _signature_lines(view) if view.signature else _draft_lines(view)
    note = words.text(
        "Tu nombre y el identificador de tu chat se guardan cifrados. Con el botón lo "
        "recibes todo en un archivo JSON."
    )
    signature = view.signature
    withdraw = signature and Button(words.label("Retirar mi firma"), Action.WITHDRAW)
    news = Button(words.label("No recibir noticias de otras acciones"), Action.REFUSE_NEWS)
    return Screen(
        paragraphs(title, "\n".join(lines), note),
        rows(
            (Button(words.label("📄 Recibir el archivo"), Action.DATA_FILE),),
            (news if signature and signature.news and not signature.muted else None,),
            (_mute_button(view),),
            (withdraw or None,),
            (_back(view),),
        ),
    )


def withdraw(view: View) -> Screen:
    """Says what withdrawing does, with one button that does it (GDPR art. 7(3))."""
    words = view.words
    question = words.text("<b>¿Quieres retirar tu firma?</b>")
    what = words.text(
        "Borraremos tu firma, con tu nombre y el identificador de tu chat. Después ya "
        "no podremos contarte en este chat cómo termina la petición."
    )
    return Screen(
        paragraphs(question, what),
        rows(
            (Button(words.label("Retirar mi firma y borrar mis datos"), Action.ERASE),),
            (Button(words.label("No, mantener mi firma"), Action.HOME),),
        ),
    )


def withdrawn(view: View) -> Screen:
    """What is left after a withdrawal: a kind word."""
    words = view.words
    done = words.text("<b>Tu firma está retirada y tus datos, borrados.</b>")
    thanks = words.text("Gracias por habernos acompañado. Puedes volver cuando quieras.")
    home = Button(words.label("Volver al inicio"), Action.HOME)
    return Screen(paragraphs(done, thanks), rows((home,)))


def _signature_lines(view: View) -> list[Html]:
    words, signature = view.words, view.signature
    if signature is None:
        return []
    news = words.text("sí") if signature.news else words.text("no")
    messages = (
        words.text("Pediste que no te escribiéramos.")
        if signature.muted
        else words.text("Te escribiremos para contarte cómo termina la petición.")
    )
    return [
        words.text("Nombre: {name}", name=signature.name),
        words.text("Firma número: {number}", number=words.number(signature.number)),
        words.text("Fecha: {date}", date=words.date(signature.signed_at)),
        words.text("Idioma: {language}", language=view.texts.language_name),
        words.text("Cómo llegaste: {source}", source=signature.source or "—"),
        words.text("Noticias de otras acciones: {news}", news=news),
        messages,
        words.text("Versión del texto que aceptaste: {version}", version=signature.text_version),
        words.text("Y el identificador de tu chat de Telegram, para poder escribirte."),
    ]


def _draft_lines(view: View) -> list[Html]:
    words, conversation = view.words, view.conversation
    return [
        words.text("No has firmado esta petición."),
        words.text("Nombre escrito, todavía sin firmar: {name}", name=conversation.name or "—"),
        words.text("Idioma: {language}", language=view.texts.language_name),
        words.text("Cómo llegaste: {source}", source=conversation.source or "—"),
    ]


def _mute_button(view: View) -> Button | None:
    if view.signature is None:
        return None
    if view.signature.muted:
        return Button(view.words.label("🔔 Volver a recibir mensajes"), Action.UNMUTE)
    return Button(view.words.label("🔕 No recibir más mensajes"), Action.MUTE)


def _back(view: View) -> Button:
    return Button(view.words.label("Volver"), Action.BACK)
