"""When a call is sent again: what an answer says about it, how often, and after what pauses."""

from dataclasses import dataclass
from typing import Any, TypeGuard

import structlog

from bot.back_off import BackOff
from bot.transport.api_methods import NEVER_REPEATED, is_repeatable
from bot.transport.errors import AnswerUnreadable, NotSent, ResponseLost
from bot.transport.http1.connection import HttpResponse
from bot.transport.lenient_json import read_json

_log = structlog.stdlib.get_logger()

_LONGEST_PAUSE_SECONDS = 24 * 60 * 60.0  # a longer `retry_after` is not believed
_PAUSES = BackOff(0.3, spread=0.2)  # before a call is repeated, in seconds

Outcome = HttpResponse | NotSent | ResponseLost


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after what pauses, a call is tried again before it is given up.

    Attributes:
        flood_seconds: the longest pause after a 429 that is waited for.
        floods: how many such pauses, one after the other, are waited for.
        repeats: how often a failed call is repeated.
        pauses: before a repetition.
        broadcast_seconds: the longest pause that a broadcast's call waits for. Its recipient may
            withdraw meanwhile, so after a longer one the sender has to check again.
    """

    flood_seconds: float = 3.0
    floods: int = 3
    repeats: int = 2
    pauses: BackOff = _PAUSES
    broadcast_seconds: float = 0.5

    def pause_before_next(
        self, method: str, outcome: Outcome, floods: int, failures: int
    ) -> float | None:
        """Returns the seconds before the next try; None if there is none."""
        if method in NEVER_REPEATED:
            return None  # those callers repeat it themselves
        if is_flood(outcome):
            seconds = retry_after(outcome)
            is_short = seconds <= self.flood_seconds and floods <= self.floods
            return seconds if is_short else None
        if isinstance(outcome, HttpResponse) and outcome.status < 500:
            return None
        if _may_be_done(outcome) and not is_repeatable(method):
            return None
        if failures > self.repeats:
            return None
        _log.info("call_repeated", method=method, attempt=failures)
        return self.pauses.pause(failures)


def is_flood(outcome: Outcome) -> TypeGuard[HttpResponse]:
    """Tells whether Telegram refused a call because there were too many."""
    return isinstance(outcome, HttpResponse) and outcome.status == 429


def retry_after(answer: HttpResponse) -> float:
    """Returns the seconds that a 429 asks to wait: a day at most, 1 when it does not say."""
    found = parse_refusal(answer).get("parameters")
    seconds = found.get("retry_after") if isinstance(found, dict) else None
    if not isinstance(seconds, int | float) or seconds <= 0:
        return 1.0
    return min(float(seconds), _LONGEST_PAUSE_SECONDS)


def parse_refusal(answer: HttpResponse) -> dict[str, Any]:
    """Returns the fields of an error answer; empty when it is not Telegram's."""
    try:
        return read_object(answer.body)
    except AnswerUnreadable:
        return {}


def read_object(body: bytes) -> dict[str, Any]:
    """Returns the fields of an answer.

    Raises:
        AnswerUnreadable: it is not a JSON object, though the call may have succeeded.
    """
    try:
        found = read_json(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AnswerUnreadable("The answer cannot be read", body)
    return found


def _may_be_done(outcome: Outcome) -> bool:
    if isinstance(outcome, HttpResponse):
        return outcome.status == 504
    return isinstance(outcome, ResponseLost)
