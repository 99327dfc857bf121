import pytest

from simulator import Person, Simulator
from simulator.media_kinds import KINDS
from tests.support.api_client import ApiClient
from tests.support.html_messages import send_html


@pytest.fixture
def eva(sim: Simulator) -> Person:
    eva = sim.world.person("Eva")
    eva.start()
    return eva


def to(ana: Person, eva: Person) -> dict[str, int]:
    return {"chat_id": eva.id, "from_chat_id": ana.id}


async def test_every_kind_is_copied_as_it_is_without_its_origin_and_its_keyboard(
    api: ApiClient, ana: Person, eva: Person
) -> None:
    post = send_html(ana, "<b>Hola</b> <tg-spoiler>tú</tg-spoiler>")
    forward = ana.forward(post, buttons=[[("Leer", "https://example.org/")]])
    for source in (forward, *map(ana.send_kind, KINDS)):
        copy = await api.result("copyMessage", message_id=source.id, **to(ana, eva))
        message = eva.messages[-1]
        assert copy == {"message_id": message.id}
        assert (message.content, message.from_bot) == (source.content, True)
        assert (message.buttons, message.origin) == ((), None)


async def test_a_caption_is_kept_or_put_in_another_place_and_ignored_where_none_goes(
    api: ApiClient, ana: Person, eva: Person
) -> None:
    photo = ana.send_photo("Uno", spoiler=True, above=True)
    for more in ({}, {"caption": "<b>Dos</b>", "parse_mode": "HTML"}, {"caption": ""}):
        await api.result("copyMessage", message_id=photo.id, **more, **to(ana, eva))
    kept, new, bare = eva.messages[-3:]

    assert (kept.text, kept.caption_above, kept.spoiler) == ("Uno", True, True)
    assert (new.text, new.entities[0].type) == ("Dos", "bold")
    assert (new.caption_above, new.spoiler) == (False, True)
    assert bare.text == ""
    for source in (ana.send("Hola"), ana.send_kind("sticker")):
        await api.result("copyMessage", message_id=source.id, caption="Uno", **to(ana, eva))
    assert [m.text for m in eva.messages[-2:]] == ["Hola", ""]


async def test_albums_stay_albums_without_the_gone(
    api: ApiClient, ana: Person, eva: Person
) -> None:
    first = ana.send_album(["photo", "video", "photo"], "Uno")
    between = ana.send("Dos")
    second = ana.send_album(["photo", "photo"])
    ana.delete(second[1])
    numbers = [*(m.id for m in first), between.id, *(m.id for m in second)]
    ids = await api.result("copyMessages", message_ids=numbers, **to(ana, eva))
    sent = eva.messages[1:]

    assert [i["message_id"] for i in ids] == [m.id for m in sent]
    assert [m.text for m in sent] == ["Uno", "", "", "Dos", ""]
    assert len({m.group for m in sent[:3]}) == 1
    assert sent[0].group not in (None, first[0].group)
    assert [m.group for m in sent[3:]] == [None, None]
    await api.result("copyMessages", message_ids=numbers, remove_caption=True, **to(ana, eva))
    assert [m.text for m in eva.messages[6:]] == ["", "", "", "Dos", ""]
