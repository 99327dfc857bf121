"""The operator's settings: read once from the environment and `.env`, then passed down."""

import io
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from bot import file_locations
from bot.addresses import (
    LOOPBACK,
    ListenAddress,
    checked_address,
    checked_listen_address,
    checked_webhook_url,
)
from bot.age_encryption import parse_recipients
from bot.proxy_choice import ENVIRONMENT_NAMES, choose_proxy
from bot.text.terminal_language import TerminalError, label
from bot.text.translations import mark
from storage.database import data_folder
from storage.errors import KeyFileMissing, NeedsAPerson

PREFIX = "PETITION_"

# Who writes one of these into the file believes that it holds, while the bot goes out directly.
_ONLY_IN_ENVIRONMENT = (*ENVIRONMENT_NAMES, "SSL_CERT_FILE", "SSL_CERT_DIR")

# Telegram's limits in messages a second, and defaults below them, to leave room for replies.
_FREE_CEILING = 30.0
_PAID_CEILING = 1000.0
FREE_RATE = 28.0
PAID_RATE = 900.0

EXPECTED: dict[str, str] = {
    "bot_token": mark("el token que te dio @BotFather: cifras, dos puntos y letras"),
    "admin_ids": mark("los números de Telegram de quienes administran, con comas: 12345,67890"),
    "database_url": mark(
        "sqlite+aiosqlite:///petition.db o postgresql+asyncpg://usuario@servidor/nombre"
    ),
    "key_file": mark("la ruta de la clave que cifra; la hace petition-bot keygen"),
    "folder": mark("una carpeta con un petition.toml dentro; la hace petition-bot init"),
    "api_url": mark("una dirección que empieza por https:// o http:// y termina en el servidor"),
    "proxy": mark(
        "la dirección del proxy, http://servidor:puerto o socks5://servidor:puerto, nunca "
        "https://; si pide usuario y contraseña, http://usuario:contraseña@servidor:puerto, con "
        "%40 en vez de @, etc.; o none, para ir sin proxy diga lo que diga HTTPS_PROXY"
    ),
    "webhook_url": mark(
        "la dirección pública a la que Telegram envía los mensajes, https://servidor/ruta; con un "
        "servidor propio de la Bot API en esta máquina, también http://127.0.0.1:puerto/ruta"
    ),
    "webhook_address": mark(
        "dónde escucha el bot detrás del proxy, servidor:puerto, como 127.0.0.1:8080"
    ),
    "paid_broadcast": mark("true o false; con true, Telegram cobra Stars por cada mensaje"),
    "broadcast_rate": mark(
        "mensajes por segundo: un número mayor que 0 y hasta 30, o hasta 1000 con "
        "PETITION_PAID_BROADCAST=true"
    ),
    "approval_above": mark(
        "un número entero de personas, 0 para cualquier envío; los mayores los aprueba alguien "
        "más, así que PETITION_ADMIN_IDS tiene que nombrar al menos a dos personas"
    ),
    "age_recipients": mark(
        "claves públicas, con comas: age1…, como las muestra age-keygen, o de ssh-ed25519 y "
        "ssh-rsa; nunca una clave secreta"
    ),
    "metrics_address": mark(
        "dónde escuchar, servidor:puerto, como 0.0.0.0:9464; con :9464 solo lo alcanza esta "
        "máquina"
    ),
    "log_level": mark("DEBUG, INFO, WARNING o ERROR"),
}


class SettingsInvalid(TerminalError):
    """Some settings are missing or wrong; says each in a line, without its value."""


# What is checked here raises a ValueError; its sentence is in `EXPECTED`.


def checked_token(text: str) -> str:
    """Returns a token without spaces around it; raises a ValueError if it has not its form."""
    token = text.strip()
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]*[A-Za-z0-9][A-Za-z0-9_-]*", token):
        raise ValueError
    return token


def _token(value: SecretStr) -> SecretStr:
    return SecretStr(checked_token(value.get_secret_value()))


def checked_user_id(text: str) -> int:
    """Returns a person's id, of at most 52 bits; raises a ValueError if the text is none."""
    if not re.fullmatch(r"[0-9]{1,16}", text) or not 0 < int(text) < 2**52:
        raise ValueError
    return int(text)


def _by_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


_UserId = Annotated[int, BeforeValidator(lambda value: checked_user_id(str(value)))]
_ListenAddress = Annotated[ListenAddress, BeforeValidator(checked_listen_address)]


def _public_keys(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_recipients(value)
    return value


def _petition_folder(value: Path) -> Path:
    if not (value / "petition.toml").is_file():
        raise ValueError
    return value


def _proxy(value: SecretStr) -> SecretStr:
    choose_proxy("", value.get_secret_value(), {})
    return value


class StorageSettings(BaseModel):
    """The settings of the database alone: enough for `migrate`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    # It may hold a password, so it stays out of the repr.
    database_url: str = Field(
        default_factory=file_locations.database_url,
        repr=False,
        pattern=r"^(sqlite\+aiosqlite|postgresql\+asyncpg)://",
    )
    # Where `keygen` makes one by default, if it is there.
    key_file: Path | None = Field(default_factory=file_locations.key_file_there)
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(lambda value: str(value).strip().upper()),
    ] = "INFO"

    @classmethod
    def load(
        cls, *, reads_file: bool = True, env_file: Path | None = None, **overrides: Any
    ) -> Self:
        """Reads these settings; arguments override the environment, which overrides the file.

        The file is `env_file`, if it is not where `file_locations` says that it is.

        Raises:
            SettingsInvalid: some are missing or wrong, or others can read or write the file.
        """
        sources: list[Mapping[str, str]] = [os.environ]
        file = (env_file or file_locations.env_file()) if reads_file else None
        if file is not None:
            _refuse_missing_file(file)
            _refuse_open_file(file)
            sources.insert(0, in_file(file))
        try:
            return cls.model_validate(_values(cls, sources) | overrides)
        except ValidationError as error:
            sentences = [*_sentences(error).values()]
            found = error.errors(include_input=False)
        if file is not None and any(each["type"] == "missing" for each in found):
            said = mark(
                "Los ajustes se leen del entorno y de {file}{there}. Los escribe petition-bot "
                "init."
            )
            there = "" if file.is_file() else label(", que no está")
            sentences.append(label(said, file=file.absolute(), there=there))
        # Raised outside the except block, since the original error holds the values.
        raise SettingsInvalid("\n".join(sentences))


class PetitionSettings(StorageSettings):
    """The settings that commands need to read one petition's data, with or without a bot."""

    folder: Annotated[Path, AfterValidator(_petition_folder)] | None = None
    # To whom exports and backups are encrypted.
    age_recipients: Annotated[
        tuple[str, ...], BeforeValidator(_by_commas), AfterValidator(_public_keys)
    ] = ()
    api_url: Annotated[str, AfterValidator(checked_address)] = "https://api.telegram.org"
    # It may hold a password. By default the environment decides, see `bot.telegram_session`.
    proxy: Annotated[SecretStr, AfterValidator(_proxy)] | None = None


class Settings(PetitionSettings):
    """Everything that `run` needs."""

    bot_token: Annotated[SecretStr, AfterValidator(_token)]
    # Groups and channels have negative ids; an admin is a person.
    admin_ids: Annotated[frozenset[_UserId], BeforeValidator(_by_commas), Field(min_length=1)]
    paid_broadcast: bool = False
    # Declared after `paid_broadcast`, on which its default and its limit depend.
    broadcast_rate: float = Field(
        default_factory=lambda known: PAID_RATE if known.get("paid_broadcast") else FREE_RATE,
        gt=0,
        allow_inf_nan=False,
    )
    approval_above: int | None = Field(default=None, ge=0)
    metrics_address: _ListenAddress | None = None
    # With one, Telegram sends the updates there; without, the bot asks for them.
    webhook_url: Annotated[str, AfterValidator(checked_webhook_url)] | None = None
    webhook_address: _ListenAddress = ListenAddress(LOOPBACK, 8080)

    @property
    def bot_id(self) -> str:
        """The bot's numeric id, which stays the same when its token is replaced."""
        return self.bot_token.get_secret_value().partition(":")[0]

    @field_validator("broadcast_rate")
    @classmethod
    def _as_fast_as_allowed(cls, value: float, info: ValidationInfo) -> float:
        # An invalid `paid_broadcast` is reported already; one problem is enough.
        paid = info.data.get("paid_broadcast", True)
        if value > (_PAID_CEILING if paid else _FREE_CEILING):
            raise ValueError
        return value

    @field_validator("approval_above")
    @classmethod
    def _with_somebody_to_approve(cls, value: int | None, info: ValidationInfo) -> int | None:
        admins = info.data.get("admin_ids")
        if value is not None and admins is not None and len(admins) < 2:
            raise ValueError
        return value


_NAMES = frozenset(PREFIX + name.upper() for name in Settings.model_fields)


def load_valid_settings() -> tuple[Settings, dict[str, str]]:
    """Reads all settings as far as they are valid, to look at what they are about.

    Returns:
        The settings, and by its name a sentence for each that is missing or wrong: here it has its
        default, the token is empty, and nobody is an admin. Where others can use the file, the
        sentence has no name.

    Raises:
        SettingsInvalid, OSError: the file that has them cannot be read.
    """
    file, wrong = file_locations.env_file(), dict[str, str]()
    _refuse_missing_file(file)
    values: dict[str, Any] = _values(Settings, (in_file(file), os.environ))
    try:
        _refuse_open_file(file)
    except SettingsInvalid as error:
        wrong[""] = str(error)
    stand_ins = {"bot_token": "1:x", "admin_ids": "1,2"}
    absent = {"bot_token": SecretStr(""), "admin_ids": frozenset[int]()}
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        wrong |= _sentences(error)
    while True:
        try:
            settings = Settings.model_validate(stand_ins | values)
        except ValidationError as error:
            # Without one, another may have no meaning that had one with it.
            for each in error.errors(include_input=False):
                values.pop(str(each["loc"][0]), None)
        else:
            return settings.model_copy(
                update={n: absent[n] for n in absent.keys() - values}
            ), wrong


def unknown_settings() -> tuple[str, ...]:
    """Returns names that set nothing: with the prefix, misspelt; in the file, not read from it."""
    here = {name.upper() for name in os.environ}
    written = {name.upper() for name in in_file(file_locations.env_file())}
    misspelt = {name for name in here | written if name.startswith(PREFIX)} - _NAMES
    unread = written.intersection(_ONLY_IN_ENVIRONMENT) - here
    return tuple(sorted(misspelt - {file_locations.ENV_FILE_NAMED} | unread))


def in_environment() -> dict[str, str]:
    """Returns the settings that the environment has."""
    values = {name.upper(): value.strip() for name, value in os.environ.items()}
    return {name: values[name] for name in sorted(_NAMES) if values.get(name)}


def _values(kind: type[StorageSettings], sources: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Returns what is set, by the names of fields; the last source that sets one decides."""
    said = {name.upper(): value for each in sources for name, value in each.items() if value}
    names = {name: PREFIX + name.upper() for name in kind.model_fields}
    return {name: said[known] for name, known in names.items() if known in said}


def _refuse_missing_file(path: Path) -> None:
    """Refuses to go on without the file that was named: the settings would be another bot's."""
    if os.environ.get(file_locations.ENV_FILE_NAMED) == str(path) and not path.is_file():
        name = file_locations.ENV_FILE_NAMED
        raise SettingsInvalid.because("{name} dice {path}, y no existe.", name=name, path=path)


def _refuse_open_file(path: Path) -> None:
    """Refuses a file that others can use: it names the admins and the token."""
    if not path.is_file() or not path.stat().st_mode & 0o077:
        return
    command = shlex.join(["chmod", "600", str(path.resolve())])
    raise SettingsInvalid.because(
        "Otras personas pueden usar los ajustes de {path}; ejecuta: {command}",
        path=path.absolute(),
        command=command,
    )


def in_file(path: Path) -> dict[str, str]:
    """Returns what a file says, if it is there; names the first line that cannot be read.

    A name without a value sets nothing, and has an empty one.
    """
    if path.is_dir() or not path.exists():
        return {}
    content = path.read_bytes()
    try:
        if (at := content.find(0)) >= 0:
            raise UnicodeDecodeError("utf-8", content, at, at + 1, "no sign of a text")
        text = io.StringIO(content.decode("utf-8-sig"), newline=None).getvalue()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start)
        said = mark(
            "{file}, línea {line}: el archivo no está guardado en UTF-8. Ábrelo, elige Guardar "
            "como y, en Codificación, UTF-8."
        )
    else:
        failed = next(
            (each.original for each in parse_stream(io.StringIO(text)) if each.error), None
        )
        if failed is None:
            values = dotenv_values(stream=io.StringIO(text))
            return {name: value or "" for name, value in values.items()}
        blank = len(failed.string) - len(failed.string.lstrip())
        line = failed.line - 1 + failed.string.count("\n", 0, blank)
        said = mark(
            "{file}, línea {line}: no se entiende. Mira si falta una comilla: el valor va entre "
            "dos iguales, o sin ninguna."
        )
    # Raised outside the except block, since the original error holds the content.
    raise SettingsInvalid.because(said, file=path.absolute(), line=line + 1)


def _sentences(error: ValidationError) -> dict[str, str]:
    """Returns a sentence for each setting that is missing or wrong, by its name."""
    found: dict[str, str] = {}
    for problem in error.errors(include_input=False, include_context=False, include_url=False):
        if problem["type"] == "default_factory_not_called":
            continue  # its default depends on another setting, which has a sentence already
        name = str(problem["loc"][0])
        said = (
            mark("Falta {name}. Se espera: {expected}.")
            if problem["type"] == "missing"
            else mark("{name} no vale. Se espera: {expected}.")
        )
        setting = f"{PREFIX}{name.upper()}"
        found.setdefault(name, label(said, name=setting, expected=label(EXPECTED[name])))
    return found


def require_key_file(path: Path | None) -> Path:
    """Returns the key file that the settings name; raises KeyFileMissing where they name none."""
    if path is None:
        raise KeyFileMissing
    return path


def key_apart_from_data(key_file: Path, database_url: str) -> None:
    """Refuses a key file inside the folder of the SQLite database, at any depth.

    A copy or backup of that folder would have the data and its key together. With
    PostgreSQL there is no such folder and nothing to refuse.

    Raises:
        NeedsAPerson: it lies in that folder; the message says what to do.
    """
    folder = data_folder(database_url)
    if folder is None or not key_file.resolve().is_relative_to(folder):
        return
    # Never one that is there, where another key could lie.
    elsewhere = folder.with_name(f"{folder.name}-key")
    moving = (
        f"{shlex.join(['mkdir', '-m', '700', str(elsewhere)])} && "
        # What lies beside the key, and begins with its name, belongs to it.
        f"mv {shlex.quote(str(key_file))}* {shlex.quote(str(elsewhere))}"
    )
    raise NeedsAPerson(
        "The key file {path} lies inside {folder}, the folder of the database: anyone who copies "
        "that folder has both. Give the database a folder of its own in PETITION_DATABASE_URL, or "
        "move the key; run: {command}\nThen set PETITION_KEY_FILE={key}",
        path=key_file,
        folder=folder,
        command=moving,
        key=elsewhere / key_file.name,
    )
