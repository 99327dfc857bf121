"""The command line `petition-bot`: reads arguments, runs commands, prints errors."""

from pathlib import Path
from typing import Annotated

import typer

from bot import file_locations
from bot.cli.backup import backup, restore
from bot.cli.broadcasts import broadcasts
from bot.cli.check import check
from bot.cli.dossier import dossier
from bot.cli.export import export
from bot.cli.handover import delivered
from bot.cli.init import init
from bot.cli.invalidate import invalidate
from bot.cli.keys import keys
from bot.cli.notices import notices
from bot.cli.person import person
from bot.cli.purge import purge
from bot.cli.service import service
from bot.console import (
    CannotDo,
    fail,
    in_sentences,
    out,
    run_to_end,
    say,
    say_files_here,
    say_in_terminal,
)
from bot.file_locations import make_database_folder, make_private_folder
from bot.logs import configure_logging
from bot.settings import SettingsInvalid, load_settings, load_storage_settings
from storage import Keyring
from storage import migrate as migrate_database

app = typer.Typer(
    name="petition-bot",
    help="A petition inside a Telegram chat.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="The page's port; if left out, a free one near 8080."),
]
_Host = Annotated[
    str, typer.Option(help="Where the page can be reached; by others too, if it is not loopback.")
]


@in_sentences
def run(
    restored_backup: Annotated[
        bool,
        typer.Option(
            "--restored-backup",
            help="An older copy of the database was put back by hand: do again what people asked"
            " for since, and send nothing until an admin has looked.",
        ),
    ] = False,
    rehearsal: Annotated[
        bool,
        typer.Option(
            "--rehearsal",
            help="Try the petition in Telegram: each message says that it is a rehearsal, nothing"
            " counts, and names are erased at the end.",
        ),
    ] = False,
) -> None:
    """Run the bot with the settings from the environment or the file .env."""
    settings = load_settings()
    configure_logging(settings.log_level, secrets=[settings.bot_token.get_secret_value()])
    # Imported here: Telegram's library takes a moment to load, and other commands do not need it.
    from bot.cli.run import require_ready, require_rehearsable, say_rehearsal_is_over
    from bot.process import FatalError, TokenUnknown, run_until_stopped

    if rehearsal and restored_backup:
        raise CannotDo("Either --rehearsal or --restored-backup, not both.")
    (require_rehearsable if rehearsal else require_ready)(settings)
    try:
        run_to_end(
            run_until_stopped(
                settings, restored=restored_backup, rehearsal=rehearsal, tell=say_in_terminal
            )
        )
    except (TokenUnknown, FatalError) as error:
        # At the start a proxy's hiccup looks like a token that is refused, so that may pass.
        fail(str(error))
    if rehearsal:
        say_rehearsal_is_over()


@in_sentences
def demo(
    story: Annotated[
        bool, typer.Option("--story", help="Play a whole petition by itself, on the page too.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Play it without a page, and end after it.")
    ] = False,
    port: _Port = None,
    host: _Host = "127.0.0.1",
) -> None:
    """Try the bot on a web page, with an open petition; nothing leaves this machine."""
    configure_logging("WARNING")
    from bot.cli.demo import run_demo, run_story

    if story or once:
        raise typer.Exit(run_to_end(run_story(once=once, host=host, port=port)))
    raise typer.Exit(run_to_end(run_demo(host=host, port=port)))


@in_sentences
def simulator(
    api_port: Annotated[
        int, typer.Option(min=0, max=65535, help="The Bot API's port, on this machine.")
    ] = 8081,
    port: _Port = None,
    host: _Host = "127.0.0.1",
) -> None:
    """Serve a simulated Telegram, to set up and try a bot of your own without an account."""
    configure_logging("WARNING")
    from bot.cli.simulator import run_simulator

    run_to_end(run_simulator(api_port=api_port, host=host, port=port))


@in_sentences
def preview(
    folder: Annotated[Path, typer.Argument(help="A petition's folder.")],
    port: _Port = None,
    host: _Host = "127.0.0.1",
) -> None:
    """Show a petition on a web page while you write it; saved files appear at once."""
    configure_logging("ERROR")
    from bot.cli.preview import run_preview

    run_to_end(run_preview(out, folder, host=host, port=port))


@in_sentences
def rehearse(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A petition's folder; by default the one you are in."),
    ] = None,
    people: Annotated[
        int, typer.Option(min=1, max=10_000, help="How many people take part.")
    ] = 500,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of what is drawn; the same repeats a rehearsal.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The page with the report; if left out, in a new temporary folder."),
    ] = None,
) -> None:
    """Live through a petition in simulation, in a minute, and report what people meet."""
    # The calls that a simulated Telegram refuses are in the report.
    configure_logging("CRITICAL")
    from bot.cli.rehearse import rehearse_folder

    raise typer.Exit(rehearse_folder(folder, people=people, seed=seed, output=output))


@in_sentences
def keygen(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="Where the key goes: outside the data folder. If left out, PETITION_KEY_FILE, or"
            " else the platform's folder for settings; that is made.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make the key that encrypts signatures."""
    if path is None:
        path = load_storage_settings().key_file or file_locations.key_file()
        make_private_folder(path.parent)
    path = path.absolute()
    Keyring.generate(path)
    say(
        f"The key is in {path}. Keep a copy of it apart from the database: without the key"
        " nobody can read the signatures, and with both anybody can."
    )
    try:
        named = load_storage_settings().key_file
    except SettingsInvalid:  # whatever else is wrong with them, the key is made
        named = None
    if named is None or path != named.absolute():
        say(f"Set PETITION_KEY_FILE={path} in your settings.")


@in_sentences
def migrate() -> None:
    """Migrate the database to this version's tables."""
    settings = load_storage_settings()
    say_files_here(settings.database_url)
    make_database_folder(settings.database_url)
    revision = run_to_end(migrate_database(settings.database_url))
    say(f"The database is at revision {revision}.")


for command in (
    *(run, demo, simulator, preview, rehearse, check, export, keygen, purge, init, invalidate),
    *(service, migrate, dossier, delivered, notices, backup, restore),
):
    app.command()(command)
for group in (broadcasts, keys, person):
    app.add_typer(group)
