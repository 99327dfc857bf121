"""The region whose formats of numbers and dates a language uses."""

from types import MappingProxyType

from babel import Locale, UnknownLocaleError

# British formats, for a European organisation: 18 July 2025, not July 18, 2025.
_REGIONS = MappingProxyType({"en": "en-GB"})
_SOURCE = "es"


def locale_of(language: str) -> Locale:
    """Returns the locale of a language tag like `es` or `pt-br`; Spanish for an unknown one."""
    tag = _REGIONS.get(language.lower(), language)
    while tag:
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            tag = tag.rpartition("-")[0]
    return Locale.parse(_SOURCE)
