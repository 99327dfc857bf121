"""The pause of everybody: begun on a suspicion, and ended or proved by a probe.

Several chats that are refused at once may each have exceeded a limit of its own, or the bot has
exceeded the one of all. One call tells which: it leaves while all others wait, and when it is
accepted they follow. Only when it is refused too does everybody wait, and is another one tried
after twice as long each time, but no longer than Telegram says:
`docs/decisions/probing-a-pause.md`.

Pure: every function is told the time.
"""

import math

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


class OverallPause:
    """One pause of all calls of a kind, or none."""

    def __init__(self) -> None:
        self._is_proved = True
        self._began = -math.inf
        self._next_probe = -math.inf
        self._ends = -math.inf
        self._wait = _FIRST_WAIT
        self._probes = set[int | str | None]()  # the chats whose answer is still to come

    def is_on(self, now: float) -> bool:
        """Whether calls leave one by one, if at all."""
        return now < self._ends

    def left(self, now: float) -> float:
        """Returns the seconds until a call may leave, or may ask again; 0 for the next probe."""
        left = max(0.0, min(self._next_probe, self._ends) - now)
        return min(left, _ASK_AGAIN) if self._probes else left

    def announced(self, now: float) -> float:
        """Returns the seconds that are left of what Telegram announced; 0 on a suspicion."""
        return max(0.0, self._ends - now) if self._is_proved else 0.0

    def suspect(self, now: float) -> bool:
        """Begins a pause that a probe is to prove; tells whether it did."""
        if self.is_on(now) or now < self._trusted_until():
            return False
        self._begin(now, _DOUBT, is_proved=False)
        return True

    def prove(self, seconds: float, now: float) -> None:
        """Begins the pause that Telegram announced; a probe may still find that it is over."""
        if not self.is_on(now) or not self._is_proved:
            self._begin(now, seconds, is_proved=True)

    def leaves(self, chat: int | str | None, now: float) -> None:
        """Notes a call that leaves: while the pause is on, it is the probe."""
        if self.is_on(now):
            self._probes.add(chat)
            self._next_probe = now + (_ANSWERED_WITHIN if self._is_proved else _ANSWERED_SOON)
        else:
            self._probes.discard(chat)  # what this one is answered is about something else

    def accepted(self, chat: int | str | None, now: float) -> None:
        """Ends the pause when it was a probe that was accepted."""
        if chat in self._probes:
            self._probes.clear()
            self._ends = min(self._ends, now)

    def failed(self, chat: int | str | None, now: float) -> None:
        """Notes a call without an answer of Telegram's: when it was a probe, the next may ask."""
        if chat in self._probes:
            self._probes.discard(chat)
            self._next_probe = now

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
        self._probes.discard(chat)
        if not self._is_proved:
            if for_all:
                self.prove(seconds, now)
                self._next_probe = now + self._wait
            else:
                self._next_probe = now  # it says nothing of the others: the next one may
            return for_all
        self._wait *= 2
        self._next_probe = now + self._wait
        if for_all:
            self._ends = now + seconds
        return False

    def _begin(self, now: float, seconds: float, *, is_proved: bool) -> None:
        self._is_proved, self._wait = is_proved, _FIRST_WAIT
        self._began, self._next_probe, self._ends = now, now, now + seconds
        self._probes.clear()

    def _trusted_until(self) -> float:
        if self._is_proved:
            return -math.inf
        return self._ends + _RARELY * (self._ends - self._began)
