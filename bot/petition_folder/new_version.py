"""Gives the texts of a petition a new version, and notes what it changed in the one before."""

import re
import tomllib
from collections.abc import Mapping

from bot.petition_folder.edit import NotEditable, changed, quoted

_FIRST = re.compile(r"^\[\[ *earlier_versions *\]\]", re.MULTILINE)


def new_version(toml: str, version: str, changes: Mapping[str, str]) -> str:
    """Returns `petition.toml` with a new version, the former one first among the earlier ones.

    `changes` says what the new version changed, by language.

    Raises:
        ValueError: the new version is not later than the present one.
        NotEditable: the file has a form in which this cannot be added.
    """
    dated = changed(toml, ("version",), version)
    said = tomllib.loads(dated)
    former = str(tomllib.loads(toml).get("version"))
    if not former < version:
        raise ValueError(f"{version} is not later than {former}")
    entry = {"date": former, "changed": dict(changes)}
    lines = ["[[earlier_versions]]", f"date = {quoted(former)}"]
    lines += [f"changed.{language} = {quoted(text)}" for language, text in changes.items()]
    section = "".join(f"{line}\n" for line in lines)
    place = _FIRST.search(dated)
    if place:
        new = f"{dated[: place.start()]}{section}\n{dated[place.start() :]}"
    else:
        new = f"{dated.rstrip()}\n\n{section}"
    if "\r\n" in toml:
        new = new.replace("\r\n", "\n").replace("\n", "\r\n")
    wanted = said | {"earlier_versions": [entry, *said.get("earlier_versions", ())]}
    if tomllib.loads(new) != wanted:
        raise NotEditable("earlier_versions")
    return new
