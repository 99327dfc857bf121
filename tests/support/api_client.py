"""A plain HTTP client of the Bot API, and a clock for tests.

Every result is checked against the models of an independent library.
"""

from typing import Any, Self

import aiohttp

from tests.support.api_conformance import answer_faults

TOKEN = "123456789:AAtestTestTestTestTestTestTestTestTest1"


class ManualClock:
    """A clock that stands still until a test sets `now`."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


class ApiClient:
    """Calls methods with JSON parameters; one object an API address."""

    def __init__(self, url: str, token: str = TOKEN) -> None:
        self.url = f"{url}/bot{token}"
        self.session = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def answer(self, method: str, **params: Any) -> Any:
        async with self.session.post(f"{self.url}/{method}", json=params) as response:
            return await response.json()

    async def result(self, method: str, **params: Any) -> Any:
        answer = await self.answer(method, **params)
        assert answer["ok"], answer
        assert answer_faults(method, answer["result"]) == []
        return answer["result"]

    async def refusal(self, method: str, **params: Any) -> tuple[int, str]:
        answer = await self.answer(method, **params)
        assert not answer["ok"], answer
        return answer["error_code"], answer["description"]

    async def bad(self, method: str, **params: Any) -> str:
        """Why a request is a bad one, as Telegram says it."""
        status, description = await self.refusal(method, **params)
        assert status == 400, description
        return description.removeprefix("Bad Request: ")
