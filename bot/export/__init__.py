"""The list of signatures for the addressee: what it holds, and the formats it is written in."""

from enum import StrEnum


class ListFormat(StrEnum):
    """A format of the list; `petition-bot dossier` reads JSON."""

    XLSX = "xlsx"
    JSON = "json"
