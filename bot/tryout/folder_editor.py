"""What a visitor of the preview's page writes into the petition's folder."""

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any

from bot.petition_folder.edit import NotEditable, changed, new_language
from bot.petition_folder.files import PETITION_FILE, language_of, read_file
from bot.petition_folder.form import form_of, lengths, shapes_of, text_in, value_from
from bot.petition_folder.read import Folder, read_folder
from bot.text.translations import mark
from simulator.chats import Shape
from storage.private_files import write_file

_BOM = "\ufeff"

Texts = Mapping[str, str]
"""The content of files, by name."""

Changes = Mapping[str, tuple[bytes | None, bytes]]
"""The content of files before and after a change, by name; None where there was no file."""


class Refusal(StrEnum):
    """Why an edit is not made, as the page says it."""

    TOKEN = mark(
        "Solo lectura. Para cambiar los textos, abre esta página con la dirección entera que "
        "muestra la terminal, hasta el final: después de # lleva la llave."
    )
    BUNDLED = mark(
        "Solo lectura: esta petición viene con el programa. Haz primero la tuya: petition-bot init"
    )
    FOLDER = mark(
        "No se puede escribir en la carpeta: falta el permiso o el espacio en el disco. No se "
        "ha guardado nada."
    )
    LINK = mark(
        "Ese archivo es un enlace que sale de la carpeta: desde aquí no se cambia lo de fuera."
    )
    GONE = mark("Ese archivo ya no está en la carpeta. Tu texto sigue aquí.")
    UNKNOWN = mark("Eso no se puede cambiar desde aquí.")
    CHANGED = mark("El archivo ha cambiado mientras tanto; no se ha tocado.")
    SYNTAX = mark(
        "El archivo está escrito de un modo que no se puede cambiar desde aquí sin tocar lo "
        "demás. No se ha guardado nada."
    )
    FORM = mark("Así no se puede guardar: revisa lo que has escrito.")
    LANGUAGE = mark("Ese idioma no se puede añadir: ya está, o no es un idioma.")


class EditRefused(Exception):
    """An edit is not made, for a reason; nothing was written. With 403, none at all is made."""

    def __init__(self, refusal: Refusal, status: int = 409) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal
        self.status = status


@dataclass(slots=True)
class FolderEditor:
    """Reads and writes the known values of one petition's folder.

    `token` is known to those who read the terminal, and has to come with every edit. `closed_for`
    is why nothing can be written at all. Each change raises `EditRefused` for what cannot be
    written, or if a file is another one by now.
    """

    folder: Path
    closed_for: Refusal | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def snapshot(self) -> Shape:
        """Returns everything that the page needs to show the texts and to change them."""
        read = self._read()
        return {
            "source": read.source_language,
            "files": {name: self._file(name, read) for name in self._names(read.source_language)},
            "fields": shapes_of(read),
            "lengths": {each: lengths(read, each) for each in read.languages},
        }

    def refuse_unless_allowed(self, token: str) -> None:
        """Refuses people without the token, and everybody while nothing can be written."""
        if self.closed_for is not None:
            raise EditRefused(self.closed_for, 403)
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            raise EditRefused(Refusal.TOKEN, 403)

    def edit(self, values: Mapping[str, Any]) -> None:
        """Makes the edit that these values name and describe."""
        match values.get("edit"):
            case "save":
                self.save(values)
            case "language":
                self.add_language(values)
            case _:
                raise EditRefused(Refusal.FORM)

    def save(self, values: Mapping[str, Any]) -> None:
        """Writes one value: `file`, `key`, `text`, and the text that it had, `base`."""
        read = self._read()
        asked = (values.get("file"), values.get("key"))
        fields = form_of(read)
        target = next((each for each in fields if (each.file, each.key) == asked), None)
        if target is None:
            raise EditRefused(Refusal.UNKNOWN if asked[0] in self._names() else Refusal.GONE)
        try:
            value = value_from(target, values.get("text"))
        except ValueError as error:
            raise EditRefused(Refusal.FORM) from error
        if text_in(read, target) != values.get("base"):
            raise EditRefused(Refusal.CHANGED)

        def saved(texts: Texts) -> Texts:
            return {target.file: changed(texts[target.file], target.path, value)}

        self._rewrite(saved, Refusal.FORM, files=(target.file,))

    def add_language(self, values: Mapping[str, Any]) -> None:
        """Begins another language, `language`, as a copy of the source's texts."""
        language = str(values.get("language"))
        source = self._read().source_language
        self._rewrite(partial(new_language, language, source), Refusal.LANGUAGE)

    def _rewrite(
        self,
        rewritten: Callable[[Texts], Texts],
        unfit: Refusal,
        files: Sequence[str] | None = None,
    ) -> None:
        """Writes what `rewritten` makes of these files, or of all; `unfit` is its `ValueError`."""
        before = {name: self._content(name) for name in files or self._names()}
        if None in before.values():
            raise EditRefused(Refusal.GONE)
        try:
            after = rewritten({name: _text(content) for name, content in before.items()})
        except (NotEditable, UnicodeDecodeError, KeyError, TOMLDecodeError) as error:
            raise EditRefused(Refusal.SYNTAX) from error
        except ValueError as error:
            raise EditRefused(unfit) from error
        made = {name: _bytes(content, before.get(name)) for name, content in after.items()}
        changes = {
            name: (before.get(name), new) for name, new in made.items() if new != before.get(name)
        }
        self._write(changes)

    def _names(self, source: str = "") -> list[str]:
        """Returns the names of the text files, the source's first, then `petition.toml`."""
        names = sorted(file.name for file in self.folder.glob("*.toml") if file.is_file())
        names.sort(key=lambda name: (name == PETITION_FILE, name != f"{source}.toml"))
        return [name for name in names if name == PETITION_FILE or language_of(name)]

    def _read(self) -> Folder:
        """Reads the folder as it can be written: without what is not UTF-8, or misnamed."""
        read = read_folder(self.folder)
        names = [name for name in self._names() if self._lines(name) is not None]
        return replace(
            read, tables={each: read.tables[each] for each in names if each in read.tables}
        )

    def _lines(self, name: str) -> list[str] | None:
        """Returns the lines of a file, as the check counts them; None of one that is not text."""
        with contextlib.suppress(EditRefused, UnicodeDecodeError):
            text = _text(self._content(name))
            return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return None

    def _content(self, name: str) -> bytes | None:
        try:
            return read_file(self.folder / name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EditRefused(Refusal.GONE) from error

    def _write(self, changes: Changes) -> None:
        """Writes all of these files or none; each has to be what it was before the change."""
        if any(self._content(name) != before for name, (before, _) in changes.items()):
            raise EditRefused(Refusal.CHANGED)
        folder = self.folder.resolve()
        # Through a link in a stranger's folder, a file of one's own would be written.
        if not all((folder / name).resolve().is_relative_to(folder) for name in changes):
            raise EditRefused(Refusal.LINK)
        made: list[str] = []
        try:
            for name, (_, after) in changes.items():
                self._put(name, after)
                made.append(name)
        except OSError as error:
            for name in made:
                with contextlib.suppress(OSError):
                    self._put(name, changes[name][0])
            raise EditRefused(Refusal.FOLDER) from error

    def _put(self, name: str, content: bytes | None) -> None:
        file = self.folder / name
        if content is None:
            file.unlink()
            return
        # Another file would be put in the place of one that is marked as not to be changed.
        if file.exists() and not os.access(file, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
        mode = (file if file.exists() else self.folder / PETITION_FILE).stat().st_mode
        write_file(file, content)
        file.chmod(mode)

    def _file(self, name: str, read: Folder) -> Shape:
        is_broken = name not in read.tables
        lines = self._lines(name) if is_broken else None
        return {"language": language_of(name), "broken": is_broken, "lines": lines}


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8-sig")


def _bytes(toml: str, before: bytes | None) -> bytes:
    """Returns the content of a file, with a byte order mark if it had one before."""
    return ((_BOM if (before or b"").startswith(_BOM.encode()) else "") + toml).encode()
