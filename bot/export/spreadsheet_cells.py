"""Cells of a spreadsheet: their columns, and that none of them is run as a formula."""

import re
from datetime import tzinfo

from bot.export.signature_list import day_of
from storage import NamedSignature

COLUMNS = ("Number", "Name", "Signed on", "Text version")

# What makes a cell a formula, for OWASP's "CSV injection"; spaces before it do not help. The last
# four are full-width and are read as the first four where that is usual.
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")


def is_formula(text: str) -> bool:
    """Returns whether a spreadsheet may take a text for a formula, and run it."""
    return _FORMULA.match(text) is not None


def harmless(text: str) -> str:
    """Returns a cell for CSV, which has no kinds of cells: an apostrophe makes it a text."""
    return f"'{text}" if is_formula(text) else text


def cells_of(signature: NamedSignature, zone: tzinfo) -> tuple[str, ...]:
    """Returns a signature's cells, in the order of `COLUMNS`."""
    name = signature.name or ""
    return str(signature.number), name, day_of(signature.signed_at, zone), signature.text_version
