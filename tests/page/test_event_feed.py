"""What people can do on the page, what it refuses, and which changes are sent to it meanwhile."""

from typing import Any

from simulator import Person
from simulator.page import PageState
from tests.page.page_client import EventStream, PageClient
from tests.support.api_client import ApiClient
from tests.support.pictures import tiny_png


async def test_what_is_done_comes_as_it_happens(
    at: PageClient, ana: Person, api: ApiClient
) -> None:
    """A page that opens gets what there was; a call comes with its parameters and its answer."""
    ana.start()
    async with at.stream() as stream:
        everything = await stream.next()
        (person,) = everything["people"]
        assert (everything["kind"], person["name"], person["surname"]) == ("all", "Ana", "García")
        assert [message["text"] for message in person["messages"]] == ["/start"]
        sent = await api.answer(
            "sendMessage", chat_id=ana.id, text="<b>Hola</b>", parse_mode="HTML"
        )
        message = (await stream.next_of("message"))["message"]
        assert message["text"] == "Hola"
        assert message["entities"] == [{"type": "bold", "offset": 0, "length": 4}]
        (call,) = (await stream.next_of("calls"))["calls"]
        assert (call["method"], call["status"], call["chat"]) == ("sendMessage", 200, ana.id)
        assert (call["params"]["text"], call["answer"]["text"]) == ("<b>Hola</b>", "Hola")
        await api.answer("deleteMessage", chat_id=ana.id, message_id=sent["result"]["message_id"])
        assert (await stream.next_of("deleted"))["message"] == sent["result"]["message_id"]


async def test_a_page_that_was_away_gets_what_it_missed_or_begins_again(
    at: PageClient, ana: Person, view: PageState
) -> None:
    """It says what it has seen in a header, or in the address of a connection of its own."""
    async with at.stream() as stream:
        await stream.next_of("all")
        ana.send("uno")
        await stream.next_of("message")
        while (await stream.next())["kind"] != "person":
            pass
        seen = stream.mark
    ana.send("dos")
    async with at.stream(seen) as stream:
        first = await stream.next()
    async with at.session.get(f"{at.address}events", params={"seen": seen}) as response:
        assert await EventStream(response).next() == first
    assert (first["kind"], first["message"]["text"]) == ("message", "dos")
    for _ in range(2_100):
        view.phones.publish(ana)
    for too_old in (seen, "0123abcd-1"):  # the second is of an earlier run
        async with at.stream(too_old) as stream:
            assert (await stream.next())["kind"] == "all"


async def test_an_alert_comes_with_its_tap(at: PageClient, ana: Person, api: ApiClient) -> None:
    ana.start()
    keyboard = {"inline_keyboard": [[{"text": "Firmar", "callback_data": "1:sign"}]]}
    sent = await api.answer("sendMessage", chat_id=ana.id, text="¿Firmas?", reply_markup=keyboard)
    async with at.stream() as stream:
        await stream.next_of("all")
        await at.does("tap", person=ana.id, message=sent["result"]["message_id"], data="1:sign")
        assert (await stream.next_of("tapped"))["data"] == "1:sign"
        (query,) = ana.world.taps
        await api.answer(
            "answerCallbackQuery", callback_query_id=query, text="No", show_alert=True
        )
        answered = await stream.next_of("answered")
    assert (answered["text"], answered["alert"], answered["data"]) == ("No", True, "1:sign")


async def test_polls_are_hidden_and_texts_cut(at: PageClient, ana: Person, api: ApiClient) -> None:
    ana.start()
    await api.answer("getUpdates")
    async with at.stream() as stream:
        await stream.next_of("all")
        await api.answer("getUpdates", offset=10**12)
        await api.answer("sendMessage", chat_id=ana.id, text="a" * 4_000)
        (call,) = (await stream.next_of("calls"))["calls"]
    assert call["method"] == "sendMessage"
    assert len(call["params"]["text"]) < 2_000
    assert call["whose"] == "Ana"


async def test_the_bot_has_got_a_message_once_it_was_given_it_and_has_said_so(
    at: PageClient, ana: Person, api: ApiClient
) -> None:
    one, two = ana.send("uno"), ana.send("dos")
    async with at.stream() as stream:
        (person,) = (await stream.next())["people"]
        assert [message["acknowledged"] for message in person["messages"]] == [False, False]
        given = (await api.answer("getUpdates"))["result"]
        ana.send("tres")
        assert not (await stream.next_of("message"))["message"]["acknowledged"]
        await api.answer("getUpdates", offset=given[-1]["update_id"] + 2)
        acknowledged = [(await stream.next_of("acknowledged"))["message"] for _ in given]
    assert acknowledged == [one.id, two.id]
    async with at.stream() as stream:
        (person,) = (await stream.next())["people"]
    assert [message["acknowledged"] for message in person["messages"]] == [True, True, False]


HOSTILE = "<img src=x onerror=alert(1)>"


async def test_a_person_sends_an_album_and_passes_things_on(at: PageClient, ana: Person) -> None:
    await at.does("album", person=ana.id, kinds=["photo", "photo"])
    assert len({message.group for message in ana.messages}) == 1
    await at.does("forward", person=ana.id, message=ana.messages[0].id)
    await at.does("forward_post", person=ana.id, text="Hoy a las 12", channel="Noticias")
    own, post = [message.origin or {} for message in ana.messages[-2:]]
    assert own["type"] == "user"
    assert post["chat"]["title"] == "Noticias"


async def uploaded(at: PageClient, kind: str, name: str, content: bytes) -> tuple[int, Any]:
    asked, headers = {"kind": kind, "name": name}, {"Origin": at.origin}
    url = f"{at.address}upload"
    async with at.session.post(url, params=asked, data=content, headers=headers) as response:
        return response.status, (await response.json()).get("file")


async def test_what_a_client_would_not_send_is_not_sent(at: PageClient, ana: Person) -> None:
    assert (await uploaded(at, "photo", "1.png", b"no picture"))[0] == 400
    assert (await uploaded(at, "document", "empty.txt", b""))[0] == 400
    photo = (await uploaded(at, "photo", "1.png", tiny_png()))[1]
    status, body = await at.act("attach", person=ana.id, file=photo, text="a" * 1025)
    assert (status in (400, 409), bool(body["error"])) == (True, True)
    assert ana.messages == []


async def test_people_are_added_with_names_of_any_kind(at: PageClient, view: PageState) -> None:
    await at.does("add", name=HOSTILE, surname="", language="ar")
    (person,) = view.phones
    assert (person.user.first_name, person.user.last_name) == (HOSTILE, None)


async def test_nonsense_is_refused_in_a_sentence(at: PageClient, ana: Person) -> None:
    for act in (
        {"act": "send", "text": "Hola"},
        {"act": "send", "person": 1, "text": "Hola"},
        {"act": "send", "person": 6_100_000_001, "text": {"no": "text"}},
        {"act": "send", "person": 6_100_000_001, "text": ""},
        {"act": "send", "person": 6_100_000_001, "text": "x", "entities": [{"type": "x"}]},
        {"act": "edit", "person": 6_100_000_001, "message": 99, "text": "x"},
        {"act": "kind", "person": 6_100_000_001, "kind": "bomb"},
        {"act": "album", "person": 6_100_000_001, "kinds": [1]},
        {"act": "album", "person": 6_100_000_001, "kinds": [[]]},
        {"act": "attach", "person": 6_100_000_001},
        {"act": "attach", "person": 6_100_000_001, "file": 1},
        {"act": "attach", "person": 6_100_000_001, "file": "none"},
        {"act": "tap", "person": 6_100_000_001, "message": "1", "data": "x"},
        {"act": "add", "name": "  "},
        {"act": "fault", "name": "seed", "value": 3},
        {"act": "fault", "name": "latency", "value": "much"},
        {"act": "restart"},
        {"act": "__class__", "person": 6_100_000_001},
        {"act": 7},
        {},
    ):
        status, body = await at.act(act.pop("act", None), **act)
        assert status in (400, 409)
        assert body["error"]
        assert ana.messages == []
    for no_object in (b"", b"[]", b"{", b"\xff"):
        headers = {"Origin": at.origin}
        url = f"{at.address}act"
        async with at.session.post(url, data=no_object, headers=headers) as response:
            assert response.status == 400


async def test_trouble_is_switched_on_and_off(at: PageClient, view: PageState) -> None:
    await at.does("fault", name="too_many_rate", value=0.1)
    assert view.simulator.faults.too_many_rate == 0.1
    await at.does("fault", name="too_many_rate", value=0)
    assert view.simulator.faults.too_many_rate == 0
