"""The petition of `petition-bot init`: its folder, and who answers for its signatures."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import TypeAdapter, ValidationError

from bot import file_locations
from bot.cli.init_questions import NotAccepted, Questions
from bot.cli.init_state import FOLDER, Setup
from bot.console import say
from bot.petition_folder.read import read_folder
from bot.petition_folder.schema import PETITION_FILE, Email, Slug, WebAddress
from bot.petition_folder.template import copy_template
from bot.setup.controller import ControllerAnswers, with_controller
from bot.text.translations import Words
from storage.private_files import whole_file

_NAME_OF_LANGUAGE = re.compile(r"([a-z]{2,3}(?:-[a-z0-9]{2,8})*)=(.+)")
# The marks of the template, and the domains that are reserved for examples (RFC 2606).
_STANDS_IN = re.compile(r"\[\[|[@.]example\.(com|net|org)\b")


def missing_of_petition(setup: Setup) -> list[str]:
    """Returns what is missing or wrong of the petition, in sentences, where nothing is asked."""
    words, given = setup.words, setup.given
    missing: list[str] = []
    folder = _folder_of(setup)
    if folder is None:
        missing.append(words.label("Falta la carpeta de la petición: --petition CARPETA."))
    elif not _has_petition(folder):
        try:
            _checked_new_folder(words)(str(folder))
            _checked_slug(words)(given.short_name or _slug_from(folder.name))
        except NotAccepted as error:
            missing.append(f"--petition, --short-name: {error}")
        if not given.controller or not (given.email or given.web_form or given.address):
            missing.append(
                words.label(
                    "Falta quién responde de las firmas: --controller NOMBRE y, además,"
                    " --controller-email, --controller-form o --controller-address."
                )
            )
    for option, check, value in (
        ("--controller-email", _checked_email, given.email),
        ("--controller-form", _checked_form, given.web_form),
        ("--protection-officer", _checked_email, given.protection_officer),
    ):
        try:
            check(words)(value or "")
        except NotAccepted as error:
            missing.append(f"{option}: {error}")
    return missing


# The petition's folder


def take_folder(setup: Setup) -> Path:
    """Settles the petition's folder, and makes it if it is not there."""
    words = setup.words
    folder = _folder_of(setup)
    if folder is None:
        folder = _ask_for_folder(setup, setup.asked())
    if _has_petition(folder):
        was_there = setup.in_file.get(FOLDER) == str(folder)
        setup.keep(FOLDER, str(folder))
        if was_there:
            setup.say_kept(words.label("La carpeta {folder}", folder=folder))
        elif not setup.folder_is_new:
            say(words.label("✓ La petición es la de {folder}.", folder=folder))
        return folder
    slug = setup.given.short_name or _slug_from(folder.name)
    if setup.questions is not None:
        slug = _ask_for_slug(setup, setup.questions, slug)
    _make_folder(setup, folder, _checked_slug(words)(slug))
    return folder


def _folder_of(setup: Setup) -> Path | None:
    named = setup.given.petition or setup.known.get(FOLDER)
    return Path(named).expanduser().absolute() if named else None


def _ask_for_folder(setup: Setup, questions: Questions) -> Path:
    words = setup.words
    say(
        "",
        words.label(
            "La petición: sus textos están en una carpeta. Si ya la tienes, escribe dónde está. Si"
            " no, pulsa Intro y hago una nueva a partir de una plantilla."
        ),
    )
    check = _checked_new_folder(words)
    folder = questions.ask(
        words.label("Carpeta"), lambda answer: check(answer) if answer else None
    )
    if folder is not None:
        return folder
    slug = _ask_for_slug(setup, questions, setup.given.short_name or "")
    folder = questions.ask(
        words.label("Dónde hago la carpeta"),
        check,
        default=str(file_locations.petition_folder(slug)),
    )
    if not _has_petition(folder):
        _make_folder(setup, folder, slug)
    return folder


def _ask_for_slug(setup: Setup, questions: Questions, default: str) -> str:
    words = setup.words
    say(
        "",
        words.label(
            "Un nombre corto para la petición, en minúsculas y sin espacios, como rio-limpio."
            " Marca cada firma y no se puede cambiar después."
        ),
    )
    return questions.ask(words.label("Nombre corto"), _checked_slug(words), default=default)


def _make_folder(setup: Setup, folder: Path, slug: str) -> None:
    copy_template(folder, slug=slug)
    setup.folder_is_new = True
    said = setup.words.label("la petición, en {folder}", folder=folder)
    setup.written.append(said)
    setup.keep(FOLDER, str(folder))
    say(setup.words.label("✓ Hecha la carpeta {folder}, con textos por escribir.", folder=folder))


def _has_petition(folder: Path) -> bool:
    return (folder / PETITION_FILE).is_file()


def _slug_from(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]


def _checked_slug(words: Words) -> Callable[[str], str]:
    return _checked_as(
        Slug,
        words.label(
            "Usa de 2 a 40 minúsculas sin acentos, cifras y guiones, empezando por una letra."
        ),
    )


def _checked_new_folder(words: Words) -> Callable[[str], Path]:
    def check(answer: str) -> Path:
        folder = Path(answer).expanduser().absolute()
        if folder.exists() and not folder.is_dir():
            raise NotAccepted(words.label("{path} no es una carpeta.", path=folder))
        if folder.is_dir() and not _has_petition(folder) and any(folder.glob("*.toml")):
            raise NotAccepted(
                words.label(
                    "En {path} hay otros ficheros .toml y ninguna petición. Elige otra carpeta.",
                    path=folder,
                )
            )
        return folder

    return check


# Who answers for the signatures


def name_controller(setup: Setup, folder: Path) -> None:
    """Settles who answers for the signatures, in `petition.toml`."""
    words, given, questions = setup.words, setup.given, setup.questions
    file = folder / PETITION_FILE
    text = file.read_text(encoding="utf-8")
    languages = read_folder(folder).languages or ("es",)
    answers = ControllerAnswers(
        _names(given.controller, languages) if given.controller else None,
        given.email,
        given.web_form,
        given.address,
        given.protection_officer or (given.email if setup.folder_is_new else None),
    )
    if answers == ControllerAnswers():
        if questions is None or not _stands_in(text):
            setup.say_kept(words.label("Quién responde de las firmas"))
            return
        answers = _ask_for_controller(words, questions, languages)
    elif setup.folder_is_new and answers.email is None:
        # The template's contacts are examples: none of them stays beside one that was given.
        answers = ControllerAnswers(
            answers.names,
            "",
            answers.web_form,
            answers.address,
            answers.data_protection_officer or "",
        )
    with whole_file(file, replaces=True) as new:
        new.write(with_controller(text, answers).encode())
    say(words.label("✓ Escrito en {path} quién responde de las firmas.", path=file))


def _stands_in(text: str) -> bool:
    """Returns whether name or contacts are those of the template, or examples."""
    table: Any = tomlkit.parse(text).unwrap().get("controller", {})
    return not table or _STANDS_IN.search(str(table)) is not None


def _ask_for_controller(
    words: Words, questions: Questions, languages: tuple[str, ...]
) -> ControllerAnswers:
    say(
        "",
        words.label(
            "Quién responde de las firmas y de los datos: tu organización, o tú. Quienes firmen lo"
            " leen dentro de una frase, así que escríbelo con su artículo, como «la asociación"
            " Vecinas del Río»."
        ),
    )
    names: dict[str, str] = {}
    for language in languages:
        names[language] = questions.ask(
            words.label("Nombre, en {language}", language=words.language_name(language)),
            _not_empty(words),
            default=next(iter(names.values()), ""),
        )
    say(
        "",
        words.label(
            "Cómo se le escribe. Hace falta al menos uno: correo, formulario web o dirección. Con"
            " Intro pasas al siguiente."
        ),
    )
    while True:
        email = questions.ask(words.label("Correo"), _checked_email(words))
        form = questions.ask(words.label("Formulario web (https://…)"), _checked_form(words))
        address = questions.ask(words.label("Dirección postal"), str)
        if email or form or address:
            break
        say(words.label("Escribe al menos uno de los tres."), style="yellow")
    officer = questions.ask(
        words.label(
            "Correo de la delegación de protección de datos, o de quien se ocupe de los datos"
        ),
        _checked_email(words),
        default=email,
    )
    return ControllerAnswers(names, email, form, address, officer)


def _names(given: tuple[str, ...], languages: tuple[str, ...]) -> dict[str, str]:
    """Returns the name in each language, from NAME or es=NAME."""
    found = [_NAME_OF_LANGUAGE.fullmatch(each) for each in given]
    named = {match[1]: match[2] for match in found if match and match[1] in languages}
    plain = [each for each, match in zip(given, found, strict=True) if match is None]
    otherwise = plain[0] if plain else next(iter(named.values()), given[0])
    return {language: named.get(language, otherwise) for language in languages}


def _checked_email(words: Words) -> Callable[[str], str]:
    said = words.label("Eso no es una dirección de correo, como datos@tuorganizacion.org.")
    return _if_any(_checked_as(Email, said))


def _checked_form(words: Words) -> Callable[[str], str]:
    return _if_any(
        _checked_as(
            WebAddress, words.label("Escribe la dirección web entera, empezando por https://")
        )
    )


def _if_any(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda answer: check(answer) if answer else ""


def _not_empty(words: Words) -> Callable[[str], str]:
    def check(answer: str) -> str:
        if not answer:
            raise NotAccepted(words.label("Hace falta un nombre."))
        return answer

    return check


def _checked_as(kind: Any, otherwise: str) -> Callable[[str], str]:
    """Returns a check that takes what a field of the petition's files takes."""
    adapter: TypeAdapter[str] = TypeAdapter(kind)

    def check(answer: str) -> str:
        try:
            return adapter.validate_python(answer)
        except ValidationError:
            raise NotAccepted(otherwise) from None

    return check
