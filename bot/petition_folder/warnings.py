"""Warnings: what works, but should be checked before people are asked to sign."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

from bot.petition_folder.markup_check import passages
from bot.petition_folder.placeholders import fill_placeholders
from bot.petition_folder.read import Folder, Table
from bot.petition_folder.schema import PETITION_FILE, RetentionTable, months_later
from bot.text.markup import MarkupError, length, parse
from bot.text.problems import Problem
from bot.text.translations import Catalogs, is_spoken

_SCREENFUL = 1200
# What stands unfolded above the question for the name: more would push the question off a phone.
_NOTICE = 600
_FOLDED = re.compile(r"<blockquote expandable>.*?</blockquote>", re.DOTALL)
_PAGED = ("appeal", "privacy")
# Of the whole consent with a name of two words and the labels of all choices, which have fifteen:
# more is not read on a phone. Where names leave the EEA, that takes ten of them (GDPR art. 49).
MOST_CONSENT_WORDS = 85
CHOICE_WORDS = 15
_TYPICAL_NAME = "Ana García"
# Who shares a text that says this tells a whole chat what they signed.
_SIGNED_BY_ME = {
    "es": re.compile(r"\b(yo|he firmado|firmé)\b", re.IGNORECASE),
    "en": re.compile(r"\bI\b"),
}
_SPANISH_BUTTONS = (
    "the bot's own words are not translated into this language: its buttons and answers will be "
    "in Spanish"
)
# Domains reserved for examples (RFC 2606 and RFC 6761): nobody can be reached there.
_EXAMPLE = re.compile(
    r"(^|[@./])(example\.(com|net|org|edu)|[a-z0-9-]+\.(example|invalid|test|localhost))\b",
    re.IGNORECASE,
)


def folder_warnings(
    read: Folder, values: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> Iterator[Problem]:
    """Yields what works and should be looked at before people are asked to sign.

    Args:
        read: the folder.
        values: by language, what `petition.toml` fills into the texts.
    """
    yield from _examples(read.petition or {})
    yield from _past_date(read.petition or {})
    yield from _erased_before_it_closes(read.petition or {})
    yield from _draft_of_the_end(read.petition or {})
    yield from _name_chosen_beforehand(read.petition or {})
    source = read.texts.get(read.source_language, {})
    for language, table in read.texts.items():
        file = f"{language}.toml"
        yield from _long_pages(file, table)
        yield from _notice_above_the_name(file, table)
        yield from _long_consent(file, table, values.get(language, {}))
        yield from _name_given_unwarned(file, table, language)
        yield from _shared_by_a_signer(file, table, language)
        if not is_spoken(language):
            yield Problem(file, "", _SPANISH_BUTTONS)
        if language != read.source_language:
            yield from _unfinished(file, table, source, f"{read.source_language}.toml")


def _examples(petition: Table) -> Iterator[Problem]:
    controller = petition.get("controller")
    for key, value in controller.items() if isinstance(controller, dict) else ():
        if isinstance(value, str) and _EXAMPLE.search(value):
            sentence = f'"{value}" is an example; put your organisation\'s own before you go live'
            yield Problem(PETITION_FILE, f"controller.{key}", sentence)


def _past_date(petition: Table) -> Iterator[Problem]:
    day = str(petition.get("closes_on", ""))
    today = datetime.now(UTC).date()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) and day < today.isoformat():
        sentence = f"{day} is past: a petition that starts with it is closed at once"
        yield Problem(PETITION_FILE, "closes_on", sentence)


def _erased_before_it_closes(petition: Table) -> Iterator[Problem]:
    """Yields that who signs today is erased before the closing: nothing is kept for that long."""
    try:
        closes_on = date.fromisoformat(str(petition.get("closes_on", "")))
        retention = RetentionTable.model_validate(petition.get("retention", {}))
    except ValueError:
        return  # there is no date, or it is reported as a problem
    last = months_later(datetime.now(UTC).date(), retention.months_at_most)
    if last <= closes_on:
        sentence = (
            f"whoever signs today is erased on {last}, before the petition closes and can be "
            f"delivered: let it close earlier, or raise retention.months_at_most, which is "
            f"{retention.months_at_most}"
        )
        yield Problem(PETITION_FILE, "closes_on", sentence)


def _draft_of_the_end(petition: Table) -> Iterator[Problem]:
    if petition.get("closing_is_draft") is True:
        sentence = (
            "closing_update is neither shown nor sent while it is a draft; say false once it is "
            "final, or publish one with /closing"
        )
        yield Problem(PETITION_FILE, "closing_is_draft", sentence)


def _name_chosen_beforehand(petition: Table) -> Iterator[Problem]:
    if petition.get("handed_over") == "with_name":
        sentence = (
            "to hand over the name is chosen before anybody has read the consent; ask your "
            'counsel whether that is explicit enough (GDPR art. 9), or say "ask"'
        )
        yield Problem(PETITION_FILE, "handed_over", sentence)


def _name_given_unwarned(file: str, table: Table, language: str) -> Iterator[Problem]:
    """Yields that a text does not say what it means that the name is handed over."""
    label = Catalogs.load().words(language).label("Con mi nombre")
    if label not in str(table.get("consent", label)):
        sentence = (
            f'below it stands a button "{label}", of which it says nothing; say who learns of the '
            "name then, in which country, and what that can mean"
        )
        yield Problem(file, "consent", sentence)
    if not table.get("name_consent"):
        sentence = (
            "this is missing, so whoever wants the name handed over later agrees to words of the "
            "bot's that do not say what is risked; write it"
        )
        yield Problem(file, "name_consent", sentence)


def _long_pages(file: str, table: Table) -> Iterator[Problem]:
    for passage in passages(table):
        if passage.key not in _PAGED:
            continue
        try:
            shown = length(parse(passage.text).text)
        except MarkupError:
            continue  # reported as a problem
        if shown > _SCREENFUL:
            sentence = f"{shown:,} characters are more than a phone shows at once; make two pages"
            yield Problem(file, passage.label, sentence)


def _notice_above_the_name(file: str, table: Table) -> Iterator[Problem]:
    """Yields that the short privacy notice is too long, or folds who is the controller."""
    text = table.get("privacy_short")
    if not isinstance(text, str):
        return  # reported as a problem
    visible = _FOLDED.sub("", text)
    if "{controller}" in text and "{controller}" not in visible:
        yield Problem(
            file, "privacy_short", "{controller} is folded; the law wants it read without a tap"
        )
    try:
        shown = length(parse(visible).text)
    except MarkupError:
        return  # reported as a problem
    if shown > _NOTICE:
        sentence = (
            f"{shown:,} characters stand above the question for the name; fold the legal basis "
            "and the like: <blockquote expandable>…</blockquote>"
        )
        yield Problem(file, "privacy_short", sentence)


def _long_consent(file: str, table: Table, values: Mapping[str, str]) -> Iterator[Problem]:
    text = fill_placeholders(f"{table.get('consent')} {table.get('news')}", dict(values))
    try:
        seen = parse(text.replace("{name}", _TYPICAL_NAME)).text
    except MarkupError:
        return  # reported as a problem
    count = sum(any(map(str.isalnum, word)) for word in seen.split()) + CHOICE_WORDS
    if count > MOST_CONSENT_WORDS:
        sentence = (
            f"{count} words with the choices; nobody reads that many before they sign, so "
            f"make it {MOST_CONSENT_WORDS} at most"
        )
        yield Problem(file, "consent", sentence)


def _shared_by_a_signer(file: str, table: Table, language: str) -> Iterator[Problem]:
    says = _SIGNED_BY_ME.get(language)
    if says is not None and says.search(str(table.get("share", ""))):
        sentence = (
            "whoever shares this says that they signed, which can be dangerous; let it speak of "
            "the petition"
        )
        yield Problem(file, "share", sentence)


def _unfinished(file: str, table: Table, source: Table, source_file: str) -> Iterator[Problem]:
    for key in _PAGED:
        mine, theirs = table.get(key), source.get(key)
        if isinstance(mine, list) and isinstance(theirs, list) and len(mine) != len(theirs):
            sentence = (
                f"{len(mine)} pages here and {len(theirs)} in {source_file}; is one missing?"
            )
            yield Problem(file, key, sentence)
    original = {passage.label: passage.text.strip() for passage in passages(source)}
    for passage in passages(table):
        text = passage.text.strip()
        if text and text == original.get(passage.label) and re.search(r"\w", text):
            yield Problem(
                file, passage.label, f"this is the same as in {source_file}; translate it"
            )
