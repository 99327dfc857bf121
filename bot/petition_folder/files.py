"""The files in a petition's folder: which there are, how they are called, and their content."""

import errno
import os
import re
from pathlib import Path
from typing import Any

from bot.text.problems import Problem, Sentence

Table = dict[str, Any]

FolderState = frozenset[tuple[str, int, int]]
"""Each file's name, time of its last change in nanoseconds, and length in bytes."""

PETITION_FILE = "petition.toml"
_LARGEST_TEXT = 4 * 1024 * 1024  # bytes; a long petition has fifty thousand
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


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


_NOT_A_LANGUAGE = Sentence(
    "un archivo de textos se llama como su idioma, en minúsculas: es.toml o pt-br.toml. Cámbiale "
    "el nombre, o saca este archivo de la carpeta"
)


def petition_files(path: Path, problems: list[Problem]) -> dict[str, str]:
    """Returns the petition's files by the name that each should have, and is read under."""
    named = sorted(file.name for file in path.glob("*") if _is_of_a_petition(file))
    files = {name: name for name in named if _meant(name) == name}
    for name in named:
        meant = _meant(name)
        if name in files:
            continue
        if meant is not None and meant not in files:
            files[meant] = name
            problems.append(Problem(name, "", _misnamed(name, meant)))
        elif name.endswith(".toml"):
            problems.append(Problem(name, "", _NOT_A_LANGUAGE))
    return files


def _meant(name: str) -> str | None:
    """Returns how a file should be called: "es.toml" for "ES.toml" and "es.toml.txt"."""
    meant = name.lower().removesuffix(".txt").replace("_", "-")
    return meant if language_of(meant) or meant == PETITION_FILE else None


def _misnamed(name: str, meant: str) -> Sentence:
    return Sentence(
        "el editor le ha añadido .txt al guardarlo: cambia su nombre a {meant}. Si no ves el "
        ".txt en Windows, marca Ver, Mostrar, Extensiones de nombre de archivo"
        if name.lower().endswith(".txt")
        else "cambia el nombre de este archivo a {meant}, en minúsculas",
        meant=meant,
    )


NOT_A_FILE = Sentence("esto no es un archivo corriente: sácalo de la carpeta")


def read_file(file: Path, most: int = _LARGEST_TEXT) -> bytes | None:
    """Returns the content of a file of `most` bytes; None if it is a pipe, a device or a folder.

    Reading a stranger's folder must not wait for a pipe that nobody writes to.
    """
    if file.exists() and not file.is_file():
        return None
    if file.stat().st_size > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return file.read_bytes()
