"""The key file: read, checked and written; `storage/keyring.py` says what is in it.

It is replaced in one step, so that an interruption leaves the old one or the new one.
"""

import base64
import os
import re
import secrets
import shlex
import stat
from pathlib import Path

from bot.file_locations import key_file as key_file_by_default
from storage.database_url import data_folder
from storage.errors import KeyFault, KeyFileMissing, KeyFileUnusable
from storage.private_files import reason_and_command, write_file

ID_BYTES = 4
KEY_BYTES = 32

# The line of an encryption key.
_ENCRYPTION = re.compile(r"^[ \t]*encryption\s.*\n?", re.MULTILINE)

_TITLE = (
    "# The key of a petition bot: it opens the names and chat ids in the bot's database.\n"
    "# Keep a copy in a safe place, apart from the database and its backups: without it they\n"
    "# cannot be read by anyone. Never send it, never commit it.\n"
)


def make_key_file(path: Path) -> None:
    """Makes a new key file that only its owner can read; never touches an existing file.

    Raises:
        KeyFileUnusable: it cannot be made there, or others can write to its folder.
    """
    refuse_open_folders(path)
    text = f"{_TITLE}reference {_new_key()}\n{_new_encryption()}"
    try:
        _write(path, text, replaces=False)
    except FileExistsError as error:
        raise _unusable(KeyFault.EXISTS, path, _another(path)) from error


def read_key_file(path: Path) -> tuple[bytes, dict[bytes, bytes]]:
    """Returns the reference key, and the encryption keys by id, the newest first.

    Raises:
        KeyFileMissing, KeyFileUnusable: others than its owner can read or replace it, or it is no
            key file; the message says what to do.
    """
    return _parsed(_guarded_text(path), path)


def require_key_file(path: Path | None) -> Path:
    """Returns the key file that the settings name; raises KeyFileMissing where they name none."""
    if path is None:
        raise KeyFileMissing
    return path


def add_encryption_key(path: Path) -> None:
    """Puts a new encryption key first; the older keys stay."""
    text = _guarded_text(path)
    _parsed(text, path)
    _write(path, _ENCRYPTION.sub(lambda first: _new_encryption() + first[0], text, count=1))


def remove_older_encryption_keys(path: Path, newest: bytes) -> None:
    """Leaves only the newest encryption key.

    Raises:
        KeyFileUnusable: the newest one is another than the one with this id.
    """
    text = _guarded_text(path)
    if next(iter(_parsed(text, path)[1])) != newest:
        raise KeyFileUnusable(KeyFault.CHANGED, path=path)
    newest_line, *_ = _ENCRYPTION.finditer(text)
    end = newest_line.end()
    _write(path, text[:end] + _ENCRYPTION.sub("", text[end:]))


def key_apart_from_data(key_file: Path, database_url: str) -> None:
    """Refuses a key file inside the folder of the SQLite database, at any depth.

    A copy or backup of that folder would have the data and its key together. With
    PostgreSQL there is no such folder and nothing to refuse.

    Raises:
        KeyFileUnusable: it lies in that folder; the message says what to do.
    """
    folder = data_folder(database_url)
    if folder is None or not key_file.resolve().is_relative_to(folder):
        return
    elsewhere = key_file_by_default().parent
    if elsewhere.is_relative_to(folder) or (elsewhere / key_file.name).exists():
        elsewhere = folder.with_name(f"{folder.name}-key")
    moving = (
        f"{shlex.join(['mkdir', '-m', '700', '-p', str(elsewhere)])} && "
        # What lies beside the key, and begins with its name, belongs to it.
        f"mv -n {shlex.quote(str(key_file))}* {shlex.quote(str(elsewhere))}"
    )
    key = elsewhere / key_file.name
    raise KeyFileUnusable(
        KeyFault.WITH_THE_DATA, command=moving, key=key, path=key_file, folder=folder
    )


def _write(path: Path, text: str, *, replaces: bool = True) -> None:
    try:
        write_file(path, text.encode(), replaces=replaces)
    except FileExistsError:
        raise
    except OSError as error:
        reason = reason_and_command(path, error)
        raise KeyFileUnusable(KeyFault.NOT_WRITTEN, path=path, reason=reason) from error


def _new_encryption() -> str:
    return f"encryption {secrets.token_hex(ID_BYTES)} {_new_key()}\n"


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _guarded_text(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise _not_a_file(path)
        if mode & 0o077:
            command = shlex.join(["chmod", "600", str(path)])
            raise KeyFileUnusable(KeyFault.FOR_OTHERS, command=command, path=path)
        refuse_open_folders(path)
        return path.read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise KeyFileMissing(
            "There is no key file at {path}. If people have signed already, put back your copy of "
            "it; if nobody has, run: petition-bot keygen",
            path=path,
        ) from error
    except UnicodeDecodeError:
        raise _not_a_key_file(path) from None
    except OSError as error:
        reason = reason_and_command(path, error)
        raise KeyFileUnusable(KeyFault.UNREADABLE, path=path, reason=reason) from error


def refuse_open_folders(path: Path) -> None:
    """Refuses a key file in a folder where others can replace it.

    If the path is a link, the folders of the link are checked as well as those of the file.
    """
    around = {path.parent.absolute(), path.resolve().parent}
    above = {one for folder in around for one in folder.parents} - around
    folders = [folder for folder in (*around, *above) if folder.is_dir()]
    writable = [one for one in folders if _others_write(one.stat().st_mode, inside=one in above)]
    if writable:
        raise _replaceable(path, ["chmod", "go-w"], writable)
    known = {0, os.geteuid(), *([path.stat().st_uid] if path.exists() else [])}
    strange = [one for one in folders if one in around and one.stat().st_uid not in known]
    if strange:
        raise _replaceable(path, ["chown", str(os.geteuid())], strange)


def _others_write(mode: int, *, inside: bool) -> bool:
    # The sticky bit keeps others from moving a folder inside, but not from adding files.
    return bool(mode & 0o022) and not (inside and mode & stat.S_ISVTX)


def _replaceable(path: Path, command: list[str], folders: list[Path]) -> KeyFileUnusable:
    mending = shlex.join([*command, *sorted(map(str, folders), key=len, reverse=True)])
    return KeyFileUnusable(KeyFault.REPLACEABLE, command=mending, path=path)


def _parsed(text: str, path: Path) -> tuple[bytes, dict[bytes, bytes]]:
    references: list[bytes] = []
    encryption: dict[bytes, bytes] = {}
    try:
        for line in text.splitlines():
            match line.split():
                case ["reference", key]:
                    references.append(base64.b64decode(key, validate=True))
                case ["encryption", key_id, key]:
                    encryption[bytes.fromhex(key_id)] = base64.b64decode(key, validate=True)
                case [first, *_] if not first.startswith("#"):
                    raise _not_a_key_file(path)
    except ValueError:
        raise _not_a_key_file(path) from None
    sizes = {len(key) for key in (*references, *encryption.values())}
    id_sizes = {len(key_id) for key_id in encryption}
    if not references or sizes != {KEY_BYTES} or id_sizes != {ID_BYTES}:
        raise _not_a_key_file(path)
    # Below it can stand what belongs to older backups.
    return references[0], encryption


def _not_a_key_file(path: Path) -> KeyFileUnusable:
    # The message quotes nothing of the file, which may hold most of a key.
    return _unusable(KeyFault.DAMAGED, path, _another(path))


def _not_a_file(path: Path) -> KeyFileUnusable:
    """Returns what to do with a setting that leads to a folder, or to something else."""
    inside = path / "petition.key"
    if inside.is_file():
        return KeyFileUnusable(KeyFault.A_FOLDER_WITH_IT, path=path, inside=inside)
    return _unusable(KeyFault.NOT_A_FILE, path, inside if path.is_dir() else _another(path))


def _unusable(fault: KeyFault, path: Path, key: Path) -> KeyFileUnusable:
    """Returns the error with the command that makes a key there, which becomes the bot's."""
    making = shlex.join(["petition-bot", "keygen", str(key)])
    return KeyFileUnusable(fault, command=making, key=key, path=path)


def _another(path: Path) -> Path:
    """Returns a path beside this one at which there is nothing yet."""
    stems = (f"{path.stem}-new{n}" for n in ("", *range(2, 100)))
    return next(each for each in map(path.with_stem, stems) if not each.exists())
