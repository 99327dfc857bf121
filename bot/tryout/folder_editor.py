"""What a visitor of the preview's page writes into the petition's folder, and how it is undone."""

import contextlib
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any

from bot.petition_folder import editable
from bot.petition_folder.edit import NotEditable, changed
from bot.petition_folder.markup_check import fillable
from bot.petition_folder.new_language import new_language, without_language
from bot.petition_folder.new_version import new_version
from bot.petition_folder.read import Folder, language_of, read_file, read_folder
from bot.petition_folder.schema import PETITION_FILE
from bot.text import text_limits
from simulator.chats import Shape
from storage.private_files import write_file

_BOM = "\ufeff"
_UNDONE_AT_MOST = 100


Changes = Mapping[str, tuple[bytes | None, bytes | None]]
"""The content of files before and after a change, by name; None where there is no file."""


class EditRefused(Exception):
    """An edit is not made; nothing was written.

    `reason` is a name that the page has a sentence for, `status` that of the answer.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class _Step:
    """One saved change: where it is shown, and what it did; no key stands for the whole file."""

    file: str
    key: str
    changes: Changes


@dataclass(slots=True)
class FolderEditor:
    """Reads and writes the known values of one petition's folder.

    `token` is known to whoever reads the terminal, and has to come with every edit. `closed_for`
    names why nothing can be written at all, in a word that the page has a sentence for. Each
    change raises `EditRefused` for what cannot be written, or if a file is another one by now.
    """

    folder: Path
    closed_for: str | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    _done: list[_Step] = field(default_factory=list, repr=False)
    _undone: list[_Step] = field(default_factory=list, repr=False)

    def snapshot(self) -> Shape:
        """Returns everything that the page needs to show the texts and to change them."""
        read = read_folder(self.folder).as_written()
        fields = list(editable.fields_of(read))
        return {
            "closed_for": self.closed_for,
            "source": read.source_language,
            "files": {name: self._file(name, read, fields) for name in self._names()},
            "fields": [_field_shape(each) for each in fields],
            "limits": {each: editable.limits(read, each) for each in read.texts},
            "lengths": {each: editable.lengths(read, each) for each in read.texts},
            "undo": _step_shape(self._done),
            "redo": _step_shape(self._undone),
        }

    def refuse_unless_allowed(self, token: str) -> None:
        """Refuses whoever does not have the token, and everybody while nothing can be written."""
        if self.closed_for is not None:
            raise EditRefused(self.closed_for, 403)
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            raise EditRefused("token", 403)

    def edit(self, values: Mapping[str, Any]) -> None:
        """Makes the edit that these values name and describe."""
        edits = {
            "save": self.save,
            "line": self.save_line,
            "language": self.add_language,
            "remove-language": self.remove_language,
            "version": self.new_version,
            "undo": self.undo,
            "redo": self.redo,
        }
        edit = edits.get(str(values.get("edit")))
        if edit is None:
            raise EditRefused("form")
        edit(values)

    def save(self, values: Mapping[str, Any]) -> None:
        """Writes one value: `file`, `key`, `value`, and the `hash` of the file that was edited."""
        read = read_folder(self.folder).as_written()
        asked = (values.get("file"), values.get("key"))
        fields = editable.fields_of(read)
        target = next((each for each in fields if (each.file, each.key) == asked), None)
        if target is None:
            raise EditRefused("unknown" if values.get("file") in self._names() else "gone", 409)
        try:
            value = editable.written(target, values.get("value"))
        except ValueError as error:
            raise EditRefused("form") from error
        before = self._content(target.file)
        self._refuse_if_changed(before, values)
        try:
            toml = changed(_text(before), target.path, value, order=target.order)
        except (NotEditable, UnicodeDecodeError) as error:
            raise EditRefused("syntax", 409) from error
        after = _bytes(toml, before)
        if after != before:
            self._make(_Step(target.file, target.key, {target.file: (before, after)}))

    def save_line(self, values: Mapping[str, Any]) -> None:
        """Writes one `line` of a `file` that is not TOML, `value`; the first is line 1."""
        name, number = str(values.get("file")), values.get("line")
        if not self._file(name, read_folder(self.folder).as_written(), [])["broken"]:
            raise EditRefused("unknown", 409)
        if name not in self._names():
            raise EditRefused("gone", 409)
        before = self._content(name)
        self._refuse_if_changed(before, values)
        try:
            lines = _text(before).split("\n")
            value = editable.text(values.get("value"))
        except ValueError as error:
            raise EditRefused("form") from error
        if not isinstance(number, int) or not 1 <= number <= len(lines):
            raise EditRefused("form")
        after = _bytes("\n".join([*lines[: number - 1], value, *lines[number:]]), before)
        self._make(_Step(name, "", {name: (before, after)}))

    def add_language(self, values: Mapping[str, Any]) -> None:
        """Begins another language, `language`, as a copy of the source's texts."""
        language = str(values.get("language"))
        before = {name: self._content(name) for name in self._names()}
        try:
            texts = {name: _text(content) for name, content in before.items()}
            source = read_folder(self.folder).source_language
            after = new_language(language, source, texts)
        except (NotEditable, UnicodeDecodeError, KeyError) as error:
            raise EditRefused("syntax", 409) from error
        except ValueError as error:
            raise EditRefused("language") from error
        changes = {
            name: (before.get(name), _bytes(content, before.get(name, b"")))
            for name, content in after.items()
        }
        self._make(_Step(f"{language}.toml", "", changes))

    def remove_language(self, values: Mapping[str, Any]) -> None:
        """Takes a `language` away, with its file; not the one that the others come from."""
        before = {name: self._content(name) for name in self._names()}
        try:
            texts = {name: _text(content) for name, content in before.items()}
            after = without_language(str(values.get("language")), texts)
        except (NotEditable, UnicodeDecodeError, KeyError, TOMLDecodeError) as error:
            raise EditRefused("syntax", 409) from error
        except ValueError as error:
            raise EditRefused("form") from error
        changes = {
            name: (before[name], None if content is None else _bytes(content, before[name]))
            for name, content in after.items()
        }
        self._make(_Step(PETITION_FILE, "", changes))

    def new_version(self, values: Mapping[str, Any]) -> None:
        """Dates the texts anew, `version`, and notes what it changed: `changes`, by language."""
        before = self._content(PETITION_FILE)
        self._refuse_if_changed(before, values)
        version, changes = values.get("version"), values.get("changes")
        languages = read_folder(self.folder).languages
        if not isinstance(version, str) or not isinstance(changes, dict):
            raise EditRefused("form")
        said = {each: changes.get(each) for each in languages}
        try:
            version = date.fromisoformat(version).isoformat()
            noted = {each: editable.text(text) for each, text in said.items()}
            toml = new_version(_text(before), version, noted)
        except NotEditable as error:
            raise EditRefused("syntax", 409) from error
        except ValueError as error:
            raise EditRefused("version") from error
        change = {PETITION_FILE: (before, _bytes(toml, before))}
        self._make(_Step(PETITION_FILE, "version", change))

    def undo(self, _: Mapping[str, Any]) -> None:
        """Gives the files of the last saved change the content that they had before."""
        step = self._newest(self._done)
        self._write({name: (new, old) for name, (old, new) in step.changes.items()})
        self._undone.append(self._done.pop())

    def redo(self, _: Mapping[str, Any]) -> None:
        """Saves again what was undone last."""
        step = self._newest(self._undone)
        self._write(step.changes)
        self._done.append(self._undone.pop())

    def _make(self, step: _Step) -> None:
        self._write(step.changes)
        self._done = [*self._done, step][-_UNDONE_AT_MOST:]
        self._undone.clear()

    def _newest(self, steps: list[_Step]) -> _Step:
        if not steps:
            raise EditRefused("nothing", 409)
        return steps[-1]

    def _refuse_if_changed(self, content: bytes, values: Mapping[str, Any]) -> None:
        if _hash(content) != values.get("hash"):
            raise EditRefused("changed", 409)

    def _names(self) -> list[str]:
        """Returns the names of the folder's text files and of `petition.toml`, if they exist."""
        names = (file.name for file in sorted(self.folder.glob("*.toml")) if file.is_file())
        return [name for name in names if name == PETITION_FILE or language_of(name)]

    def _content(self, name: str) -> bytes:
        content = self._content_if_any(name)
        if content is None:
            raise EditRefused("gone", 409)
        return content

    def _content_if_any(self, name: str) -> bytes | None:
        try:
            return read_file(self.folder / name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EditRefused("gone", 409) from error

    def _write(self, changes: Changes) -> None:
        """Writes all of these files or none; each has to be what it was before the change."""
        if any(self._content_if_any(name) != before for name, (before, _) in changes.items()):
            raise EditRefused("changed", 409)
        made: list[str] = []
        try:
            for name, (_, after) in changes.items():
                self._put(name, after)
                made.append(name)
        except OSError as error:
            for name in made:
                with contextlib.suppress(OSError):
                    self._put(name, changes[name][0])
            raise EditRefused("folder", 409) from error

    def _put(self, name: str, content: bytes | None) -> None:
        file = self.folder / name
        # Through a link in a stranger's folder, a file of one's own would be written.
        if not file.resolve().is_relative_to(self.folder.resolve()):
            raise EditRefused("link", 409)
        if content is None:
            file.unlink()
        else:
            write_file(file, content, like=file if file.exists() else self.folder / PETITION_FILE)

    def _file(self, name: str, read: Folder, fields: list[editable.Field]) -> Shape:
        language = language_of(name)
        table = read.petition if language is None else read.texts.get(language)
        content, lines = b"", None
        with contextlib.suppress(EditRefused, UnicodeDecodeError):
            content = self._content(name)
            lines = _text(content).split("\n") if table is None else None
        values = {
            each.key: editable.value_of(each, table)
            for each in fields
            if each.file == name and table is not None
        }
        return {
            "language": language,
            "hash": _hash(content),
            "broken": table is None,
            "lines": lines,
            "values": values,
        }


def _field_shape(each: editable.Field) -> Shape:
    return {
        "file": each.file,
        "key": each.key,
        "kind": each.kind,
        "language": each.language,
        "optional": each.optional,
        "limit": text_limits.CHANGED if each.key.startswith(editable.EARLIER) else None,
        "fillable": fillable(each.key) if each.file != PETITION_FILE else [],
    }


def _step_shape(steps: list[_Step]) -> Shape | None:
    return {"file": steps[-1].file, "key": steps[-1].key} if steps else None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig")


def _bytes(toml: str, before: bytes) -> bytes:
    """Returns the content of a file, with a byte order mark if it had one before."""
    return ((_BOM if before.startswith(_BOM.encode()) else "") + toml).encode()
