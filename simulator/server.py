"""The HTTP server of the simulated Bot API, on loopback."""

import inspect
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Self

import orjson
from aiohttp import web

from simulator.call_log import CallLog, RecordedCall
from simulator.chats import User
from simulator.errors import Refused
from simulator.faults import Fault, Faults
from simulator.methods import HANDLERS, METHODS
from simulator.parameters import Params, decode, read_request
from simulator.person import Person
from simulator.world import World

_PATH = re.compile(r"/bot([^/]+)/(\w+)")
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]{30,}")
_LARGEST_CALL = 60 * 1024 * 1024


@dataclass(slots=True)
class Clock:
    """Returns the time of `base`, in Unix seconds, and what it was moved `ahead`."""

    base: Callable[[], float]
    ahead: float = 0.0

    def __call__(self) -> float:
        """Returns the current Unix time."""
        return self.base() + self.ahead

    def move(self, seconds: float) -> None:
        """Moves the clock forward: messages grow old, limits recover, updates expire."""
        self.ahead += seconds


class Simulator:
    """Simulated Telegram for one bot, whose id the token begins with; an async context manager.

    Without a `token` it makes one up. `port` is 0 for any free one, `keep_calls` how many calls
    are remembered, 0 for none. `clock` returns the Unix time for dates, expiries and limits; the
    attribute `clock` moves it. `date_ahead` are the seconds that its answers give as their date
    beside that.
    """

    def __init__(
        self,
        *,
        token: str = "",
        username: str = "test_bot",
        name: str = "Test bot",
        port: int = 0,
        keep_calls: int = 200_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.token = token or f"1000000001:{secrets.token_urlsafe(24)}"
        bot = User(int(self.token.partition(":")[0]), name, None, username, None, is_bot=True)
        self.clock = Clock(clock)
        self.date_ahead = 0.0
        self.world = World(bot, self.clock)
        self.limits = self.world.limits
        self.faults = Faults()
        self.calls = CallLog(keep_calls)
        self.host_names = {"127.0.0.1", "localhost"}
        self._port = port
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """The base address of the Bot API; methods are at `{url}/bot{token}/{method}`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def refused(self) -> list[RecordedCall]:
        """The calls that were answered with `ok: false`, including injected faults."""
        return [call for call in self.calls if call.status >= 400]

    def person(self, first_name: str, **about: Any) -> Person:
        """Adds a person, as `World.person` does."""
        return self.world.person(first_name, **about)

    async def __aenter__(self) -> Self:
        """Starts to listen on loopback."""
        server = web.Server(self._serve, request_factory=_request, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes every connection and stops listening."""
        self.faults.end_hanging()
        self.faults.thaw()
        self.world.updates.end_poll("terminated by the end of the simulation")
        await self.world.webhook.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await self._respond(request)
        response.headers["Date"] = formatdate(self.clock() + self.date_ahead, usegmt=True)
        return response

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if _is_of_a_web_page(request) or self._is_of_a_foreign_name(request):
            refusal = Refused(403, "Forbidden: this is for bots, not for web pages")
            return self._refuse("", {}, refusal, time.monotonic())
        found = _PATH.fullmatch(request.path)
        if found is None:
            return json_response({"ok": False, "error_code": 404, "description": "Not Found"}, 404)
        begun, (token, name) = time.monotonic(), found.groups()
        method = METHODS.get(name.lower())
        if token != self.token:
            known = _TOKEN.fullmatch(token)
            refusal = Refused(401, "Unauthorized") if known else Refused(404, "Not Found")
            return self._refuse(name, {}, refusal, begun)
        if method is None:
            return self._refuse(name, {}, Refused(404, "Not Found: method not found"), begun)
        return await self._call(request, method.name)

    def _is_of_a_foreign_name(self, request: web.BaseRequest) -> bool:
        """Returns whether it came by a name that somebody pointed at this machine."""
        return request.host.rpartition(":")[0] not in self.host_names

    async def _call(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        begun = time.monotonic()
        # A long poll may wait for people; it must not keep the world from being idle.
        counted = name != "getUpdates"
        self.world.calls_in_flight += counted
        params: Params = {}
        try:
            params.update(await read_request(request))
            await self.faults.delay()
            fault = self.faults.pick(name, params.get("chat_id"))
            if fault is Fault.HANG:
                await self.faults.hang()
            if fault in (Fault.CUT, Fault.HANG):
                return self._cut(request, name, params, begun)
            if fault in (Fault.ERROR, Fault.FLOOD):
                raise self.faults.refusal(fault)
            params = decode(METHODS[name.lower()], params)
            result = await self._result(name, params)
        except Refused as refusal:
            return self._refuse(name, params, refusal, begun, request)
        finally:
            self.world.calls_in_flight -= counted
            self.world.notifier.notify()
        if fault is Fault.DROP:
            return self._cut(request, name, params, begun)
        self._record(name, params, 200, None, begun, result)
        return json_response({"ok": True, "result": result})

    async def _result(self, name: str, params: Params) -> Any:
        result = HANDLERS[name](self.world, params)
        return await result if inspect.isawaitable(result) else result

    def _cut(
        self, request: web.BaseRequest, name: str, params: Params, begun: float
    ) -> web.StreamResponse:
        self._record(name, params, 0, "connection cut", begun)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _refuse(
        self,
        name: str,
        params: Params,
        refusal: Refused,
        begun: float,
        request: web.BaseRequest | None = None,
    ) -> web.StreamResponse:
        transport = request.transport if request is not None else None
        gone = request is not None and (transport is None or transport.is_closing())
        # The poll of a killed bot ends when the next one comes; nobody receives this answer.
        if not (gone and refusal.code == 409):
            self._record(name, params, refusal.code, refusal.description, begun)
        return refusal_response(refusal)

    def _record(
        self,
        name: str,
        params: Params,
        status: int,
        error: str | None,
        begun: float,
        answer: object = None,
    ) -> None:
        at, took = self.world.clock(), time.monotonic() - begun
        self.calls.record(RecordedCall(name, params, status, error, at, took), answer)


def _is_of_a_web_page(request: web.BaseRequest) -> bool:
    """Returns whether a browser sent it for a page: bots send neither of these headers."""
    return "Origin" in request.headers or "Sec-Fetch-Site" in request.headers


def json_response(body: dict[str, Any], status: int = 200) -> web.Response:
    """Returns a response with this body as JSON."""
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def refusal_response(refusal: Refused) -> web.Response:
    """Returns the response to a refused call."""
    body = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.retry_after is None:
        return json_response(body, refusal.code)
    body["parameters"] = {"retry_after": refusal.retry_after}
    response = json_response(body, refusal.code)
    response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """Returns a request that allows the largest file the Bot API takes."""
    return web.BaseRequest(
        message, payload, protocol, writer, task, protocol._loop, client_max_size=_LARGEST_CALL
    )
