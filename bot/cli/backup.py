"""The commands `petition-bot backup` and `petition-bot restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.console import CannotDo, Yes, agrees, in_sentences

backups = typer.Typer()

_File = Annotated[Path, typer.Argument(help="The backup, one file.", show_default=False)]


@backups.command()
@in_sentences
def backup(file: _File) -> None:
    """Back up the database into one encrypted file, also while the bot runs.

    Only who holds a key of PETITION_AGE_RECIPIENTS can open it. The bot's own key file is not in
    it: keep a copy of that elsewhere.
    """
    from bot.cli.backup_files import make_backup

    make_backup(file)


@backups.command()
@in_sentences
def restore(
    file: _File,
    identity: Annotated[
        Path | None,
        typer.Option(
            "--identity",
            "-i",
            metavar="KEY",
            help="The file with the age key that opens it.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only check that the file is whole; needs no key.")
    ] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Try everything on a copy, and change nothing.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Put a backup in the place of the database; who withdrew since does not come back.

    Stop the bot first. The database that was there is moved aside, and nothing is sent until an
    admin has looked.
    """
    from bot.age_encryption import read_identities
    from bot.cli.backup_files import check_backup, restore_backup, try_backup

    manifest = check_backup(file)
    if check:
        return
    if identity is None:
        raise CannotDo("Opening a backup needs the key of age: --identity KEY. Nothing was done.")
    if drill:
        try_backup(file, manifest, identity)
        return
    read_identities(identity)  # so that nothing is asked where the key is not there
    if agrees("Put this backup in the place of the database?", yes=yes):
        restore_backup(file, manifest, identity)
