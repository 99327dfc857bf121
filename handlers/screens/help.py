"""The screens of /language and /help, and the commands as Telegram's menu lists them."""

from collections.abc import Mapping

from bot.petition.stages import Action
from bot.text.translations import Words, mark
from handlers.screens.buttons import Button
from handlers.screens.screen import Screen, lines
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
    "closing": mark("Escribir cómo ha terminado la petición"),
    "broadcast": mark("Escribir a quienes firmaron"),
    "broadcasts": mark("Envíos anteriores y programados"),
}


def language(view: View) -> Screen:
    """Offers the petition's languages, each under its own name, and asks in all of them.

    A newcomer has chosen none yet, and has nothing to go back to.
    """
    chosen, names = view.conversation.language, dict[str, str]()
    for code in view.petition.languages:
        name = view.petition.texts_in(code).language_name
        names[code] = f"• {name}" if code == chosen else name
    asked = [view.words_in(each).text("<b>¿En qué idioma quieres seguir?</b>") for each in names]
    return Screen.of(
        question=lines(*dict.fromkeys(asked)),
        buttons=[
            *(Button(name, Action.SET_LANGUAGE, code) for code, name in names.items()),
            chosen is not None and view.button("Volver", Action.BACK),
        ],
    )


def help_(view: View) -> Screen:
    """Lists the commands, with the admins' for an admin."""
    return Screen.of(
        view.text("<b>Ayuda</b>"),
        view.text(
            "En este chat puedes leer la petición, firmarla y saber cómo termina. Todo se "
            "hace con los botones; también funcionan estos comandos:"
        ),
        _listed(view.words, SUPPORTER_COMMANDS),
        view.by_admin and view.text("Y estos, solo para quienes administran la petición:"),
        view.by_admin and _listed(view.words, ADMIN_COMMANDS),
        buttons=[view.button("Volver", Action.BACK)],
    )


def _listed(words: Words, described: Mapping[str, str]) -> Html:
    return lines(*(f"/{name} — {escape(words.label(what))}" for name, what in described.items()))
