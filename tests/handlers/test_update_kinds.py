"""Whose chat an update comes from, and what one that waits will do: draw, or opt out."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram import Update

from bot.intake import NOTHING_BEHIND, Dispatcher, UpdatesBehind
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
    first: dict[str, Any],
    *behind: dict[str, Any],
    by_admin: bool = False,
    too_often: str | None = None,
) -> bool:
    """What the first of these updates is told, all of them waiting in one line."""
    told: list[bool] = []

    def would_answer(what: str) -> bool:
        return what != too_often

    async def handle(_update: dict[str, Any], behind: UpdatesBehind) -> None:
        told.append(will_be_drawn_over(behind, by_admin=by_admin, would_answer=would_answer))

    work = Dispatcher(handle)
    for number, update in enumerate((first, *behind)):
        work.take({"update_id": number, **update})
    await work.drain(5)
    assert len(told) == 1 + len(behind)
    assert told[-1] is False, "nothing waits behind the last"
    return told[0]


def test_outside_of_the_intake_everything_is_drawn() -> None:
    nothing = NOTHING_BEHIND
    assert not will_be_drawn_over(nothing, by_admin=False, would_answer=lambda _: True)


@pytest.mark.parametrize(
    "behind",
    [
        text("/start"),
        text("hola"),
        text("/close"),
        text("/stats@peticion_bot"),
        tap("3:home:"),
        tap("made up"),
        edited("hola"),
        forwarded("/close"),
    ],
)
async def test_what_a_supporter_does_next_draws_over(behind: dict[str, Any]) -> None:
    assert await drawn_over(text("/start"), behind)


@pytest.mark.parametrize(
    "behind",
    [
        # A window above the chat is all that answers it.
        tap(NO_MORE[Kind.NEWS]),
        # What changes by itself is not answered at all.
        changed("photo"),
        changed("location"),
        blocked(),
    ],
)
async def test_what_shows_no_screen_draws_nothing(behind: dict[str, Any]) -> None:
    assert not await drawn_over(text("/start"), behind)


async def test_any_of_those_who_wait_may_draw_over() -> None:
    assert await drawn_over(text("/start"), blocked(), tap("3:home:"))


@pytest.mark.parametrize(
    "order",
    [
        *("/stats", "/close", "/reopen@peticion_bot", "/broadcast now and quickly"),
        "/close\n31/12/2026",
        # What may be meant for a message in preparation.
        *("/broadcasts", "/cancel", "Queridas amigas"),
    ],
)
async def test_an_admins_order_has_a_panel_of_its_own(order: str) -> None:
    assert not await drawn_over(text("/start"), text(order), by_admin=True)


async def test_what_an_admin_forwards_is_for_a_draft_even_if_it_begins_with_a_command() -> None:
    assert not await drawn_over(text("/start"), forwarded("/help"), by_admin=True)


async def test_an_admin_is_a_supporter_too_with_buttons_of_their_own() -> None:
    assert not await drawn_over(text("/start"), tap("adm:close:1"), by_admin=True)
    assert await drawn_over(text("/start"), text("/help"), by_admin=True)


async def test_what_is_written_in_a_group_draws_nothing() -> None:
    assert not await drawn_over(text("/start", chat="group"), text("/start", chat="group"))


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


@pytest.mark.parametrize("chat", [{"id": -1001, "type": "supergroup"}, {"id": 7}, None])
async def test_a_tap_made_elsewhere_draws_nothing(chat: dict[str, Any] | None) -> None:
    made = tap("3:home:")["callback_query"]
    where = {"inline_message_id": "AAAA"} if chat is None else {"message": {"chat": chat}}
    del made["message"]
    elsewhere = {"callback_query": {**made, **where}}
    assert not await drawn_over(elsewhere, elsewhere)


@pytest.mark.parametrize(
    ("behind", "what"),
    [
        (text("/help"), "help"),
        (text("/HELP@peticion_bot"), "help"),
        (text("/start boletin"), "start"),
        (text("hola"), "written"),
        (text("/stats"), "written"),
        (text("/nothing_like_it"), "written"),
        (edited("/help"), "written"),
        (edited("hola"), "written"),
        (forwarded("/stop"), "written"),
    ],
)
async def test_what_comes_too_often_draws_nothing(behind: dict[str, Any], what: str) -> None:
    assert not await drawn_over(text("/start"), behind, too_often=what)
    assert await drawn_over(text("/start"), behind, too_often="another")


@pytest.mark.parametrize("command", ["withdraw", "stop"])
async def test_what_is_always_answered_draws(command: str) -> None:
    for what in (command, "written"):
        assert await drawn_over(text("/start"), text(f"/{command}"), too_often=what)


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"text": "/withdraw"}},
        {"message": {"text": "/stop"}},
        {"message": {"text": "/Withdraw@peticion_bot\nya"}},
        {"callback_query": {"data": "7:withdraw:"}},
        {"callback_query": {"data": "7:erase:"}},
        {"callback_query": {"data": "7:mute:"}},
        {"callback_query": {"data": "7:nonews:"}},
        {"callback_query": {"data": "stop:news"}},
    ],
)
def test_an_opt_out_is_one(update: dict[str, Any]) -> None:
    assert is_opt_out(update)


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"text": "withdraw"}},
        {"message": {"text": "/withdrawn"}},
        {"message": {"text": "/stop_it"}},
        {"message": {"text": "I said /withdraw"}},
        {"message": {"text": 7}},
        {"message": {"caption": "/withdraw"}},
        forwarded("/withdraw"),
        {"message": None},
        {"edited_message": {"text": "/withdraw"}},
        {"callback_query": {"data": "7:read:"}},
        {"callback_query": {"data": "erase"}},
        {"callback_query": {"data": None, "message": {"text": "/stop"}}},
        {"callback_query": []},
        {},
    ],
)
def test_anything_else_is_none(update: dict[str, Any]) -> None:
    assert not is_opt_out(update)
