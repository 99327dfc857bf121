"""A simulator that fails for some chats, works for the others, and passes on any bytes."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiohttp import web

from simulator import Simulator
from simulator.errors import Refused, too_many
from simulator.faults import Fault, Faults
from simulator.parameters import Params

_LONGEST_HANG_SECONDS = 120.0

# Placeholders for bytes that no JSON library writes; replaced in the bytes of the answer.
NOT_UTF8 = "\ue000"
HALF_SURROGATE = "\ue001"
SURROGATE_BYTES = "\ue002"
_ON_THE_WIRE = {
    NOT_UTF8.encode(): b"\xff\xfe\xc0",
    HALF_SURROGATE.encode(): b"\\ud800",
    SURROGATE_BYTES.encode(): b"\xed\xa0\x80",
}


class Failure(Enum):
    """What happens to every call to a failing chat."""

    ERROR = "a 5xx, and nothing is done"
    HANG = "no answer for two minutes, and nothing is done"
    DROP = "it is done, and the connection is cut"
    CUT = "the connection is cut, and nothing is done"
    FLOOD = "a 429 with a long pause"


@dataclass(slots=True)
class FailingChats(Faults):
    """The failing chats, each with its failure; `pauses` are `retry_after` seconds by chat."""

    failing: dict[int, Failure] = field(default_factory=dict)
    pauses: dict[int, int] = field(default_factory=dict)

    def chosen(self, method: str, chat: object = None) -> Fault | None:
        """Returns the fault of a call's connection, if it has one."""
        failure = self.failing.get(_number(chat))
        if failure is Failure.CUT:
            return Fault.CUT
        if failure is Failure.DROP:
            return Fault.DROP
        return Faults.pick(self, method, chat)

    async def happens(self, chat: int) -> None:
        """Carries out the failure of this chat if it is an error, a hang or a flood.

        Raises:
            Refused: the answer to the call.
        """
        failure = self.failing.get(chat)
        if failure is Failure.FLOOD:
            raise too_many(self.pauses.get(chat, 30))
        if failure is Failure.HANG:
            await asyncio.sleep(_LONGEST_HANG_SECONDS)
        if failure in (Failure.ERROR, Failure.HANG):
            raise Refused(502, "Bad Gateway")

    def clear(self) -> None:
        """Removes all failures."""
        Faults.clear(self)
        self.failing.clear()


class FailingTelegram(Simulator):
    """A simulator with failing chats and refused polls.

    Attributes:
        refusals: error codes with which the next polls are refused, one each.
    """

    def __init__(self, *, token: str) -> None:
        super().__init__(token=token, keep_calls=0)
        self.failing_chats = FailingChats()
        self.faults = self.failing_chats
        self.refusals: deque[int] = deque()

    async def _call(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        response = await super()._call(request, name)
        if name == "getUpdates" and isinstance(response, web.Response):
            response.body = on_the_wire(response.body)
        return response

    async def _result(self, name: str, params: Params) -> Any:
        if name == "getUpdates" and self.refusals:
            raise _HICCUPS[self.refusals.popleft()]
        await self.failing_chats.happens(self._chat_of(params))
        return await super()._result(name, params)

    def _chat_of(self, params: Params) -> int:
        tap = self.world.taps.get(str(params.get("callback_query_id")))
        return tap.by.id if tap is not None else _number(params.get("chat_id"))


_HICCUPS = {
    401: Refused(401, "Unauthorized"),
    404: Refused(404, "Not Found"),
    409: Refused(409, "Conflict: terminated by other getUpdates request"),
    502: Refused(502, "Bad Gateway"),
}


def on_the_wire(body: object) -> bytes:
    """Returns the bytes of an answer, with the placeholders replaced."""
    if not isinstance(body, bytes):
        raise TypeError("an answer is bytes")
    for stands_for, sent in _ON_THE_WIRE.items():
        body = body.replace(stands_for, sent)
    return body


def _number(chat: object) -> int:
    """Returns the number of a chat in a parameter; 0 for none."""
    text = str(chat)
    return int(text) if text.lstrip("-").isascii() and text.lstrip("-").isdecimal() else 0
