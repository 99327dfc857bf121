from typing import Any

import aiohttp

from simulator import Person, Simulator
from tests.support.api_client import ApiClient, ManualClock
from tests.support.pictures import tiny_png

KEYBOARD = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}


async def sent_to(api: ApiClient, person: Person, **params: Any) -> dict[str, int]:
    """Has the bot send a text; returns what a later call of it names it by."""
    sent = await api.result("sendMessage", chat_id=person.id, **{"text": "a", **params})
    return {"chat_id": person.id, "message_id": sent["message_id"]}


async def test_a_reply_may_do_without_its_message_if_told_so(api: ApiClient, ana: Person) -> None:
    gone = {"message_id": 99, "allow_sending_without_reply": True}
    await sent_to(api, ana, reply_parameters=gone)
    there = {"message_id": ana.messages[0].id}
    sent = await api.result("sendMessage", chat_id=ana.id, text="b", reply_parameters=there)

    assert sent["reply_to_message"]["text"] == "/start"


async def test_an_edit_must_change_something_and_shows_unless_it_is_of_the_keyboard(
    api: ApiClient, ana: Person
) -> None:
    target = await sent_to(api, ana)
    marked = await api.result("editMessageReplyMarkup", reply_markup=KEYBOARD, **target)
    unchanged = await api.bad("editMessageText", text="a ", reply_markup=KEYBOARD, **target)
    bare = await api.result("editMessageReplyMarkup", **target)
    still = await api.bad("editMessageReplyMarkup", **target)
    edited = await api.result("editMessageText", text="b", **target)

    assert unchanged.startswith("message is not modified: specified new message")
    assert still == unchanged
    assert ["edit_date" in each for each in (marked, bare, edited)] == [False, False, True]
    assert ["reply_markup" in each for each in (marked, bare, edited)] == [True, False, False]


async def test_a_time_is_sent_as_a_tag_or_as_an_entity_and_another_time_is_a_change(
    api: ApiClient, ana: Person
) -> None:
    html = '<tg-time unix="{}" format="wDt">jueves</tg-time>'
    sent = await api.result(
        "sendMessage", chat_id=ana.id, text=html.format(1795714200), parse_mode="HTML"
    )
    entity = {"type": "date_time", "offset": 0, "length": 6, "unix_time": 1795714200}
    assert sent["entities"] == [entity | {"date_time_format": "wDt"}]
    again = await api.result(
        "sendMessage", chat_id=ana.id, text="jueves", entities=sent["entities"]
    )
    assert again["entities"] == sent["entities"]
    target = {"chat_id": ana.id, "message_id": sent["message_id"], "parse_mode": "HTML"}
    reason = await api.bad("editMessageText", text=html.format(1795714200), **target)
    assert "message is not modified" in reason
    await api.result("editMessageText", text=html.format(1795714260), **target)


async def test_messages_can_be_deleted_for_two_days_and_of_many_all_or_none(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    old = await sent_to(api, ana)
    written = [ana.send(str(number)).id for number in range(3)]
    sim.clock.move(48 * 3600 + 1)
    new, chat = await sent_to(api, ana), {"chat_id": ana.id}
    numbers = [old["message_id"], new["message_id"]]

    late = "message can't be deleted for everyone"
    assert await api.bad("deleteMessage", **old) == late
    assert await api.bad("deleteMessages", message_ids=numbers, **chat) == late
    assert len(ana.messages) == len([1, *written, *numbers])
    assert await api.result("deleteMessages", message_ids=[*numbers[1:], 999], **chat)
    assert ana.send("b").date - ana.messages[0].date == 48 * 3600 + 1
    assert new["message_id"] not in ana.chat.messages


async def test_taps_are_answered_soon(api: ApiClient, ana: Person, clock: ManualClock) -> None:
    tap = ana.tap_data(1, "forged")
    clock.now += 31

    reason = await api.bad("answerCallbackQuery", callback_query_id=tap.id)
    assert reason.startswith("query is too old")


async def test_a_text_becomes_a_file_and_a_file_another(api: ApiClient, ana: Person) -> None:
    target = await sent_to(api, ana)
    for kind in ("photo", "document"):
        media = ana.send_kind(kind).media
        assert media
        sent = await api.result(f"send{kind.title()}", chat_id=ana.id, **{kind: media.file_id})
        assert sent[kind] == media.payload
        described = {"type": kind, "media": media.file_id, "caption": kind}
        edited = await api.result("editMessageMedia", media=described, **target)
        assert (kind in edited, edited["caption"]) == (True, kind)


async def test_a_picture_comes_attached_under_any_name_in_the_sizes_of_a_photo(
    api: ApiClient, ana: Person
) -> None:
    form = aiohttp.FormData({"chat_id": str(ana.id), "photo": "attach://f1"})
    form.add_field("f1", tiny_png(900, 300), filename="a.png")
    async with api.session.post(f"{api.url}/sendPhoto", data=form) as response:
        sent = (await response.json())["result"]

    sizes = [(size["width"], size["height"]) for size in sent["photo"]]
    assert sizes == [(90, 30), (320, 106), (800, 266), (900, 300)]


async def test_a_menu_is_that_of_the_narrowest_scope_in_ones_language(
    sim: Simulator, api: ApiClient
) -> None:
    ana = sim.person("Ana", language="pt-br")
    ana.start()
    everybody, own = {"type": "all_private_chats"}, {"type": "chat", "chat_id": ana.id}
    menus: list[tuple[str, dict[str, Any]]] = [
        ("start", {"scope": everybody}),
        ("ajuda", {"scope": everybody, "language_code": "pt"}),
        ("close", {"scope": own}),
    ]
    for name, more in menus:
        commands = [{"command": name, "description": "Así"}]
        await api.result("setMyCommands", commands=commands, **more)
        assert ana.commands == commands
    await api.result("setMyCommands", commands=[], scope=own)
    assert [each["command"] for each in ana.commands] == ["ajuda"]
    await api.result("deleteMyCommands", scope=everybody, language_code="pt")
    assert [each["command"] for each in ana.commands] == ["start"]
    await api.result("setMyDescription", description="Uma petição", language_code="pt")
    text = sim.world.profile.text
    assert (text("description", "pt-br"), text("description", "en")) == ("Uma petição", "")
