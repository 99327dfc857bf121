"""What looks again every so many seconds goes on whatever a look ends with."""

import asyncio

import pytest

from bot.periodic import run_periodically
from storage.errors import Unavailable
from tests.support.waiting import until


@pytest.mark.parametrize("failure", [Unavailable(), KeyError(), asyncio.CancelledError()])
async def test_it_looks_again_after_a_failure(failure: BaseException) -> None:
    looked = 0

    async def look() -> None:
        nonlocal looked
        looked += 1
        if looked == 1:
            raise failure

    looking = asyncio.create_task(run_periodically("test", 0.001, look))
    await until(lambda: looked >= 3)
    looking.cancel()
    await asyncio.wait({looking})
    assert looking.cancelled()
