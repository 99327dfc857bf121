from bot.broadcast.context import Interrupt, InterruptReason
from storage.broadcast_types import StopReason


def test_the_first_cause_counts_and_what_was_said_of_it() -> None:
    interrupt = Interrupt()
    interrupt.trigger(StopReason.CONTENT, "Bad Request")
    interrupt.trigger(InterruptReason.ASKED, "")
    assert (interrupt.reason, interrupt.detail) == (StopReason.CONTENT, "Bad Request")


def test_a_lost_lease_comes_before_all_and_nothing_comes_before_it() -> None:
    interrupt = Interrupt()
    interrupt.trigger(StopReason.CONTENT, "Bad Request")
    interrupt.trigger(InterruptReason.LOST)
    interrupt.trigger(InterruptReason.ENDED)
    assert (interrupt.reason, interrupt.detail) == (InterruptReason.LOST, "")
