"""What belongs in several places is in each: languages, kinds of broadcast, calls into chats."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ImageFont
from telegram import Bot, Message

import bot
from bot.petition.names import is_surely_a_name
from bot.text.translations import LANGUAGES, Catalogs, locale_of, sentences_in
from handlers.broadcasts.parse_time import _DAYS_AHEAD_BY_LANGUAGE
from handlers.broadcasts.screens.labels import subject_name
from simulator.page import files
from storage.broadcast_types import Kind

BOT = Path(bot.__file__).parent
# Two words with capitals that a greeting, not a name, is made of.
GREETINGS = {"es": "Hola Amigos", "en": "Hello Friends"}


def test_of_every_language_dates_and_numbers_are_known_and_read() -> None:
    assert [locale_of(code).language for code in LANGUAGES] == list(LANGUAGES)
    assert _DAYS_AHEAD_BY_LANGUAGE.keys() == set(LANGUAGES)
    for days in _DAYS_AHEAD_BY_LANGUAGE.values():
        assert {0, 1} <= set(days.values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_common_words_of_every_language_are_no_names(code: str) -> None:
    assert not is_surely_a_name(GREETINGS[code], "Ana García")


def test_the_page_of_the_demo_has_its_words_in_every_language() -> None:
    found = re.search(r"WORDS = (\{.*\});", (files.WEB / "dictionary.js").read_text(), re.S)
    assert found is not None
    words = json.loads(re.sub(r",\s*\}", "}", found[1])) | sentences_in("bot/tryout/")
    assert {len(each) for each in words.values()} == {len(LANGUAGES)}


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("file", sorted((BOT / "charts/fonts").glob("*.ttf")))
def test_the_font_of_charts_has_every_letter_of_every_language(code: str, file: Path) -> None:
    locale = locale_of(code)
    names = [*locale.months["format"]["wide"].values(), *locale.days["format"]["wide"].values()]
    font = ImageFont.truetype(file, 20, layout_engine=ImageFont.Layout.BASIC)
    missing = tuple(font.getmask("\uffff"))
    letters = {letter for name in names for letter in name if letter.isalpha()}
    for letter in letters | set("¿¡·–…’«»€"):
        assert tuple(font.getmask(letter)) != missing, letter


def test_every_kind_has_a_name() -> None:
    words = Catalogs.load().words("en")
    assert len({subject_name(words, kind) for kind in Kind}) == len(Kind)


ROOT = Path(__file__).parent.parent
WRITES = ("send_", "copy_message", "forward_message", "edit_message", "reply_", "edit_text")
# The bot's own ways to do that.
OWN = ("send_screen", "edit_screen", "edit_if_there", "show_alert")

TO_WHOM = {
    # A supporter, unprompted: asked again at each one's turn.
    "bot/broadcast/sender.py": "a supporter, unprompted",
    # Deletes what a broadcast sent, and writes nothing.
    "bot/broadcast/deleter.py": "nobody",
    # Fetches updates, and asks whether the token is denied.
    "bot/intake/polling.py": "nobody",
    # Asks how much waits for the bot.
    "bot/monitoring/readiness.py": "nobody",
    "bot/intake/webhook.py": "nobody",
    # Before the bot runs: who opened the link for admins is greeted.
    "bot/setup.py": "who opened the link",
    "handlers/admin_notices.py": "an admin",
    "handlers/update_handler.py": "who sent the update",
    "handlers/groups.py": "who sent the update",
    "handlers/my_data.py": "who sent the update",
    # Replaces a file that was asked for, and sends nothing new.
    "handlers/sent_files.py": "who asked for the file",
    # Unprompted in the chat, and asked for by letter, also by those who muted the bot.
    "handlers/person_notices.py": "whose signature a letter was about",
    "handlers/picture.py": "who sent the update",
    "handlers/conversation_message.py": "whoever its callers say, all of which are listed here",
    "handlers/context.py": "whoever its callers say, all of which are listed here",
    "handlers/chat_context.py": "who sent the update",
    "handlers/broadcasts/progress_message.py": "an admin",
    "handlers/broadcasts/preview.py": "an admin",
}


def test_every_place_that_writes_into_a_chat_is_known() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("bot", "handlers")
        for path in (ROOT / folder).rglob("*.py")
        if any(writes(path))
    }
    assert found == TO_WHOM.keys()


def writes(path: Path) -> Iterator[bool]:
    """Yields True for each use of something that writes into a chat."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            raw = node.attr == "call" and ast.unparse(node.value).endswith(("client", "bot"))
            yield from [True] * (raw or (node.attr.startswith(WRITES) and is_telegrams(node.attr)))
        elif isinstance(node, ast.Name):
            yield from [True] * (node.id in OWN)


def is_telegrams(name: str) -> bool:
    return any(callable(getattr(kind, name, None)) for kind in (Bot, Message))


def test_what_a_broadcast_sends_leaves_in_one_place_only() -> None:
    lanes = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "bot/broadcast").glob("*.py")
        if "lane=Lane.BROADCAST" in path.read_text()
    }
    assert lanes == {"bot/broadcast/sender.py", "bot/broadcast/deleter.py"}
