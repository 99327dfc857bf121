import asyncio

import pytest

from simulator import Person, Simulator, SimulatorError
from tests.support.api_client import ApiClient


def keyboard(*labels: str) -> dict[str, object]:
    return {"inline_keyboard": [[{"text": label, "callback_data": label}] for label in labels]}


async def test_sees_waits_for_the_bot(api: ApiClient, ana: Person) -> None:
    waiting = asyncio.create_task(ana.sees("Hola"))
    await asyncio.sleep(0.02)
    await api.result("sendMessage", chat_id=ana.id, text="¡Hola!")

    assert (await waiting).text == "¡Hola!"


async def test_waiting_in_vain_shows_the_chat(api: ApiClient, ana: Person) -> None:
    await api.result("sendMessage", chat_id=ana.id, text="Uno", reply_markup=keyboard("Ir"))
    with pytest.raises(SimulatorError) as failed:
        await ana.sees("Dos", seconds=0.05)

    assert "Ana does not see 'Dos'" in str(failed.value)
    assert "#2 Test bot: Uno\n    [Ir]" in str(failed.value)


async def test_ones_own_words_are_not_what_the_bot_said(ana: Person) -> None:
    with pytest.raises(SimulatorError):
        await ana.sees("/start", seconds=0.01)


async def test_a_tap_goes_to_the_newest_button_and_an_equal_label_first(
    api: ApiClient, ana: Person
) -> None:
    for labels in (("Firmar", "Leer"), ("Firmar ahora",)):
        await api.result("sendMessage", chat_id=ana.id, text="a", reply_markup=keyboard(*labels))

    assert ana.tap("Firmar").data == "Firmar"
    assert ana.tap("ahora").data == "Firmar ahora"
    with pytest.raises(SimulatorError, match="there are: \\['Firmar', 'Leer', 'Firmar ahora'\\]"):
        ana.tap("Borrar")


async def test_an_unanswered_tap_is_an_error(ana: Person) -> None:
    tap = ana.tap_data(5, "forged")
    with pytest.raises(SimulatorError, match="was not answered"):
        await tap.answered(seconds=0.01)


async def test_a_link_button_opens_without_asking_the_bot(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    markup = {"inline_keyboard": [[{"text": "Ver", "url": "https://example.org/"}]]}
    await api.result("sendMessage", chat_id=ana.id, text="a", reply_markup=markup)
    before = len(sim.world.updates.pending)

    assert ana.tap("Ver").url == "https://example.org/"
    assert len(sim.world.updates.pending) == before


async def test_the_screen_is_the_newest_message_of_the_bot(api: ApiClient, ana: Person) -> None:
    with pytest.raises(SimulatorError, match="sees nothing"):
        _ = ana.screen
    await api.result("sendMessage", chat_id=ana.id, text="Uno")
    await api.result("sendMessage", chat_id=ana.id, text="Dos")
    ana.send("tres")

    assert ana.screen.text == "Dos"


async def test_messages_are_snapshots_and_an_edit_makes_a_new_one(
    api: ApiClient, ana: Person
) -> None:
    await api.result("sendMessage", chat_id=ana.id, text="Uno")
    before = ana.screen
    await api.result("editMessageText", chat_id=ana.id, message_id=before.id, text="Dos")

    assert (before.text, ana.screen.text, ana.screen.id) == ("Uno", "Dos", before.id)


async def test_people_can_do_only_what_they_can_do(api: ApiClient, ana: Person) -> None:
    await api.result("sendMessage", chat_id=ana.id, text="Uno")
    with pytest.raises(SimulatorError, match="one's own"):
        ana.edit(ana.screen, "Dos")
    for text in ("", "a" * 4097):
        with pytest.raises(SimulatorError, match="1 to 4096"):
            ana.send(text)
    ana.block()
    with pytest.raises(SimulatorError, match="blocked"):
        ana.send("hola")


async def test_a_name_can_change(sim: Simulator, api: ApiClient, ana: Person) -> None:
    ana.rename("Anna", "Puig")
    ana.send("hola")
    update = (await api.result("getUpdates"))[-1]

    assert update["message"]["from"]["last_name"] == "Puig"
    assert update["message"]["chat"]["first_name"] == "Anna"


async def test_a_picture_can_be_waited_for(api: ApiClient, ana: Person) -> None:
    media = ana.send_photo().media
    assert media
    waiting = asyncio.create_task(ana.sees_one(lambda message: message.photo is not None))
    await asyncio.sleep(0)
    await api.result("sendPhoto", chat_id=ana.id, photo=media.file_id)

    assert (await waiting).media == media
    with pytest.raises(SimulatorError, match="does not see a poll"):
        await ana.sees_one(lambda message: message.text == "x", 0.01, what="a poll")


async def test_data_that_are_no_text_come_to_the_bot_as_they_were_sent(
    api: ApiClient, ana: Person
) -> None:
    for data, written, shown in (
        ("7:home:", rb'"7:home:"', "7:home:"),
        ("\ud800x", rb'"\ud800x"', "?x"),
        (b'7\xff"\\\x00', b'"7\xff\\u0022\\u005c\\u0000"', '7\ufffd"\\\x00'),
    ):
        tap = ana.tap_data(1, data)
        async with api.session.post(f"{api.url}/getUpdates") as response:
            assert b'"data":' + written in await response.read()
        assert tap.data == shown
