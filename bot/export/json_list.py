"""The list as JSON, which `petition-bot dossier` reads: one document, a signature a line.

Its shape is described in docs/handing-over.md; a reader refuses what is not `FORMAT`.
"""

from datetime import datetime
from typing import Any, BinaryIO

import orjson

from bot.export.signature_list import Pages, SignatureListHeader
from bot.petition.petition import Petition
from bot.petition.retention_days import day_of
from bot.petition_folder.schema import in_language
from storage.exports import NamedSignature

FORMAT = "petition-bot list 1"


async def write_json(out: BinaryIO, header: SignatureListHeader, pages: Pages) -> None:
    """Writes the list as it is read."""
    head = orjson.dumps(_head(header), option=orjson.OPT_INDENT_2)
    out.write(head.removesuffix(b"\n}") + b',\n  "signatures": [')
    before = b"\n    "
    async for page in pages:
        for signature in page:
            out.write(before + orjson.dumps(_line(signature, header)))
            before = b",\n    "
    out.write(b"\n  ]\n}\n")


def _head(header: SignatureListHeader) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "id": header.export.id.hex(),
        "exported_at": _moment(header.export.exported_at),
        "petition": _petition(header.petition, header.state.closed_at),
        "counts": {
            "at_closing": header.state.closed_signatures,
            "withdrawn_since": header.withdrawn_since,
            "invalidated_since": header.state.invalidated_since,
            "counted": header.counted,
            "with_name": header.with_name,
            "without_name": header.without_name,
        },
        "by_day": [each._asdict() for each in header.by_day()],
        "by_version": [each.model_dump() for each in header.by_version()],
    }


def _petition(petition: Petition, closed_at: datetime | None) -> dict[str, Any]:
    texts, controller = petition.texts, petition.controller
    return {
        "slug": petition.slug,
        "version": petition.version,
        "time_zone": petition.time_zone,
        "source_language": petition.source_language,
        "closed_at": None if closed_at is None else _moment(closed_at),
        "title": {language: each.title for language, each in texts.items()},
        "addressee": petition.addressee,
        "demands": {language: list(each) for language, each in petition.demands.items()},
        "appeal": {language: list(each.appeal) for language, each in texts.items()},
        "earlier_versions": [each.model_dump() for each in petition.earlier_versions],
        "controller": controller.model_dump()
        | {"name": {each: in_language(controller.name, each) for each in petition.languages}},
    }


def _line(signature: NamedSignature, header: SignatureListHeader) -> dict[str, Any]:
    return {
        "number": signature.number,
        "name": signature.name,
        "signed_on": day_of(signature.signed_at, header.petition.zone),
        "text_version": signature.text_version,
    }


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
