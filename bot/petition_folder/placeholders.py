"""The placeholders that `petition.toml` fills in: written once there, in braces in the texts."""

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from babel.dates import format_date
from babel.units import format_unit

from bot.petition_folder.schema import PetitionFile, in_language
from bot.text.translations import locale_of, mark
from telegram_text.markup import escape

# {name}, {number}, {count} and {people} depend on a person or a moment: the screens fill those in.
PETITION_PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "address": mark("Dirección postal"),
        "addressee": mark("A quién va dirigida"),
        "controller": mark("Organización responsable"),
        "data_protection_officer": mark("Correo de protección de datos"),
        "demands": mark("Lo que se pide, numerado"),
        "email": mark("Correo"),
        "kept_after_delivery": mark("Plazo después de la entrega"),
        "kept_at_most": mark("Plazo máximo"),
        "version": mark("Fecha de los textos"),
        "web_form": mark("Página para firmar fuera de Telegram"),
    }
)
"""What each stands for, by its name, as the editor offers it."""
STAND_INS = dict.fromkeys(PETITION_PLACEHOLDERS, "…" * 60)
"""What texts are measured with while `petition.toml` does not say it."""
_MONTH = "duration-month"
_PLACEHOLDERS = re.compile(r"\{\{|\}\}|\{(" + "|".join(PETITION_PLACEHOLDERS) + r")\}")


def placeholder_values(petition: PetitionFile, language: str) -> dict[str, str]:
    """Returns the placeholders' values that the petition has, in one language, as HTML."""
    controller, retention = petition.controller, petition.retention
    demands = in_language(petition.demands, language) or ()
    plain: dict[str, str | None] = {
        "controller": in_language(controller.name, language),
        "email": controller.email,
        "web_form": controller.web_form,
        "data_protection_officer": controller.data_protection_officer,
        "address": controller.address,
        "addressee": in_language(petition.addressee, language),
        "demands": "\n\n".join(f"{n}. {each}" for n, each in enumerate(demands, 1)),
        "kept_after_delivery": months(retention.months_after_delivery, language),
        "kept_at_most": months(retention.months_at_most, language),
        "version": format_date(
            date.fromisoformat(petition.version), "long", locale=locale_of(language)
        ),
    }
    return {key: escape(value) for key, value in plain.items() if value}


def fill_placeholders(text: str, values: dict[str, str]) -> str:
    """Fills in the placeholders that have a value, and leaves every other one as it is."""
    return _PLACEHOLDERS.sub(lambda match: values.get(match[1] or "", match[0]), text)


def fill_all(value: Any, values: dict[str, str]) -> Any:
    """Fills in the placeholders of a text or a list of pages, and strips the result."""
    if isinstance(value, tuple):
        return tuple(fill_all(page, values) for page in value)
    return fill_placeholders(value, values).strip() if isinstance(value, str) else value


def months(count: int, language: str) -> str:
    """Returns a number of months in words: 1 mes, 21 months."""
    locale = locale_of(language)
    said = format_unit(count, _MONTH, locale=locale)
    # Babel finds no long form where CLDR's is the same as its short one, and only a bare plural
    # in Basque.
    if _MONTH in said or locale.language == "eu":
        return format_unit(count, _MONTH, length="short", locale=locale)
    return said
