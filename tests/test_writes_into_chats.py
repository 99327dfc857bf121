"""Tests that every place in the code that writes into a chat is listed with the chat it writes to.

A message to a supporter that does not answer their own update must check, when its turn comes,
that they still want it (see `bot/broadcast/open_claims.py`). A new place fails this test until it
is listed.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from telegram import Bot, Message

ROOT = Path(__file__).parent.parent
WRITES = ("send_", "copy_message", "forward_message", "edit_message", "reply_", "edit_text")
# The bot's own ways to do that.
OWN = ("send_screen", "edit_screen", "edit_if_there", "show_alert")

TO_WHOM = {
    # A supporter, unprompted: asked again at each one's turn.
    "bot/broadcast/sender.py": "a supporter, unprompted",
    # Deletes what a broadcast sent, and writes nothing.
    "bot/broadcast/recall.py": "nobody",
    # Asks Telegram who the bot is.
    "bot/broadcast/delivery_loop.py": "nobody",
    # Fetches updates, and asks whether the token is denied.
    "bot/intake/polling.py": "nobody",
    # Before the bot runs: who opened the link for admins is greeted.
    "bot/setup/bot_calls.py": "who opened the link",
    "handlers/admin_notices.py": "an admin",
    "handlers/update_errors.py": "who sent the update",
    "handlers/groups.py": "who sent the update",
    "handlers/my_data.py": "who sent the update",
    # Replaces a file that was asked for, and sends nothing new.
    "handlers/sent_files.py": "who asked for the file",
    # Unprompted in the chat, and asked for by letter, also by those who muted the bot.
    "handlers/person_notices.py": "whose signature a letter was about",
    "handlers/picture.py": "who sent the update",
    "handlers/conversation_message.py": "whoever its callers say, all of which are listed here",
    "handlers/context.py": "whoever its callers say, all of which are listed here",
    "handlers/admin_context.py": "an admin",
    "handlers/chat_context.py": "who sent the update",
    "handlers/broadcasts/admin_reporter.py": "an admin",
    "handlers/broadcasts/progress_message.py": "an admin",
    "handlers/broadcasts/preview.py": "an admin",
    "handlers/broadcasts/controls.py": "an admin",
    "handlers/broadcasts/draft_editor.py": "an admin",
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
    assert lanes == {"bot/broadcast/sender.py", "bot/broadcast/recall.py"}
