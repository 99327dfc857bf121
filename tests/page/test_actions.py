"""The actions that people can take on the page, and the requests it refuses."""

from typing import Any

from simulator import Person
from simulator.page import PageState
from tests.page.page_client import PageClient
from tests.support.pictures import tiny_png

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
