"""`petition-bot init`: sets a bot up, question by question, or with options alone."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import file_locations
from bot.cli.init_steps import (
    KEY_FILE,
    STEPS,
    TOKEN,
    Setup,
    SetupStep,
    keep_key,
    shown,
    usable_key,
)
from bot.console import CannotDo, explain, in_terminal, interruptible, say, tell
from bot.intake.polling import TokenUnknown
from bot.logs import configure_logging
from bot.settings import Settings, in_environment, in_file
from bot.text.terminal_language import TerminalError, label


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
    # What is no text is no token either.
    token = token_file.read_text(encoding="utf-8", errors="replace") if token_file else ""
    given = {
        "token_file": token,
        "admin": "\n".join(admin or ()),
        "petition": petition or "",
        "petition_language": "\n".join(petition_language or ()),
    }
    configure_logging("ERROR")
    if not non_interactive and not in_terminal():
        raise CannotDo.because(
            "Aquí no hay nadie a quien preguntar, porque la entrada no es una terminal. Añade"
            " --non-interactive y da las respuestas como opciones: petition-bot init --help"
        )
    env_file = file_locations.env_file().expanduser().absolute()
    # What the command settles is left out: it may be missing, or wrong.
    some_bot = "1:a"
    connection = Settings.load(
        env_file=env_file, bot_token=some_bot, admin_ids="1,2", folder=None, key_file=None
    )
    known = {name: said for name, said in in_file(env_file).items() if said} | in_environment()
    setup = Setup(given, not non_interactive, env_file, connection, known)
    if setup.asks and KEY_FILE not in setup.known:
        tell(
            "Vamos a preparar tu bot, paso a paso. Con Intro aceptas lo que está entre"
            " corchetes. Con Ctrl-C lo dejas cuando quieras: lo ya escrito se conserva."
        )
    stopped = label(
        "Lo has interrumpido, y lo escrito se conserva. Cuando quieras seguir: petition-bot"
        " init. Solo te preguntará lo que falta."
    )
    with interruptible(stopped):
        _take_steps(setup)
    _conclude(setup)


def _take_steps(setup: Setup) -> None:
    """Takes every step, and keeps each answer at once.

    Without questions all that is missing is named together, before anything is written.

    Raises:
        CannotDo, StorageError, SettingsInvalid, OSError: the message says why.
    """
    if not setup.asks:
        _require_answers(setup)
    for step in STEPS:
        if setup.asks and step.applies(setup):
            setup.answers[step.name] = _answer(setup, step)
        if step.name in setup.answers and (now := step.keep(setup, setup.answers[step.name])):
            say(f"✓ {now}")
    say(f"✓ {keep_key(setup)}")


def _require_answers(setup: Setup) -> None:
    problems: list[str] = []
    for step in STEPS:
        if step.applies(setup):
            try:
                setup.answers[step.name] = _answer(setup, step)
            except (CannotDo, TokenUnknown) as error:
                problems.append(f"--{step.name.replace('_', '-')}: {error}")
    if problems:
        raise CannotDo("\n".join(problems))
    usable_key(setup)


def _answer(setup: Setup, step: SetupStep) -> Any:
    """Returns the answer that was given or is known, or asks for it."""
    known = setup.given.get(step.name) or setup.known.get(step.setting) or ""
    if not setup.asks:
        if not (known or step.default):
            raise CannotDo.because("hace falta ({what})", what=label(step.title))
        return step.check(setup, known or step.default)
    if known:
        try:
            return step.check(setup, known)
        except (CannotDo, TokenUnknown) as error:
            say(str(error), style="yellow")
    explain(label(step.title), label(step.text))
    return step.asks(setup, step.question) if step.asks else _asked(setup, step)


def _asked(setup: Setup, step: SetupStep) -> Any:
    """Asks until the answer is one that can be taken."""
    while True:
        typed: str = typer.prompt(
            label(step.question),
            default=step.default,
            show_default=bool(step.default),
            hide_input=step.setting == TOKEN,
        )
        try:
            return step.check(setup, typed.strip())
        except TerminalError as error:
            say(str(error), style="yellow")


def _conclude(setup: Setup) -> None:
    """Keeps the settings of the environment, checks all as `run` does, and says what is next."""
    # What talked to Telegram here, perhaps through a proxy, is to do so from any other shell.
    before = in_file(setup.env_file)
    for name, value in in_environment().items():
        if not before.get(name):
            setup.keep(name, value)
            tell("✓ También queda escrito {name}, que estaba en el entorno.", name=name)
        elif before[name] != value:
            tell(
                "{name} tiene otro valor en el entorno, y es ese el que vale mientras esté.",
                name=name,
                style="yellow",
            )
    Settings.load(env_file=setup.env_file)
    say("")
    tell(
        "✓ Los ajustes están en {path}. Lo que quieras cambiar, cámbialo ahí y en la carpeta de la"
        " petición.",
        path=shown(setup.env_file),
    )
    say("")
    tell(
        "Y ahora, con @{bot}:\n"
        "  1. Escribe la petición y quién responde de las firmas: petition-bot preview {where}\n"
        "  2. Comprueba que no falta nada: petition-bot check {where}\n"
        "  3. Comprueba lo demás: petition-bot doctor\n"
        "  4. Ensáyala: petition-bot run --rehearsal. Y para abrirla: petition-bot run",
        bot=setup.answers["token_file"][1].username,
        where=shlex.quote(str(setup.answers["petition"])),
    )
