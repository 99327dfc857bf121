"""Something else in place of a call of the bot to Telegram: it fails, waits, or is looked at."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from telegram.error import NetworkError

from bot.transport.client import ApiCall, TelegramClient
from bot.transport.errors import TelegramRefused
from bot.transport.send_gate import Lane

BotCall = Callable[[dict[str, Any], Callable[[], Awaitable[bytes]]], Awaitable[bytes]]
"""What makes a call of the bot instead: it gets the fields, and what makes it as it was meant."""


def intercept(monkeypatch: pytest.MonkeyPatch, method: str, instead: BotCall) -> None:
    """Has the bot's calls of a method, in Telegram's spelling, made by `instead`."""
    answer = TelegramClient.answer

    async def intercepted(client: TelegramClient, call: ApiCall) -> bytes:
        as_meant = partial(answer, client, call)
        is_it = call.method == method and call.lane is Lane.REPLY
        return await (instead({**call.fields}, as_meant) if is_it else as_meant())

    monkeypatch.setattr(TelegramClient, "answer", intercepted)


def fails(monkeypatch: pytest.MonkeyPatch, method: str, times: int, fatal: bool = False) -> None:
    """The next calls of a method, by python-telegram-bot's name, come to nothing."""
    first, *others = method.split("_")
    left = [times]

    async def failing(_fields: dict[str, Any], call: Callable[[], Awaitable[bytes]]) -> bytes:
        if left[0] > 0:
            left[0] -= 1
            raise (
                TelegramRefused(400, "can't parse entities")
                if fatal
                else NetworkError("Bad Gateway")
            )
        return await call()

    intercept(monkeypatch, first + "".join(each.title() for each in others), failing)
