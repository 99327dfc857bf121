"""`petition-bot init`: sets a bot up, question by question, or with options alone."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot import file_locations
from bot.console import INTERRUPTED, CannotDo, in_sentences, in_terminal, say
from bot.text.terminal_language import label, named_language

if TYPE_CHECKING:
    from bot.cli.init_setup import Setup

_LANGUAGES = ("es", "en")


def _option(help: str, metavar: str | None = None) -> Any:  # noqa: A002 - catalogs find it so
    return typer.Option(help=help, metavar=metavar, show_default=False)


@in_sentences
def init(
    token_file: Annotated[
        Path | None,
        _option(help="Un archivo con el token del bot; también vale PETITION_BOT_TOKEN."),
    ] = None,
    admin: Annotated[
        list[str] | None,
        _option(help="El número de quien administra; se repite por cada persona.", metavar="ID"),
    ] = None,
    approval_above: Annotated[
        int | None,
        _option(help="Con más personas que estas, un mensaje espera a que lo apruebe otra."),
    ] = None,
    petition: Annotated[
        Path | None,
        _option(help="La carpeta de la petición; si no está, se hace de una plantilla."),
    ] = None,
    short_name: Annotated[
        str | None, _option(help="El nombre corto de una petición nueva, como rio-limpio.")
    ] = None,
    petition_language: Annotated[
        list[str] | None,
        _option(help="Un idioma de una petición nueva, es o en; se repite. Si no, los dos."),
    ] = None,
    controller: Annotated[
        list[str] | None,
        _option(
            help="Quién responde de las firmas, como dentro de una frase; por cada idioma, "
            "es=NOMBRE y en=NOMBRE."
        ),
    ] = None,
    controller_email: Annotated[str | None, _option(help="Su correo.")] = None,
    controller_form: Annotated[str | None, _option(help="Su formulario web: https://…")] = None,
    controller_address: Annotated[str | None, _option(help="Su dirección postal.")] = None,
    protection_officer: Annotated[
        str | None, _option(help="El correo de su delegado de protección de datos.")
    ] = None,
    key_file: Annotated[Path | None, _option(help="Dónde va la clave, o dónde está.")] = None,
    env_file: Annotated[Path | None, _option(help="El archivo de ajustes que se escribe.")] = None,
    language: Annotated[str | None, _option(help="es o en; si no, el de la terminal.")] = None,
    non_interactive: Annotated[
        bool, typer.Option("--non-interactive", help="No pregunta nada.")
    ] = False,
) -> None:
    """Set a bot up: token, admins, petition, key and settings, question by question."""
    options = {
        "token_file": token_file,
        "admin": admin,
        "approval_above": approval_above,
        "petition": petition,
        "short_name": short_name,
        "petition_language": petition_language,
        "controller": controller,
        "controller_email": controller_email,
        "controller_form": controller_form,
        "controller_address": controller_address,
        "protection_officer": protection_officer,
        "key_file": key_file,
        "env_file": env_file,
    }
    # Imported here, since Telegram's library takes a moment to load, which --help does not need.
    from bot.cli.init_setup import KEY_FILE, Setup
    from bot.cli.init_steps import take_steps
    from bot.logs import configure_logging

    configure_logging("ERROR")
    _speak(language, asks=not non_interactive and in_terminal())
    if not non_interactive and not in_terminal():
        raise CannotDo.because(
            "Aquí no hay nadie a quien preguntar, porque la entrada no es una terminal. Añade"
            " --non-interactive y da las respuestas como opciones: petition-bot init --help"
        )
    setup = Setup.begin(_as_answers(options), asks=not non_interactive)
    if setup.asks and KEY_FILE not in setup.known:
        say(
            label(
                "Vamos a preparar tu bot, paso a paso. Con Intro aceptas lo que está entre"
                " corchetes. Con Ctrl-C lo dejas cuando quieras: lo ya escrito se conserva."
            )
        )
    try:
        take_steps(setup)
    except (KeyboardInterrupt, typer.Abort):
        said = label(
            "Lo has interrumpido, y lo escrito se conserva. Cuando quieras seguir: petition-bot"
            " init. Solo te preguntará lo que falta."
        )
        say("", said)
        raise typer.Exit(INTERRUPTED) from None
    _conclude(setup)


def _as_answers(options: dict[str, Any]) -> dict[str, str]:
    """Returns the options that were given, as somebody would answer the questions."""
    answers = {
        name: "\n".join(value) if isinstance(value, list) else str(value)
        for name, value in options.items()
        if value not in (None, [])
    }
    if "token_file" in answers:
        file = Path(answers["token_file"])
        try:
            answers["token_file"] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise CannotDo.because("No se puede leer {path}.", path=file) from None
    return answers


def _speak(language: str | None, *, asks: bool) -> None:
    """Says everything from here on in the language that was chosen, or else the terminal's."""
    if language is not None and language not in _LANGUAGES:
        raise CannotDo.because("{option} puede ser es o en.", option="--language")
    if language is None and asks and named_language() is None:
        answer = str(typer.prompt("Español (es) / English (en)", default="es"))
        language = "en" if answer.strip().lower().startswith("en") else "es"
    if language is not None:
        os.environ["LC_ALL"] = language


def _conclude(setup: Setup) -> None:
    """Keeps the settings of the environment, checks all as `run` does, and says what is next."""
    from bot.cli.init_setup import in_environment, shown
    from bot.settings import load_settings

    # What talked to Telegram here, perhaps through a proxy, is to do so from any other shell.
    outside, before = in_environment(), setup.in_file
    for name in outside.keys() - before.keys():
        setup.keep(name, outside[name])
        say(label("✓ También queda escrito {name}, que estaba en el entorno.", name=name))
    load_settings(env_file=setup.env_file)
    for name in sorted(
        name for name in outside if before.get(name, outside[name]) != outside[name]
    ):
        said = label(
            "{name} tiene además otro valor en el entorno, y es ese el que vale mientras esté.",
            name=name,
        )
        say(said, style="yellow")
    path, folder = setup.env_file, setup.folder or Path()
    said = label(
        "✓ Los ajustes están en {path}. Lo que quieras cambiar, cámbialo ahí y en la carpeta de la"
        " petición, o con una opción: petition-bot init --help",
        path=shown(path),
    )
    say("", said)
    if path != file_locations.env_file().absolute():
        command = f"export {file_locations.ENV_FILE_NAMED}={shlex.quote(str(path))}"
        say(label("  Para que se lea desde aquí: {command}", command=command))
    where = shown(folder) if shlex.quote(str(folder)) == str(folder) else shlex.quote(str(folder))
    say(
        "",
        label("Y ahora, con @{bot}:", bot=setup.answers["token_file"][1].username),
        label(
            "  1. Escribe la petición y mira cómo queda: petition-bot preview {where}", where=where
        ),
        label("  2. Comprueba que no falta nada: petition-bot check {where}", where=where),
        label(
            "  3. Ensáyala en Telegram: petition-bot run --rehearsal. Y cuando quieras abrirla:"
            " petition-bot run"
        ),
    )
