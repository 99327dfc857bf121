"""`petition-bot init`: sets a bot up, question by question, or with options alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import (
    INTERRUPTED,
    NEEDS_A_PERSON,
    CannotDo,
    in_sentences,
    said_of_storage,
    say,
)
from bot.text.terminal_language import label, named_language, terminal_language
from storage import KeyFileUnusable

if TYPE_CHECKING:
    from bot.cli.init_state import Setup
    from bot.text.translations import Words

_LANGUAGES = ("es", "en")


def read_admin(typed: str) -> int:
    """Reads an admin's Telegram id; a name in its place is refused in a sentence."""
    if not (typed.isascii() and typed.isdecimal() and int(typed)):
        raise typer.BadParameter(
            label(
                "pon el número de Telegram de la persona, como 12345; sin él, init la encuentra "
                "con un enlace"
            )
        )
    return int(typed)


@in_sentences
def init(
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="Un archivo con el token del bot; también vale PETITION_BOT_TOKEN.",
            show_default=False,
        ),
    ] = None,
    admin: Annotated[
        list[int] | None,
        typer.Option(
            parser=read_admin,
            metavar="ID",
            help="El número de quien administra; se repite por cada persona.",
            show_default=False,
        ),
    ] = None,
    approval_above: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Con más personas que estas, un mensaje espera a que lo apruebe alguien más.",
            show_default=False,
        ),
    ] = None,
    petition: Annotated[
        Path | None,
        typer.Option(
            help="La carpeta de la petición; si no está, se hace de una plantilla.",
            show_default=False,
        ),
    ] = None,
    short_name: Annotated[
        str | None,
        typer.Option(
            help="El nombre corto de una petición nueva, como rio-limpio.", show_default=False
        ),
    ] = None,
    petition_language: Annotated[
        list[str] | None,
        typer.Option(
            help="Un idioma de una petición nueva, es o en; se repite. Si no se da, los dos.",
            show_default=False,
        ),
    ] = None,
    controller: Annotated[
        list[str] | None,
        typer.Option(
            help="Quién responde de las firmas, como dentro de una frase; por cada "
            "idioma, es=NOMBRE y en=NOMBRE.",
            show_default=False,
        ),
    ] = None,
    controller_email: Annotated[
        str | None, typer.Option(help="Su correo.", show_default=False)
    ] = None,
    controller_form: Annotated[
        str | None,
        typer.Option(help="Su formulario web: https://…", show_default=False),
    ] = None,
    controller_address: Annotated[
        str | None, typer.Option(help="Su dirección postal.", show_default=False)
    ] = None,
    protection_officer: Annotated[
        str | None,
        typer.Option(help="El correo de su delegado de protección de datos.", show_default=False),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(help="Dónde va la clave, o dónde está.", show_default=False),
    ] = None,
    bot_name: Annotated[
        str | None,
        typer.Option(help="El nombre que se ve en la lista de chats.", show_default=False),
    ] = None,
    bot_picture: Annotated[
        bool, typer.Option("--bot-picture", help="Le pone al bot una imagen dibujada.")
    ] = False,
    env_file: Annotated[
        Path | None,
        typer.Option(help="El archivo de ajustes que se escribe.", show_default=False),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="es o en; si no se da, el de la terminal.", show_default=False),
    ] = None,
    non_interactive: Annotated[
        bool, typer.Option("--non-interactive", help="No pregunta nada.")
    ] = False,
) -> None:
    """Set a bot up: token, admins, petition, key and settings, question by question."""
    # Imported here, since Telegram's library takes a moment to load, which --help does not need.
    from bot.cli.init_questions import Questions
    from bot.cli.init_state import Given, Setup
    from bot.cli.init_steps import set_up, trouble
    from bot.logs import configure_logging
    from bot.setup.bot_calls import TokenRefused, Unreachable

    configure_logging("ERROR")
    given = Given(
        token_file=token_file,
        admins=frozenset(admin or ()),
        approval_above=approval_above,
        petition=petition,
        short_name=short_name,
        languages=_template_languages(petition_language),
        controller=tuple(controller or ()),
        email=controller_email,
        web_form=controller_form,
        address=controller_address,
        protection_officer=protection_officer,
        key_file=key_file,
        env_file=env_file,
        bot_name=bot_name,
        bot_picture=bot_picture,
    )
    words = _words(language, asks=not non_interactive and sys.stdin.isatty())
    if not non_interactive and not sys.stdin.isatty():
        raise CannotDo(
            words.label(
                "Aquí no hay nadie a quien preguntar, porque la entrada no es una terminal. Añade"
                " --non-interactive y da las respuestas como opciones: petition-bot init --help"
            )
        )
    setup = Setup.begin(given, words, None if non_interactive else Questions(words))
    try:
        set_up(setup)
    except (KeyboardInterrupt, typer.Abort):
        say("", words.label("Lo has interrumpido."))
        _say_what_is_there(setup, before_too=True)
        say(
            words.label(
                "Cuando quieras seguir: petition-bot init. Solo te preguntará lo que falta."
            )
        )
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        _say_what_is_there(setup)
        if isinstance(error, KeyFileUnusable):
            raise CannotDo(said_of_storage(error, words), code=NEEDS_A_PERSON) from None
        if isinstance(error, TokenRefused | Unreachable):  # as if it was revoked meanwhile
            raise CannotDo(trouble(words, error)) from None
        raise


def _template_languages(typed: list[str] | None) -> tuple[str, ...]:
    if not {*_LANGUAGES}.issuperset(typed or ()):
        raise CannotDo.because("{option} puede ser es o en.", option="--petition-language")
    return tuple(dict.fromkeys(typed or ()))


def _words(language: str | None, *, asks: bool) -> Words:
    """Returns the words of the language that was chosen, or else of the terminal."""
    from bot.text.translations import Catalogs

    if language is not None and language not in _LANGUAGES:
        raise CannotDo.because("{option} puede ser es o en.", option="--language")
    chosen = language or named_language()
    if chosen is None and asks:
        answer = typer.prompt("Español (es) / English (en)", default="es", show_default=True)
        chosen = "en" if str(answer).strip().lower().startswith("en") else "es"
    return Catalogs.load().words(chosen or terminal_language())


def _say_what_is_there(setup: Setup, *, before_too: bool = False) -> None:
    """Says what this run has written; after an interruption also that settings were there."""
    if before_too and setup.in_file:
        setup.note_settings()
    if setup.written:
        say(setup.words.label("Esto ya está escrito y se conserva:"))
    say(*(f"  {line}" for line in setup.written))
