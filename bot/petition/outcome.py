"""How the petition ended, as late visitors read it, and which texts of it can be shown.

The closing update stands in the petition folder until an admin publishes another one. What
became of the petition later is written by admins alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.petition.names import is_seen
from bot.petition.petition import Petition
from bot.petition_folder.markup_check import HOW_MANY, filled
from bot.text import text_limits
from bot.text.translations import mark
from storage.closing_texts import CLOSING_UPDATE, ClosingText, ClosingTextKind
from telegram_text.markup import MarkupError, length, parse, placeholders

# The day and what the entry is about, and the empty line above it.
_HEADING = 60
_EMPTY_LINE = 2


class TextFault(StrEnum):
    """Why a text cannot be shown, as a source sentence for translation."""

    NOT_TEXT = mark("⚠️ No lo he guardado: aquí solo cabe un texto, sin fotos ni archivos.")
    BRACES = mark(
        "⚠️ No lo he guardado: entre llaves solo pueden ir {{people}} y {{count}}, cuántas "
        "personas han firmado. Quita las demás llaves y envíamelo otra vez."
    )
    MARKUP = mark("⚠️ No lo he guardado: tiene un formato que el bot no puede mostrar.")
    UNSEEN = mark("⚠️ No lo he guardado: en ese mensaje no se ve nada escrito.")


@dataclass(frozen=True, slots=True)
class OutcomeEntry:
    """What became of the petition on a day. The text is Telegram HTML with placeholders."""

    kind: ClosingTextKind
    day: date
    text: str


@dataclass(frozen=True, slots=True)
class PetitionOutcome:
    """What stands below the thanks to a late visitor, in one language, in order of time.

    The closing update is Telegram HTML with placeholders; None while it is only a draft.
    """

    closing_update: str | None
    entries: tuple[OutcomeEntry, ...]


def outcome_in(
    petition: Petition, versions: Iterable[ClosingText], language: str
) -> PetitionOutcome:
    """Returns what late visitors read in a language, once these versions are published.

    They come in the order in which they were written. An entry that lacks the language is read in
    the source language.
    """
    by_entry = _newest(versions)
    entries = [
        OutcomeEntry(_last(known).kind, day, text)
        for entry, known in by_entry.items()
        if entry != CLOSING_UPDATE
        and (day := _last(known).day) is not None
        and (text := _text_in(petition, known, language)) is not None
    ]
    entries.sort(key=lambda each: each.day)  # those of one day stay in the order of writing
    own = by_entry.get(CLOSING_UPDATE, {})
    folder = None if petition.closing_is_draft else petition.texts_in(language).closing_update
    mine = own.get(language)
    update = mine.text if mine is not None else folder or _text_in(petition, own, language)
    return PetitionOutcome(update, tuple(entries))


def closing_update_by_language(
    petition: Petition, versions: Iterable[ClosingText]
) -> dict[str, str]:
    """Returns the closing update in every language of the petition; empty while it is a draft."""
    known = list(versions)
    told = {each: outcome_in(petition, known, each).closing_update for each in petition.languages}
    return {language: text for language, text in told.items() if text is not None}


def text_fault(text: str) -> TextFault | None:
    """Returns why a text that an admin wrote, as Telegram HTML, cannot be shown; None if it can.

    Its length depends on what it is shown with: see `surplus`.
    """
    without = re.sub(r"\{[a-z_][a-z0-9_]*\}", "", text)
    if "{" in without or "}" in without or placeholders(text) - HOW_MANY.keys():
        return TextFault.BRACES
    try:
        shown = parse(filled(text, {})).text
    except MarkupError:
        return TextFault.MARKUP
    return None if is_seen(shown) else TextFault.UNSEEN


def surplus(petition: Petition, versions: Iterable[ClosingText], language: str) -> int:
    """Returns by how many characters the screen of a late visitor is too long; 0 if it fits."""
    texts, told = petition.texts_in(language), outcome_in(petition, versions, language)
    # The addressee is named where the handover was recorded.
    addressee = petition.addressee[language]
    parts = [texts.title, texts.closed, told.closing_update or "", addressee]
    total = text_limits.BOT_WORDS + sum(_length(part) + _EMPTY_LINE for part in parts)
    total += sum(_length(entry.text) + _HEADING + _EMPTY_LINE for entry in told.entries)
    return max(0, total - text_limits.MESSAGE)


def missing_languages(petition: Petition, versions: Sequence[ClosingText]) -> tuple[str, ...]:
    """Returns the languages in which an entry of these versions would not be said."""
    missing: set[str] = set()
    for entry, known in _newest(versions).items():
        if entry != CLOSING_UPDATE or petition.closing_is_draft:
            missing |= set(petition.languages) - known.keys()
    return tuple(language for language in petition.languages if language in missing)


def _newest(versions: Iterable[ClosingText]) -> dict[str, dict[str, ClosingText]]:
    """Returns the newest readable version by entry and language."""
    found: dict[str, dict[str, ClosingText]] = {}
    for version in versions:
        known = found.setdefault(version.entry, {})
        former = known.get(version.language)
        if version.text is not None and (former is None or former.number < version.number):
            known[version.language] = version
    return {entry: known for entry, known in found.items() if known}


def _text_in(petition: Petition, known: Mapping[str, ClosingText], language: str) -> str | None:
    for each in (language, petition.source_language, *known):
        if each in known:
            return known[each].text
    return None


def _last(known: Mapping[str, ClosingText]) -> ClosingText:
    return max(known.values(), key=lambda version: version.written_at)


def _length(text: str) -> int:
    try:
        return length(parse(filled(text, {})).text)
    except MarkupError:
        return length(text)  # a folder's text that was found wrong after the start
