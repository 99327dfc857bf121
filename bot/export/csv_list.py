"""The list as a CSV file (RFC 4180): the signatures with a name, one a line."""

import csv
import io
from collections.abc import AsyncIterator
from typing import BinaryIO

from bot.export.signature_list import SignatureListHeader
from bot.export.spreadsheet_cells import COLUMNS, cells_of, harmless
from storage import NamedSignature

# By this a spreadsheet knows that the file is UTF-8.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


async def write_csv(
    out: BinaryIO, header: SignatureListHeader, pages: AsyncIterator[list[NamedSignature]]
) -> None:
    """Writes the list as it is read."""
    out.write(_BYTE_ORDER_MARK + _lines([COLUMNS]))
    async for page in pages:
        out.write(_lines([tuple(map(harmless, cells_of(each, header.zone))) for each in page]))


def _lines(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()
