"""The screens of /language and /help, and the commands as Telegram's menu lists them."""

from collections.abc import Mapping

from bot.petition.stages import Action
from bot.text.translations import Words, mark
from handlers.screens.buttons import Button
from handlers.screens.screen import Screen, lines, paragraphs
from handlers.screens.supporter_view import View
from telegram_text.markup import Html, escape

SUPPORTER_COMMANDS: Mapping[str, str] = {
    "start": mark("Ver la petición"),
    "language": mark("Cambiar de idioma"),
    "privacy": mark("Cómo cuidamos tus datos"),
    "mydata": mark("Ver lo que guardamos de ti"),
    "stop": mark("No recibir más mensajes, sin retirar tu firma"),
    "withdraw": mark("Retirar tu firma"),
    "cancel": mark("Salir sin firmar y borrar lo escrito"),
    "help": mark("Ayuda"),
}

ADMIN_COMMANDS: Mapping[str, str] = {
    "stats": mark("Firmas: total, hoy, por idioma y origen"),
    "close": mark("Cerrar la petición"),
    "reopen": mark("Volver a abrir la petición"),
    "closing": mark("Escribir cómo ha acabado la petición"),
    "broadcast": mark("Escribir a quienes firmaron"),
    "broadcasts": mark("Envíos anteriores y programados"),
}


def language(view: View) -> Screen:
    """Offers the petition's languages, each under its own name, and asks in all of them.

    A newcomer has chosen none yet, and has nothing to go back to.
    """
    languages, has_chosen = view.petition.languages, view.conversation.language is not None
    asked = [
        view.words_in(code).text("<b>¿En qué idioma quieres seguir?</b>") for code in languages
    ]
    choices = []
    for code in languages:
        name = view.petition.texts_in(code).language_name
        marked = f"• {name}" if code == view.conversation.language else name
        choices.append(Button(marked, Action.SET_LANGUAGE, code))
    back = Button(view.words.label("Volver"), Action.BACK) if has_chosen else None
    return Screen(Html(""), [*choices, back], lines(*dict.fromkeys(asked)))


def help_(view: View) -> Screen:
    """Lists the commands, with the admins' for an admin."""
    words = view.words
    intro = words.text(
        "En este chat puedes leer la petición, firmarla y saber cómo acaba. Todo se "
        "hace con los botones; también funcionan estos comandos:"
    )
    for_admins = (
        words.text("Y estos, solo para quienes administran la petición:"),
        _listed(words, ADMIN_COMMANDS),
    )
    return Screen(
        paragraphs(
            f"<b>{words.text('Ayuda')}</b>",
            intro,
            _listed(words, SUPPORTER_COMMANDS),
            *(for_admins if view.by_admin else ()),
        ),
        [Button(words.label("Volver"), Action.BACK)],
    )


def _listed(words: Words, described: Mapping[str, str]) -> Html:
    return lines(*(f"/{name} — {escape(words.label(what))}" for name, what in described.items()))
