import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from simulator import Simulator
from tests.support.api_client import ApiClient
from tests.support.waiting import until

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
