"""The steps of `petition-bot init`: one table serves its options and its questions alike."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot import file_locations
from bot.cli.init_setup import (
    ADMINS,
    APPROVAL,
    FOLDER,
    KEY_FILE,
    TOKEN,
    Setup,
    has_petition,
    shown,
)
from bot.cli.run import say_that_nobody_else_reads
from bot.console import CannotDo, confirms, draw_link, run_to_end, say, tell
from bot.petition_folder.schema import Slug
from bot.petition_folder.template import LANGUAGES, copy_template
from bot.settings import checked_token
from bot.setup.admin_code import LASTS_SECONDS, AdminCode, Candidate
from bot.setup.bot_calls import BotCalls, BotIdentity, open_bot_calls
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import Catalogs, mark
from storage import Keyring, key_apart_from_data
from storage.key_file import refuse_open_folders

T = TypeVar("T")

_MANY = 100
"""A message to more people than this waits for a second admin, unless the settings say else."""


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One answer: `name` is its option's parameter, `setting` where it may stand already.

    `check` returns what a text means, or raises CannotDo; `keep` writes that, and returns in a
    sentence what holds now. `default` is what Enter alone means, and leaving out the option.
    `asks` asks in a way of its own.
    """

    name: str
    check: Callable[[Setup, str], Any]
    keep: Callable[[Setup, Any], str]
    question: str
    title: str
    text: str
    setting: str = ""
    default: str = ""
    applies: Callable[[Setup], bool] = lambda _: True
    asks: Callable[[Setup, str], Any] | None = None


# The token


def check_token(setup: Setup, typed: str) -> tuple[str, BotIdentity]:
    """Returns a token and whose it is, as Telegram says."""
    try:
        token = checked_token(typed)
    except ValueError:
        raise CannotDo.because(
            "Eso no es un token. Tiene cifras, dos puntos y luego letras, como 123456789:AAF…"
            " Cópialo entero del mensaje de @BotFather."
        ) from None

    async def identity(calls: BotCalls) -> BotIdentity:
        if setup.in_file.get(TOKEN) != token:  # a new one may be in use by another program
            await calls.require_alone()
        return await calls.identity()

    return token, _call(setup, token, identity)


def keep_token(setup: Setup, answer: tuple[str, BotIdentity]) -> str:
    """Keeps the token."""
    token, identity = answer
    setup.keep(TOKEN, token)
    return label(
        "Telegram conoce el token: es de «{name}», @{bot}.",
        name=identity.name,
        bot=identity.username,
    )


def _call(setup: Setup, token: str, work: Callable[[BotCalls], Awaitable[T]]) -> T:
    """Works with the bot of a token, at Telegram as `run` finds it; raises what the calls do."""

    async def called() -> T:
        connection = setup.connection
        async with open_bot_calls(token, connection.api_url, connection.proxy) as calls:
            return await work(calls)

    return run_to_end(called())


# Who administers the bot


def check_admins(_setup: Setup, typed: str) -> list[int]:
    """Returns admins by their Telegram ids."""
    parts = [part.strip() for part in re.split(r"[,\n]", typed)]
    if not all(part.isascii() and part.isdecimal() and int(part) for part in parts):
        raise CannotDo.because(
            "Pon el número de Telegram de la persona, como 12345; sin él, init la encuentra con un"
            " enlace."
        )
    return sorted({*map(int, parts)})


def ask_for_admins(setup: Setup, question: str) -> list[int]:
    """Finds admins by links, and keeps each at once."""
    token, identity = setup.answers["token_file"]
    admins: set[int] = set()
    while True:
        if found := _find_admin(setup, token, identity.username):
            admins.add(found.user_id)
            setup.keep(ADMINS, ",".join(map(str, sorted(admins))))
            tell("✓ {name} administra el bot.", name=found.name)
        # Two decide on a breach, and on what goes to many.
        if admins and not confirms(label(question), default=len(admins) < 2):
            return sorted(admins)


def _find_admin(setup: Setup, token: str, username: str) -> Candidate | None:
    """Shows a link, and returns who opened it; None if they are not who administers the bot."""
    code, words = AdminCode(time.monotonic()), terminal_words()
    link = code.link(username)
    say("", link, "")
    draw_link(link)
    tell("Esperando a que se abra el enlace… (Ctrl-C para dejarlo)")
    found = _call(
        setup,
        token,
        lambda calls: calls.wait_for(code, lambda why: say(why.said(words), style="yellow")),
    )
    if found is None:
        raise CannotDo.because(
            "Han pasado {minutes} y nadie ha abierto el enlace. Para otro: petition-bot init",
            minutes=words.duration(LASTS_SECONDS),
        )
    who = f"{found.name} (@{found.username})" if found.username else found.name
    say("", label("Ha abierto el enlace: {who}, id {id}.", who=who, id=found.user_id))
    if not confirms(label("¿Es quien va a administrar el bot?"), default=None):
        tell(
            "Entonces no se guarda. Ese enlace ya no sirve a nadie; haz el siguiente donde"
            " nadie más vea la pantalla."
        )
        return None
    welcome = (
        Catalogs.load()
        .words(found.language)
        .text(
            "Listo, {name}: administras este bot. Cuando esté en marcha, escribe /help para ver lo"
            " que puedes hacer.",
            name=found.name,
        )
    )
    _call(setup, token, lambda calls: calls.write_to(found.user_id, welcome))
    return found


def keep_admins(setup: Setup, admins: list[int]) -> str:
    """Keeps who administers the bot, and that two of them decide on what goes to many."""
    setup.keep(ADMINS, ",".join(map(str, admins)))
    said = label("Administran el bot: {ids}.", ids=setup.known[ADMINS])
    if len(admins) == 1:
        setup.drop(APPROVAL)  # there is nobody to approve, and the bot would not start
        say_that_nobody_else_reads()
    elif APPROVAL not in setup.known:
        setup.keep(APPROVAL, str(_MANY))
        approval = label(
            "Lo que llega a más de {n} personas espera a que lo apruebe otra: {setting}.",
            n=_MANY,
            setting=APPROVAL,
        )
        return f"{said} {approval}"
    return said


# The petition's folder


def check_folder(setup: Setup, typed: str) -> Path:
    """Returns the petition's folder, which may be one to be made; a bare name goes home."""
    folder = Path(typed).expanduser().absolute()
    is_name = "/" not in typed and not folder.exists()
    if is_name:
        folder = Path.home() / slug_of(typed)  # where its writer sees it
    if has_petition(folder):
        return folder
    where = shown(folder)
    if not setup.given["petition"] and str(folder) == setup.known.get(FOLDER):
        raise CannotDo.because(
            "En {folder}, que es la carpeta de los ajustes, no hay ninguna petición. Si la has"
            " movido, di dónde está: --petition CARPETA.",
            folder=where,
        )
    _require_usable(folder)
    # A path may be mistyped, so Enter makes none.
    asked = label("En {folder} no hay ninguna petición. ¿Hago ahí una nueva?", folder=where)
    if setup.asks and not confirms(asked, default=is_name):
        raise CannotDo.because("No se ha hecho nada en {folder}.", folder=where)
    return folder


def _require_usable(folder: Path) -> None:
    """Refuses a folder in which, or after which, no petition can be made."""
    if folder.exists() and not folder.is_dir():
        raise CannotDo.because("{path} no es una carpeta.", path=shown(folder))
    if folder.is_dir() and any(folder.glob("*.toml")):
        raise CannotDo.because(
            "En {path} hay ya archivos .toml. Elige otra carpeta u otro nombre.",
            path=shown(folder),
        )
    try:
        TypeAdapter(Slug).validate_python(slug_of(folder.name))
    except ValidationError:
        raise CannotDo.because(
            "El nombre corto tiene de 2 a 40 minúsculas sin acentos, cifras y guiones, y empieza"
            " por una letra."
        ) from None


def keep_folder(setup: Setup, folder: Path) -> str:
    """Keeps the folder of a petition that is there."""
    if setup.is_new_petition:
        return ""
    setup.keep(FOLDER, str(folder))
    return label("La petición es la de {folder}.", folder=shown(folder))


def slug_of(name: str) -> str:
    """Returns a short name made of any name: Río Limpio becomes rio-limpio."""
    bare = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40].rstrip("-")


def check_languages(_setup: Setup, typed: str) -> tuple[str, ...]:
    """Returns languages that the template has."""
    languages = tuple(dict.fromkeys(re.findall(r"[^\s,;]+", typed.lower())))
    if not languages or not {*LANGUAGES}.issuperset(languages):
        raise CannotDo.because("Escribe es, en, o los dos: es, en.")
    return languages


def make_petition(setup: Setup, languages: tuple[str, ...]) -> str:
    """Makes the folder of a new petition, and keeps it."""
    folder: Path = setup.answers["petition"]
    slug = slug_of(folder.name)
    copy_template(folder, slug=slug, languages=languages)
    setup.keep(FOLDER, str(folder))
    return label(
        "Hecha la carpeta {folder}, de la petición {slug}, con textos por escribir.",
        folder=shown(folder),
        slug=slug,
    )


# The key


def usable_key(setup: Setup) -> Path:
    """Returns where the key is or goes; refuses what the bot would refuse, with StorageError."""
    path = Path(setup.known.get(KEY_FILE) or file_locations.key_file()).expanduser().absolute()
    key_apart_from_data(path, setup.connection.database_url)
    if path.exists():
        Keyring.load(path)
    else:
        refuse_open_folders(path)
    return path


def keep_key(setup: Setup) -> str:
    """Makes the key if it is not there, and keeps where it is."""
    path = usable_key(setup)
    if path.exists():
        setup.keep(KEY_FILE, str(path))
        return label("La clave es {path}.", path=shown(path))
    file_locations.make_private_folder(path.parent)
    Keyring.generate(path)
    setup.keep(KEY_FILE, str(path))
    return label(
        "Hecha la clave {path}, con la que se cifran los nombres. Guarda una copia en otro sitio,"
        " aparte de la base de datos: sin ella nadie puede leer las firmas.",
        path=shown(path),
    )


STEPS: Sequence[SetupStep] = (
    SetupStep(
        "token_file",
        check_token,
        keep_token,
        mark("Token"),
        mark("El token del bot"),
        mark(
            "Lo da @BotFather en Telegram: escríbele /newbot, o /token si el bot"
            " ya existe. Pégalo aquí; no se verá nada mientras lo pegas."
        ),
        setting=TOKEN,
    ),
    SetupStep(
        "admin",
        check_admins,
        keep_admins,
        mark("¿Añadir a otra persona que también administre?"),
        mark("Quién administra el bot"),
        mark(
            "Esa persona podrá cerrar la petición y escribir a quienes"
            " firmen, desde su Telegram. Abre este enlace con su teléfono, o escanea el código, y"
            " pulsa «Iniciar». Vale una sola vez y durante diez minutos."
        ),
        setting=ADMINS,
        asks=ask_for_admins,
    ),
    SetupStep(
        "petition",
        check_folder,
        keep_folder,
        mark("Nombre corto o carpeta"),
        mark("La petición"),
        mark(
            "Sus textos están en una carpeta. Si ya la tienes, escribe dónde está. Si no, escribe"
            " un nombre corto, como rio-limpio, y hago una a partir de una plantilla. El nombre"
            " marca cada firma, y no se puede cambiar cuando ya ha firmado alguien."
        ),
        setting=FOLDER,
    ),
    SetupStep(
        "petition_language",
        check_languages,
        make_petition,
        mark("Idiomas"),
        mark("Los idiomas de la petición"),
        mark(
            "La plantilla está en español (es) y en inglés (en). Escribe los que quieras, el"
            " principal primero. Otros se añaden después, en la vista previa."
        ),
        default=", ".join(LANGUAGES),
        applies=lambda setup: setup.is_new_petition,
    ),
)
