import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from simulator import Simulator
from tests.support.api_client import ApiClient, ManualClock
from tests.support.waiting import until


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def test_updates_stay_until_they_are_acknowledged_or_a_day_old(
    sim: Simulator, api: ApiClient, clock: ManualClock
) -> None:
    ana = sim.world.person("Ana")
    for number in range(5):
        ana.send(str(number))
    first = await api.result("getUpdates")
    again = await api.result("getUpdates", limit=2)
    rest = await api.result("getUpdates", offset=again[-1]["update_id"] + 1)
    assert texts(first) == ["0", "1", "2", "3", "4"]
    assert again == first[:2]
    assert texts(rest) == ["2", "3", "4"]
    # A negative offset keeps the last ones.
    assert texts(await api.result("getUpdates", offset=-2)) == ["3", "4"]
    assert len(sim.world.updates.pending) == 2
    clock.now += 24 * 3600 + 1
    ana.send("hoy")
    assert texts(await api.result("getUpdates")) == ["hoy"]


async def test_listeners_hear_of_what_was_acknowledged(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    heard: list[int] = []
    sim.world.updates.listeners.append(lambda update: heard.append(update.id))
    ana.send("given")
    (given,) = await api.result("getUpdates")
    assert heard == []
    ana.send("never given")
    assert await api.result("getUpdates", offset=given["update_id"] + 2) == []
    ana.send("dropped")
    await api.result("deleteWebhook", drop_pending_updates=True)
    assert heard == [given["update_id"]]
    assert not sim.world.updates.pending


async def test_the_poll_of_a_dead_bot_counts_as_no_refusal(sim: Simulator, api: ApiClient) -> None:
    dead = ApiClient(sim.url)
    poll = asyncio.create_task(dead.answer("getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    poll.cancel()
    await dead.session.close()
    await asyncio.sleep(0.05)
    sim.world.person("Ana").send("hola")
    assert texts(await api.result("getUpdates")) == ["hola"]
    await asyncio.sleep(0.05)
    assert sim.refused == []


async def test_the_kinds_asked_for_are_remembered(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    await api.result("getUpdates", allowed_updates=["message"])
    ana.start()
    ana.block()
    assert len(await api.result("getUpdates")) == 1


async def test_in_a_group_it_hears_what_is_meant_for_it(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    group = sim.world.group("Vecinas", members=[ana])
    heard = ["/help", "/help@test_bot", "oye @test_bot", "/help@Test_Bot ya"]
    for text in ("buenos días", "/help@otro_bot", *heard):
        ana.send_in(group, text)
    joined, *messages = await api.result("getUpdates")
    assert joined["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert texts(messages) == heard


SECRET = "s3cret_-"


class Endpoint:
    """The bot's side of a webhook; gives the `answers` in turn, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[web.Response] = []
        self.got: list[tuple[str, str]] = []
        self.active: dict[int, int] = {}
        self.overlapped = False

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        update: dict[str, Any] = await request.json()
        chat = update["message"]["chat"]["id"]
        self.overlapped |= bool(self.active.get(chat))
        self.active[chat] = 1
        await asyncio.sleep(0.005)
        self.active[chat] = 0
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        self.got.append((update["message"]["text"], secret))
        return self.answers.pop(0) if self.answers else web.Response()


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    runner = web.ServerRunner(web.Server(endpoint.serve), shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield endpoint
    await runner.cleanup()


async def test_updates_bring_the_secret(
    sim: Simulator, api: ApiClient, endpoint: Endpoint
) -> None:
    await api.result("setWebhook", url=endpoint.url, secret_token=SECRET)
    taken: list[int] = []
    sim.world.updates.listeners.append(lambda update: taken.append(update.chat_id))
    ana = sim.world.person("Ana")
    ana.send("hola")
    await sim.world.idle()
    assert endpoint.got == [("hola", SECRET)]
    assert taken == [ana.id]


async def test_it_posts_to_no_other_machine(sim: Simulator, api: ApiClient) -> None:
    asked: list[object] = []
    # Another address than those that this machine is called by, which listens all the same.
    other = await asyncio.start_server(lambda *given: asked.append(given), "127.0.0.2", 0)
    port = other.sockets[0].getsockname()[1]
    await api.result("setWebhook", url=f"https://127.0.0.2:{port}/")
    sim.world.person("Ana").send("hola")
    await asyncio.sleep(0.2)
    other.close()
    assert asked == []
    assert (await api.result("getWebhookInfo"))["pending_update_count"] == 1


async def test_an_update_comes_until_taken(
    sim: Simulator, api: ApiClient, endpoint: Endpoint
) -> None:
    endpoint.answers = [web.Response(status=500), web.Response(status=404)]
    await api.result("setWebhook", url=endpoint.url)
    ana = sim.world.person("Ana")
    ana.send("uno")
    ana.send("dos")
    await sim.world.idle()
    assert [text for text, _ in endpoint.got] == ["uno", "uno", "uno", "dos"]


async def test_each_chat_is_served_in_order_and_many_at_once(
    sim: Simulator, api: ApiClient, endpoint: Endpoint
) -> None:
    people = [sim.world.person(name) for name in ("Ana", "Jordi", "Seán")]
    for number in range(10):
        for person in people:
            person.send(f"{person.id} {number}")
    await api.result("setWebhook", url=endpoint.url)
    await sim.world.idle()
    assert not endpoint.overlapped
    for person in people:
        own = [text for text, _ in endpoint.got if text.startswith(str(person.id))]
        assert own == [f"{person.id} {number}" for number in range(10)]


async def test_polling_or_a_webhook_but_not_both(
    sim: Simulator, api: ApiClient, endpoint: Endpoint
) -> None:
    updates, before = sim.world.updates, sim.world.updates._poll
    poll = asyncio.create_task(api.refusal("getUpdates", timeout=30))
    await until(lambda: updates._poll != before)
    await api.result("setWebhook", url=endpoint.url)
    assert await poll == (409, "Conflict: terminated by setWebhook request")
    assert await api.refusal("getUpdates") == (
        409,
        "Conflict: can't use getUpdates method while webhook is active;"
        " use deleteWebhook to delete the webhook first",
    )
    await api.result("deleteWebhook")
    assert await api.result("getUpdates") == []
