"""What a person writes on the page is what the bot gets, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.page.chromium import chat, chromium

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


WRITTEN = {
    "hola": ("hola", []),
    "  **a** y __b__ ": ("a y b", [("bold", 0, 1), ("italic", 4, 1)]),
    "**a __b__ c** d": ("a b c d", [("bold", 0, 5), ("italic", 2, 1)]),
    "😀 ||x|| `2*3`": ("😀 x 2*3", [("spoiler", 3, 1), ("code", 5, 3)]),
    "[web](https://a.example/b) y más": ("web y más", [("text_link", 0, 3)]),
    "[web](javascript:alert(1))": ("[web](javascript:alert(1))", []),
    "2 ** 3 ** 4": ("2 ** 3 ** 4", []),
    "<b>no</b>": ("<b>no</b>", []),
}


async def test_marks_become_formatting_as_in_telegrams_own_clients(browser: Browser) -> None:
    async with chat(browser) as (at, _, ana):
        read = """async (typed) => {
          const { written } = await import("./markdown.js");
          const { text, entities } = written(typed);
          return [text, entities.map(({ type, offset, length }) => [type, offset, length])];
        }"""
        for typed, (text, entities) in WRITTEN.items():
            expected = [text, [list(entity) for entity in entities]]
            assert await at.page.evaluate(read, typed) == expected
        await at.write("**Hola** a todos")
        await at.sees("Hola a todos")
        assert [entity.type for entity in ana.messages[-1].entities] == ["bold"]
