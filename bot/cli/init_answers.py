"""What each step of `petition-bot init` accepts as an answer, and where it keeps it."""

import re
import unicodedata
from pathlib import Path
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from bot import file_locations
from bot.cli.init_setup import (
    ADMINS,
    APPROVAL,
    FOLDER,
    KEY_FILE,
    TOKEN,
    NotAccepted,
    Setup,
    ask,
    has_petition,
    shown,
)
from bot.cli.init_telegram import find_admin, identity_of
from bot.cli.run import say_that_nobody_else_reads
from bot.console import CannotDo, confirms, say
from bot.petition_folder.edit import NotEditable, changed
from bot.petition_folder.schema import PETITION_FILE, Slug
from bot.petition_folder.template import LANGUAGES, copy_template
from bot.settings import checked_token
from bot.setup.bot_calls import BotIdentity
from bot.text.terminal_language import label, terminal_words
from storage import Keyring, key_apart_from_data
from storage.key_file import refuse_open_folders
from storage.private_files import write_file

_NAME_OF_LANGUAGE = re.compile(r"([a-z]{2,3}(?:-[a-z0-9]{2,8})*)=(.+)")
_ORDER = ("name", "email", "web_form", "data_protection_officer", "address")


# The token


def check_token(setup: Setup, typed: str) -> tuple[str, BotIdentity]:
    """Returns a token and whose it is, as Telegram says."""
    try:
        token = checked_token(typed)
    except ValueError:
        raise NotAccepted.because(
            "Eso no es un token. Tiene cifras, dos puntos y luego letras, como 123456789:AAF…"
            " Cópialo entero del mensaje de @BotFather."
        ) from None
    return token, identity_of(setup, token, is_new=setup.in_file.get(TOKEN) != token)


def keep_token(setup: Setup, answer: tuple[str, BotIdentity]) -> str:
    """Keeps the token."""
    token, identity = answer
    setup.keep(TOKEN, token)
    return label(
        "Telegram conoce el token: es de «{name}», @{bot}.",
        name=identity.name,
        bot=identity.username,
    )


# Who administers the bot


def check_admins(setup: Setup, typed: str) -> list[int]:
    """Returns admins by their Telegram ids."""
    parts = [part.strip() for part in re.split(r"[,\n]", typed)]
    if not all(part.isascii() and part.isdecimal() and int(part) for part in parts):
        raise NotAccepted.because(
            "Pon el número de Telegram de la persona, como 12345; sin él, init la encuentra con un"
            " enlace."
        )
    return sorted({*map(int, parts)})


def ask_for_admins(setup: Setup, question: str) -> list[int]:
    """Finds admins by links, and keeps each at once."""
    token, identity = setup.answers["token_file"]
    admins: set[int] = set()
    while True:
        if found := find_admin(setup, token, identity.username):
            admins.add(found.user_id)
            keep_admins(setup, sorted(admins))
            say(label("✓ {name} administra el bot.", name=found.name))
        # Two decide on a breach, and on what goes to many.
        if admins and not confirms(label(question), default=len(admins) < 2):
            return sorted(admins)


def keep_admins(setup: Setup, admins: list[int]) -> str:
    """Keeps who administers the bot."""
    setup.keep(ADMINS, ",".join(map(str, admins)))
    return label("Administran el bot: {ids}.", ids=setup.known[ADMINS])


def asks_for_approval(setup: Setup) -> bool:
    """Returns whether somebody else can approve, and nobody has said from how many on."""
    is_given = "approval_above" in setup.given
    if not setup.asks:
        return is_given
    if len(setup.answers["admin"]) < 2:
        say_that_nobody_else_reads()
        return False
    return is_given or APPROVAL not in setup.known


def check_approval(setup: Setup, typed: str) -> str:
    """Returns above how many recipients a message needs a second admin."""
    if len(setup.answers.get("admin", ())) < 2:
        raise NotAccepted.because("Hacen falta dos personas que administren: --admin.")
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 10):
        raise NotAccepted.because("Escribe un número entero, como 100.")
    return typed


def keep_approval(setup: Setup, most: str) -> str:
    """Keeps above how many recipients it does."""
    setup.keep(APPROVAL, most)
    return label("Lo que llega a más de {n} personas espera a que lo apruebe otra.", n=most)


# The petition's folder


def check_folder(setup: Setup, typed: str) -> Path | None:
    """Returns the folder; None where a new petition is to be made in its default place."""
    if not typed:
        return None
    folder = Path(typed).expanduser().absolute()
    if has_petition(folder):
        return folder
    _require_free(folder)
    where = shown(folder)
    if "petition" not in setup.given and str(folder) == setup.known.get(FOLDER):
        raise NotAccepted.because(
            "En {folder}, que es la carpeta de los ajustes, no hay ninguna petición. Si la has"
            " movido, di dónde está: --petition CARPETA.",
            folder=where,
        )
    # It may be mistyped, so Enter makes none.
    if setup.asks and not confirms(
        label("En {folder} no hay ninguna petición. ¿Hago ahí una nueva?", folder=where)
    ):
        raise NotAccepted.because("No se ha hecho nada en {folder}.", folder=where)
    return folder


def _require_free(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise NotAccepted.because("{path} no es una carpeta.", path=shown(folder))
    if folder.is_dir() and any(folder.glob("*.toml")):
        raise NotAccepted.because(
            "En {path} hay ya archivos .toml. Elige otra carpeta u otro nombre.",
            path=shown(folder),
        )


def keep_folder(setup: Setup, folder: Path | None) -> str:
    """Keeps the folder of a petition that is there."""
    if folder is None or setup.is_new_petition:
        return ""
    setup.keep(FOLDER, str(folder))
    return label("La petición es la de {folder}.", folder=shown(folder))


def slug_of(name: str) -> str:
    """Returns a short name made of any name: Río Limpio becomes rio-limpio."""
    bare = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40].rstrip("-")


def check_slug(setup: Setup, typed: str) -> str:
    """Returns the short name that a new petition can have."""
    refusal = label(
        "Usa de 2 a 40 minúsculas sin acentos, cifras y guiones, empezando por una letra."
    )
    slug = _of_kind(Slug, slug_of(typed), refusal)
    if setup.answers["petition"] is None:
        _require_free(file_locations.petition_folder(slug))
    return slug


def check_languages(setup: Setup, typed: str) -> tuple[str, ...]:
    """Returns languages that the template has."""
    languages = tuple(dict.fromkeys(re.findall(r"[^\s,;]+", typed.lower())))
    if not languages or not {*LANGUAGES}.issuperset(languages):
        raise NotAccepted.because("Escribe es, en, o los dos: es, en.")
    return languages


def make_petition(setup: Setup, languages: tuple[str, ...]) -> str:
    """Makes the folder of a new petition, and keeps it."""
    folder, slug = setup.folder, setup.answers["short_name"]
    assert folder is not None  # noqa: S101 - asked before
    copy_template(folder, slug=slug, languages=languages)
    setup.made_petition = True
    setup.keep(FOLDER, str(folder))
    return label(
        "Hecha la carpeta {folder}, de la petición {slug}, con textos por escribir.",
        folder=shown(folder),
        slug=slug,
    )


# Who answers for the signatures


def check_names(setup: Setup, typed: str) -> dict[str, str]:
    """Returns the name in each language, from lines with NAME or es=NAME."""
    lines = [line for line in typed.splitlines() if line.strip()] or _refuse_empty()
    found = {line: _NAME_OF_LANGUAGE.fullmatch(line) for line in lines}
    named = {match[1]: match[2] for match in found.values() if match}
    otherwise = (*(line for line in lines if not found[line]), *named.values())[0]
    languages = setup.answers.get("petition_language") or setup.petition.languages
    return {language: named.get(language, otherwise) for language in languages}


def ask_for_names(setup: Setup, question: str) -> dict[str, str]:
    """Asks for the name in each language of the petition."""
    names: dict[str, str] = {}
    for language in setup.petition.languages:
        names[language] = ask(
            label(question, language=terminal_words().language_name(language)),
            lambda typed: typed or _refuse_empty(),
            default=next(iter(names.values()), ""),
        )
    return names


def check_contact(key: str, kind: Any, refusal: str, setup: Setup, typed: str) -> str:
    """Returns a contact; one that the texts give to those who sign cannot be left out."""
    if typed:
        return _of_kind(kind, typed, label(refusal))
    if any(f"{{{key}}}" in str(table) for table in setup.petition.texts.values()):
        _refuse_empty()
    return ""


def keep_controller(key: str, setup: Setup, value: str | dict[str, str]) -> str:
    """Writes a name or contact into `petition.toml`; all else in it stays."""
    assert setup.folder is not None  # noqa: S101 - asked before
    file = setup.folder / PETITION_FILE
    changes: list[tuple[tuple[str, ...], str | None]]
    if isinstance(value, str):
        changes = [((), value or None)]
    else:
        changes = [((language,), name) for language, name in value.items()]
        there = (setup.petition.petition or {}).get("controller", {}).get(key)
        if isinstance(there, str):  # one name for all languages
            changes.insert(0, ((), None))
    text = file.read_text(encoding="utf-8")
    try:
        for path, each in changes:
            text = changed(text, ("controller", key, *path), each, order=_ORDER)
    except NotEditable:
        raise CannotDo.because(
            "En {path} no se puede cambiar quién responde de las firmas sin tocar lo demás:"
            " cámbialo tú ahí, en [controller].",
            path=shown(file),
        ) from None
    write_file(file, text.encode(), like=file)
    if key != "name":
        return ""
    return label("Quién responde de las firmas está en {path}.", path=shown(file))


def _of_kind(kind: Any, typed: str, refusal: str) -> str:
    """Returns what a field of the petition's files takes."""
    try:
        taken: str = TypeAdapter(kind).validate_python(typed)
    except ValidationError:
        raise NotAccepted(refusal) from None
    return taken


def _refuse_empty() -> NoReturn:
    raise NotAccepted.because("Hace falta, porque sale en los textos de la petición.")


# The key


def check_key(setup: Setup, typed: str) -> Path:
    """Refuses a key where the bot would refuse it, before anything is written; StorageError."""
    path = Path(typed).expanduser().absolute()
    key_apart_from_data(path, setup.connection.database_url)
    if path.exists():
        Keyring.load(path)
    else:
        refuse_open_folders(path)
    return path


def keep_key(setup: Setup, path: Path) -> str:
    """Makes the key if it is not there, and keeps where it is."""
    is_new = not path.exists()
    if is_new:
        file_locations.make_private_folder(path.parent)
        Keyring.generate(path)
    setup.keep(KEY_FILE, str(path))
    if is_new:
        return label("Hecha la clave {path}. Guarda una copia en otro sitio.", path=shown(path))
    return label("La clave es {path}.", path=shown(path))
