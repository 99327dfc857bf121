"""Which region's habits a language's numbers and dates follow."""

from types import MappingProxyType
from typing import Final

from babel import Locale, UnknownLocaleError

# English of a European organisation: 18 July 2025, and not July 18, 2025.
_REGIONS: Final = MappingProxyType({"en": "en-GB"})
_SOURCE: Final = "es"


def locale_of(language: str) -> Locale:
    """The locale of a language tag like `es` or `pt-br`; an unknown one writes as Spanish does."""
    tag = _REGIONS.get(language.lower(), language)
    while tag:
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            tag = tag.rpartition("-")[0]
    return Locale.parse(_SOURCE)
