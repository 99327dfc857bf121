"""Opened lists of signatures with invented people, for tests, benchmarks and pictures."""

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot.petition.petition import BUNDLED, load_petition

_FIRST_NAMES = """
María José Ana Lucía Carmen Iñaki Nerea Jordi Sofía Andrés Begoña Núria Antonio Xoán Leire
Miguel Itziar Pau Rocío Ángel Marta Joaquín Aroa Manuel Elvira Óscar Irene Tomás Zoe Fátima
"""
_SURNAMES = """
García Fernández López Martínez Núñez Etxebarria Puig Álvarez Peña Ruiz Ibáñez Castro
Ferrer Soler Muñoz Vázquez Otero Zubiri Gallego Rey Prado Herrero Caballero Quiroga
"""
_FIRST, _LAST = _FIRST_NAMES.split(), _SURNAMES.split()
ELSEWHERE = (
    "Łukasz Wiśniewski", "Ελένη Παπαδοπούλου", "Ольга Шевченко", "محمد العربي", "דוד כהן",
    "सुमित्रा देवी", "สมชาย ใจดี", "山田 たろう", "김민준", "王小明", "Nguyễn Thị Ánh",
    "ქეთევან ბერიძე",
    "Seán O’Brien", "Jean-Luc d’Hôtel-Dieu", "Ẹniọlá Adéyẹmí", "تمارا Tamara Haddad",
)  # fmt: skip
_DAYS = 78
_OPENED = date(2026, 11, 27)
_bundled = cache(lambda: load_petition(BUNDLED))


def opened_list(
    names: int, without_name: int = 118, *, extra: tuple[str, ...] = ELSEWHERE, seed: int = 1
) -> dict[str, Any]:
    """Returns the list of the bundled petition, closed, with so many names.

    Args:
        names: how many signatures have a name.
        without_name: how many are counted without one.
        extra: names among them that stand at even distances.
        seed: another one gives other people.
    """
    chance = random.Random(seed)  # noqa: S311 - invented people
    signatures = list(_signatures(names, extra, chance))
    return {**_head(names, without_name), "signatures": signatures}


def write_list(path: Path, names: int, without_name: int = 118, **options: Any) -> Path:
    """Writes such a list to a file."""
    path.write_text(json.dumps(opened_list(names, without_name, **options), ensure_ascii=False))
    return path


def _signatures(
    names: int, extra: tuple[str, ...], chance: random.Random
) -> Iterator[dict[str, Any]]:
    number = 0
    every = max(1, names // (len(extra) + 1))
    for n in range(names):
        number += chance.choice((1, 1, 1, 1, 2, 3)) if names > 1 else 1
        place, at = divmod(n, every)
        name = (
            extra[place]
            if at == every - 1 and place < len(extra)
            else f"{chance.choice(_FIRST)} {chance.choice(_LAST)} {chance.choice(_LAST)}"
        )
        # A wave at the beginning, and another one at the end.
        share = 0.5 + 4 * (n / max(1, names) - 0.5) ** 3
        day = _OPENED + timedelta(days=int(share * _DAYS))
        yield {
            "number": number,
            "name": name,
            "signed_on": day.isoformat(),
            "text_version": "2026-11-26",
        }


def _head(names: int, without_name: int) -> dict[str, Any]:
    petition = _bundled()
    counted = names + without_name
    return {
        "format": "petition-bot list 1",
        "id": f"{names:032x}",
        "exported_at": "2027-02-15T09:30:00Z",
        "petition": {
            "slug": petition.slug,
            "version": petition.version,
            "time_zone": petition.time_zone,
            "source_language": petition.source_language,
            "closed_at": "2027-02-12T16:00:00Z",
            "title": {language: texts.title for language, texts in petition.texts.items()},
            "addressee": dict(petition.addressee),
            "demands": {key: list(value) for key, value in petition.demands.items()},
            "appeal": {language: list(texts.appeal) for language, texts in petition.texts.items()},
            "earlier_versions": [],
            "controller": petition.controller.model_dump(),
        },
        "counts": {
            "at_closing": counted + 41 + 9,
            "withdrawn_since": 41,
            "invalidated_since": 9,
            "counted": counted,
            "with_name": names,
            "without_name": without_name,
        },
        "by_version": [{"version": "2026-11-26", "signatures": counted}],
    }
