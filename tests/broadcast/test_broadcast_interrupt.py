import asyncio

from bot.broadcast.broadcast_interrupt import BroadcastInterrupt, InterruptReason


def test_the_first_cause_counts_and_what_was_said_of_it() -> None:
    halt = BroadcastInterrupt()
    assert (halt.cause, halt.is_called) == (None, False)
    halt.trigger(InterruptReason.REFUSED, "Bad Request")
    halt.trigger(InterruptReason.ASKED, "")
    assert (halt.cause, halt.said, halt.is_called) == (
        InterruptReason.REFUSED,
        "Bad Request",
        True,
    )


def test_a_lost_lease_comes_before_all_and_nothing_comes_before_it() -> None:
    halt = BroadcastInterrupt()
    halt.trigger(InterruptReason.REFUSED, "Bad Request")
    halt.trigger(InterruptReason.LOST)
    halt.trigger(InterruptReason.ENDED)
    assert (halt.cause, halt.said) == (InterruptReason.LOST, "")


async def test_resting_ends_when_it_is_called() -> None:
    halt = BroadcastInterrupt()
    resting = asyncio.create_task(halt.rest(60.0))
    await asyncio.sleep(0)
    halt.trigger(InterruptReason.ENDED)
    async with asyncio.timeout(5):
        await resting
