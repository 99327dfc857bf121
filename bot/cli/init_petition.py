"""The petition of `petition-bot init`: its folder, and who answers for its signatures."""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot import file_locations
from bot.cli.init_questions import NotAccepted, Questions, problem_of
from bot.cli.init_state import FOLDER, Setup, shown
from bot.console import CannotDo, explain, say
from bot.petition_folder.edit import NotEditable
from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.schema import PETITION_FILE, Email, Slug, WebAddress
from bot.petition_folder.template import LANGUAGES, copy_template
from bot.petition_folder.unready import unready_problems
from bot.setup.controller import ControllerAnswers, quoted_contacts, with_controller
from bot.text.translations import Words
from storage.private_files import write_file

_NAME_OF_LANGUAGE = re.compile(r"([a-z]{2,3}(?:-[a-z0-9]{2,8})*)=(.+)")


def missing_of_petition(setup: Setup) -> list[str]:
    """Returns what is missing or wrong of the petition, in sentences, where nothing is asked."""
    words, given = setup.words, setup.given
    missing: list[str] = []
    folder = _folder_of(setup)
    if folder is None:
        missing.append(words.label("Falta la carpeta de la petición: --petition CARPETA."))
    elif _is_gone(setup, folder):
        missing.append(_said_gone(words, folder))
    elif not _has_petition(folder):
        if problem := problem_of(_checked_new_folder(words), str(folder)):
            missing.append(f"--petition: {problem}")
        slug = given.short_name or _slug_from(folder.name)
        if problem := problem_of(_checked_slug(words), slug):
            none = words.label("Falta un nombre corto: --short-name NOMBRE.")
            missing.append(f"{'--short-name:' if given.short_name else none} {problem}")
        if not given.controller or not given.email:
            missing.append(
                words.label(
                    "Falta quién responde de las firmas: --controller NOMBRE y --controller-email"
                    " CORREO, que los textos de la plantilla dan a quien firma."
                )
            )
    for option, check, value in (
        ("--controller-email", _checked_email, given.email),
        ("--controller-form", _checked_form, given.web_form),
        ("--protection-officer", _checked_email, given.protection_officer),
    ):
        if problem := problem_of(check(words), value or ""):
            missing.append(f"{option}: {problem}")
    return missing


# The petition's folder


def take_folder(setup: Setup) -> Path:
    """Settles the petition's folder, and makes it if it is not there."""
    folder, words = _folder_of(setup), setup.words
    if folder is not None and _is_gone(setup, folder):
        say(_said_gone(words, folder), style="yellow")
        folder = None
    if folder is None:
        return change_folder(setup, setup.asked())
    if not _has_petition(folder):
        slug = setup.given.short_name or _slug_from(folder.name)
        if setup.questions is not None:
            if not _is_to_be_made(words, setup.questions, folder):
                return change_folder(setup, setup.questions)
            slug = _ask_for_slug(setup, setup.questions, slug)
        return _make_folder(setup, folder, _checked_slug(words)(slug))
    if setup.in_file.get(FOLDER) == str(folder):
        setup.say_kept(words.label("La carpeta {folder}", folder=shown(folder)))
        return folder
    return _use_folder(setup, folder)


def change_folder(setup: Setup, questions: Questions) -> Path:
    """Asks for the petition's folder; makes it if it is not there."""
    words = setup.words
    explain(
        words.label("La petición"),
        words.label(
            "Sus textos están en una carpeta. Si ya la tienes, escribe dónde está. Si no, pulsa"
            " Intro y hago una nueva a partir de una plantilla."
        ),
    )
    check = _checked_new_folder(words)
    while True:
        folder = questions.ask(
            words.label("Carpeta"), lambda answer: check(answer) if answer else None
        )
        if folder is None:
            slug = _ask_for_slug(setup, questions, setup.given.short_name or "")
            default = shown(file_locations.petition_folder(slug))
            folder = questions.ask(words.label("Dónde hago la carpeta"), check, default=default)
            if not _has_petition(folder):
                return _make_folder(setup, folder, slug)
        if _has_petition(folder):
            return _use_folder(setup, folder)
        if _is_to_be_made(words, questions, folder):
            slug = _ask_for_slug(setup, questions, _slug_from(folder.name))
            return _make_folder(setup, folder, slug)


def _is_to_be_made(words: Words, questions: Questions, folder: Path) -> bool:
    """Asks whether a petition is made in a folder; it may be mistyped, so Enter makes none."""
    asked = words.label(
        "En {folder} no hay ninguna petición. ¿Hago ahí una nueva?", folder=shown(folder)
    )
    return questions.agrees(asked, default=False)


def _folder_of(setup: Setup) -> Path | None:
    named = setup.given.petition or setup.known.get(FOLDER)
    return Path(named).expanduser().absolute() if named else None


def _is_gone(setup: Setup, folder: Path) -> bool:
    """Returns whether the settings name a folder in which there is no petition any more."""
    return setup.given.petition is None and not _has_petition(folder)


def _said_gone(words: Words, folder: Path) -> str:
    return words.label(
        "En {folder}, que es la carpeta de los ajustes, no hay ninguna petición. Si la has movido,"
        " di dónde está: --petition CARPETA.",
        folder=shown(folder),
    )


def _use_folder(setup: Setup, folder: Path) -> Path:
    setup.keep(FOLDER, str(folder))
    say(setup.words.label("✓ La petición es la de {folder}.", folder=shown(folder)))
    return folder


def _ask_for_slug(setup: Setup, questions: Questions, default: str) -> str:
    words = setup.words
    explain(
        words.label("Un nombre corto para la petición"),
        words.label(
            "Como rio-limpio. Marca cada firma, y no se puede cambiar cuando ya ha firmado"
            " alguien."
        ),
    )
    check = _checked_slug(words)
    return questions.ask(
        words.label("Nombre corto"), lambda answer: check(_slug_from(answer)), default=default
    )


def _ask_for_languages(words: Words, questions: Questions) -> tuple[str, ...]:
    explain(
        words.label("Los idiomas de la petición"),
        words.label(
            "La plantilla está en español (es) y en inglés (en). Escribe los que quieras, el"
            " principal primero. Otros se añaden después, en la vista previa."
        ),
    )

    def check(answer: str) -> tuple[str, ...]:
        typed = tuple(dict.fromkeys(re.findall(r"[^\s,;]+", answer.lower())))
        if not typed or not {*LANGUAGES}.issuperset(typed):
            raise NotAccepted(words.label("Escribe es, en, o los dos: es, en."))
        return typed

    return questions.ask(words.label("Idiomas"), check, default=", ".join(LANGUAGES))


def _make_folder(setup: Setup, folder: Path, slug: str) -> Path:
    languages = setup.given.languages
    if not languages and setup.questions is not None:
        languages = _ask_for_languages(setup.words, setup.questions)
    copy_template(folder, slug=slug, languages=languages or LANGUAGES)
    setup.folder_is_new = True
    setup.note_written(setup.words.label("la petición, en {folder}", folder=shown(folder)))
    setup.keep(FOLDER, str(folder))
    say(
        setup.words.label(
            "✓ Hecha la carpeta {folder}, de la petición {slug}, con textos por escribir.",
            folder=shown(folder),
            slug=slug,
        )
    )
    return folder


def _has_petition(folder: Path) -> bool:
    return (folder / PETITION_FILE).is_file()


def _slug_from(name: str) -> str:
    """Returns a short name made of any name: Río Limpio becomes rio-limpio."""
    bare = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40].rstrip("-")


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
            raise NotAccepted(words.label("{path} no es una carpeta.", path=shown(folder)))
        if folder.is_dir() and not _has_petition(folder) and any(folder.glob("*.toml")):
            raise NotAccepted(
                words.label(
                    "En {path} hay otros archivos .toml y ninguna petición. Elige otra carpeta.",
                    path=shown(folder),
                )
            )
        return folder

    return check


# Who answers for the signatures


def name_controller(setup: Setup, folder: Path) -> None:
    """Settles who answers for the signatures, in `petition.toml`."""
    given, read = setup.given, read_folder(folder)
    names = _names(given.controller, read.languages) if given.controller else None
    contacts = (given.email, given.web_form, given.address, given.protection_officer)
    answers = ControllerAnswers(names, *contacts)
    is_given = answers != ControllerAnswers()
    broken = [problem for problem in read.problems if problem.file == PETITION_FILE]
    if broken and is_given:
        raise CannotDo("\n".join(problem.said(setup.words) for problem in broken))
    if broken:
        return  # it cannot be read, which is said at the end
    if is_given:
        if setup.folder_is_new:  # then none of the template's contacts is left beside them
            email, form, address, officer = (each or "" for each in contacts)
            answers = ControllerAnswers(names, email, form, address, officer or email)
        _write_controller(setup, folder, answers)
    elif setup.questions is not None and _stands_in(read):
        ask_for_controller(setup, setup.questions, folder)
    else:
        setup.say_kept(setup.words.label("Quién responde de las firmas"))


def _stands_in(read: Folder) -> bool:
    """Returns whether name or contacts are those of the template, or examples."""
    return not (read.petition or {}).get("controller") or any(
        problem.key.startswith("controller.") for problem in unready_problems(read)
    )


def _write_controller(setup: Setup, folder: Path, answers: ControllerAnswers) -> None:
    file = folder / PETITION_FILE
    text = file.read_text(encoding="utf-8")
    try:
        renewed = with_controller(text, answers)
    except NotEditable:
        raise CannotDo(
            setup.words.label(
                "En {path} no se puede cambiar quién responde de las firmas sin tocar lo demás:"
                " cámbialo tú ahí, en [controller].",
                path=shown(file),
            )
        ) from None
    write_file(file, renewed.encode(), like=file)
    say(setup.words.label("✓ Quién responde de las firmas está en {path}.", path=shown(file)))


def ask_for_controller(setup: Setup, questions: Questions, folder: Path) -> None:
    """Asks who answers for the signatures and how to write to them, and writes it."""
    words, read = setup.words, read_folder(folder)
    explain(
        words.label("Quién responde de las firmas y de los datos"),
        words.label(
            "Tu organización, o tú. Quienes firmen lo leen dentro de una frase, así que escríbelo"
            " con su artículo, como «la asociación Vecinas del Río»."
        ),
    )
    names: dict[str, str] = {}
    for language in read.languages:
        names[language] = questions.ask(
            words.label("Nombre, en {language}", language=words.language_name(language)),
            _not_empty(words, str),
            default=next(iter(names.values()), ""),
        )
    explain(
        words.label("Cómo se le escribe"),
        words.label(
            "Hace falta al menos uno: correo, formulario web o dirección. Con Intro pasas al"
            " siguiente, si los textos de la petición no lo dan a quien firma."
        ),
    )
    given_by_texts = quoted_contacts(read.texts.values())

    def ask(key: str, label: str, check: Callable[[str], str], default: str = "") -> str:
        wanted = _not_empty(words, check) if key in given_by_texts else check
        return questions.ask(label, wanted, default=default)

    while True:
        email = ask("email", words.label("Correo"), _checked_email(words))
        form = ask("web_form", words.label("Formulario web (https://…)"), _checked_form(words))
        address = ask("address", words.label("Dirección postal"), str)
        if email or form or address:
            break
        say(words.label("Escribe al menos uno de los tres."), style="yellow")
    officer = ask(
        "data_protection_officer",
        words.label(
            "Correo de la delegación de protección de datos, o de quien se ocupe de los datos"
        ),
        _checked_email(words),
        default=email,
    )
    _write_controller(setup, folder, ControllerAnswers(names, email, form, address, officer))


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
    said = words.label("Escribe la dirección web entera, empezando por https://")
    return _if_any(_checked_as(WebAddress, said))


def _if_any(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda answer: check(answer) if answer else ""


def _not_empty(words: Words, check: Callable[[str], str]) -> Callable[[str], str]:
    def checked(answer: str) -> str:
        if not answer.strip():
            raise NotAccepted(words.label("Hace falta, porque sale en los textos de la petición."))
        return check(answer)

    return checked


def _checked_as(kind: Any, otherwise: str) -> Callable[[str], str]:
    """Returns a check that takes what a field of the petition's files takes."""
    adapter: TypeAdapter[str] = TypeAdapter(kind)

    def check(answer: str) -> str:
        try:
            return adapter.validate_python(answer)
        except ValidationError:
            raise NotAccepted(otherwise) from None

    return check
