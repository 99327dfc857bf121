"""Which known language is nearest to a wanted one, and by which region's formats it writes."""

from collections.abc import Container
from types import MappingProxyType

from babel import Locale, UnknownLocaleError

# British formats, for a European organisation: 18 July 2025, not July 18, 2025.
_REGIONS = MappingProxyType({"en": "en-GB"})
_SOURCE = "es"


def nearest(wanted: str | None, known: Container[str]) -> str | None:
    """Returns the language of these that a tag like `pt_BR` is a form of: `pt-br`, else `pt`."""
    tag = (wanted or "").lower().replace("_", "-")
    while tag and tag not in known:
        tag = tag.rpartition("-")[0]
    return tag or None


def locale_of(language: str) -> Locale:
    """Returns the locale of a language tag like `es` or `pt-br`; Spanish for an unknown one."""
    tag = _REGIONS.get(language.lower(), language)
    while tag:
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            tag = tag.rpartition("-")[0]
    return Locale.parse(_SOURCE)
