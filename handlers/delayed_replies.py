"""Sends the replies to updates whose changes are committed, and repeats those that fail.

An update waits a short time for its reply, since pending replies are lost in a restart; but one
chat whose calls fail or hang must not delay the acknowledging of everybody's updates. Only a
newer reply of the same chat replaces a pending one. If a reply is given up, the person's next
tap shows the screen all the same. A call of Telegram that precedes a change is not repeated: when
it fails, the change is not made. See `docs/decisions/delayed-replies.md`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import structlog
from telegram.error import TelegramError

from bot.back_off import BackOff
from bot.intake.dispatcher import NOTHING_BEHIND, UpdatesBehind
from bot.periodic import is_cancelled
from bot.text.translations import mark
from bot.tracebacks import kind_of, place_of
from bot.transport.errors import ErrorKind, error_kind, seconds_to_wait
from storage.errors import Unavailable
from storage.seen_updates import handling_update

_log = structlog.stdlib.get_logger()

NOTHING_DONE = mark(
    "⚠️ Telegram no respondía y no hemos podido terminar lo que has pedido: no se ha aprobado "
    "nada ni se ha enviado nada a quienes firmaron. Inténtalo otra vez, por favor."
)

Answer = Callable[[], Awaitable[object]]

LONGEST_WAIT = 3.0
"""The longest that an update waits for calls of Telegram, in seconds."""

# Errors that pass by themselves. Whether the token is revoked is for the polling to find out.
PASSING = frozenset(
    {
        ErrorKind.RETRY,
        ErrorKind.UNKNOWN,
        ErrorKind.CONFLICT,
        ErrorKind.WAIT,
        ErrorKind.UNAUTHORISED,
    }
)
# Errors that no retry fixes and nobody needs to hear of: the chat, message or tap is gone.
OVER = frozenset({ErrorKind.UNREACHABLE, ErrorKind.GONE, ErrorKind.EXPIRED})

# Seconds between two tries.
_PAUSES = BackOff(0.5, longest=60.0)
# Seconds added to the wait that Telegram or the gate asks for; in a crowd everybody waits them.
_EXTRA_PAUSE = 0.125
# Seconds after which a reply is given up: the person has left, or tapped again.
_GIVEN_UP_AFTER = 600.0
_MOST_CHATS = 3_000  # that wait for another try; the one due last gives way
# First tries that may run at once; beyond that the oldest is cut off if it is `_OLD` seconds old.
_MOST_FIRST_TRIES = 300
_OLD = 1.0
# Retries that may run at once, and seconds for each: hanging calls take few connections.
_MOST_RETRIES = 50
_LONGEST_TRY = 10.0
# The longest wait of a reply that is not repeated, in seconds, after which, even a few times, the
# admin is still there.
_SOON = 20.0
_MOST_WAITS = 3
# Seconds between two checks of whether a waiting update holds up others.
_LOOK_INTERVAL = 0.05


@dataclass(slots=True)
class _Handled:
    """An update that is handled: what has come after it, and the seconds it has waited so far."""

    behind: UpdatesBehind = NOTHING_BEHIND
    waited: float = 0.0


_current: ContextVar[_Handled] = ContextVar("current")

_Key = tuple[Hashable, str | None]


def _new_try() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, eq=False)
class _Reply:
    """A reply that is being sent, or will be.

    Attributes:
        answer: sends it.
        again: sends it after a failure.
        begun: when `tell` was called.
        since: when the last try began.
        tried: done when that try has ended, however it ended.
        tries: how many tries have failed.
        due: when it is tried again; None while it is tried.
        is_once: whether `answer` is repeated after a few short waits alone.
        is_left: whether its update ended before it, so that no caller hears of a failure.
        is_apology: whether it says that another reply failed.
        task: sends it; None while a newer update of its chat is handled.
    """

    answer: Answer
    again: Answer
    begun: float
    since: float
    is_once: bool = False
    tried: asyncio.Future[None] = field(default_factory=_new_try)
    tries: int = 0
    due: float | None = None
    is_left: bool = False
    is_apology: bool = False
    task: asyncio.Task[None] | None = None

    def failed(self, due: float, waited: float | None = None) -> None:
        """Counts a failed try and sets when the next one is due.

        `waited` are the seconds that Telegram asked to wait, if it did.
        """
        is_short = waited is not None and waited <= _SOON and self.tries < _MOST_WAITS
        if not (self.is_once and is_short):
            self.answer = self.again
        self.tries += 1
        self.due = due
        self.end_try()

    def end_try(self) -> None:
        """Notes that the last try has ended."""
        if not self.tried.done():
            self.tried.set_result(None)


class DelayedReplies:
    """Sends each chat the newest of its replies.

    Args:
        sleep: waits for that many seconds.
        clock: seconds, monotonic.
        in_the_way: tells whether the current update must stop waiting; by default, whether it
            holds up others.
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        in_the_way: Callable[[], bool] | None = None,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._in_the_way = in_the_way or (lambda: self.behind.are_held_up)
        self._longest_wait = LONGEST_WAIT
        self._apology: Callable[[Hashable, Exception], Answer | None] = lambda _chat, _error: None
        self._pending: dict[_Key, _Reply] = {}
        self._first_tries: dict[asyncio.Timeout, float] = {}
        self._again = asyncio.Semaphore(_MOST_RETRIES)

    def __len__(self) -> int:
        """Returns the number of pending replies, including those being sent."""
        return len(self._pending)

    def apologise_with(self, apology: Callable[[Hashable, Exception], Answer | None]) -> None:
        """Sets what is sent, if anything, when a reply fails for good after its update's end."""
        self._apology = apology

    async def tell(
        self,
        chat: Hashable,
        answer: Answer,
        again: Answer | None = None,
        *,
        beside: str | None = None,
        once: bool = False,
    ) -> None:
        """Sends a reply; returns once it is sent, or left to be sent later.

        Args:
            chat: the chat; an older pending reply of it is dropped.
            answer: sends the reply.
            again: sends it at a later try, with the state of then; by default `answer`.
            beside: a name for a reply that is not the screen: it replaces only a pending reply
                of the same name.
            once: whether a failed try is followed by `again` only, since `answer` may be partly
                sent, for example one of a preview's three languages. A few short waits that
                Telegram asks for are waited out all the same.

        Raises:
            Unavailable: the database is unavailable; the update is to be handled again.
            Exception: a bug, or Telegram refused the content.
        """
        key, now = (chat, beside), self._clock()
        self._drop(key)
        reply = self._pending[key] = _Reply(answer, again or answer, now, now, once)
        task = self._start(key, reply)
        try:
            await self._wait_for(reply)
        finally:
            reply.is_left = not task.done()
        if task.done() and not task.cancelled():
            task.result()

    def leave(self, chat: Hashable, answer: Answer) -> None:
        """Leaves a reply to the chat's next update, which waits already.

        It is dropped if that one is replied to; otherwise that one waits for it.
        """
        self._drop((chat, None))
        now = self._clock()
        self._pending[chat, None] = _Reply(answer, answer, now, now, is_left=True)

    def chats_owed(self, beside: str) -> frozenset[Hashable]:
        """Returns the chats with a pending reply of this name."""
        return frozenset(chat for chat, name in self._pending if name == beside)

    @property
    def behind(self) -> UpdatesBehind:
        """What has come after the current update."""
        return _current.get(_Handled()).behind

    @asynccontextmanager
    async def handling(
        self, chat: Hashable, behind: UpdatesBehind = NOTHING_BEHIND
    ) -> AsyncIterator[None]:
        """Holds back the pending reply of a chat while a newer update of it is handled.

        A try that is running may end first, within the usual wait. Afterwards the reply is
        pending again, unless the newer update was replied to. Makes known, meanwhile, what has
        come after the update.
        """
        handled = _current.set(_Handled(behind))
        key = (chat, None)
        reply = self._pending.get(key)
        try:
            if reply is not None and reply.task is not None:
                await self._wait_for(reply)
                self._hold(key, reply)
            yield
        finally:
            if reply is not None and reply.task is None and self._pending.get(key) is reply:
                self._start(key, reply)
                if reply.tries == 0 and not is_cancelled():  # it was left to this update
                    reply.since = self._clock()
                    await self._wait_for(reply)
            _current.reset(handled)

    def drop(self, chat: Hashable) -> None:
        """Drops the pending reply of this chat; those sent `beside` stay."""
        self._drop((chat, None))

    def forget(self) -> None:
        """Drops all pending replies, at the end of the process."""
        for key in tuple(self._pending):
            self._drop(key)

    def _drop(self, key: _Key) -> None:
        reply = self._pending.pop(key, None)
        if reply is not None and reply.task is not None:
            reply.task.cancel()

    def _start(self, key: _Key, reply: _Reply) -> asyncio.Task[None]:
        task = reply.task = asyncio.create_task(self._send_until_done(key, reply))
        task.add_done_callback(lambda done: self._ended(key, reply, done))
        return task

    def _hold(self, key: _Key, reply: _Reply) -> None:
        """Cancels the sending of a reply but keeps it pending; a try cut off counts as failed."""
        if self._pending.get(key) is not reply or reply.task is None or reply.task.done():
            return
        reply.task.cancel()
        reply.task = None
        if not reply.tried.done():
            reply.failed(self._clock() + _PAUSES.pause(reply.tries + 1))

    async def _wait_for(self, reply: _Reply) -> None:
        """Waits for the running try to end, within the time limit and while it delays nobody."""
        tried, begun, handled = reply.tried, self._clock(), _current.get(_Handled())
        end = min(reply.since, begun - handled.waited) + self._longest_wait
        while not tried.done():
            left = end - self._clock()
            if left <= 0 or self._in_the_way():
                break
            await asyncio.wait((tried,), timeout=min(left, _LOOK_INTERVAL))
        handled.waited += self._clock() - begun

    async def _send_until_done(self, key: _Key, reply: _Reply) -> None:
        with handling_update(None):  # later ones may be handled while it waits
            while True:
                if reply.due is not None:
                    await self._sleep(max(0.0, reply.due - self._clock()))
                    reply.due = None
                try:
                    await self._try(reply)
                    return
                except Exception as error:  # raised, logged or tried again, by what kind it is
                    if not self._is_tried_again(key, reply, error):
                        return

    def _is_tried_again(self, key: _Key, reply: _Reply, error: Exception) -> bool:
        """Decides whether a reply that failed is tried again.

        Raises:
            Exception: the error itself, while the reply's update still waits for it.
        """
        kind = error_kind(error) if isinstance(error, TelegramError) else None
        is_database = isinstance(error, Unavailable)
        if is_database and reply.tries == 0 and not reply.is_left:
            raise error
        if kind in OVER:
            _log.info("screen_not_shown", error_kind=kind)
            return False
        if kind in PASSING or is_database or isinstance(error, TimeoutError):
            wait = seconds_to_wait(error) if kind is ErrorKind.WAIT else None
            return self._is_tried_later(reply, wait)
        return self._is_apologised_for(key, reply, error)

    def _is_apologised_for(self, key: _Key, reply: _Reply, error: Exception) -> bool:
        if not reply.is_left:
            raise error
        _log.error("delayed_reply_failed", kind=kind_of(error), place=place_of(error))
        apology = None if reply.is_apology else self._apology(key[0], error)
        if apology is None:
            return False
        reply.again, reply.is_apology = apology, True
        reply.failed(self._clock())
        return True

    def _is_tried_later(self, reply: _Reply, wait: float | None) -> bool:
        """Has a reply tried again, unless it waits for too long; of too many the last one goes."""
        tries, waiting = reply.tries + 1, dict[_Key, float]()
        due = self._clock() + (_PAUSES.pause(tries) if wait is None else wait + _EXTRA_PAUSE)
        if due - reply.begun > _GIVEN_UP_AFTER:
            _log.warning("delayed_reply_given_up", attempt=tries)
            return False
        if len(self._pending) > _MOST_CHATS:
            pending = self._pending.items()
            waiting = {key: each.due for key, each in pending if each.due and each.task}
        if len(waiting) >= _MOST_CHATS:
            latest = max(waiting, key=waiting.__getitem__)
            _log.warning("delayed_reply_given_up", waiting=len(waiting))
            if waiting[latest] <= due:
                return False
            self._drop(latest)
        _log.info("reply_delayed", seconds=due - self._clock(), attempt=tries)
        reply.failed(due, wait)
        return True

    async def _try(self, reply: _Reply) -> None:
        """Sends a reply, of which so many may run at once that hanging ones block no others."""
        if reply.tries > 0:
            async with self._again, asyncio.timeout(_LONGEST_TRY):
                reply.since = self._clock()
                reply.tried = _new_try()
                await reply.answer()
            return
        async with asyncio.timeout(None) as limit:
            self._first_tries[limit] = self._clock()
            self._cut_the_oldest()
            try:
                await reply.answer()
            finally:
                self._first_tries.pop(limit, None)

    def _cut_the_oldest(self) -> None:
        if len(self._first_tries) <= _MOST_FIRST_TRIES:
            return
        limit, begun = next(iter(self._first_tries.items()))
        if self._clock() - begun >= _OLD:
            del self._first_tries[limit]
            limit.reschedule(asyncio.get_running_loop().time())

    def _ended(self, key: _Key, reply: _Reply, done: asyncio.Task[None]) -> None:
        if reply.task is not done:
            return  # held back, and still pending
        if self._pending.get(key) is reply:
            del self._pending[key]
        reply.end_try()
        if not done.cancelled():
            done.exception()  # marks it as retrieved; `tell` raises it


class NothingDone(Exception):
    """A call of Telegram failed that precedes a change; nothing was changed."""


@asynccontextmanager
async def before_commit() -> AsyncIterator[None]:
    """Raises `NothingDone` on a passing failure of Telegram, or after `LONGEST_WAIT`.

    Use it around calls of Telegram only: a write to the database could be cut off halfway.
    """
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            yield
    except (TelegramError, TimeoutError) as error:
        if isinstance(error, TelegramError) and error_kind(error) not in PASSING:
            raise
        raise NothingDone from error
