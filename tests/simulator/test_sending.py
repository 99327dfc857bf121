from typing import Any

import aiohttp

from simulator import Person
from tests.support.api_client import ApiClient, ManualClock
from tests.support.pictures import tiny_png


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


async def test_a_time_is_sent_as_a_tag_or_as_an_entity(api: ApiClient, ana: Person) -> None:
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


async def test_taps_are_answered_soon(api: ApiClient, ana: Person, clock: ManualClock) -> None:
    tap = ana.tap_data(1, "forged")
    clock.now += 31
    reason = await api.bad("answerCallbackQuery", callback_query_id=tap.id)
    assert reason.startswith("query is too old")


async def test_a_picture_comes_attached_in_the_sizes_of_a_photo(
    api: ApiClient, ana: Person
) -> None:
    form = aiohttp.FormData({"chat_id": str(ana.id), "photo": "attach://f1"})
    form.add_field("f1", tiny_png(900, 300), filename="a.png")
    async with api.session.post(f"{api.url}/sendPhoto", data=form) as response:
        sent = (await response.json())["result"]
    sizes = [(size["width"], size["height"]) for size in sent["photo"]]
    assert sizes == [(90, 30), (320, 106), (800, 266), (900, 300)]
