"""The steps of `petition-bot init`: one table serves its options and its questions alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import set_key, unset_key
from pydantic import TypeAdapter, ValidationError
from telegram import User

from bot import file_locations
from bot.cli.run import nobody_approves, with_bot
from bot.console import CannotDo, confirms, draw_link, say, say_in_terminal, tell
from bot.petition_folder.field_types import Slug, slug_like
from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.unready import TEMPLATE_LANGUAGES
from bot.settings import (
    PREFIX,
    Settings,
    checked_token,
    checked_user_id,
    in_file,
    key_apart_from_data,
)
from bot.setup import LASTS_SECONDS, BotCalls, new_admin_code
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import Catalogs, mark
from storage.keyring import Keyring, refuse_open_folders
from storage.private_files import write_file

TOKEN = PREFIX + "BOT_TOKEN"
KEY_FILE = PREFIX + "KEY_FILE"
_ADMINS = PREFIX + "ADMIN_IDS"
_APPROVAL = PREFIX + "APPROVAL_ABOVE"
_FOLDER = PREFIX + "FOLDER"

_MANY = 100
"""A message to more people than this waits for a second admin, unless the settings say else."""
_NEEDS_NO_QUOTES = re.compile(r"[\w/.,:+@-]*", re.ASCII)


@dataclass
class Setup:
    """The state of one run.

    `given` has the options that were typed, as texts; `known` the settings as `run` would read
    them, from the environment and the file; `answers` what this run was answered, by the step's
    name. `connection` says where Telegram and the database are; its token and admins say nothing.
    """

    given: Mapping[str, str]
    asks: bool
    env_file: Path
    connection: Settings
    known: dict[str, str] = field(repr=False)
    answers: dict[str, Any] = field(default_factory=dict, repr=False)

    def keep(self, name: str, value: str) -> None:
        """Writes a setting at once, if the file has another one: no interruption loses it."""
        self.known[name] = value
        if in_file(self.env_file).get(name) == value:
            return
        if not self.env_file.exists():
            file_locations.make_private_folder(self.env_file.parent)
            title = label(
                "Los ajustes del bot. Aquí está su token: no los enseñes a nadie ni los subas a "
                "ningún repositorio. Las notas van en líneas aparte."
            )
            write_file(self.env_file, f"# {title}\n".encode())
        quotes = "never" if _NEEDS_NO_QUOTES.fullmatch(value) else "always"
        set_key(self.env_file, name, value, quote_mode=quotes, follow_symlinks=True)


def shown(path: Path) -> str:
    """Returns a path as people read and type it, with ~ for their home."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


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


def _check_token(setup: Setup, typed: str) -> tuple[str, User]:
    """Returns a token and whose it is, as Telegram says."""
    try:
        token = checked_token(typed)
    except ValueError:
        raise CannotDo.because(
            "Eso no es un token. Tiene cifras, dos puntos y luego letras, como 123456789:AAF…"
            " Cópialo entero del mensaje de @BotFather."
        ) from None

    async def identity(calls: BotCalls) -> User:
        # A new one may be in use by another program.
        if in_file(setup.env_file).get(TOKEN) != token:
            await calls.require_alone()
        return await calls.identity()

    return token, with_bot(setup.connection, token, identity)


def _keep_token(setup: Setup, answer: tuple[str, User]) -> str:
    token, bot = answer
    setup.keep(TOKEN, token)
    return label(
        "Telegram conoce el token: es de «{name}», @{bot}.", name=bot.first_name, bot=bot.username
    )


# Who administers the bot


def _check_admins(_setup: Setup, typed: str) -> list[int]:
    try:
        return sorted({checked_user_id(part.strip()) for part in re.split(r"[,\n]", typed)})
    except ValueError:
        raise CannotDo.because(
            "Pon el número de Telegram de la persona, como 12345; sin él, init la encuentra con un"
            " enlace."
        ) from None


def _ask_for_admins(setup: Setup, question: str) -> list[int]:
    """Finds admins by links, and keeps each at once."""
    admins: set[int] = set()
    while True:
        if found := _find_admin(setup):
            admins.add(found.id)
            setup.keep(_ADMINS, ",".join(map(str, sorted(admins))))
            tell("✓ {name} administra el bot.", name=found.full_name)
        # Two decide on a breach, and on what goes to many.
        if admins and not confirms(label(question), default=len(admins) < 2):
            return sorted(admins)


def _find_admin(setup: Setup) -> User | None:
    """Shows a link, and returns who opened it; None if they are not who administers the bot."""
    token, bot = setup.answers["token_file"]
    code, words = new_admin_code(), terminal_words()
    link = f"https://t.me/{bot.username}?start={code}"
    say("", link, "")
    draw_link(link)
    tell("Esperando a que se abra el enlace… (Ctrl-C para dejarlo)")
    found = with_bot(setup.connection, token, lambda calls: calls.wait_for(code), say_in_terminal)
    if found is None:
        raise CannotDo.because(
            "Han pasado {minutes} y nadie ha abierto el enlace. Para otro: petition-bot init",
            minutes=words.duration(LASTS_SECONDS),
        )
    who = f"{found.full_name} (@{found.username})" if found.username else found.full_name
    say("", label("Ha abierto el enlace: {who}, id {id}.", who=who, id=found.id))
    if not confirms(label("¿Es quien va a administrar el bot?"), default=None):
        tell(
            "Entonces no se guarda. Ese enlace ya no sirve a nadie; haz el siguiente donde"
            " nadie más vea la pantalla."
        )
        return None
    theirs = Catalogs.load().words(found.language_code)
    welcome = theirs.text(
        "Listo, {name}: administras este bot. Cuando esté en marcha, escribe /help para ver lo"
        " que puedes hacer.",
        name=found.full_name,
    )
    with_bot(setup.connection, token, lambda calls: calls.write_to(found.id, welcome))
    return found


def _keep_admins(setup: Setup, admins: list[int]) -> str:
    """Keeps who administers the bot, and that two of them decide on what goes to many."""
    setup.keep(_ADMINS, ",".join(map(str, admins)))
    if len(admins) == 1:
        # There is nobody to approve, and the bot would not start; one of the environment stays.
        unset_key(setup.env_file, _APPROVAL, follow_symlinks=True)
        say(nobody_approves(1), style="yellow")
    elif _APPROVAL not in setup.known:
        setup.keep(_APPROVAL, str(_MANY))
        tell(
            "✓ Lo que llega a más de {n} personas espera a que lo apruebe otra: {setting}.",
            n=_MANY,
            setting=_APPROVAL,
        )
    return label("Administran el bot: {ids}.", ids=setup.known[_ADMINS])


# The petition's folder


def _check_folder(setup: Setup, typed: str) -> Path:
    """Returns the petition's folder, which may be one to be made; a bare name goes home."""
    folder = Path(typed).expanduser().absolute()
    is_name = "/" not in typed and not folder.exists()
    if is_name:
        folder = Path.home() / slug_like(typed)  # where its writer sees it
    if _has_petition(folder):
        return folder
    where = shown(folder)
    if not setup.given["petition"] and str(folder) == setup.known.get(_FOLDER):
        raise CannotDo.because(
            "En {folder}, que es la carpeta de los ajustes, no hay ninguna petición. Si la has"
            " movido, di dónde está: --petition CARPETA.",
            folder=where,
        )
    if any(folder.glob("*.toml")):
        raise CannotDo.because(
            "En {path} hay ya archivos .toml. Elige otra carpeta u otro nombre.", path=where
        )
    try:
        TypeAdapter(Slug).validate_python(slug_like(folder.name))
    except ValidationError:
        raise CannotDo.because(
            "El nombre corto tiene de 2 a 40 minúsculas sin acentos, cifras y guiones, y empieza"
            " por una letra."
        ) from None
    # A path may be mistyped, so Enter makes none.
    asked = label("En {folder} no hay ninguna petición. ¿Hago ahí una nueva?", folder=where)
    if setup.asks and not confirms(asked, default=is_name):
        raise CannotDo.because("No se ha hecho nada en {folder}.", folder=where)
    return folder


def _has_petition(folder: Path) -> bool:
    return (folder / PETITION_FILE).is_file()


def _keep_folder(setup: Setup, folder: Path) -> str:
    """Keeps the folder of a petition that is there; one to be made waits for its languages."""
    if not _has_petition(folder):
        return ""
    setup.keep(_FOLDER, str(folder))
    return label("La petición es la de {folder}.", folder=shown(folder))


def _is_new_petition(setup: Setup) -> bool:
    folder: Path | None = setup.answers.get("petition")
    return folder is not None and not _has_petition(folder)


def _check_languages(_setup: Setup, typed: str) -> tuple[str, ...]:
    languages = tuple(dict.fromkeys(re.findall(r"[^\s,;]+", typed.lower())))
    if not languages or not {*TEMPLATE_LANGUAGES}.issuperset(languages):
        raise CannotDo.because("Escribe es, en, o los dos: es, en.")
    return languages


def _make_petition(setup: Setup, languages: tuple[str, ...]) -> str:
    """Makes the folder of a new petition, and keeps it."""
    folder: Path = setup.answers["petition"]
    slug = slug_like(folder.name)
    # Imported here: a bot that runs does without the memory of what writes TOML.
    from bot.petition_folder.edit import copy_template

    copy_template(folder, slug=slug, languages=languages)
    setup.keep(_FOLDER, str(folder))
    return label(
        "Hecha la carpeta {folder}, de la petición {slug}, con textos por escribir.",
        folder=shown(folder),
        slug=slug,
    )


# The key

MADE_KEY = mark(
    "Hecha la clave {path}, con la que se cifran los nombres. Guarda una copia en otro sitio,"
    " aparte de la base de datos: sin ella nadie puede leer las firmas, y con las dos cosas,"
    " cualquiera."
)


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
    setup.keep(KEY_FILE, str(path))
    if path.exists():
        return label("La clave es {path}.", path=shown(path))
    file_locations.make_private_folder(path.parent)
    Keyring.generate(path)
    return label(MADE_KEY, path=shown(path))


STEPS: Sequence[SetupStep] = (
    SetupStep(
        "token_file",
        _check_token,
        _keep_token,
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
        _check_admins,
        _keep_admins,
        mark("¿Añadir a otra persona que también administre?"),
        mark("Quién administra el bot"),
        mark(
            "Esa persona podrá cerrar la petición y escribir a quienes"
            " firmen, desde su Telegram. Abre este enlace con su teléfono, o escanea el código, y"
            " pulsa «Iniciar». Vale una sola vez y durante diez minutos."
        ),
        setting=_ADMINS,
        asks=_ask_for_admins,
    ),
    SetupStep(
        "petition",
        _check_folder,
        _keep_folder,
        mark("Nombre corto o carpeta"),
        mark("La petición"),
        mark(
            "Sus textos están en una carpeta. Si ya la tienes, escribe dónde está. Si no, escribe"
            " un nombre corto, como rio-limpio, y hago una a partir de una plantilla. El nombre"
            " marca cada firma, y no se puede cambiar cuando ya ha firmado alguien."
        ),
        setting=_FOLDER,
    ),
    SetupStep(
        "petition_language",
        _check_languages,
        _make_petition,
        mark("Idiomas"),
        mark("Los idiomas de la petición"),
        mark(
            "La plantilla está en español (es) y en inglés (en). Escribe los que quieras, el"
            " principal primero. Otros se añaden después, en la vista previa."
        ),
        default=", ".join(TEMPLATE_LANGUAGES),
        applies=_is_new_petition,
    ),
)
