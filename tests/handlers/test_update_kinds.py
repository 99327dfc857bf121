"""Whose chat an update comes from, and what one that waits will do: draw, or opt out."""

from functools import partial
from operator import ne
from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram import Update

from bot.intake.dispatcher import Dispatcher, UpdatesBehind
from handlers.chat_context import ChatContext, open_context
from handlers.screens.buttons import NO_MORE
from handlers.update_kinds import is_opt_out, own_chat, will_be_drawn_over
from storage.broadcast_types import Kind
from tests.support.scene import Scene

ANA, MARTA = 6_000_000_001, 6_000_000_002
ELSEWHERE: list[dict[str, Any]] = [
    {"id": -1001, "type": "supergroup", "title": "Barrio"},
    {"id": -1002, "type": "channel", "title": "Canal"},
    {"id": MARTA, "type": "private"},
    {"id": ANA, "type": "group", "title": "numbered as she is"},
]
FORWARDED = {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Marta"}}


def text(written: str, *, chat: str = "private") -> dict[str, Any]:
    return {"message": {"chat": {"id": ANA, "type": chat}, "from": {"id": ANA}, "text": written}}


def forwarded(written: str) -> dict[str, Any]:
    return {"message": text(written)["message"] | FORWARDED}


def tap(data: str) -> dict[str, Any]:
    message = {"chat": {"id": ANA, "type": "private"}, "message_id": 1}
    return {"callback_query": {"id": "1", "from": {"id": ANA}, "message": message, "data": data}}


def blocked() -> dict[str, Any]:
    return {"my_chat_member": {"chat": {"id": ANA, "type": "private"}, "from": {"id": ANA}}}


def edited(written: str) -> dict[str, Any]:
    return {"edited_message": text(written)["message"]}


def changed(content: str) -> dict[str, Any]:
    """What has no words in it, and is another than it was."""
    message = {**text("")["message"], content: {}}
    del message["text"]
    return {"edited_message": message}


@pytest.mark.parametrize("chat", [*ELSEWHERE, None])
async def test_only_in_a_persons_own_chat_is_there_a_context(chat: dict[str, Any] | None) -> None:
    sender = {"id": ANA, "is_bot": False, "first_name": "Ana"}
    message = {"message_id": 5, "date": 1, "from": sender, "text": "hola"}
    query: dict[str, Any] = {"id": "1", "from": sender, "chat_instance": "1", "data": "3:home:"}
    query |= {"inline_message_id": "A"} if chat is None else {"message": message | {"chat": chat}}
    sent = message | {"chat": chat or ELSEWHERE[0]}
    for kind, body in {"message": sent, "edited_message": sent, "callback_query": query}.items():
        update = Update.de_json({"update_id": 1, kind: body}, None)
        assert own_chat(update) is None
        with pytest.raises(ValueError, match="own chat"):
            await open_context(ChatContext, cast("Any", SimpleNamespace()), update)


async def drawn_over(
    *behind: dict[str, Any], by_admin: bool = False, too_often: str | None = None
) -> bool:
    """What a /start is told, when these updates wait behind it."""
    told: list[bool] = []

    async def handle(_update: dict[str, Any], behind: UpdatesBehind) -> None:
        answered = partial(ne, too_often)
        told.append(will_be_drawn_over(behind, by_admin=by_admin, would_answer=answered))

    work = Dispatcher(handle)
    for number, update in enumerate((text("/start"), *behind)):
        work.take({"update_id": number, **update})
    await work.drain(5)
    assert len(told) == 1 + len(behind)
    assert told[-1] is False, "nothing waits behind the last"
    return told[0]


async def test_what_draws_the_screen_anew_draws_over() -> None:
    for behind in (
        *map(text, ("/start", "hola", "/close", "/stats@peticion_bot")),
        *(tap("3:home:"), tap("made up"), edited("hola"), forwarded("/close")),
    ):
        assert await drawn_over(behind), behind
    assert await drawn_over(blocked(), tap("3:home:")), "any of those who wait"
    assert await drawn_over(text("/help"), by_admin=True)
    elsewhere = tap("3:home:")["callback_query"] | {"message": {"chat": {"id": 7}}}
    inline = {key: value for key, value in elsewhere.items() if key != "message"}
    for behind in (
        tap(NO_MORE[Kind.NEWS]),  # a window above the chat is all that answers it
        *(changed("photo"), changed("location"), blocked()),  # what is not answered at all
        *(text("/start", chat="group"), {"callback_query": elsewhere}, {"callback_query": inline}),
    ):
        assert not await drawn_over(behind), behind
    # What admins order, and what may be meant for a message in preparation.
    for order in (
        *("/stats", "/close\n31/12/2026", "/reopen@peticion_bot", "/broadcast now and quickly"),
        *("/broadcasts", "/cancel", "Queridas amigas"),
    ):
        assert not await drawn_over(text(order), by_admin=True), order
    for order_of_another in (forwarded("/help"), tap("adm:close:1")):
        assert not await drawn_over(order_of_another, by_admin=True)


async def test_impatient_taps_are_all_answered_and_drawn_once(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    await scene.starts(ana)
    before = len(scene.simulator.calls.of("editMessageText"))
    label = words.label("📖 Leer el llamamiento")
    # All of them are waiting before the bot hears of the first.
    scene.simulator.faults.freeze()
    taps = [ana.tap(label) for _ in range(6)]
    scene.simulator.faults.thaw()
    for each in taps:
        await each.answered()
    await scene.settled()
    assert "Página 1 de 4" in scene.screen(ana).text
    assert len(scene.simulator.calls.of("editMessageText")) - before <= 2


async def test_what_comes_too_often_draws_nothing_but_an_opt_out() -> None:
    for behind, what in (
        (text("/help"), "help"),
        (text("/HELP@peticion_bot"), "help"),
        (text("/start boletin"), "start"),
        *((text(each), "written") for each in ("hola", "/stats", "/nothing_like_it")),
        *((edited(each), "written") for each in ("/help", "hola")),
        (forwarded("/stop"), "written"),
    ):
        assert not await drawn_over(behind, too_often=what), behind
        assert await drawn_over(behind, too_often="another"), behind
    for command in ("withdraw", "stop"):
        for what in (command, "written"):
            assert await drawn_over(text(f"/{command}"), too_often=what)


def test_what_is_an_opt_out_and_what_is_none() -> None:
    for written in ("/withdraw", "/stop", "/Withdraw@peticion_bot\nya"):
        assert is_opt_out({"message": {"text": written}}), written
    for data in ("7:withdraw:", "7:erase:", "7:mute:", "7:nonews:", "stop:news"):
        assert is_opt_out({"callback_query": {"data": data}}), data
    for said in ("withdraw", "/withdrawn", "/stop_it", "I said /withdraw", 7):
        assert not is_opt_out({"message": {"text": said}}), said
    for update in (
        *({"message": {"caption": "/withdraw"}}, forwarded("/withdraw"), {"message": None}),
        *({"edited_message": {"text": "/withdraw"}}, {"callback_query": []}, {}),
        *({"callback_query": {"data": data}} for data in ("7:read:", "erase")),
        {"callback_query": {"data": None, "message": {"text": "/stop"}}},
    ):
        assert not is_opt_out(update), update
