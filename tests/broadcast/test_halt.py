import asyncio

from bot.broadcast.halt import Cause, Halt


def test_the_first_cause_counts_and_what_was_said_of_it() -> None:
    halt = Halt()
    assert (halt.cause, halt.is_called) == (None, False)
    halt.call(Cause.REFUSED, "Bad Request")
    halt.call(Cause.ASKED, "")
    assert (halt.cause, halt.said, halt.is_called) == (Cause.REFUSED, "Bad Request", True)


def test_a_lost_lease_comes_before_all_and_nothing_comes_before_it() -> None:
    halt = Halt()
    halt.call(Cause.REFUSED, "Bad Request")
    halt.call(Cause.LOST)
    halt.call(Cause.ENDED)
    assert (halt.cause, halt.said) == (Cause.LOST, "")


async def test_resting_ends_when_it_is_called() -> None:
    halt = Halt()
    resting = asyncio.create_task(halt.rest(60.0))
    await asyncio.sleep(0)
    halt.call(Cause.ENDED)
    async with asyncio.timeout(5):
        await resting
