from bot.broadcast.context import Interrupt, InterruptReason
from storage.broadcast_types import StopReason


def test_the_first_cause_counts_and_what_was_said_of_it() -> None:
    interrupt = Interrupt()
    interrupt.trigger(StopReason.CONTENT, "Bad Request")
    interrupt.trigger(InterruptReason.ASKED, "")
    assert (interrupt.reason, interrupt.detail) == (StopReason.CONTENT, "Bad Request")
