"""Who writes to whom: every place that can put words into a chat, and whose chat that is.

What is sent to a supporter outside an answer to their own update has to ask, at its turn, whether
they still want it (see `bot/broadcast/open_claims.py`). A place that is new here fails this test
until it says to whom it writes.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from telegram import Bot, Message

ROOT = Path(__file__).parent.parent
WRITES = ("send_", "copy_message", "forward_message", "edit_message", "reply_", "edit_text")
# The bot's own ways to do that.
OWN = ("post", "rewrite", "say_above")

TO_WHOM = {
    # A supporter, unprompted: asked again at each one's turn.
    "bot/broadcast/sending.py": "a supporter, unprompted",
    # Deletes what a broadcast sent, and writes nothing.
    "bot/broadcast/recalling.py": "nobody",
    # Asks Telegram who the bot is.
    "bot/broadcast/shift.py": "nobody",
    # Fetches updates, and asks whether the token is denied.
    "bot/intake/doubts.py": "nobody",
    "bot/intake/polling.py": "nobody",
    "handlers/admins.py": "an admin",
    "handlers/errors.py": "who sent the update",
    "handlers/groups.py": "who sent the update",
    "handlers/living.py": "who sent the update",
    "handlers/my_data.py": "who sent the update",
    "handlers/picture.py": "who sent the update",
    "handlers/posting.py": "whoever its callers say, all of which are listed here",
    "handlers/panel.py": "an admin",
    "handlers/visit.py": "who sent the update",
    "handlers/reporting.py": "an admin",
    "handlers/broadcasts/calling.py": "an admin",
    "handlers/broadcasts/controls.py": "an admin",
    "handlers/broadcasts/deciding.py": "an admin",
    "handlers/broadcasts/desk.py": "an admin",
    "handlers/broadcasts/originals.py": "an admin",
    "handlers/broadcasts/watching.py": "an admin",
}


def test_every_place_that_writes_into_a_chat_is_known() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("bot", "handlers")
        for path in (ROOT / folder).rglob("*.py")
        if "simulator" not in path.parts and any(writes(path))
    }
    assert found == TO_WHOM.keys()


def writes(path: Path) -> Iterator[bool]:
    """Yields True for each use of something that writes into a chat."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            raw = node.attr == "call" and ast.unparse(node.value).endswith("client")
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
    assert lanes == {"bot/broadcast/sending.py", "bot/broadcast/recalling.py"}
