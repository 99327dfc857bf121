"""The pause of everybody: begun on a suspicion, and ended or proved by a probe.

Several chats that are refused at once may each have exceeded a limit of its own, or the bot has
exceeded the one of all. One call tells which: it leaves while all others wait, and when it is
accepted they follow. Only when it is refused too does everybody wait, and is another one tried
after twice as long each time, but no longer than Telegram says. A crowd could hold every probe, so
whose refusal says less never keeps somebody waiting whose answer says more:
`docs/decisions/probing-a-pause.md`.

Pure: every function is told the time.
"""

import math
from enum import IntEnum

# Nobody waits longer on a suspicion alone, whatever becomes of the probe.
_DOUBT = 1.0
# After a suspicion that was not proved there is none for so many times as long as it lasted:
# suspicions take a tenth of the time at most, however often somebody provokes them.
_RARELY = 9
# From a probe that was refused to the next one, which doubles each time.
_FIRST_WAIT = 2.0
# A probe that is not answered after so long is followed by another one: on a suspicion, at which
# everybody may be waiting for one chat that hangs, and once it is proved.
_ANSWERED_SOON = 0.25
_ANSWERED_WITHIN = 1.0
# Who waits for the answer to a probe asks again after so long.
_ASK_AGAIN = 0.1
# On a suspicion the first probe is left for so long to those whose answer says more.
_PRECEDENCE = 0.25
# Once it is proved, they only stand in front of the strangers who wait for the same moment.
_AFTER_THE_OTHERS = 0.05
# So many answers to people have to be refused, one after the other, to prove it.
_CERTAIN = 3
# And no refusal of theirs makes the time to the next probe longer than this.
_LONGEST_FOR_PEOPLE = 4.0


class Weight(IntEnum):
    """How much the answer to a probe says of the limit of all."""

    STRANGER = 0
    """They asked for an answer, and had none of late: anybody can send a crowd of those."""
    KNOWN = 1
    """They asked for an answer, and had one of late: their own refusal proves nothing."""
    CHOSEN = 2
    """A broadcast tells them: the bot chose whom it writes to, and when."""


class OverallPause:
    """One pause of all calls of a kind, or none."""

    def __init__(self) -> None:
        self._is_proved = True
        self.is_by_people = False
        """Whether answers to people alone have proved it, which may be a crowd's doing."""
        self._began = -math.inf
        self._ends = -math.inf
        self._next_probe = dict.fromkeys(Weight, -math.inf)
        self._wait = dict.fromkeys(Weight, _FIRST_WAIT)
        self._probes = dict[int | str | None, Weight]()  # whose answer is still to come
        self._refusals = 0

    def is_on(self, now: float) -> bool:
        """Whether calls leave one by one, if at all."""
        return now < self._ends

    def left(self, now: float, weight: Weight) -> float:
        """Returns the seconds until a call may leave, or may ask again; 0 for the next probe."""
        next_probe = self._next_probe[weight]
        if weight is Weight.STRANGER and self._is_proved:
            next_probe += _AFTER_THE_OTHERS
        left = max(0.0, min(next_probe, self._ends) - now)
        return min(left, _ASK_AGAIN) if self._probes else left

    def announced(self, now: float) -> float:
        """Returns the seconds that are left of what Telegram announced; 0 on a suspicion."""
        return max(0.0, self._ends - now) if self._is_proved else 0.0

    def suspect(self, now: float) -> bool:
        """Begins a pause that a probe is to prove; tells whether it did."""
        if self.is_on(now) or now < self._trusted_until():
            return False
        self._begin(now, _DOUBT, is_proved=False)
        self._next_probe[Weight.STRANGER] = now + _PRECEDENCE
        return True

    def prove(self, seconds: float, now: float) -> None:
        """Begins the pause that Telegram announced; a probe may still find that it is over."""
        if not self.is_on(now) or not self._is_proved:
            self._begin(now, seconds, is_proved=True)

    def leaves(self, chat: int | str | None, now: float, weight: Weight) -> None:
        """Notes a call that leaves: while the pause is on, it is the probe."""
        if self.is_on(now):
            self._probes[chat] = weight
            within = _ANSWERED_WITHIN if self._is_proved else _ANSWERED_SOON
            self._delay(weight, now + within)
        else:
            self._probes.pop(chat, None)  # what this one is answered is about something else

    def accepted(self, chat: int | str | None, now: float) -> None:
        """Ends the pause when it was a probe that was accepted."""
        if chat in self._probes:
            self._probes.clear()
            self._ends = min(self._ends, now)

    def failed(self, chat: int | str | None, now: float) -> None:
        """Notes a call without an answer of Telegram's: when it was a probe, the next may ask."""
        if chat in self._probes:
            self._delay(self._probes.pop(chat), now)

    def refused(
        self, chat: int | str | None, seconds: float, now: float, *, for_all: bool
    ) -> bool:
        """Notes a 429; tells whether it was a probe that proved the pause.

        Args:
            chat: where the call went.
            seconds: that Telegram asks to wait.
            now: the time.
            for_all: whether the chat can hardly have exceeded a limit of its own.
        """
        if chat not in self._probes:
            return False
        weight = self._probes.pop(chat)
        if not self._is_proved:
            return self._is_proved_by(weight, seconds, now, for_all=for_all)
        longest = math.inf if weight is Weight.CHOSEN else _LONGEST_FOR_PEOPLE
        self._wait[weight] = min(2 * self._wait[weight], longest)
        self._delay(weight, now + self._wait[weight])
        if not for_all:
            return False
        self._ends = now + seconds
        was_by_people = self.is_by_people
        self.is_by_people = was_by_people and weight is not Weight.CHOSEN
        return was_by_people and not self.is_by_people

    def _is_proved_by(self, weight: Weight, seconds: float, now: float, *, for_all: bool) -> bool:
        self._refusals += for_all
        if for_all and (weight is Weight.CHOSEN or self._refusals >= _CERTAIN):
            self.prove(seconds, now)
            self._delay(Weight.CHOSEN, now + _FIRST_WAIT)
            self.is_by_people = weight is not Weight.CHOSEN
            return True
        self._delay(weight, now)  # it says little of the others: the next one may
        return False

    def _begin(self, now: float, seconds: float, *, is_proved: bool) -> None:
        self._is_proved, self.is_by_people = is_proved, False
        self._began, self._ends = now, now + seconds
        self._next_probe = dict.fromkeys(Weight, now)
        self._wait = dict.fromkeys(Weight, _FIRST_WAIT)
        self._probes.clear()
        self._refusals = 0

    def _delay(self, weight: Weight, until: float) -> None:
        """Has the next probe wait: everybody's, or that of those who say as much as this one.

        What people alone have met may be a crowd's doing; it keeps nobody else waiting.
        """
        is_sure = weight is Weight.CHOSEN or (self._is_proved and not self.is_by_people)
        for each in Weight if is_sure else (weight,):
            self._next_probe[each] = until

    def _trusted_until(self) -> float:
        if self._is_proved:
            return -math.inf
        return self._ends + _RARELY * (self._ends - self._began)
