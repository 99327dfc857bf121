"""The benchmarks' Bot API: its counts must be right, or every figure is wrong."""

from collections.abc import AsyncIterator

import pytest

from tests.support.api_client import TOKEN, ApiClient
from tests.support.bot_api.message_counts import RecipientCounts
from tests.support.bot_api.server import Behavior, BotApi


@pytest.fixture
async def served() -> AsyncIterator[BotApi]:
    api = BotApi(TOKEN)
    async with api.listening():
        yield api


async def test_the_counts_tell_what_was_lost_and_what_was_repeated(served: BotApi) -> None:
    async with ApiClient(served.url) as api:
        for chat in (7, 8, 8, 10):
            form = {"chat_id": str(chat), "text": "a"}
            async with api.session.post(f"{api.url}/sendMessage", data=form) as answer:
                assert answer.status == 200
    seen = served.counts.summary()
    assert (seen.arrived, seen.chats, seen.repeated) == (4, 3, 1)
    assert served.counts.recipients(7, 5) == RecipientCounts(lost=2, repeated=1, most=2)


async def test_what_was_refused_is_in_no_chat(served: BotApi) -> None:
    served.begin(Behavior(limit=0.001))
    ids = {"from_chat_id": 8, "message_id": 1}
    async with ApiClient(served.url) as api:
        await api.result("copyMessage", chat_id=7, **ids)
        assert (await api.refusal("copyMessage", chat_id=7, **ids))[0] == 429
    assert (served.counts.copies.total(), len(served.counts.refusals)) == (1, 1)
