import asyncio
from typing import Any

import pytest

from simulator import Person, Simulator, SimulatorError
from simulator.chats import Event
from simulator.media_kinds import KINDS
from tests.support.api_client import ApiClient
from tests.support.html_messages import send_html

RICH = (
    '<b>Hemos</b> <tg-spoiler>ganado</tg-spoiler>: <a href="https://example.org/">lee</a>'
    "\n<blockquote>Gracias</blockquote>"
    '\n<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>'
)


def keyboard(*labels: str) -> dict[str, object]:
    return {"inline_keyboard": [[{"text": label, "callback_data": label}] for label in labels]}


async def received(api: ApiClient) -> list[dict[str, Any]]:
    """Takes and acknowledges the bot's updates; returns their messages."""
    updates = await api.result("getUpdates")
    if updates:
        await api.result("getUpdates", offset=updates[-1]["update_id"] + 1)
    return [update.get("message") or update["edited_message"] for update in updates]


async def test_every_kind_of_message_arrives_as_it_was_sent(api: ApiClient, ana: Person) -> None:
    await received(api)
    for kind in KINDS:
        ana.send_kind(kind)
        assert kind in (await received(api))[0]
    send_html(ana, RICH)
    ana.send("a 😀", entities=[{"type": "bold", "offset": 2, "length": 2}])
    ana.send("  hola\t")
    ana.send_photo("de hoy", entities=[{"type": "bold", "offset": 0, "length": 2}], spoiler=True)
    rich, bold, plain, photo = await received(api)

    assert [entity["type"] for entity in rich["entities"]] == [
        *("bold", "spoiler", "text_link", "blockquote", "custom_emoji")
    ]
    assert bold["entities"] == [{"type": "bold", "offset": 2, "length": 2}]
    assert plain["text"] == "  hola\t"
    assert photo["caption_entities"] == [{"type": "bold", "offset": 0, "length": 2}]
    assert (photo["caption"], photo["has_media_spoiler"]) == ("de hoy", True)


async def test_an_album_comes_in_pieces_that_name_it(api: ApiClient, ana: Person) -> None:
    sent = ana.send_album(["photo", "video", "photo"], "Las tres")
    ana.send_album(["document", "document"])
    _, *album, fourth, fifth = await received(api)

    assert [each["message_id"] for each in album] == [m.id for m in sent]
    assert {each["media_group_id"] for each in album} == {sent[0].group}
    assert [each.get("caption") for each in album] == ["Las tres", None, None]
    assert fourth["media_group_id"] == fifth["media_group_id"] != sent[0].group


async def test_a_forwarded_post_names_its_channel_and_keeps_its_links_alone(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    await api.result("sendMessage", chat_id=ana.id, text="Hola", reply_markup=keyboard("Ir"))
    assert ana.forward(ana.screen).buttons == ()
    await received(api)
    post = send_html(sim.world.person("Eva"), "<b>Comunicado</b>")
    ana.forward(post, channel="Vecinas", buttons=[[("Leer", "https://example.org/")]])
    ana.forward(ana.forward(post))
    _, from_channel, plain, twice = await received(api)

    assert from_channel["forward_origin"]["chat"]["title"] == "Vecinas"
    assert from_channel["entities"] == [{"type": "bold", "offset": 0, "length": 10}]
    link = {"text": "Leer", "url": "https://example.org/"}
    assert from_channel["reply_markup"]["inline_keyboard"] == [[link]]
    assert plain["forward_origin"]["sender_user"]["first_name"] == "Eva"
    assert twice["forward_origin"] == plain["forward_origin"]


async def test_texts_captions_and_names_can_be_changed(api: ApiClient, ana: Person) -> None:
    text, photo = ana.send("uno"), ana.send_photo("uno")
    await received(api)
    ana.edit(text, "dos", entities=[{"type": "bold", "offset": 0, "length": 3}])
    ana.rename("Anna", "Puig")
    ana.edit(photo, "")
    edited, bare = await received(api)

    assert (edited["text"], edited["entities"][0]["type"]) == ("dos", "bold")
    assert edited["edit_date"]
    assert "photo" in bare
    assert "caption" not in bare
    assert bare["chat"]["last_name"] == "Puig"


async def test_a_person_deletes_for_both_and_nobody_is_told(api: ApiClient, ana: Person) -> None:
    await api.result("sendMessage", chat_id=ana.id, text="dos")
    await received(api)
    for message in ana.messages:
        ana.delete(message)

    assert ana.messages == []
    assert await received(api) == []


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


async def test_idle_waits_for_acknowledgement_and_for_calls_under_way(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    with pytest.raises(SimulatorError, match="1 updates are not acknowledged"):
        await sim.world.idle(seconds=0.05)
    await received(api)
    await sim.world.idle(seconds=1)
    sim.faults.latency = 0.1
    call = asyncio.create_task(api.result("sendMessage", chat_id=ana.id, text="a"))
    await asyncio.sleep(0.02)
    await sim.world.idle()
    assert ana.screen.text == "a"
    await call


async def test_a_number_is_one_persons(sim: Simulator) -> None:
    first = sim.world.person("Ana")
    asked = sim.world.person("Marta", user_id=first.id + 2)
    others = [sim.world.person("Persona").id for _ in range(4)]
    assert len({first.id, asked.id, *others}) == 6
    with pytest.raises(SimulatorError, match="there is a person"):
        sim.world.person("Otra", user_id=first.id)
