"""Recognises a withdrawal, a mute or a refusal of news in a raw update."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from bot.petition.stages import Action
from handlers.request_budget import UNLIMITED
from handlers.screens.buttons import NO_MORE_NEWS, SupporterTap, read_tap

_COMMAND: Final = re.compile(r"/(\w+)")
_TAPS: Final = frozenset({Action.WITHDRAW, Action.ERASE, Action.MUTE, Action.REFUSE_NEWS})


def is_way_out(update: Mapping[str, Any]) -> bool:
    """Returns whether the update is one; such an update is never dropped as part of a flood."""
    data = _in(update, "callback_query", "data")
    if data is not None:
        tap = read_tap(data)
        return data == NO_MORE_NEWS or (isinstance(tap, SupporterTap) and tap.action in _TAPS)
    command = _COMMAND.match(_in(update, "message", "text") or "")
    return command is not None and command[1].lower() in UNLIMITED


def _in(update: Mapping[str, Any], kind: str, name: str) -> str | None:
    content = update.get(kind)
    found = content.get(name) if isinstance(content, Mapping) else None
    return found if isinstance(found, str) else None
