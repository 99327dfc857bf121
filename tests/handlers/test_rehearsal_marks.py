"""Tests of what a rehearsal changes in the calls that leave and in the updates that come."""

from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.petition.petition import BUNDLED, load_petition
from bot.text.translations import Catalogs
from handlers.context import Services
from handlers.rehearsal_marks import RehearsalClient, read_marks
from storage.errors import Unavailable
from telegram_text.markup import length, parse

ES = "🎭 Esto es un ensayo:"


class Away:
    """A storage whose database is away just now."""

    async def read(self, *_: object) -> None:
        raise Unavailable


@pytest.fixture(scope="module")
def client() -> RehearsalClient:
    petition, catalogs = load_petition(BUNDLED), Catalogs.load()
    services = SimpleNamespace(
        words=lambda language: catalogs.words(petition.language_for(language)),
        storage=Away(),
        reference=lambda number: str(number).encode(),
    )
    services.words_for = partial(Services.words_for, cast(Services, services))
    unused = cast(Any, None)
    return RehearsalClient(lambda: cast(Services, services), unused, unused, api_url="", token="")


async def sent(client: RehearsalClient, method: str, **params: Any) -> dict[str, Any]:
    ((same, marked),) = await client.outgoing(method, {"chat_id": 1, **params})
    assert same == method
    return marked


async def test_a_text_and_a_caption_begin_with_it(client: RehearsalClient) -> None:
    for method in ("sendMessage", "editMessageText"):
        marked = await sent(client, method, text="<i>Hola</i>", parse_mode="HTML")
        assert parse(marked["text"]).text.startswith(ES)
        assert marked["text"].endswith("\n\n<i>Hola</i>")
    assert (await sent(client, "sendDocument", caption="1 < 2"))["caption"].endswith("\n\n1 < 2")
    assert (await sent(client, "sendPhoto"))["caption"].startswith(ES)  # one that had none
    media = {"type": "document", "media": "attach://x"}
    marked = await sent(client, "editMessageMedia", media=media)
    assert marked["media"] == {**media, "caption": marked["media"]["caption"]}
    assert marked["media"]["caption"].startswith(ES)


async def test_the_answer_to_a_tap_begins_with_its_sign(client: RehearsalClient) -> None:
    for text, expected in (("Guardado", "🎭 Guardado"), (None, None)):
        ((_, call),) = await client.outgoing("answerCallbackQuery", {"text": text})
        assert call["text"] == expected
    ((_, call),) = await client.outgoing("answerCallbackQuery", {"text": "a" * 200})
    assert length(call["text"]) == 200
    assert call["text"].endswith("…")


@pytest.mark.parametrize("text", ["<b>a</b>" * 4096, "<b>🎭</b>" * 2048, "&lt;" * 4096])
async def test_what_would_be_too_long_is_cut_to_fit(client: RehearsalClient, text: str) -> None:
    marked = await sent(client, "sendMessage", text=text, parse_mode="HTML")
    shown = parse(marked["text"]).text
    assert shown.startswith(ES)
    assert shown.endswith("…")
    assert 4080 < length(shown) <= 4096


@pytest.mark.parametrize("answer", [None, [], [{"update_id": 1}], {"odd": 1}, [{"message": 5}]])
def test_whatever_comes_is_no_reason_to_stop(answer: object) -> None:
    read_marks(answer)
