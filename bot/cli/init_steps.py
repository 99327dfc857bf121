"""The steps of `petition-bot init`: one table serves its options and its questions alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot import file_locations
from bot.cli import init_answers as answers
from bot.cli.init_setup import (
    ADMINS,
    FOLDER,
    KEY_FILE,
    TOKEN,
    NotAccepted,
    Setup,
    ask,
    shown,
)
from bot.console import CannotDo, explain, say
from bot.petition_folder.schema import Email, WebAddress
from bot.petition_folder.template import LANGUAGES
from bot.setup.bot_calls import TokenRefused
from bot.text.terminal_language import label
from bot.text.translations import mark

_REFUSALS = (NotAccepted, TokenRefused)


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One answer: `name` is its option's parameter, `setting` where it may stand already.

    `check` returns what a text means, or raises NotAccepted; `keep` writes that, and returns in a
    sentence what holds now. `default` is what Enter alone means, and leaving out the option,
    unless it is `required`. `asks` asks in a way of its own.
    """

    name: str
    question: str
    check: Callable[[Setup, str], Any]
    keep: Callable[[Setup, Any], str]
    title: str = ""
    text: str = ""
    setting: str = ""
    required: bool = False
    default: Callable[[Setup], str] = lambda _: ""
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
    default = step.default(setup)
    if not setup.asks:
        if step.required and not default:
            raise NotAccepted.because("hace falta ({what})", what=label(step.title))
        return step.check(setup, default)
    if step.title:
        explain(label(step.title), label(step.text))
    if step.asks is not None:
        return step.asks(setup, step.question)
    check, hidden = partial(step.check, setup), step.setting == TOKEN
    return ask(label(step.question), check, default=default, hidden=hidden)


def _contact(
    name: str, key: str, question: str, kind: Any, refusal: str = "", **more: Any
) -> SetupStep:
    return SetupStep(
        name,
        question,
        partial(answers.check_contact, key, kind, refusal),
        partial(answers.keep_controller, key),
        applies=lambda setup: name in setup.given or setup.lacks_controller(key),
        **more,
    )


_NO_EMAIL = mark("Eso no es una dirección de correo, como datos@tuorganizacion.org.")

STEPS: Sequence[SetupStep] = (
    SetupStep(
        "token_file",
        mark("Token"),
        answers.check_token,
        answers.keep_token,
        title=mark("El token del bot"),
        text=mark(
            "Lo da @BotFather en Telegram: escríbele /newbot, o /token si el bot"
            " ya existe. Pégalo aquí; no se verá nada mientras lo pegas."
        ),
        setting=TOKEN,
        required=True,
    ),
    SetupStep(
        "admin",
        mark("¿Añadir a otra persona que también administre?"),
        answers.check_admins,
        answers.keep_admins,
        title=mark("Quién administra el bot"),
        text=mark(
            "Esa persona podrá cerrar la petición y escribir a quienes"
            " firmen, desde su Telegram. Abre este enlace con su teléfono, o escanea el código, y"
            " pulsa «Iniciar». Vale una sola vez y durante diez minutos."
        ),
        setting=ADMINS,
        required=True,
        asks=answers.ask_for_admins,
    ),
    SetupStep(
        "approval_above",
        mark("A más de cuántas personas (0: siempre)"),
        answers.check_approval,
        answers.keep_approval,
        title=mark("Lo que se envía a mucha gente"),
        text=mark(
            "Puede esperar a que lo apruebe otra de las personas que administran: así nadie"
            " escribe a quienes firmaron sin que alguien más lo haya leído."
        ),
        default=lambda _: "100",
        applies=answers.asks_for_approval,
    ),
    SetupStep(
        "petition",
        mark("Carpeta"),
        answers.check_folder,
        answers.keep_folder,
        title=mark("La petición"),
        text=mark(
            "Sus textos están en una carpeta. Si ya la tienes, escribe dónde está. Si no, pulsa"
            " Intro y hago una nueva a partir de una plantilla."
        ),
        setting=FOLDER,
        required=True,
    ),
    SetupStep(
        "short_name",
        mark("Nombre corto"),
        answers.check_slug,
        lambda _setup, _slug: "",
        title=mark("Un nombre corto para la petición"),
        text=mark(
            "Como rio-limpio. Marca cada firma, y no se puede cambiar cuando ya ha firmado"
            " alguien."
        ),
        required=True,
        default=lambda setup: answers.slug_of(setup.folder.name) if setup.folder else "",
        applies=lambda setup: setup.is_new_petition,
    ),
    SetupStep(
        "petition_language",
        mark("Idiomas"),
        answers.check_languages,
        answers.make_petition,
        title=mark("Los idiomas de la petición"),
        text=mark(
            "La plantilla está en español (es) y en inglés (en). Escribe los que quieras, el"
            " principal primero. Otros se añaden después, en la vista previa."
        ),
        default=lambda _: ", ".join(LANGUAGES),
        applies=lambda setup: setup.is_new_petition,
    ),
    SetupStep(
        "controller",
        mark("Nombre, en {language}"),
        answers.check_names,
        partial(answers.keep_controller, "name"),
        title=mark("Quién responde de las firmas y de los datos"),
        text=mark(
            "Tu organización, o tú. Quienes firmen lo leen dentro de una frase, así que escríbelo"
            " con su artículo, como «la asociación Vecinas del Río»."
        ),
        required=True,
        applies=lambda setup: "controller" in setup.given or setup.lacks_controller("name"),
        asks=answers.ask_for_names,
    ),
    _contact(
        "controller_email",
        "email",
        mark("Correo"),
        Email,
        _NO_EMAIL,
        required=True,
        title=mark("Cómo se le escribe"),
        text=mark(
            "Hace falta al menos uno: correo, formulario web o dirección. Con Intro pasas al"
            " siguiente."
        ),
    ),
    _contact(
        "controller_form",
        "web_form",
        mark("Formulario web (https://…)"),
        WebAddress,
        mark("Escribe la dirección web entera, empezando por https://"),
    ),
    _contact("controller_address", "address", mark("Dirección postal"), str),
    _contact(
        "protection_officer",
        "data_protection_officer",
        mark("Correo de la delegación de protección de datos, o de quien se ocupe de los datos"),
        Email,
        _NO_EMAIL,
        default=lambda setup: setup.answers.get("controller_email", ""),
    ),
    SetupStep(
        "key_file",
        mark("Dónde va la clave"),
        answers.check_key,
        answers.keep_key,
        title=mark("La clave con la que se cifran los nombres"),
        text=mark(
            "Sin ella nadie puede leer las firmas: guarda una copia en otro sitio, aparte de"
            " la base de datos."
        ),
        setting=KEY_FILE,
        default=lambda _: shown(file_locations.key_file()),
    ),
)
