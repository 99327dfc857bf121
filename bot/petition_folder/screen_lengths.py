"""Checks that the texts of each screen fit together into one message."""

from collections.abc import Iterator, Mapping

from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.markup_check import filled, length_of, passages
from bot.petition_folder.schema import PetitionFile, Texts
from bot.petition_folder.schema_fields import fields_of
from bot.text import text_limits
from bot.text.problems import Key, Problem, Sentence
from telegram_text.markup import MarkupError, length

_EMPTY_LINE = 2
# The keys of the texts on each screen, beside which the bot's own words stand.
_SCREENS: dict[str, list[str]] = {}
for _field in (*fields_of(Texts, ""), *fields_of(PetitionFile, PETITION_FILE)):
    for _screen in _field.schema.get("screens", ()):
        _SCREENS.setdefault(_screen, []).append(_field.name)


def screen_problems(file: str, texts: Texts, values: Mapping[str, str]) -> Iterator[Problem]:
    """Yields the screens that are too long, each at its longest text."""
    longest = _longest(texts, values)
    for screen, keys in _SCREENS.items():
        parts = [longest[key] for key in keys if key in longest]
        is_alone = len(parts) < 2 and screen not in ("name", "privacy", "thanks")
        # One that is too long by itself is reported already.
        if not is_alone and all(size <= text_limits.MESSAGE for _, size in parts):
            yield from _overflow(file, screen, parts)


def rooms(texts: Texts, values: Mapping[str, str]) -> dict[str, int]:
    """Returns by key how long a text, or each of its pages, can be beside those it is shown with.

    Measured as `screen_problems` does. A text that Telegram shows alone, and without markup, has
    a limit of its own in the schema.
    """
    longest = _longest(texts, values)
    found: dict[str, int] = {}
    for keys in _SCREENS.values():
        sizes = {key: longest.get(key, ("", 0))[1] + _EMPTY_LINE for key in keys}
        room = text_limits.MESSAGE - text_limits.BOT_WORDS - sum(sizes.values())
        for key in keys:
            its_room = room + sizes[key] - _EMPTY_LINE
            found[key] = max(0, min(its_room, found.get(key, its_room)))
    return found


def _longest(texts: Texts, values: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Returns the entry and length of the longest page of every key, and of the addressee."""
    found = {"addressee": ("addressee", length(values.get("addressee", "")))}
    for passage in passages(texts):
        try:
            size = length_of(filled(passage.text, values))
        except MarkupError:
            size = 0  # reported by `markup_check`
        if size > found.get(passage.key, ("", -1))[1]:
            found[passage.key] = (passage.entry, size)
    return found


def _overflow(file: str, screen: str, parts: list[tuple[str, int]]) -> Iterator[Problem]:
    total = sum(size + _EMPTY_LINE for _, size in parts) + text_limits.BOT_WORDS
    if total <= text_limits.MESSAGE:
        return
    entry, _ = max(parts, key=lambda part: part[1])
    others = tuple(Key(other) for other, _ in parts if other != entry)
    yield Sentence(
        "la pantalla «{screen}» tendría {total} caracteres: esto, junto con {others}, y {own} "
        "para las palabras del bot. En Telegram caben {most}: acórtalo en {over}"
        if others
        else "la pantalla «{screen}» tendría {total} caracteres: esto, y {own} para las palabras "
        "del bot. En Telegram caben {most}: acórtalo en {over}",
        screen=screen,
        total=total,
        others=others,
        own=text_limits.BOT_WORDS,
        most=text_limits.MESSAGE,
        over=total - text_limits.MESSAGE,
    ).about(file, entry)
