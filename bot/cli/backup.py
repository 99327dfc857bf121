"""`petition-bot backup` and `petition-bot restore`, and what they say came of it."""

import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot import restore as restoration
from bot.age_encryption import parse_recipients, read_identities
from bot.backup import (
    BACKUP_IS_OLD,
    Manifest,
    OldBackups,
    read_manifest,
    remove_old_backups,
    was_made_with,
    write_backup,
)
from bot.cli.context import CliContext, run_with_context
from bot.console import CannotDo, Yes, agrees, counted, in_sentences, progress_bar, run_to_end, say
from bot.file_locations import make_database_folder
from bot.petition.petition import BUNDLED, load_petition
from bot.settings import SettingsInvalid, load_petition_settings
from storage import (
    DatabaseMissing,
    Deed,
    KeyFileMissing,
    Keyring,
    PetitionMissing,
    SchemaMissing,
    StorageError,
    require_key_file,
)

_NO_RECIPIENTS = (
    "There is nobody to whom the backup can be encrypted. Make a key on another machine with"
    " age-keygen -o key.txt, set PETITION_AGE_RECIPIENTS to the public key that it prints (age1…),"
    " and try again. Whoever has key.txt can open the backups; the bot's machine must not have it."
)

_DEEDS = {
    Deed.WITHDRAWAL: ("1 withdrawal", "{n:,} withdrawals"),
    Deed.NAME: ("1 corrected name", "{n:,} corrected names"),
    Deed.WITH_NAME: ("1 choice of name", "{n:,} choices of name"),
    Deed.MUTED: ("1 change of /stop", "{n:,} changes of /stop"),
    Deed.UPDATES_ENDED: ("1 refusal of updates", "{n:,} refusals of updates"),
    Deed.NEWS_ENDED: ("1 refusal of other news", "{n:,} refusals of other news"),
    Deed.RESTRICTED: ("1 restriction", "{n:,} restrictions"),
    Deed.OBJECTED: ("1 objection", "{n:,} objections"),
    Deed.HANDOVER: ("1 handover", "{n:,} handovers"),
}


_File = Annotated[Path, typer.Argument(help="The backup, one file.", show_default=False)]


@in_sentences
def backup(
    file: _File,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            min=1,
            max=30,
            metavar="DAYS",
            help="Remove older backups like it from its folder. People were promised 30 days.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Back up the database into one encrypted file, also while the bot runs.

    Only who holds a key of PETITION_AGE_RECIPIENTS can open it. The bot's own key file is not in
    it: keep a copy of that elsewhere.
    """
    settings = load_petition_settings()
    if not settings.age_recipients:
        raise CannotDo(_NO_RECIPIENTS)
    recipients = parse_recipients(settings.age_recipients)

    async def made(context: CliContext) -> tuple[Manifest, OldBackups | None]:
        keyring = context.storage.keyring
        with _progress("Backing up", None) as wrote:
            manifest = await write_backup(
                file, settings.database_url, recipients, keyring, wrote=wrote
            )
        await context.storage.audit.record("backup", actor=None, at=manifest.made_at)
        if keep is None:
            return manifest, None
        return manifest, remove_old_backups(file, keyring, manifest.made_at - timedelta(days=keep))

    manifest, old = run_with_context(made)
    say(f"The backup is in {file}: {_content(manifest)}.")
    say("Keep it on another machine. It needs the bot's key file too, which is not in it.")
    if old is None:
        say(
            "It holds what people withdraw from now on: delete it after thirty days, as they were"
            " promised. --keep 30 removes older ones.",
        )
        return
    if old.removed:
        say(f"Removed, as older than {counted(keep or 0, 'day')}: {_named(old.removed)}.")
    if old.doubtful:
        say(
            f"Older too, and left: {_named(old.doubtful)}. They are damaged, or were not made with"
            " this key file. If they are yours, delete them."
        )


def _named(files: list[Path]) -> str:
    return ", ".join(each.name for each in files)


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
    manifest = _checked(file)
    if check:
        return
    if identity is None:
        raise CannotDo("Opening a backup needs the key of age: --identity KEY. Nothing was done.")
    if drill:
        _try(file, manifest, identity)
        return
    read_identities(identity)  # so that nothing is asked where the key is not there
    if agrees("Put this backup in the place of the database?", yes=yes):
        _restore(file, manifest, identity)


def _checked(file: Path) -> Manifest:
    """Checks that a backup is whole, and says what it holds; raises BackupUnusable."""
    manifest = read_manifest(file)
    at = manifest.made_at
    said = f"backup of {at:%d %B %Y, %H:%M} UTC"
    keyring = _own_keyring()
    if keyring is not None and was_made_with(keyring, manifest):
        say(f"The {said} is whole, and was made here: {_content(manifest)}.")
        return manifest
    say(f"The file is whole. It says of itself: {said}: {_content(manifest)}.")
    say(
        "Whether that is true cannot be told without the bot's key file, PETITION_KEY_FILE."
        if keyring is None
        else "It was not made with the key file of the settings, or its first line was changed:"
        " anybody may have written that."
    )
    return manifest


def _own_keyring() -> Keyring | None:
    try:
        return Keyring.load(require_key_file(load_petition_settings().key_file))
    except (KeyFileMissing, SettingsInvalid):
        return None  # as on the machine where the backups are kept


def _try(file: Path, manifest: Manifest, identity: Path) -> None:
    """Restores a backup onto a copy that is thrown away, and says what it would come to."""
    with _progress("Opening", manifest.payload_bytes) as read:
        tried = run_to_end(restoration.drill(_order(file, manifest, identity, read)))
    if tried is None:
        say("The key opens it, and pg_restore reads it to its end. Nothing was changed.")
        return
    say("The key opens it, its database is sound, and the key file opens the names in it.")
    say(f"Restored, {_outcome(tried)} Nothing was changed.")


def _restore(file: Path, manifest: Manifest, identity: Path) -> None:
    """Restores a backup, and says what it came to and what is to be done now."""
    with _progress("Restoring", manifest.payload_bytes) as read:
        restored = run_to_end(restoration.restore(_order(file, manifest, identity, read)))
    say(f"The backup is restored: {_outcome(restored)}")
    if restored.moved_aside is not None:
        aside = restored.moved_aside
        say(
            f"The database that was there is {aside} now. It holds the same people: the bot"
            " removes it after a week. When you need it no more, do that now: rm"
            f" {shlex.quote(str(aside))}*",
        )
    others = [each.slug for each in manifest.content.petitions if each.signatures]
    if len(others) > 1:
        say("Its other petitions are brought up to date when their bots start.")
    say(
        "Start the bot now. Nothing is sent until an admin has looked: the bot tells them in the"
        " chat what was restored, with a button that lets messages go out again.",
    )


def say_age_of_backup(slug: str) -> None:
    """Says when a petition was backed up last, if the settings have its database."""

    async def asked(context: CliContext) -> datetime | None:
        return await context.storage.audit.last("backup")

    try:
        settings = load_petition_settings()
        if settings.key_file is None or load_petition(settings.folder or BUNDLED).slug != slug:
            return  # only its texts are here
        made_at, now = run_with_context(asked), datetime.now(UTC)
    except (DatabaseMissing, SchemaMissing, PetitionMissing):
        return  # nobody can have signed yet
    except (StorageError, SettingsInvalid) as error:
        say(f"When its signatures were backed up cannot be told: {error}")
        return
    if made_at is None:
        say("There is no backup of its signatures yet: petition-bot backup FILE")
        return
    days = (now - made_at).days
    when = "today" if days < 1 else "yesterday" if days == 1 else f"{days:,} days ago"
    late = "" if now - made_at <= BACKUP_IS_OLD else " Make another one: petition-bot backup FILE"
    say(f"Its signatures were backed up {when}.{late}")


def _order(
    file: Path, manifest: Manifest, identity: Path, read: Callable[[int], None]
) -> restoration.Order:
    settings = load_petition_settings()
    make_database_folder(settings.database_url)
    petition = load_petition(settings.folder or BUNDLED)
    if petition.slug not in {each.slug for each in manifest.content.petitions}:
        held = ", ".join(each.slug for each in manifest.content.petitions) or "none"
        raise CannotDo(
            f"This backup holds nothing of the petition {petition.slug}; it is of: {held}. Look at"
            " PETITION_FOLDER. Nothing was changed."
        )
    return restoration.Order(
        path=file,
        manifest=manifest,
        identities=read_identities(identity),
        url=settings.database_url,
        keyring=Keyring.load(require_key_file(settings.key_file)),
        slug=petition.slug,
        at=datetime.now(UTC),
        read=read,
    )


def _content(manifest: Manifest) -> str:
    held = "; ".join(
        f"{each.slug} with {counted(each.signatures, 'signature')}, "
        f"up to number {each.last_number:,}"
        for each in manifest.content.petitions
    )
    return f"{held}; {manifest.payload_bytes / 1e6:,.1f} MB"


def _outcome(restored: restoration.Restored) -> str:
    parts = [f"it has {counted(restored.signatures, 'signature')}."]
    if restored.lost:
        parts.append(
            f"{restored.lost:,} numbers were given after it: so many signatures at most are lost,"
            " and none of these numbers is given again."
        )
    if done := _repeated(restored.repeated):
        parts.append(f"Done again from the journal: {done}.")
    if restored.journal.is_missing:
        parts.append(
            "There is no journal beside the key file, which says who withdrew after the backup and"
            " who wants no messages: such people are back. If you have it, put it there, and"
            " restore again before you start the bot."
        )
    elif restored.journal.unreadable == 0 and not restored.knows_all:
        parts.append(
            "The journal beside the key file was begun after this backup, so the one before it is"
            " lost: who withdrew in between is back. If there is a later backup, restore that one."
        )
    if restored.journal.unreadable:
        parts.append(
            f"{restored.journal.unreadable:,} entries of the journal are damaged: somebody who"
            " withdrew may be back. If there is a copy of the journal, put it beside the key file,"
            " and restore again before you start the bot."
        )
    return " ".join(parts)


def _repeated(repeated: Counter[Deed]) -> str:
    said = [
        (one if repeated[deed] == 1 else many.format(n=repeated[deed]))
        for deed, (one, many) in _DEEDS.items()
        if repeated[deed]
    ]
    return said[0] if len(said) == 1 else ", ".join(said[:-1]) + " and " + said[-1] if said else ""


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Yields what is told how many bytes are done, and draws it on a terminal."""
    from rich.progress import DownloadColumn  # it takes a moment to load

    with progress_bar(DownloadColumn()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
