"""What went wrong in a rehearsal: a rule over the calls that the simulated Telegram recorded."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from simulator.call_log import RecordedCall

_TOO_MANY, _GONE, _INJECTED = 429, 403, 502


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the bot's calls went.

    Attributes:
        calls: how many there were.
        too_many: how many were refused with 429.
        failed: how many met a fault of Telegram's: a 5xx, or an answer that was lost.
        refused: the others that were refused, of which each is a fault of the bot's.
    """

    calls: int
    too_many: int
    failed: int
    refused: tuple[RecordedCall, ...]


def judge(calls: Iterable[RecordedCall], gone: Collection[int]) -> Verdict:
    """Judges the calls of a rehearsal.

    A call that repeats one whose answer was lost may be refused, since it was done already: after
    a lost answer, a 400 about the same chat or tap is nobody's fault. So is a 403 in the chat of
    somebody who is `gone`: has blocked the bot, or deleted the account.
    """
    lost: set[object] = set()
    number = too_many = failed = 0
    refused = []
    for call in calls:
        number += 1
        about = call.chat_id or call.params.get("callback_query_id")
        if call.status == 0:
            failed += 1
            lost.add(about)
        elif call.status == _TOO_MANY:
            too_many += 1
        elif call.status == _INJECTED:
            failed += 1
        elif not call.ok and not (about in lost or (call.status == _GONE and about in gone)):
            refused.append(call)
    return Verdict(number, too_many, failed, tuple(refused))
