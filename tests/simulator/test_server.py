from collections import Counter
from typing import Any

import aiohttp
import pytest

from simulator import Fault, Faults, Person, Simulator
from tests.support.api_client import TOKEN, ApiClient, ManualClock
from tests.support.pictures import tiny_png


async def test_parameters_come_in_each_encoding(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    params = {"chat_id": str(ana.id), "text": "uno", "protect_content": "true"}
    url = f"{api.url}/sendMESSAGE"  # Telegram ignores the case
    form = aiohttp.FormData(params)
    form.add_field("reply_markup", '{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}')
    multipart = aiohttp.MultipartWriter("form-data")
    for name, value in params.items():
        multipart.append(value).set_content_disposition("form-data", name=name)
    async with api.session.get(url, params=params) as response:
        assert response.status == 200
    for body in (form, multipart):
        async with api.session.post(url, data=body) as response:
            assert response.status == 200
    await api.result("sendMessage", chat_id=ana.id, text="uno", protect_content=True)
    assert [(m.text, m.protected) for m in ana.messages[1:]] == [("uno", True)] * 4
    assert ana.messages[2].labels == ["a"]
    async with api.session.post(
        f"{api.url}/sendMessage", data={"chat_id": "1", "text": "a", "reply_markup": "{"}
    ) as response:
        body = await response.json()
    assert body["description"] == "Bad Request: can't parse reply_markup JSON object"


async def test_calls_are_remembered_with_what_came_of_them_up_to_a_number(
    sim: Simulator, api: ApiClient
) -> None:
    await api.result("getMe")
    await api.refusal("sendMessage", chat_id=5, text="a")
    assert [(call.method, call.status, call.chat_id) for call in sim.calls] == [
        ("getMe", 200, None),
        ("sendMessage", 400, 5),
    ]
    assert [call.error for call in sim.refused] == ["Bad Request: chat not found"]
    async with Simulator(token=TOKEN, keep_calls=10) as sim, ApiClient(sim.url) as api:
        for _ in range(30):
            await api.result("getMe")
        assert 10 <= len(sim.calls) <= 11


async def test_an_error_and_a_cut_come_before_any_effect_and_a_dropped_answer_after_it(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    sim.faults.next("sendMessage", Fault.ERROR, Fault.DROP, Fault.CUT)
    refusal = await api.refusal("sendMessage", chat_id=ana.id, text="error")
    for text in ("drop", "cut"):
        with pytest.raises(aiohttp.ClientError):
            await api.result("sendMessage", chat_id=ana.id, text=text)
    await api.result("sendMessage", chat_id=ana.id, text="none")
    assert refusal == (502, "Bad Gateway")
    assert [message.text for message in ana.messages] == ["/start", "drop", "none"]
    assert [call.status for call in sim.calls] == [502, 0, 0, 200]
    assert [call.status for call in sim.refused] == [502]


def test_drawn_faults_have_their_shares_and_are_the_same_in_any_order() -> None:
    def drawn(seed: int, chats: list[int]) -> dict[tuple[int, int], Fault | None]:
        faults = Faults(seed, error_rate=0.06, drop_rate=0.04, too_many_rate=0.02)
        calls, found = Counter[int](), dict[tuple[int, int], Fault | None]()
        for chat in chats:
            calls[chat] += 1
            found[chat, calls[chat]] = faults.pick("copyMessage", chat)
        assert faults.pick("getUpdates") is None
        return found

    chats = [chat for chat in range(2000) for _ in range(3)]
    faults = drawn(7, chats)
    assert faults == drawn(7, chats[::-1])
    assert faults != drawn(8, chats)
    shares = Counter(faults.values())
    assert shares[Fault.ERROR] == pytest.approx(360, rel=0.15)
    assert shares[Fault.DROP] == pytest.approx(240, rel=0.15)
    assert shares[Fault.FLOOD] == pytest.approx(120, rel=0.15)


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
