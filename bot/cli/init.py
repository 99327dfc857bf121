"""`petition-bot init`: sets a bot up, question by question, or with options alone."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import CannotDo, in_sentences, in_terminal, interruptible, say
from bot.text.terminal_language import label

if TYPE_CHECKING:
    from bot.cli.init_setup import Setup


@in_sentences
def init(
    token_file: Annotated[
        Path | None,
        typer.Option(help="Un archivo con el token del bot; también vale PETITION_BOT_TOKEN."),
    ] = None,
    admin: Annotated[
        list[str] | None,
        typer.Option(
            help="El número de quien administra; se repite por cada persona.", metavar="ID"
        ),
    ] = None,
    petition: Annotated[
        str | None,
        typer.Option(
            help="La carpeta de la petición, o el nombre corto de una nueva, como rio-limpio."
        ),
    ] = None,
    petition_language: Annotated[
        list[str] | None,
        typer.Option(help="Un idioma de una petición nueva, es o en; se repite. Si no, los dos."),
    ] = None,
    non_interactive: Annotated[
        bool, typer.Option("--non-interactive", help="No pregunta nada.")
    ] = False,
) -> None:
    """Set a bot up: token, admins, petition, key and settings, question by question."""
    given = {
        "token_file": None if token_file is None else _content(token_file),
        "admin": "\n".join(admin or ()),
        "petition": petition,
        "petition_language": "\n".join(petition_language or ()),
    }
    # Imported here, since Telegram's library takes a moment to load, which --help does not need.
    from bot.cli.init_setup import KEY_FILE, Setup
    from bot.cli.init_steps import take_steps
    from bot.logs import configure_logging

    configure_logging("ERROR")
    if not non_interactive and not in_terminal():
        raise CannotDo.because(
            "Aquí no hay nadie a quien preguntar, porque la entrada no es una terminal. Añade"
            " --non-interactive y da las respuestas como opciones: petition-bot init --help"
        )
    answers = {name: value for name, value in given.items() if value}
    setup = Setup.begin(answers, asks=not non_interactive)
    if setup.asks and KEY_FILE not in setup.known:
        say(
            label(
                "Vamos a preparar tu bot, paso a paso. Con Intro aceptas lo que está entre"
                " corchetes. Con Ctrl-C lo dejas cuando quieras: lo ya escrito se conserva."
            )
        )
    stopped = label(
        "Lo has interrumpido, y lo escrito se conserva. Cuando quieras seguir: petition-bot"
        " init. Solo te preguntará lo que falta."
    )
    with interruptible(stopped):
        take_steps(setup)
    _conclude(setup)


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CannotDo.because("No se puede leer {path}.", path=file) from None


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
    for name, value in outside.items():
        if before.get(name, value) != value:
            said = label(
                "{name} tiene además otro valor en el entorno, y es ese el que vale mientras"
                " esté.",
                name=name,
            )
            say(said, style="yellow")
    folder = setup.answers["petition"]
    where = shown(folder) if shlex.quote(str(folder)) == str(folder) else shlex.quote(str(folder))
    say(
        "",
        label(
            "✓ Los ajustes están en {path}. Lo que quieras cambiar, cámbialo ahí y en la carpeta"
            " de la petición.",
            path=shown(setup.env_file),
        ),
        "",
        label("Y ahora, con @{bot}:", bot=setup.answers["token_file"][1].username),
        label(
            "  1. Escribe la petición, y di en ella quién responde de las firmas: petition-bot"
            " preview {where}",
            where=where,
        ),
        label("  2. Comprueba que no falta nada: petition-bot check {where}", where=where),
        label(
            "  3. Ensáyala en Telegram: petition-bot run --rehearsal. Y cuando quieras abrirla:"
            " petition-bot run"
        ),
    )
