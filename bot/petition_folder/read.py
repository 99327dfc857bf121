"""Reads a petition's folder: the table of each file, and problems with reading them."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.petition_folder.schema import PETITION_FILE
from bot.text.problems import Problem, Sentence

Table = dict[str, Any]

FolderState = frozenset[tuple[str, int, int]]
"""Each file's name, time of its last change in nanoseconds, and length in bytes."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Folder:
    """The content of the files, unchecked; `petition` is None if that file could not be read."""

    path: Path
    petition: Table | None
    texts: dict[str, Table]
    problems: tuple[Problem, ...]

    @property
    def source_language(self) -> str:
        """The language that the others are compared with."""
        named = (self.petition or {}).get("source_language", "es")
        return named if isinstance(named, str) else "es"

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language with a file, the source first."""
        source = self.source_language
        return tuple(sorted(self.texts, key=lambda language: (language != source, language)))


def folder_state(folder: Path) -> FolderState:
    """Returns what identifies a state of a folder; empty if there is no such folder."""
    try:
        files = [(file.name, file.stat()) for file in folder.iterdir() if _is_of_a_petition(file)]
    except OSError:  # there is no folder, or a file was removed meanwhile
        return frozenset()
    return frozenset((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)


def _is_of_a_petition(file: Path) -> bool:
    """Returns whether a file belongs to the petition, and is not an editor's temporary one."""
    return file.is_file() and not file.name.startswith((".", "#")) and not file.name.endswith("~")


def language_of(file_name: str) -> str | None:
    """Returns the language of a text file like `pt-br.toml`, or None for another file."""
    stem = file_name.removesuffix(".toml")
    named = file_name.endswith(".toml") and file_name != PETITION_FILE
    return stem if named and _LANGUAGE.fullmatch(stem) else None


def read_folder(path: Path) -> Folder:
    """Reads `petition.toml` and every language file beside it."""
    if not path.is_dir():
        sentence = Sentence("no existe esta carpeta: escribe la ruta de la carpeta de la petición")
        missing = Problem(str(path), "", sentence)
        return Folder(path, None, {}, (missing,))
    problems: list[Problem] = []
    petition = _read(path / PETITION_FILE, problems)
    texts: dict[str, Table] = {}
    for file in sorted(path.glob("*.toml")):
        if file.name == PETITION_FILE:
            continue
        if not _LANGUAGE.fullmatch(file.stem):
            problems.append(Problem(file.name, "", _NOT_A_LANGUAGE))
        elif (table := _read(file, problems)) is not None:
            texts[file.stem] = table
    return Folder(path, petition, texts, tuple(problems))


_NOT_A_LANGUAGE = Sentence(
    "un archivo de textos se llama como su idioma, en minúsculas: es.toml o pt-br.toml. Cámbiale "
    "el nombre, o saca este archivo de la carpeta"
)
# What `tomllib` says of where it stopped.
_STOPPED_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_LONGEST_SHOWN = 60


def _read(file: Path, problems: list[Problem]) -> Table | None:
    text = ""
    try:
        text = file.read_text(encoding="utf-8-sig")
        return tomllib.loads(text)
    except FileNotFoundError:
        sentence = Sentence("falta este archivo: toda petición tiene uno")
    except UnicodeDecodeError:
        sentence = Sentence(
            "el archivo no está guardado en UTF-8: guárdalo otra vez con la codificación UTF-8"
        )
    except tomllib.TOMLDecodeError as error:
        sentence = _unread(str(error), text)
    except OSError as error:
        reason = error.strerror or str(error)
        sentence = Sentence("el archivo no se puede leer: {reason}", reason=reason)
    except (ValueError, RecursionError):  # a number or a nesting that Python does not read
        sentence = Sentence(
            "no se entiende, porque un valor es larguísimo: mira dónde faltan unas comillas, una "
            "coma o el signo ="
        )
    problems.append(Problem(file.name, "", sentence))
    return None


def _unread(error: str, text: str) -> Sentence:
    """Returns where a text stops being TOML."""
    stopped = _STOPPED_AT.search(error)
    if stopped is None:
        return Sentence(
            "el archivo acaba antes de tiempo: mira si al último texto le faltan las comillas del "
            "final, o a una lista su corchete"
        )
    lines = text.splitlines()
    line, column = int(stopped[1]), int(stopped[2])
    shown = lines[line - 1].strip() if line <= len(lines) else ""
    return Sentence(
        "línea {line}, columna {column}: esto no se entiende: {shown} (mira si ahí faltan unas "
        "comillas, una coma o el signo =)",
        line=str(line),
        column=str(column),
        shown=shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…",
    )
