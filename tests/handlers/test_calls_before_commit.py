"""When a call of Telegram before a change fails, nothing is changed and the admin is told."""

import asyncio

import pytest
from telegram.error import BadRequest, NetworkError

from bot.transport.errors import RateLimited
from handlers import delayed_replies
from handlers.delayed_replies import NothingDone, before_commit, unrepeated


@pytest.mark.parametrize("error", [NetworkError("Bad Gateway"), RateLimited(99.0)])
async def test_a_failure_that_passes_leaves_the_deed_undone(error: Exception) -> None:
    with pytest.raises(NothingDone):
        async with before_commit():
            raise error


async def test_a_call_that_hangs_leaves_the_deed_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delayed_replies, "LONGEST_WAIT", 0.01)
    with pytest.raises(NothingDone):
        async with before_commit():
            await asyncio.Event().wait()


async def test_a_refusal_is_no_failure_that_passes() -> None:
    with pytest.raises(BadRequest):
        async with before_commit():
            raise BadRequest("can't parse entities")


class Asked:
    """Somebody who asked for something, and what came of it."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.heard: list[str] = []
        self.answer = unrepeated(self._make, self._otherwise)

    async def tries(self, times: int) -> list[str]:
        for _ in range(times):
            try:
                await self.answer()
            except NetworkError:
                self.heard.append("failed")
            except RateLimited:
                self.heard.append("waits")
        return self.heard

    async def _make(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.heard.append("made")

    async def _otherwise(self) -> None:
        self.heard.append("nothing done")


async def test_what_goes_well_is_made() -> None:
    assert await Asked().tries(1) == ["made"]


async def test_what_fails_is_not_made_later() -> None:
    assert await Asked(NetworkError("Bad Gateway")).tries(2) == ["failed", "nothing done"]


@pytest.mark.parametrize(
    ("seconds", "heard"), [(20.0, ["waits", "made"]), (20.1, ["waits", "nothing done"])]
)
async def test_only_a_short_pause_is_waited_for(seconds: float, heard: list[str]) -> None:
    assert await Asked(RateLimited(seconds)).tries(2) == heard


async def test_pauses_without_end_are_not_waited_for() -> None:
    asked = Asked(*[RateLimited(5.0)] * 9)
    assert await asked.tries(5) == [*["waits"] * 4, "nothing done"]


async def test_what_is_cut_off_is_not_made_later() -> None:
    async def hangs() -> None:
        await asyncio.Event().wait()

    heard: list[str] = []

    async def otherwise() -> None:
        heard.append("nothing done")

    answer = unrepeated(hangs, otherwise)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await answer()
    await answer()
    assert heard == ["nothing done"]
