"""`petition-bot service`: writes a systemd unit with the permissions the bot needs and no others.

docs/decisions/service-permissions.md says why it is as it is.
"""

import os
import pwd
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from dotenv import dotenv_values

import bot
from bot import file_locations
from bot.console import CannotDo, in_sentences, say
from bot.settings import PREFIX, Settings, load_settings
from bot.text.terminal_language import label
from bot.text.translations import mark
from storage import require_key_file
from storage.database_url import SqliteAddress, parse_address
from storage.private_files import output_file

CERTIFICATES_NAMED = "SSL_CERT_FILE"
"""The variable that names a bundle of certificates, as OpenSSL has it."""

# What a unit hides from the service, so that what it uses of it has to be named.
_HIDDEN = tuple(Path(folder) for folder in ("/home", "/root", "/run/user", "/tmp", "/var/tmp"))  # noqa: S108
_WITH_A_MEANING = frozenset("\"'\\%$:\n\r\t")

_OF_EVERYBODY = """\
Restart=always
RestartSec=2
# Not where only a person can mend what is wrong: settings, petition or key.
RestartPreventExitStatus=78
# It stops by itself within eight seconds.
TimeoutStopSec=15
UMask=0077

# No core dump and no swap file ever contains names or the key.
LimitCORE=0
MemorySwapMax=0

NoNewPrivileges=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
# Telegram or its proxy, and PostgreSQL on this machine.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""

# A user's own manager has no right to these.
_OF_THE_SYSTEM = """\
ProtectSystem=strict
PrivateTmp=yes
CapabilityBoundingSet=
AmbientCapabilities=
PrivateUsers=yes
PrivateDevices=yes
PrivateIPC=yes
RemoveIPC=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
"""


_AS_ROOT = mark(
    "Un servicio que funciona como root podría hacer cualquier cosa en esta máquina. Crea un "
    "usuario para él:\n"
    "  useradd --system --create-home --home-dir /var/lib/petition"
    " --shell /usr/sbin/nologin petition\n"
    "Después, con ese usuario, petition-bot init y luego esto:\n"
    "  cd /var/lib/petition && runuser -u petition -- {program} service"
)


@dataclass(frozen=True, slots=True)
class ServicePaths:
    """What the service uses; all paths are absolute.

    It is started in `start`, a folder that it sees, and writes in the folders `written`: that of
    the database, and that of the key. `read` is what else it needs, files and folders.
    `certificates` are a bundle of one's own, in the place of the system's.
    """

    program: Path
    settings: Path
    start: Path
    written: tuple[Path, ...]
    read: tuple[Path, ...]
    certificates: Path | None = None

    def unusable(self) -> Path | None:
        """Returns a path that a unit cannot name, or None."""
        every = [self.program, self.settings, self.start, *self.written, *self.read]
        every += [self.certificates] if self.certificates else []
        return next((each for each in every if _WITH_A_MEANING & set(str(each))), None)


@in_sentences
def service(
    user: Annotated[
        bool,
        typer.Option(
            "--user",
            help="Para el gestor de tu usuario, sin root; protege menos.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="El archivo que se escribe; si no se da, se muestra."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Sustituye el archivo, si ya existe.")
    ] = False,
) -> None:
    """Writes the systemd unit that runs the bot with the settings and paths of the user."""
    if os.geteuid() == 0 and not user:
        raise CannotDo.because(_AS_ROOT, program=_program())
    paths = _paths(load_settings(), file_locations.env_file().absolute())
    if (unusable := paths.unusable()) is not None:
        raise CannotDo.because(
            "systemd leería {path} como otra cosa: elige otro nombre.", path=unusable
        )
    text = service_unit(paths, None if user else pwd.getpwuid(os.geteuid()).pw_name)
    if output is None:
        typer.echo(text, nl=False)
        return
    with output_file(output, replaces=force) as file:
        file.write(text.encode())
    output.chmod(0o644)  # nothing in it is secret, and systemctl cat shows it
    say(
        label(
            "El servicio está en {path}. Para arrancar el bot, ahora y con la máquina:",
            path=output,
        )
    )
    say(*(f"  {command}" for command in _commands(output, user=user)))


def _paths(settings: Settings, settings_file: Path) -> ServicePaths:
    """Returns what the service needs, and makes the folder of the default database.

    Refused is a service that would run with other settings than these.
    """
    _refuse_settings_of_the_shell(settings_file)
    key_file = require_key_file(settings.key_file)
    address = parse_address(settings.database_url)
    database = address.path if isinstance(address, SqliteAddress) else None
    if database is not None and database.parent == Path():
        database = database.absolute()  # the service is started in its folder
    named = [each for each in (key_file, settings.folder, database) if each is not None]
    for each in named:
        if not each.is_absolute():
            raise CannotDo.because(
                "Escribe la ruta entera de {path} en {file}.", path=each, file=settings_file
            )
    file_locations.make_database_folder(settings.database_url)
    data = [database.parent] if database else []
    bundle = os.environ.get(CERTIFICATES_NAMED)
    return ServicePaths(
        program=_program(),
        settings=settings_file,
        start=data[0] if data else Path("/"),
        written=(*data, key_file.parent),
        read=(*_installation(), *([settings.folder] if settings.folder else [])),
        certificates=Path(bundle).absolute() if bundle else None,
    )


def _refuse_settings_of_the_shell(settings_file: Path) -> None:
    in_file = dotenv_values(settings_file)
    shell_only = sorted(
        name
        for name, value in os.environ.items()
        if name.upper().startswith(PREFIX) and value and in_file.get(name) != value
        if name != file_locations.ENV_FILE_NAMED
    )
    if shell_only:
        raise CannotDo.because(
            "El servicio tendría otros ajustes que esta terminal: {names}. Escríbelos en "
            "{file}, o quítalos de aquí.",
            names=", ".join(shell_only),
            file=settings_file,
        )
    proxies = sorted(name for name in os.environ if name.upper() in ("HTTPS_PROXY", "ALL_PROXY"))
    if proxies and not in_file.get(f"{PREFIX}PROXY"):
        raise CannotDo.because(
            "Esta terminal tiene un proxy ({names}), y el servicio no lo tendría. Escribe "
            "PETITION_PROXY en {file}: el proxy, o none para ir sin él.",
            names=", ".join(proxies),
            file=settings_file,
        )


def _program() -> Path:
    beside = Path(sys.executable).parent / "petition-bot"
    return beside if beside.is_file() else Path(sys.argv[0]).absolute()


def _installation() -> list[Path]:
    """Returns the folders of Python, its packages and this program."""
    folders = [Path(sys.prefix), Path(sys.base_prefix), Path(bot.__file__).parent.parent]
    # An interpreter can be named through several links, each of which has to be seen.
    python = Path(sys.executable)
    while python.is_symlink():
        python = python.parent / python.readlink()
        folders.append(python.parent.parent)
    return folders


def _commands(file: Path, *, user: bool) -> list[str]:
    where = shlex.quote(str(file))
    if user:
        return [
            f"install -D -m 644 {where} ~/.config/systemd/user/petition-bot.service",
            "systemctl --user daemon-reload",
            "systemctl --user enable --now petition-bot",
            f"loginctl enable-linger        # {label('para que siga cuando cierras la sesión')}",
        ]
    return [
        f"sudo install -m 644 {where} /etc/systemd/system/petition-bot.service",
        "sudo systemctl daemon-reload",
        "sudo systemctl enable --now petition-bot",
    ]


def service_unit(paths: ServicePaths, user: str | None) -> str:
    """Returns the unit for the system's manager, which runs the bot as this user.

    Without one it is for the user's own manager, which can take less away from the bot.
    """
    network = ("After=network-online.target", "Wants=network-online.target")
    return "\n".join(
        [
            "# Written by petition-bot service; write it anew when one of the paths changes.",
            "[Unit]",
            "Description=petition-bot, a petition inside a Telegram chat",
            *(network if user else ()),
            "",
            "[Service]",
            *([f"User={user}"] if user else []),
            *_start(paths),
            _OF_EVERYBODY,
            *([*_visible(paths), _OF_THE_SYSTEM] if user else []),
            "[Install]",
            f"WantedBy={'multi-user' if user else 'default'}.target",
            "",
        ]
    )


def _start(paths: ServicePaths) -> list[str]:
    bundle = paths.certificates
    return [
        f"WorkingDirectory={paths.start}",
        f'Environment="{file_locations.ENV_FILE_NAMED}={paths.settings}"',
        *([f'Environment="{CERTIFICATES_NAMED}={bundle}"'] if bundle else []),
        f'ExecStart="{paths.program}" run',
    ]


def _visible(paths: ServicePaths) -> list[str]:
    """Returns the directives for what the service sees and writes, of what is hidden otherwise."""
    bundle = [paths.certificates] if paths.certificates else []
    read = (paths.program, paths.settings, *paths.read, *bundle)
    shown = [
        each
        for each in dict.fromkeys(read)
        if _is_hidden(each) and not any(folder in each.parents for folder in read)
    ]
    written = [each for each in paths.written if _is_hidden(each)]
    at_home = any(not each.is_relative_to("/tmp") for each in (*shown, *written))  # noqa: S108
    return [
        "# The only places it can write in: the data, and the folder of the key.",
        f"ReadWritePaths={_quoted(paths.written)}",
        "# Of what people have at home it sees what it uses and nothing else.",
        f"ProtectHome={'tmpfs' if at_home else 'yes'}",
        *([f"BindReadOnlyPaths={_quoted(shown)}"] if shown else []),
        *([f"BindPaths={_quoted(written)}"] if written else []),
    ]


def _is_hidden(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _HIDDEN)


def _quoted(paths: list[Path] | tuple[Path, ...]) -> str:
    return " ".join(f'"{each}"' if " " in str(each) else str(each) for each in paths)
