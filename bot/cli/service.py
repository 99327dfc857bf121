"""`petition-bot service`: writes a systemd unit with the permissions the bot needs and no others.

docs/decisions/service-permissions.md says why it is as it is.
"""

import os
import pwd
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

import bot
from bot import file_locations
from bot.console import CannotDo
from bot.settings import PREFIX, Settings, in_environment, in_file, require_key_file
from bot.text.translations import mark
from storage.database import SqliteAddress, parse_address

_CERTIFICATES = "SSL_CERT_FILE"  # names a bundle of certificates, as OpenSSL has it
# What a unit hides from the service, so that what it uses of it has to be named.
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108
_WITH_A_MEANING = frozenset("\"'\\%$:\n\r\t")

_UNIT = """\
# Written by petition-bot service; write it anew when one of the paths changes. To start the bot,
# now and with the machine:
#   petition-bot service | sudo tee /etc/systemd/system/petition-bot.service
#   sudo systemctl daemon-reload; sudo systemctl enable --now petition-bot
[Unit]
Description=petition-bot, a petition inside a Telegram chat
After=network-online.target
Wants=network-online.target

[Service]
User={user}
WorkingDirectory={start}
{environment}
ExecStart="{program}" run
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

# The only places it can write in: the data, and the folder of the key.
ReadWritePaths={written}
# Of what people have at home it sees what it uses and nothing else.
ProtectHome=tmpfs
BindReadOnlyPaths={seen_at_home}
BindPaths={written_at_home}
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

[Install]
WantedBy=multi-user.target
"""

_AS_ROOT = mark(
    "Un servicio que funciona como root podría hacer cualquier cosa en esta máquina. Crea un "
    "usuario para él:\n"
    "  useradd --system --create-home --home-dir /var/lib/petition"
    " --shell /usr/sbin/nologin petition\n"
    "Después, con ese usuario, petition-bot init y luego esto:\n"
    "  cd /var/lib/petition && runuser -u petition -- {program} service"
)


def service() -> None:
    """Writes the systemd unit that runs the bot with the settings and paths of the user.

    Refused is a service that would run with other settings than these.
    """
    if os.geteuid() == 0:
        raise CannotDo.because(_AS_ROOT, program=_program())
    settings, settings_file = Settings.load(), file_locations.env_file().absolute()
    _refuse_settings_of_the_shell(settings_file)
    key_file = require_key_file(settings.key_file)
    address = parse_address(settings.database_url)
    database = address.path if isinstance(address, SqliteAddress) else None
    if database is not None and database.parent == Path():
        database = database.absolute()  # the service is started in its folder
    for each in filter(None, (key_file, settings.folder, database)):
        if not each.is_absolute():
            raise CannotDo.because(
                "Escribe la ruta entera de {path} en {file}.", path=each, file=settings_file
            )
    file_locations.make_database_folder(settings.database_url)
    data = [database.parent] if database else []
    read = [*_installation(), *filter(None, [settings.folder])]
    typer.echo(service_unit(settings_file, [*data, key_file.parent], read), nl=False)


def service_unit(settings_file: Path, written: Sequence[Path], read: Sequence[Path]) -> str:
    """Returns the unit for the system's manager, which runs the bot as whoever asks.

    The bot writes in the folders `written`, starts in the first, and needs what is `read` too.
    """
    environment = {file_locations.ENV_FILE_NAMED: settings_file}
    if bundle := os.environ.get(_CERTIFICATES):
        environment[_CERTIFICATES] = Path(bundle).absolute()
    seen = (_program(), *environment.values(), *read)
    for path in (*written, *seen):
        if _WITH_A_MEANING & set(str(path)):
            raise CannotDo.because(
                "systemd leería {path} como otra cosa: elige otro nombre.", path=path
            )
    return _UNIT.format(
        user=pwd.getpwuid(os.geteuid()).pw_name,
        start=written[0],
        environment="\n".join(f'Environment="{n}={path}"' for n, path in environment.items()),
        program=_program(),
        written=_quoted(written),
        seen_at_home=_quoted(filter(_is_hidden, seen)),
        written_at_home=_quoted(filter(_is_hidden, written)),
    )


def _refuse_settings_of_the_shell(settings_file: Path) -> None:
    written = in_file(settings_file)
    only_here = {name for name, said in in_environment().items() if written.get(name) != said}
    if not written.get(f"{PREFIX}PROXY"):
        only_here |= {n for n in os.environ if n.upper() in ("HTTPS_PROXY", "ALL_PROXY")}
    if only_here:
        raise CannotDo.because(
            "El servicio no tendría esto de esta terminal: {names}. Escríbelo en {file}, o quítalo"
            " de aquí; un proxy se escribe como PETITION_PROXY, y none es sin él.",
            names=", ".join(sorted(only_here)),
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


def _is_hidden(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _HIDDEN)


def _quoted(paths: Iterable[Path]) -> str:
    named = map(str, dict.fromkeys(paths))
    return " ".join(f'"{each}"' if " " in each else each for each in named)
