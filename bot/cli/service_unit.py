"""The text of a systemd unit that runs the bot with the permissions it needs and no others.

docs/decisions/service-permissions.md says why it is as it is.
"""

from dataclasses import dataclass
from pathlib import Path

from bot.file_locations import ENV_FILE_NAMED

CERTIFICATES_NAMED = "SSL_CERT_FILE"
"""The variable that names a bundle of certificates, as OpenSSL has it."""

# What a unit hides from the service, so that what it uses of it has to be named.
_HIDDEN = tuple(Path(folder) for folder in ("/home", "/root", "/run/user", "/tmp", "/var/tmp"))  # noqa: S108
_WITH_A_MEANING = frozenset("\"'\\%$:\n\r\t")

_OF_EVERYBODY = """\
Restart=always
RestartSec=2
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


@dataclass(frozen=True, slots=True)
class ServicePaths:
    """What the service uses; all paths are absolute.

    Attributes:
        program: the command petition-bot.
        settings: the file of settings.
        start: the folder it is started in, one that it sees.
        written: the folders it writes in: that of the database, and that of the key.
        read: what else it needs, files and folders.
        certificates: a bundle of one's own, in the place of the system's.
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


def system_unit(paths: ServicePaths, user: str) -> str:
    """Returns the unit for the system's manager, which runs the bot as this user."""
    return "\n".join(
        [
            "# Written by petition-bot service; write it anew when one of the paths changes.",
            "[Unit]",
            "Description=petition-bot, a petition inside a Telegram chat",
            "After=network-online.target",
            "Wants=network-online.target",
            "",
            "[Service]",
            f"User={user}",
            *_start(paths),
            _OF_EVERYBODY,
            *_visible(paths),
            _OF_THE_SYSTEM,
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]
    )


def user_unit(paths: ServicePaths) -> str:
    """Returns the unit for the user's own manager, which can take less away from the bot."""
    return "\n".join(
        [
            "# Written by petition-bot service; write it anew when one of the paths changes.",
            "[Unit]",
            "Description=petition-bot, a petition inside a Telegram chat",
            "",
            "[Service]",
            *_start(paths),
            _OF_EVERYBODY,
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )


def _start(paths: ServicePaths) -> list[str]:
    bundle = paths.certificates
    return [
        f"WorkingDirectory={paths.start}",
        f'Environment="{ENV_FILE_NAMED}={paths.settings}"',
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
