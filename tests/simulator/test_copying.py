import pytest

from simulator import Person, Simulator
from simulator.media_kinds import KINDS
from tests.support.api_client import ApiClient
from tests.support.html_messages import send_html

LINK = {"inline_keyboard": [[{"text": "Leer", "url": "https://example.org/"}]]}


@pytest.fixture
def eva(sim: Simulator) -> Person:
    eva = sim.world.person("Eva")
    eva.start()
    return eva


def to(ana: Person, eva: Person) -> dict[str, int]:
    return {"chat_id": eva.id, "from_chat_id": ana.id}


async def test_every_kind_is_copied_as_it_is(api: ApiClient, ana: Person, eva: Person) -> None:
    for kind in KINDS:
        source = ana.send_kind(kind)
        copy = await api.result("copyMessage", message_id=source.id, **to(ana, eva))
        message = eva.messages[-1]

        assert copy == {"message_id": message.id}
        assert (message.media, message.from_bot) == (source.media, True)


async def test_a_copy_keeps_the_formatting_and_no_origin(
    api: ApiClient, ana: Person, eva: Person
) -> None:
    post = send_html(ana, "<b>Hola</b> <tg-spoiler>tú</tg-spoiler>")
    forward = ana.forward(post, buttons=[[("Leer", "https://example.org/")]])
    await api.result("copyMessage", message_id=forward.id, **to(ana, eva))
    copy = eva.messages[-1]

    assert (copy.text, copy.entities) == (post.text, post.entities)
    assert (copy.buttons, copy.origin) == ((), None)


async def test_a_copy_takes_a_keyboard_of_its_own(
    api: ApiClient, ana: Person, eva: Person
) -> None:
    post = ana.send("Hola")
    await api.result("copyMessage", message_id=post.id, reply_markup=LINK, **to(ana, eva))

    assert eva.screen.labels == ["Leer"]


async def test_a_caption_is_kept_or_put_in_another_place(
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


async def test_a_caption_is_ignored_where_none_goes(
    api: ApiClient, ana: Person, eva: Person
) -> None:
    for source in (ana.send("Hola"), ana.send_kind("sticker")):
        await api.result("copyMessage", message_id=source.id, caption="Uno", **to(ana, eva))

    assert [m.text for m in eva.messages[-2:]] == ["Hola", ""]


async def test_what_is_gone_cannot_be_copied(api: ApiClient, ana: Person, eva: Person) -> None:
    written = ana.send("Hola")
    ana.delete(written)

    assert (
        await api.bad("copyMessage", message_id=written.id, **to(ana, eva))
        == "message to copy not found"
    )
    assert (
        await api.bad("copyMessages", message_ids=[written.id], **to(ana, eva))
        == "there are no messages to forward"
    )


async def test_albums_stay_albums_and_what_is_gone_is_left_out(
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


async def test_copies_can_go_without_captions(api: ApiClient, ana: Person, eva: Person) -> None:
    numbers = [ana.send("Hola").id, ana.send_photo("Uno").id]
    await api.result("copyMessages", message_ids=numbers, remove_caption=True, **to(ana, eva))

    assert [m.text for m in eva.messages[1:]] == ["Hola", ""]


async def test_a_list_of_messages_telegram_would_not_take(
    api: ApiClient, ana: Person, eva: Person
) -> None:
    for numbers, reason in (
        ([], "message identifiers are not specified"),
        (list(range(1, 102)), "too many message identifiers specified"),
        ([2, 1], "message identifiers must be in a strictly increasing order"),
        ([1, 1], "message identifiers must be in a strictly increasing order"),
        ([0, 1], "invalid message identifier specified"),
        (["uno"], "message identifier must be a Number"),
    ):
        refusal = await api.refusal("copyMessages", message_ids=numbers, **to(ana, eva))
        assert refusal == (400, f"Bad Request: {reason}")


async def test_the_source_must_be_a_chat_the_bot_knows(api: ApiClient, eva: Person) -> None:
    source = {"chat_id": eva.id, "from_chat_id": 5, "message_id": 1}

    assert await api.bad("copyMessage", **source) == "chat not found"
