from typing import Any

import pytest

from simulator import Person, Simulator, SimulatorError
from simulator.chats import Event
from tests.support.api_client import ApiClient


def keyboard(*labels: str) -> dict[str, object]:
    return {"inline_keyboard": [[{"text": label, "callback_data": label}] for label in labels]}


async def received(api: ApiClient) -> list[dict[str, Any]]:
    """Takes and acknowledges the bot's updates; returns their messages."""
    updates = await api.result("getUpdates")
    if updates:
        await api.result("getUpdates", offset=updates[-1]["update_id"] + 1)
    return [update.get("message") or update["edited_message"] for update in updates]


async def test_people_can_do_only_what_they_can_do(api: ApiClient, ana: Person) -> None:
    with pytest.raises(SimulatorError, match="sees nothing"):
        _ = ana.screen
    await api.result("sendMessage", chat_id=ana.id, text="Uno")
    with pytest.raises(SimulatorError, match="one's own"):
        ana.edit(ana.screen, "Dos")
    with pytest.raises(SimulatorError, match="forwarded"):
        ana.edit(ana.forward(ana.send("uno")), "dos")
    with pytest.raises(SimulatorError, match="a sticker has no caption"):
        ana.edit(ana.send_kind("sticker"), "dos")
    with pytest.raises(SimulatorError, match="at most 1024"):
        ana.send_photo("a" * 1025)
    for text in ("", "a" * 4097):
        with pytest.raises(SimulatorError, match="1 to 4096"):
            ana.send(text)
    for kinds in (
        ["photo"],
        ["photo"] * 11,
        ["photo", "document"],
        ["audio", "video"],
        ["photo", "voice"],
    ):
        with pytest.raises(SimulatorError, match="album"):
            ana.send_album(kinds)
    ana.block()
    with pytest.raises(SimulatorError, match="blocked"):
        ana.send("hola")


async def test_waiting_in_vain_shows_the_chat(api: ApiClient, ana: Person) -> None:
    with pytest.raises(SimulatorError):  # one's own words are not what the bot said
        await ana.sees("/start", seconds=0.01)
    await api.result("sendMessage", chat_id=ana.id, text="Uno", reply_markup=keyboard("Ir"))
    with pytest.raises(SimulatorError) as failed:
        await ana.sees("Dos", seconds=0.05)
    assert "Ana does not see 'Dos'" in str(failed.value)
    assert "#2 Test bot: Uno\n    [Ir]" in str(failed.value)
    with pytest.raises(SimulatorError, match="was not answered"):
        await ana.tap("Ir").answered(seconds=0.01)


async def test_a_tap_goes_to_the_newest_button_and_an_equal_label_first(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    for labels in (("Firmar", "Leer"), ("Firmar ahora",)):
        await api.result("sendMessage", chat_id=ana.id, text="a", reply_markup=keyboard(*labels))
    assert ana.tap("Firmar").data == "Firmar"
    assert ana.tap("ahora").data == "Firmar ahora"
    with pytest.raises(SimulatorError, match="there are: \\['Firmar', 'Leer', 'Firmar ahora'\\]"):
        ana.tap("Borrar")
    link = {"inline_keyboard": [[{"text": "Ver", "url": "https://example.org/"}]]}
    await api.result("sendMessage", chat_id=ana.id, text="a", reply_markup=link)
    asked = len(sim.world.updates.pending)
    assert ana.tap("Ver").url == "https://example.org/"
    assert len(sim.world.updates.pending) == asked, "a link opens without asking the bot"


async def test_data_that_are_no_text_come_as_they_were_sent(api: ApiClient, ana: Person) -> None:
    for data, written, shown in (
        ("7:home:", rb'"7:home:"', "7:home:"),
        ("\ud800x", rb'"\ud800x"', "?x"),
        (b'7\xff"\\\x00', b'"7\xff\\u0022\\u005c\\u0000"', '7\ufffd"\\\x00'),
    ):
        tap = ana.tap_data(1, data)
        async with api.session.post(f"{api.url}/getUpdates") as response:
            assert b'"data":' + written in await response.read()
        assert tap.data == shown


async def test_everything_that_happens_is_told(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    told: list[Event] = []
    sim.world.listeners.append(told.append)
    ana.start()
    sent = await api.result("sendMessage", chat_id=ana.id, text="a", reply_markup=keyboard("a"))
    tap = ana.tap("a")
    await api.result("answerCallbackQuery", callback_query_id=tap.id)
    target = {"chat_id": ana.id, "message_id": sent["message_id"]}
    await api.result("editMessageText", text="b", **target)
    await api.result("deleteMessage", **target)
    ana.block()
    assert [event.kind for event in told] == [
        *("sent", "sent", "tapped", "answered", "edited", "deleted", "member"),
    ]


async def test_a_number_is_one_persons(sim: Simulator) -> None:
    first = sim.world.person("Ana")
    asked = sim.world.person("Marta", user_id=first.id + 2)
    others = [sim.world.person("Persona").id for _ in range(4)]
    assert len({first.id, asked.id, *others}) == 6
    with pytest.raises(SimulatorError, match="there is a person"):
        sim.world.person("Otra", user_id=first.id)
