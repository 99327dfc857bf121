"""Checks that Telegram accepts the texts, filled in with the longest names and numbers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.petition_folder.placeholders import PETITION_PLACEHOLDERS
from bot.petition_folder.read import Table
from bot.petition_folder.schema import PETITION_FILE, Texts
from bot.text import text_limits
from bot.text.markup import Html, MarkupError, fill, length, link, parse, placeholders
from bot.text.problems import Problem
from bot.text.translations import is_spoken

Values = Mapping[str, str]

PLAIN = frozenset({"language_name", "share", "description", "short_description"})
_WITHOUT_PLACEHOLDERS = PLAIN | {"title"}
_OWN = MappingProxyType(
    {
        "consent": frozenset({"name"}),
        "name_consent": frozenset({"name"}),
        "thanks": frozenset({"count", "people"}),
        "closed": frozenset({"count", "people"}),
        "closing_update": frozenset({"count", "people"}),
    }
)
_HOW_MANY = frozenset({"count", "people"})
_NEEDED = MappingProxyType(
    {
        "consent": ("name", "the statement names who signs it"),
        "name_consent": ("name", "the statement names who gives it"),
        "thanks": (
            "people",
            "a signer is told one number, how many have signed, as every other screen says it",
        ),
        "closed": ("people", "people are told how many signed"),
    }
)
_LIMITS = MappingProxyType(
    {
        "language_name": 40,
        "share": text_limits.SHARE,
        "description": text_limits.DESCRIPTION,
        "short_description": text_limits.SHORT_DESCRIPTION,
    }
)
# A character above U+FFFF counts as two of Telegram's units: no name is longer than this.
_LONGEST = MappingProxyType(
    {
        "name": "\U00020bb7" * text_limits.NAME,
        "count": f"{text_limits.LARGEST_NUMBER:,}",
        # Longer than "people" is in any language.
        "people": f"{text_limits.LARGEST_NUMBER:,} {'n' * 20}",
    }
)
_TAGS = (
    'Telegram knows <b>, <i>, <u>, <s>, <a href="…">, <code>, <pre>, <blockquote> and '
    "<tg-spoiler>, each closed again; a plain < is written &lt;"
)
_OFFSET = re.compile(r" at byte offset (\d+)")
_HREF = re.compile(r"""<a\s[^>]*?href\s*=\s*["']([^"'>]*)["']""", re.IGNORECASE)


_NOT_IN_WORDS = (
    "the bot's own words are not translated into this language, so {people} would be in Spanish; "
    "write {count} and the word for people"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a language file, or one page of it; `label` is its key as shown to people."""

    key: str
    label: str
    text: str


def passages(table: Table) -> Iterator[Passage]:
    """Yields every text of a language file; skips missing ones and other types."""
    for key in Texts.model_fields:
        value = table.get(key)
        if isinstance(value, str):
            yield Passage(key, key, value)
        for number, page in enumerate(value if isinstance(value, list) else (), 1):
            if isinstance(page, str):
                yield Passage(key, f"{key}, page {number}", page)


def markup_problems(file: str, table: Table, values: Values, source: Table) -> Iterator[Problem]:
    """Yields the problems in the texts of one language file.

    Args:
        file: its name, for the problems.
        table: its content.
        values: the values that `petition.toml` fills in.
        source: the content of the source language's file.
    """
    for key in ("appeal", "privacy"):
        if table.get(key) == []:
            yield Problem(file, key, "this has no page; write at least one")
    in_words = is_spoken(file.removesuffix(".toml"))
    for passage in passages(table):
        for sentence in _faults(passage, values):
            yield Problem(file, passage.label, sentence)
        if "people" in placeholders(passage.text) and not in_words:
            yield Problem(file, passage.label, _NOT_IN_WORDS)
    for key, name, why in _missing_placeholders(table, source):
        yield Problem(file, key, f"{{{name}}} does not occur in it, but {why}; put it in")


def _faults(passage: Passage, values: Values) -> Iterator[str]:
    if not passage.text.strip():
        yield "this is empty; write it"
        return
    unfillable = list(_placeholder_faults(passage, values))
    yield from unfillable
    if unfillable:
        return
    if passage.key in PLAIN:
        yield from _plain_faults(passage)
        return
    try:
        measured = measure(passage, values)
    except MarkupError as refused:
        yield _refusal_sentence(str(refused), filled(passage.text, values))
        return
    if measured == 0:
        yield "nothing of this would be seen; write a text between the tags"
    if measured > text_limits.MESSAGE:
        yield _too_long(measured, text_limits.MESSAGE)
    yield from _dropped_links(filled(passage.text, values))


def own_placeholders(key: str) -> frozenset[str]:
    """Returns what the bot fills into a text beside the values of `petition.toml`."""
    return _OWN.get(key, frozenset())


def _placeholder_faults(passage: Passage, values: Values) -> Iterator[str]:
    if re.search(r"\{\{|\}\}", passage.text):
        yield "doubled braces are not for these texts; braces only hold what the bot fills in"
        return
    without = re.sub(r"\{[a-z_][a-z0-9_]*\}", "", passage.text)
    if "{" in without or "}" in without:
        yield "a brace stands alone; braces only hold what the bot fills in, like {count}"
    own, allowed = _OWN.get(passage.key, frozenset()), _allowed(passage.key)
    for name in sorted(placeholders(passage.text) - allowed):
        fits = ", ".join(f"{{{one}}}" for one in [*sorted(own), *sorted(allowed - own)])
        can = f"what can stand in this text: {fits}" if fits else "write this text without braces"
        yield f"nothing is filled in for {{{name}}} here; {can}"
    for name in sorted(
        (placeholders(passage.text) & allowed & PETITION_PLACEHOLDERS) - set(values)
    ):
        yield f"{{{name}}} is filled in from {PETITION_FILE}, which does not say it; add it there"


def _allowed(key: str) -> frozenset[str]:
    if key in _WITHOUT_PLACEHOLDERS:
        return frozenset()
    return _OWN.get(key, frozenset()) | PETITION_PLACEHOLDERS


def _plain_faults(passage: Passage) -> Iterator[str]:
    text = passage.text.strip()
    if re.search(r"</?[a-zA-Z]|&[a-z]+;|&#", text):
        yield "this is shown without formatting; write it without tags, and & and < as they are"
    most = _LIMITS[passage.key]
    if length(text) > most:
        yield _too_long(length(text), most)


def _missing_placeholders(table: Table, source: Table) -> Iterator[tuple[str, str, str]]:
    said, meant = _names_by_key(table), _names_by_key(source)
    for key, names in said.items():
        needed, why = _NEEDED.get(key, ("", ""))
        if needed and not names & _alike(needed):
            yield key, needed, why
        for name in sorted(meant.get(key, frozenset()) - _alike(needed)):
            if names & _alike(name):
                continue
            yield key, name, "the source language says it"


def _alike(name: str) -> frozenset[str]:
    """Returns the placeholders that say the same; a translation can have any of them."""
    return _HOW_MANY if name in _HOW_MANY else frozenset({name})


def _names_by_key(table: Table) -> dict[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for passage in passages(table):
        known = placeholders(passage.text) & _allowed(passage.key)
        names[passage.key] = names.get(passage.key, frozenset()) | known
    return names


def filled(text: str, values: Values) -> str:
    """Returns the text with the longest value in each placeholder."""
    known = {name: Html(value) for name, value in values.items()}
    return fill(text, **{**_LONGEST, **known})


def measure(passage: Passage, values: Values) -> int:
    """Returns the length as Telegram counts it, with the longest value in each placeholder.

    Raises:
        MarkupError: Telegram would refuse the text.
    """
    return length(parse(filled(passage.text, values)).text)


def _refusal_sentence(refusal: str, html: str) -> str:
    reason = refusal.removeprefix("can't parse entities: ")
    place = _OFFSET.search(reason)
    if place:
        near = html.encode()[int(place[1]) :][:24].decode(errors="ignore").split("\n")[0]
        reason = _OFFSET.sub(f' at "{near}"', reason)
    return f"Telegram would refuse it: {reason}; {_TAGS}"


def _dropped_links(html: str) -> Iterator[str]:
    for address in _HREF.findall(html):
        if link(address) is None:
            yield f'"{address}" is no web address, and Telegram drops it; begin with https://'


def _too_long(measured: int, most: int) -> str:
    over = measured - most
    return f"this has {measured:,} characters and may have {most:,}; shorten it by {over:,}"
