"""What the documents of a dossier say, words and numbers, as data for the templates."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_skeleton

from bot.dossier.opened_list import ListedSignature, ListHead
from bot.dossier.telegram_text import blocks
from bot.dossier.typesetting import spelt_out
from bot.text.translations import Words, capitalised, locale_of, mark

Data = dict[str, Any]

_ONLY_COUNTED = mark("No se entrega ningún nombre: las firmas solo se cuentan.")
_LONG_WORD = re.compile(r"(\w{24})(?=\w)")


@dataclass(frozen=True, slots=True)
class Edition:
    """What the maker of a dossier decides: its language (with the petition's time zone), and more.

    The reference is the organisation's own; an answer goes to the contact. A public one is for
    the press and the public, with no name and no single number.
    """

    words: Words
    day: date
    reference: str
    contact: str
    public: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume that has been set: its file, how many names, from which number to which."""

    file: str
    names: int
    first: int
    last: int
    sha256: str


def dossier(head: ListHead, edition: Edition, volumes: Sequence[Volume]) -> Data:
    """Returns what the template `dossier.typ` reads."""
    words, petition, counts = edition.words, head.petition, head.counts
    controller = petition.controller
    contacts = (controller.address, controller.email, controller.web_form)
    return {
        **_common(head, edition),
        "public": edition.public,
        "addressee": in_language(petition.addressee, words.language),
        "day": words.date(edition.day),
        "reference": edition.reference,
        "contacts": [each for each in contacts if each],
        "demands": petition.demands.get(words.language, []),
        "letter": _letter(head, edition),
        "enclosures": _enclosures(words, volumes),
        "sum": _sum(head, words),
        "count_note": _count_note(head, words),
        "appeal": _appeal(head, words),
        "appeal_note": _appeal_note(head, words),
        "versions": _versions(head, words),
        "volumes": [] if edition.public else [_volume(each, words) for each in volumes],
        "words": {
            "to": words.label("A la atención de"),
            "reference": words.label("Ref."),
            "subject": words.label("Asunto:"),
            "about": words.plural_label(
                "entrega de una petición con {n} firma",
                "entrega de una petición con {n} firmas",
                counts.counted,
            ),
            "signatures": words.plural_label("{n} firma", "{n} firmas", counts.counted),
            "farewell": words.label("Atentamente,"),
            "on-behalf": words.label("Por {controller}", controller=_controller(head, words)),
            "enclosed": words.label("Se adjunta:"),
            "public-kind": words.label("Edición sin nombres, para la prensa y el público"),
            "without-names": words.label(
                "Esta edición no lleva ningún nombre ni el número de ninguna firma. La lista con "
                "los nombres se entrega solo a quien va dirigida la petición."
                if counts.with_name
                else _ONLY_COUNTED
            ),
            "count-title": words.label("Lo que se exige y cuántas firmas lo piden"),
            "demands": words.label("Lo que se exige"),
            "appeal-title": words.label("El llamamiento"),
            "versions": words.label("Versiones del texto"),
            "version-date": words.label("Versión"),
            "version-change": words.label("Qué cambió después"),
            "version-signatures": words.label("Firmas"),
            "list-title": words.label("La lista de firmas"),
        },
    }  # fmt: skip


def volume(
    head: ListHead,
    edition: Edition,
    title: str,
    signatures: Sequence[ListedSignature],
    lacking: Collection[str] = (),
) -> Data:
    """Returns what the template `volume.typ` reads; no font has the letters in `lacking`."""
    words = edition.words
    locale, days = locale_of(words.language), {each.signed_on for each in signatures}
    written = {day: format_skeleton("yMd", day, locale=locale) for day in days}
    common = _common(head, edition)
    if lacking:
        note = words.label(
            "Una letra que no está en ninguna fuente se escribe con su número en Unicode, como "
            "[U+0041]."
        )
        common["list_note"] += f" {note}"
    return {
        **common,
        "head": capitalised(title),
        "names": [
            {
                "number": words.number(each.number),
                # A word that no line has room for may be broken at a place that cannot be seen.
                "name": _LONG_WORD.sub("\\1\u200b", spelt_out(each.name, lacking)),
                "day": written[each.signed_on],
                "rtl": _is_right_to_left(each.name),
                "script": _east_asian(each.name),
            }
            for each in signatures
        ],
        "words": {
            "number": words.label("N.º"),
            "name": words.label("Nombre"),
            "day": words.label("Día"),
        },
    }


def volume_title(number: int, of: int, words: Words) -> str:
    """Returns what a volume is called, also in the name of its file."""
    if of == 1:
        return words.label("lista de firmas")
    # As wide as the last number, so that folders list them in order.
    return words.label("tomo {number} de {of}", number=f"{number:0{len(str(of))}}", of=of)


def dossier_title(edition: Edition) -> str:
    """Returns what the main document is called in the name of its file."""
    if edition.public:
        return edition.words.label("edición pública")
    return edition.words.label("expediente")


def in_language(by_language: dict[str, str], language: str) -> str:
    """Returns a text in this language, or else in whichever it has first."""
    return by_language.get(language) or next(iter(by_language.values()), "")


def _common(head: ListHead, edition: Edition) -> Data:
    words = edition.words
    return {
        "language": words.language,
        "title": in_language(head.petition.title, words.language),
        "organisation": capitalised(_controller(head, words)),
        "head": "" if edition.public else edition.reference,
        "page": words.label("Página {page} de {pages}", page="{page}", pages="{pages}"),
        "date": [edition.day.year, edition.day.month, edition.day.day],
        "list_note": words.label(
            "Cada firma lleva el número con el que se registró. Faltan los números de las firmas "
            "que se retiraron o anularon y los de las que se cuentan sin nombre."
        ),
    }


def _controller(head: ListHead, words: Words) -> str:
    return in_language(head.petition.controller.name, words.language)


def _letter(head: ListHead, edition: Edition) -> Data:
    words, counts = edition.words, head.counts
    title = in_language(head.petition.title, words.language)
    handed = words.plural_label(
        "Le entregamos la petición «{title}», que lleva {n} firma.",
        "Le entregamos la petición «{title}», que lleva {n} firmas.",
        counts.counted,
        title=title,
    )
    only_counted = [] if counts.with_name else [words.label(_ONLY_COUNTED)]
    of_names = words.label(
        "Los nombres son datos personales y pueden revelar opiniones. Se entregan solo para esta "
        "petición. Quien ha firmado puede retirar su firma o corregirla también después: cuando "
        "ocurra, se lo comunicaremos."
    )
    return {
        "before": [handed, *only_counted, words.label("La petición exige:")],
        "after": [of_names] if counts.with_name else [],
        "contact": words.label(
            "Esperamos su respuesta por escrito. Contacto: {contact}", contact=edition.contact
        ),
    }


def _enclosures(words: Words, volumes: Sequence[Volume]) -> list[str]:
    found = [words.label("el recuento exacto y el llamamiento, tal como se firmó")]
    if volumes:
        found.append(
            words.plural_label(
                "la lista de firmas con nombre, en {n} tomo",
                "la lista de firmas con nombre, en {n} tomos",
                len(volumes),
            )
        )
    found.append(words.label("el archivo manifest.txt, con la huella SHA-256 de cada documento"))
    return found


def _sum(head: ListHead, words: Words) -> list[Data]:
    counts, rows = head.counts, []

    def row(kind: str, sign: str, label: str, number: int) -> None:
        rows.append({"kind": kind, "sign": sign, "label": label, "number": words.number(number)})

    if counts.at_closing is not None:
        row("first", "", words.label("Firmas al cierre"), counts.at_closing)
        row("less", "−", words.label("Retiradas después por quien firmó"), counts.withdrawn_since)
        if counts.invalidated_since >= 0:
            row("less", "−", words.label("Anuladas después"), counts.invalidated_since)
        else:
            row("more", "+", words.label("Vueltas a contar"), -counts.invalidated_since)
    row("total", "=", words.label("Firmas que se cuentan"), counts.counted)
    row("part", "", words.label("se entregan con nombre"), counts.with_name)
    row("part", "", words.label("se cuentan sin nombre"), counts.without_name)
    return rows


def _count_note(head: ListHead, words: Words) -> str:
    day = words.date(head.exported_at)
    if head.petition.closed_at is None:
        return words.label("La petición sigue abierta. Este es el recuento del {day}.", day=day)
    closed = words.date(head.petition.closed_at)
    return words.label(
        "La petición se cerró el {closed}. Este es el recuento del {day}.", closed=closed, day=day
    )


def _appeal(head: ListHead, words: Words) -> list[Data]:
    """Returns the appeal in the dossier's language, and the original if that is another one."""
    petition = head.petition
    source = petition.source_language
    parts: list[Data] = [
        {
            "heading": None,
            "language": words.language,
            "blocks": _pages(petition.appeal, words.language),
        }
    ]
    if source != words.language and source in petition.appeal:
        original = words.label("El original, en {language}", language=words.language_name(source))
        pages = _pages(petition.appeal, source)
        parts.append({"heading": original, "language": source, "blocks": pages})
    return parts


def _pages(appeal: dict[str, list[str]], language: str) -> list[Data]:
    return [block for page in appeal.get(language, []) for block in blocks(page)]


def _appeal_note(head: ListHead, words: Words) -> str:
    languages = [words.language_name(each) for each in head.petition.appeal]
    return words.label(
        "El texto que se leía al firmar, en la versión del {version}."
        if len(languages) == 1
        else "El texto que se leía al firmar, en la versión del {version}. Podía leerse en estos "
        "idiomas: {languages}.",
        version=words.version(head.petition.version),
        languages=", ".join(languages),
    )


def _versions(head: ListHead, words: Words) -> list[Data]:
    """Returns a row for each version of the texts, the newest first; none if there is only one."""
    petition = head.petition
    signed = {each.version: each.signatures for each in head.by_version}
    changed = {
        each.date.isoformat(): each.changed.get(words.language, "")
        for each in petition.earlier_versions
    }
    known = sorted({petition.version, *changed, *(each for each in signed if each)}, reverse=True)
    rows = [
        {
            "date": words.version(version),
            "changed": changed.get(version, ""),
            "signatures": words.number(signed.get(version, 0)),
        }
        for version in known
    ]
    if None in signed:
        others = words.number(signed[None])
        rows.append({"date": words.label("otras"), "changed": "", "signatures": others})
    return rows if len(rows) > 1 else []


def _volume(each: Volume, words: Words) -> Data:
    return {
        "file": each.file,
        "names": words.plural_label("{n} nombre", "{n} nombres", each.names),
        "numbers": words.label(
            "Del número {first} al {last}",
            first=words.number(each.first),
            last=words.number(each.last),
        ),
        "sha256": each.sha256,
    }


def _is_right_to_left(name: str) -> bool:
    directions = (unicodedata.bidirectional(sign) for sign in name)
    return next((each for each in directions if each in ("L", "R", "AL")), "L") != "L"


def _east_asian(name: str) -> str | None:
    """Returns JP or KR for a name with letters that only they have, to draw its others so."""
    if name.isascii():
        return None
    if any("\u3040" <= sign <= "\u30ff" for sign in name):
        return "JP"
    return "KR" if any("\uac00" <= sign <= "\ud7a3" for sign in name) else None
