"""The command `petition-bot service`: writes a systemd unit for the paths of whoever asks."""

import os
import pwd
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from dotenv import dotenv_values

import bot
from bot import file_locations
from bot.cli.service_unit import (
    CERTIFICATES_NAMED,
    ServicePaths,
    system_unit,
    user_unit,
)
from bot.console import CannotDo, in_sentences, say
from bot.settings import PREFIX, Settings, load_settings
from storage import KeyFileMissing
from storage.database_url import SqliteAddress, parse_address
from storage.private_files import output_file

_AS_ROOT = (
    "A service that runs as root could do everything on this machine. Make a user for it:\n"
    "  useradd --system --create-home --home-dir /var/lib/petition"
    " --shell /usr/sbin/nologin petition\n"
    "Then do this as that user, and petition-bot init before it:\n"
    "  cd /var/lib/petition && runuser -u petition -- {program} service"
)


@in_sentences
def service(
    user: Annotated[
        bool,
        typer.Option(
            "--user",
            help="For the user's own manager, without root; it is protected less well.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; otherwise it is printed."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there already.")
    ] = False,
) -> None:
    """Write the systemd unit that runs the bot with the settings and paths of the user."""
    if os.geteuid() == 0 and not user:
        raise CannotDo(_AS_ROOT.format(program=_program()))
    paths = _paths(load_settings(), file_locations.env_file().absolute())
    if (unusable := paths.unusable()) is not None:
        raise CannotDo(f"systemd would read {unusable} as something else; choose another name.")
    text = user_unit(paths) if user else system_unit(paths, _account())
    if output is None:
        typer.echo(text, nl=False)
        return
    with output_file(output, replaces=force) as file:
        file.write(text.encode())
    output.chmod(0o644)  # nothing in it is secret, and systemctl cat shows it
    say(f"The unit is in {output}. To start the bot, now and with the machine:")
    say(*(f"  {command}" for command in _commands(output, user=user)))


def _paths(settings: Settings, settings_file: Path) -> ServicePaths:
    """Returns what the service needs, and makes the folder of the default database.

    Raises:
        CannotDo: the service would run with other settings than these.
    """
    _refuse_settings_of_the_shell(settings_file)
    if settings.key_file is None:
        raise KeyFileMissing
    address = parse_address(settings.database_url)
    database = address.path if isinstance(address, SqliteAddress) else None
    if database is not None and database.parent == Path():
        database = database.absolute()  # the service is started in its folder
    named = [each for each in (settings.key_file, settings.folder, database) if each is not None]
    for each in named:
        if not each.is_absolute():
            raise CannotDo(f"Write the whole path of {each} into {settings_file}.")
    file_locations.make_database_folder(settings.database_url)
    data = [database.parent] if database else []
    bundle = os.environ.get(CERTIFICATES_NAMED)
    return ServicePaths(
        program=_program(),
        settings=settings_file,
        start=data[0] if data else Path("/"),
        written=(*data, settings.key_file.parent),
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
        raise CannotDo(
            f"The service would have other settings than this shell: {', '.join(shell_only)}."
            f" Write them into {settings_file}, or unset them."
        )
    proxies = sorted(name for name in os.environ if name.upper() in ("HTTPS_PROXY", "ALL_PROXY"))
    if proxies and not in_file.get(f"{PREFIX}PROXY"):
        raise CannotDo(
            f"This shell has a proxy ({', '.join(proxies)}), and the service would have none."
            f" Write {PREFIX}PROXY into {settings_file}: the proxy, or none to do without."
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


def _commands(unit: Path, *, user: bool) -> list[str]:
    where = shlex.quote(str(unit))
    if user:
        return [
            f"install -D -m 644 {where} ~/.config/systemd/user/petition-bot.service",
            "systemctl --user daemon-reload",
            "systemctl --user enable --now petition-bot",
            "loginctl enable-linger        # so that it runs while you are not logged in",
        ]
    return [
        f"sudo install -m 644 {where} /etc/systemd/system/petition-bot.service",
        "sudo systemctl daemon-reload",
        "sudo systemctl enable --now petition-bot",
    ]


def _account() -> str:
    """Returns the name of the account that asks, whatever the environment calls it."""
    return pwd.getpwuid(os.geteuid()).pw_name
