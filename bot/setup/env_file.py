"""The file of settings: values are put into it, and its other lines stay as they are."""

import io
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.file_locations import make_private_folder
from storage.private_files import write_file

_TITLE = (
    "# The settings of a petition bot. It has the token: keep it to yourself, never commit it.\n"
    "# Notes stand on lines of their own. All settings: docs/settings.md\n"
)


def with_values(text: str, values: Mapping[str, str]) -> str:
    """Returns the text of a file of settings with these values.

    A name that is there already gets its value in its place, every other line is kept. Where a
    name is there several times, the last one counts, and so do they all.
    """
    bindings = list(parse_stream(io.StringIO(text)))
    kept = "".join(_changed(binding, values) for binding in bindings)
    if kept and not kept.endswith("\n"):
        kept += "\n"
    there = {binding.key for binding in bindings}
    added = "".join(_line(name, value) for name, value in values.items() if name not in there)
    return (kept or _TITLE) + added


def write_values(path: Path, values: Mapping[str, str]) -> None:
    """Writes values into a file of settings, in one step; makes it and its folder if need be.

    Raises:
        OSError: it cannot be written; it is as it was.
    """
    make_private_folder(path.resolve().parent)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    write_file(path, with_values(text, values).encode())


def _changed(binding: Binding, values: Mapping[str, str]) -> str:
    if binding.key is None or binding.key not in values:
        return binding.original.string
    # A binding's text begins with the empty lines before it.
    original = binding.original.string
    before = original[: len(original) - len(original.lstrip())]
    return before + _line(binding.key, values[binding.key])


def _line(name: str, value: str) -> str:
    return f"{name}={_quoted(value)}\n"


def _quoted(value: str) -> str:
    """Returns a value as python-dotenv, a shell and systemd read it alike."""
    plain = value.replace("-", "").replace("_", "")
    if all(mark.isalnum() or mark in "/.,:+@" for mark in plain):
        return value
    if "'" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
