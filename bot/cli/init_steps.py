"""The steps of `petition-bot init`: one table serves its options and its questions alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot import file_locations
from bot.cli import init_answers as answers
from bot.cli.init_setup import ADMINS, FOLDER, KEY_FILE, TOKEN, NotAccepted, Setup, ask
from bot.console import CannotDo, explain, say
from bot.petition_folder.template import LANGUAGES
from bot.setup.bot_calls import TokenRefused
from bot.text.terminal_language import label
from bot.text.translations import mark

_REFUSALS = (NotAccepted, TokenRefused)


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One answer: `name` is its option's parameter, `setting` where it may stand already.

    `check` returns what a text means, or raises NotAccepted; `keep` writes that, and returns in a
    sentence what holds now. `default` is what Enter alone means, and leaving out the option; it
    holds where there is no question. `asks` asks in a way of its own.
    """

    name: str
    check: Callable[[Setup, str], Any]
    keep: Callable[[Setup, Any], str]
    question: str = ""
    title: str = ""
    text: str = ""
    setting: str = ""
    default: Callable[[], str] = lambda: ""
    applies: Callable[[Setup], bool] = lambda _: True
    asks: Callable[[Setup, str], Any] | None = None


def take_steps(setup: Setup) -> None:
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


def _require_answers(setup: Setup) -> None:
    problems: list[str] = []
    token, *others = STEPS
    for step in (*others, token):  # Telegram is asked last, and only if all else is right
        if step is token and problems and token.name in setup.given:
            break
        if step.applies(setup):
            try:
                setup.answers[step.name] = _answer(setup, step)
            except _REFUSALS as error:
                problems.append(f"--{step.name.replace('_', '-')}: {error}")
    if problems:
        raise CannotDo("\n".join(problems))


def _answer(setup: Setup, step: SetupStep) -> Any:
    """Returns the answer that was given or is known, or asks for it."""
    known = setup.given.get(step.name) or setup.known.get(step.setting)
    if known is not None:
        try:
            return step.check(setup, known)
        except _REFUSALS as error:
            if not setup.asks:
                raise
            say(str(error), style="yellow")
    default = step.default()
    if default and not (setup.asks and step.question):
        return step.check(setup, default)
    if not setup.asks:
        raise NotAccepted.because("hace falta ({what})", what=label(step.title))
    explain(label(step.title), label(step.text))
    if step.asks is not None:
        return step.asks(setup, step.question)
    check, hidden = partial(step.check, setup), step.setting == TOKEN
    return ask(label(step.question), check, default=default, hidden=hidden)


STEPS: Sequence[SetupStep] = (
    SetupStep(
        "token_file",
        answers.check_token,
        answers.keep_token,
        mark("Token"),
        title=mark("El token del bot"),
        text=mark(
            "Lo da @BotFather en Telegram: escríbele /newbot, o /token si el bot"
            " ya existe. Pégalo aquí; no se verá nada mientras lo pegas."
        ),
        setting=TOKEN,
    ),
    SetupStep(
        "admin",
        answers.check_admins,
        answers.keep_admins,
        mark("¿Añadir a otra persona que también administre?"),
        title=mark("Quién administra el bot"),
        text=mark(
            "Esa persona podrá cerrar la petición y escribir a quienes"
            " firmen, desde su Telegram. Abre este enlace con su teléfono, o escanea el código, y"
            " pulsa «Iniciar». Vale una sola vez y durante diez minutos."
        ),
        setting=ADMINS,
        asks=answers.ask_for_admins,
    ),
    SetupStep(
        "petition",
        answers.check_folder,
        answers.keep_folder,
        mark("Nombre corto o carpeta"),
        title=mark("La petición"),
        text=mark(
            "Sus textos están en una carpeta. Si ya la tienes, escribe dónde está. Si no, escribe"
            " un nombre corto, como rio-limpio, y hago una a partir de una plantilla. El nombre"
            " marca cada firma, y no se puede cambiar cuando ya ha firmado alguien."
        ),
        setting=FOLDER,
    ),
    SetupStep(
        "petition_language",
        answers.check_languages,
        answers.make_petition,
        mark("Idiomas"),
        title=mark("Los idiomas de la petición"),
        text=mark(
            "La plantilla está en español (es) y en inglés (en). Escribe los que quieras, el"
            " principal primero. Otros se añaden después, en la vista previa."
        ),
        default=lambda: ", ".join(LANGUAGES),
        applies=lambda setup: setup.is_new_petition,
    ),
    SetupStep(
        "key_file",
        answers.check_key,
        answers.keep_key,
        setting=KEY_FILE,
        default=lambda: str(file_locations.key_file()),
    ),
)
