from typing import Any

import pytest

from simulator import Person, Simulator, SimulatorError
from simulator.media_kinds import KINDS
from telegram_text.markup import parse
from tests.support.api_client import ApiClient
from tests.support.html_messages import send_html

RICH = (
    '<b>Hemos</b> <tg-spoiler>ganado</tg-spoiler>: <a href="https://example.org/">lee</a>'
    "\n<blockquote>Gracias</blockquote>"
    '\n<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>'
)


@pytest.fixture
def ana(sim: Simulator) -> Person:
    return sim.world.person("Ana", last_name="García")


async def received(api: ApiClient) -> list[dict[str, Any]]:
    """Takes and acknowledges the bot's updates; returns their messages."""
    updates = await api.result("getUpdates")
    if updates:
        await api.result("getUpdates", offset=updates[-1]["update_id"] + 1)
    return [update.get("message") or update["edited_message"] for update in updates]


async def test_every_kind_of_message_arrives(api: ApiClient, ana: Person) -> None:
    for kind in KINDS:
        ana.send_kind(kind)
        (message,) = await received(api)

        assert kind in message


async def test_formatting_arrives_as_it_was_written(api: ApiClient, ana: Person) -> None:
    rendered = parse(RICH)
    ana.send(rendered.text, entities=rendered.entities)
    send_html(ana, RICH)
    ana.send("a 😀", entities=[{"type": "bold", "offset": 2, "length": 2}])
    first, second, third = await received(api)

    assert [entity["type"] for entity in first["entities"]] == [
        *("bold", "spoiler", "text_link", "blockquote", "custom_emoji")
    ]
    assert second["entities"] == first["entities"]
    assert third["entities"] == [{"type": "bold", "offset": 2, "length": 2}]


async def test_what_is_typed_plain_arrives_with_every_space(api: ApiClient, ana: Person) -> None:
    ana.send("  hola\t")
    (message,) = await received(api)

    assert message["text"] == "  hola\t"


async def test_a_photo_has_a_formatted_caption_above_and_a_cover(
    api: ApiClient, ana: Person
) -> None:
    rendered = parse("<b>Foto</b> de hoy")
    ana.send_photo(rendered.text, entities=rendered.entities, spoiler=True, above=True)
    (message,) = await received(api)

    assert message["caption"] == "Foto de hoy"
    assert message["caption_entities"] == [{"type": "bold", "offset": 0, "length": 4}]
    assert message["has_media_spoiler"]
    assert message["show_caption_above_media"]


async def test_an_album_comes_in_pieces_that_name_it(api: ApiClient, ana: Person) -> None:
    sent = ana.send_album(["photo", "video", "photo"], "Las tres")
    ana.send_album(["document", "document"])
    first, second, third, *other = await received(api)

    assert [first["message_id"], second["message_id"], third["message_id"]] == [m.id for m in sent]
    assert {m["media_group_id"] for m in (first, second, third)} == {sent[0].group}
    assert [m.get("caption") for m in (first, second, third)] == ["Las tres", None, None]
    assert {m["media_group_id"] for m in other} != {sent[0].group}


def test_not_everything_is_an_album(ana: Person) -> None:
    for kinds in (
        ["photo"],
        ["photo"] * 11,
        ["photo", "document"],
        ["audio", "video"],
        ["photo", "voice"],
    ):
        with pytest.raises(SimulatorError, match="album"):
            ana.send_album(kinds)


async def test_a_forwarded_post_names_its_channel_and_keeps_its_links(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    post = send_html(sim.world.person("Eva"), "<b>Comunicado</b>")
    buttons = [[("Leer", "https://example.org/"), ("Firmar", "https://t.me/test_bot")]]
    ana.forward(post, channel="Vecinas", buttons=buttons)
    again = ana.forward(post)
    ana.forward(again)
    _, from_channel, plain, twice = await received(api)

    assert from_channel["forward_origin"]["chat"]["title"] == "Vecinas"
    assert from_channel["entities"] == [{"type": "bold", "offset": 0, "length": 10}]
    assert from_channel["reply_markup"]["inline_keyboard"] == [
        [
            {"text": "Leer", "url": "https://example.org/"},
            {"text": "Firmar", "url": "https://t.me/test_bot"},
        ]
    ]
    assert plain["forward_origin"]["sender_user"]["first_name"] == "Eva"
    assert twice["forward_origin"] == plain["forward_origin"]


async def test_a_forward_leaves_buttons_for_the_bot_behind(api: ApiClient, ana: Person) -> None:
    ana.start()
    markup = {"inline_keyboard": [[{"text": "Firmar", "callback_data": "sign"}]]}
    await api.result("sendMessage", chat_id=ana.id, text="Hola", reply_markup=markup)

    assert ana.forward(ana.screen).buttons == ()


async def test_a_text_and_a_caption_can_be_changed(api: ApiClient, ana: Person) -> None:
    text, photo = ana.send("uno"), ana.send_photo("uno")
    ana.edit(text, "dos", entities=[{"type": "bold", "offset": 0, "length": 3}])
    ana.edit(photo, "")
    _, _, edited, bare = await received(api)

    assert (edited["text"], edited["entities"][0]["type"]) == ("dos", "bold")
    assert edited["edit_date"]
    assert "photo" in bare
    assert "caption" not in bare


def test_only_what_one_wrote_can_be_edited(ana: Person) -> None:
    forward = ana.forward(ana.send("uno"))
    with pytest.raises(SimulatorError, match="forwarded"):
        ana.edit(forward, "dos")
    with pytest.raises(SimulatorError, match="a sticker has no caption"):
        ana.edit(ana.send_kind("sticker"), "dos")
    with pytest.raises(SimulatorError, match="at most 1024"):
        ana.send_photo("a" * 1025)


async def test_a_person_deletes_for_both_and_nobody_is_told(api: ApiClient, ana: Person) -> None:
    mine = ana.send("uno")
    await api.result("sendMessage", chat_id=ana.id, text="dos")
    await received(api)
    ana.delete(mine)
    ana.delete(ana.screen)

    assert ana.messages == []
    assert await received(api) == []


async def test_what_was_sent_can_be_sent_on_by_its_identifier(api: ApiClient, ana: Person) -> None:
    for kind in ("photo", "document"):
        media = ana.send_kind(kind).media
        assert media is not None
        sent = await api.result(f"send{kind.title()}", chat_id=ana.id, **{kind: media.file_id})
        assert sent[kind] == media.payload
