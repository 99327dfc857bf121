"""Two bots on one PostgreSQL: one answers and the other stands by, or both by webhook."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.database_watch import StandbyWatch
from bot.monitoring.readiness import check_database
from simulator import Simulator
from simulator.person import Person
from storage import open_storage
from storage.database import open_database, postgres_adapter
from storage.errors import Unavailable
from storage.keyring import Keyring
from storage.migrate import migrate
from storage.telegram_cache import put_cached_item
from tests.monitoring.asked import ask, free_address
from tests.storage.silent_connection import a_line
from tests.support.bot_process import BotProcess
from tests.support.petition_processes import reported
from tests.support.postgres_cluster import PostgresCluster, postgres_cluster
from tests.support.raw_sql import postgres_connection
from tests.support.replicas import END_SECONDS, WORDS, Petition, Replicas, said
from tests.support.retrying_signer import PATIENCE_SECONDS, signs_with_retries, was_thanked
from tests.support.scene import ADMIN, TOKEN, send_label
from tests.support.supporters import SLUG, Supporters
from tests.support.waiting import until
from tests.support.webhook_proxy import WebhookProxy, webhook_proxy

pytestmark = [pytest.mark.processes, pytest.mark.parametrize("kind", ["postgres"])]

MOVED_SECONDS = 10.0
FROZEN_SECONDS = 17.0  # for longer than any answer of Telegram's is waited for
LOADED_SECONDS = 15.0  # what a machine adds on which other tests run
PEOPLE_SECONDS = PATIENCE_SECONDS + 2.0  # who tapped in vain taps again, and signs with the third
NO_SYNC = "power_cut_loses_commits"  # which these servers need not survive


@pytest.fixture
async def replicas(tmp_path: Path, database_url: str) -> AsyncIterator[Replicas]:
    async with Simulator(token=TOKEN) as simulator:
        replicas = Replicas(tmp_path, simulator, database_url)
        yield replicas
        await replicas.killed()


async def test_when_the_one_that_answers_is_killed_the_other_goes_on(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, address = await replicas.begins(), free_address()
    monkeypatch.setenv("PETITION_METRICS_ADDRESS", f":{address.port}")
    ana, luz = replicas.person("Ana"), replicas.person("Luz")
    ana.start()
    await ana.sees("El Salvador", 20)
    second = await replicas.begins()
    async with said(second, "stands_by"):
        pass
    assert "stands by" in (await ask(address, "/readyz")).text
    for text in (second.folder / "petition").rglob("*.*"):  # it is corrected meanwhile
        with suppress(UnicodeDecodeError):
            text.write_text(text.read_text().replace("Ni una expulsión ilegal", "Ninguna más"))
    await first.kill()
    luz.start()
    await luz.sees("Ninguna más", MOVED_SECONDS)
    await signs_with_retries(ana, WORDS, 20)
    assert was_thanked(ana, WORDS)
    assert await ask(address, "/readyz") == (200, "The bot works.\n")
    assert (await ask(address, "/metrics")).metrics["petition_bot_lease_held"] == 1
    assert await second.terminate() == 0


async def test_one_that_slept_finds_another_in_its_place_and_stands_by(replicas: Replicas) -> None:
    first, second = await replicas.begins(), await replicas.begins()
    ana, luz = replicas.person("Ana"), replicas.person("Luz")
    ana.start()
    await ana.sees("El Salvador", 20)
    sleeper = next(bot for bot in (first, second) if '"started"' in bot.log.read_text())
    other = second if sleeper is first else first
    assert sleeper.process is not None
    sleeper.process.send_signal(signal.SIGSTOP)
    signing = asyncio.create_task(signs_with_retries(luz, WORDS, 40))
    async with said(sleeper, "stands_by"):
        await signing
        sleeper.process.send_signal(signal.SIGCONT)
    ana.start()
    await ana.sees("1 persona ha firmado", 20)
    assert await sleeper.terminate() == 0
    assert await other.terminate() == 0


@pytest.mark.parametrize("updates", ["polling", "webhook"])
@pytest.mark.parametrize("how", ["killed", "frozen", "cut off"])
async def test_within_ten_seconds_another_answers_and_sends_and_repeats_nothing(
    tmp_path: Path, database_url: str, updates: str, how: str
) -> None:
    """By polling the leases for answering and for sending are one; by webhook two."""
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(token=TOKEN))
        proxy = None
        if updates == "webhook":
            proxy = await stack.enter_async_context(webhook_proxy())
        line, url = await stack.enter_async_context(a_line(database_url))
        replicas = Replicas(tmp_path, simulator, database_url, proxy)
        storage = await open_storage(database_url, Keyring.load(tmp_path / "petition.key"), SLUG)
        stack.push_async_callback(storage.close)
        people = Supporters(storage.database, storage.keyring, signed_at=datetime.now(UTC))
        petition = Petition(replicas, people, 400)
        await petition.signed_before()
        stack.push_async_callback(replicas.killed)
        events = ("started", "stands_by") if proxy is None else ("holds_lease", "webhook_set")
        async with said(holder := await replicas.begins(url), f'"{events[0]}"', 60):
            pass
        async with said(await replicas.begins(), f'"{events[1]}"', 60):
            pass
        async with petition.people_sign(2):
            broadcast = await petition.broadcast()
            await petition.goes_on(20)
            assert holder.process is not None
            if how == "killed":
                await holder.kill()
            elif how == "frozen":
                holder.process.send_signal(signal.SIGSTOP)
                thawing = asyncio.create_task(asyncio.sleep(FROZEN_SECONDS))
            else:
                line.fall_silent(new_ones_too=True)
            signed, told = await petition.goes_on(4 * MOVED_SECONDS, is_moving=True)
            assert told <= MOVED_SECONDS + LOADED_SECONDS
            assert signed <= MOVED_SECONDS + LOADED_SECONDS + PEOPLE_SECONDS
            if how == "killed":
                return
            if how == "frozen":
                await thawing
                holder.process.send_signal(signal.SIGCONT)
            line.fall_silent()  # new connections carry what they should
        await reported(petition.storage, broadcast.id, END_SECONDS)
        assert petition.copies() == {1: 400}


@pytest.fixture
def rate() -> float:
    return 28.0


@pytest.fixture
async def by_webhook(tmp_path: Path, database_url: str, rate: float) -> AsyncIterator[Replicas]:
    """Two replicas that take updates behind a proxy, which both answer people."""
    async with Simulator(token=TOKEN) as simulator, webhook_proxy() as proxy:
        replicas = Replicas(tmp_path, simulator, database_url, proxy)
        replicas.rate = rate
        try:
            for _ in range(2):
                async with said(await replicas.begins(), "webhook_set", 60):
                    pass
            yield replicas
        finally:
            await replicas.killed()


def holder_of(replicas: Replicas) -> BotProcess:
    """Returns the replica that has the lease."""
    return max(replicas.bots, key=lambda bot: '"holds_lease"' in bot.log.read_text())


async def test_any_replica_takes_any_tap_and_nobody_misses_one_that_is_killed(
    by_webhook: Replicas,
) -> None:
    replicas, proxy = by_webhook, by_webhook.proxy
    assert isinstance(proxy, WebhookProxy)
    people = [replicas.person(f"Ana{number}") for number in range(12)]
    await asyncio.gather(*(signs_with_retries(each, WORDS, 60) for each in people[:6]))
    assert min(proxy.answered.values()) >= 10
    holder = holder_of(replicas)
    other = next(bot for bot in replicas.bots if bot is not holder)
    signing = [asyncio.create_task(signs_with_retries(each, WORDS, 60)) for each in people[6:]]
    await asyncio.sleep(0.3)
    async with said(other, "holds_lease", MOVED_SECONDS):
        await holder.kill()
    await asyncio.gather(*signing)
    luz = replicas.person("Luz")
    luz.start()
    await luz.sees("12 personas han firmado", 20)
    assert await other.terminate() == 0


def told(person: Person) -> int:
    """How many closing updates are in somebody's chat."""
    return sum("18 de julio de 2025" in each.text for each in person.messages if not each.buttons)


@pytest.mark.parametrize("rate", [2.0])
async def test_nothing_comes_after_a_withdrawal_that_another_replica_confirmed(
    by_webhook: Replicas,
) -> None:
    """The replica that sends is not the one that people talk to."""
    replicas, proxy = by_webhook, by_webhook.proxy
    assert isinstance(proxy, WebhookProxy)
    people = [replicas.person(f"Ana{number}") for number in range(6)]
    await asyncio.gather(*(signs_with_retries(each, WORDS, 120) for each in people))
    holder = replicas.bots.index(holder_of(replicas))
    proxy.ports.remove(int(replicas.bots[holder].more["PETITION_WEBHOOK_ADDRESS"][10:]))
    marta = replicas.simulator.world.person("Marta", language="es", user_id=ADMIN)
    marta.send("/close")
    await marta.taps(WORDS.label("Sí, cerrar la petición"))
    marta.send("/broadcast")
    await marta.taps(WORDS.label("El mensaje final"))
    await marta.taps(WORDS.label("Continuar"))
    await marta.taps(send_label(WORDS, len(people)))
    await asyncio.wait(
        [asyncio.create_task(each.sees("18 de julio de 2025", 20)) for each in people],
        return_when=asyncio.FIRST_COMPLETED,
    )

    async def withdraws(person: Person) -> int:
        person.send("/withdraw")
        await person.taps(WORDS.label("Retirar mi firma y borrar mis datos"))
        said = await person.sees("Tu firma está retirada", 20)
        return -1 if "puede que todavía te llegue" in said.text else told(person)

    before = await asyncio.gather(*map(withdraws, people))
    await asyncio.sleep(3)
    after = [told(each) for each in people]
    assert all(was in (-1, now) for was, now in zip(before, after, strict=True))
    assert 0 < sum(after) < len(people)
    assert 0 in before


CLOSE, SIGN = WORDS.label("Sí, cerrar la petición"), WORDS.label("✍️ Consiento y firmo")
SEND = send_label(WORDS, 1).split(" 1 ")[0]


async def is_asked_to_consent(ana: Person, _: Person) -> None:
    ana.start()
    await ana.taps(WORDS.label("✍️ Firmar con mi nombre"))
    await ana.taps(WORDS.label("Usar «{name}»", name=f"{ana.user.first_name} García"))
    await ana.with_button(SIGN)


async def is_asked_to_close(ana: Person, marta: Person) -> None:
    await is_asked_to_consent(ana, marta)
    marta.send("/close")
    await marta.with_button(CLOSE)


async def is_asked_to_send(_: Person, marta: Person) -> None:
    marta.send("/broadcast")
    await marta.taps(WORDS.label("El mensaje final"))
    await marta.taps(WORDS.label("Continuar"))
    await until(lambda: any(SEND in each for each in marta.messages[-1].labels), 20)


def sends(_: Person, marta: Person) -> object:
    return marta.tap(next(each for each in marta.messages[-1].labels if SEND in each))


def signs(ana: Person, _: Person) -> object:
    return ana.tap(SIGN)


def withdraws(ana: Person, _: Person) -> object:
    return ana.send("/withdraw")


def closes(_: Person, marta: Person) -> object:
    return marta.tap(CLOSE)


async def signatures_in(url: str) -> int:
    async with postgres_connection(url) as connection:
        (shown,) = await connection.fetchrow("SELECT signatures FROM petitions")
        assert shown == await connection.fetchval("SELECT count(*) FROM signatures")
        return int(shown)


async def test_what_comes_to_two_replicas_in_the_same_moment_happens_once(
    by_webhook: Replicas,
) -> None:
    """Telegram posts a tap before it knows what became of a message, or of the same tap."""
    replicas, proxy = by_webhook, by_webhook.proxy
    assert isinstance(proxy, WebhookProxy)
    marta = replicas.simulator.world.person("Marta", language="es", user_id=ADMIN)
    people = list[Person]()
    for before, acts, more in (
        (is_asked_to_consent, (signs, signs), {1}),
        (is_asked_to_consent, (signs, withdraws), {0, 1}),
        (is_asked_to_consent, (withdraws, signs), {0, 1}),
        (is_asked_to_close, (closes, signs), {0, 1}),
        (is_asked_to_send, (sends, sends), {0}),
    ):
        ana, signed = replicas.person(f"Ana{len(people)}"), await signatures_in(replicas.url)
        people.append(ana)
        await before(ana, marta)
        proxy.keep(2)
        for act in acts:
            act(ana, marta)
        await until(lambda: proxy.answers is not None, 20)
        assert proxy.answers is not None
        assert {each.status for each in await proxy.answers} == {200}
        assert await signatures_in(replicas.url) - signed in more, acts
    await until(lambda: sum(map(told, people)) >= signed, 20)
    await asyncio.sleep(1)
    assert sum(map(told, people)) == signed == sum(told(each) == 1 for each in people)
    for bot in replicas.bots:
        assert '"level":"error"' not in bot.log.read_text()


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    with postgres_cluster() as cluster:
        yield cluster


async def test_when_the_database_dies_its_standby_has_everybody_who_was_thanked(
    tmp_path: Path, cluster: PostgresCluster, kind: str
) -> None:
    """Its machine dies while people sign, and somebody makes the standby the primary."""
    async with Simulator(token=TOKEN) as simulator:
        replicas = Replicas(tmp_path, simulator, cluster.url)
        for _ in range(2):
            await replicas.begins()
        people = [replicas.person(f"Ana{number}") for number in range(12)]
        signing = [asyncio.create_task(signs_with_retries(each, WORDS, 60)) for each in people]
        await asyncio.wait(signing, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(cluster.kill_primary)
        assert any(was_thanked(each, WORDS) for each in people)
        with pytest.raises(Unavailable, match="only a standby answers"):  # says what to do
            await open_database(cluster.url)
        await asyncio.to_thread(cluster.promote)
        await asyncio.gather(*signing)
        luz = replicas.person("Luz")
        luz.start()
        await luz.sees("12 personas han firmado", 20)
        for bot in replicas.bots:
            assert await bot.terminate() == 0


async def test_what_the_standby_may_not_have_is_not_taken_for_done(
    cluster: PostgresCluster, keyring: Keyring, kind: str
) -> None:
    """The standby dies, and an administrator cancels what waits for it."""
    await migrate(cluster.url)
    await asyncio.to_thread(cluster.execute, "CREATE ROLE bot LOGIN IN ROLE pg_read_all_data")
    as_ordinary_user = cluster.url.replace("postgres@", "bot@")
    storage = await open_storage(cluster.url, keyring, "andry")
    await storage.write(put_cached_item, "before", b"")
    assert await said_at_the_start(cluster) == [NO_SYNC, "synchronous_standby"]
    assert await check_database(as_ordinary_user) == {}
    await asyncio.to_thread(cluster.kill_standby)
    assert await said_at_the_start(cluster) == [NO_SYNC, "standby_not_in_step"]
    assert (await check_database(as_ordinary_user)).keys() == {"standby"}
    writing = asyncio.create_task(storage.write(put_cached_item, "after", b""))
    await asyncio.sleep(0.5)
    assert not writing.done()
    async with postgres_adapter().connected(cluster.url.replace("+asyncpg", "")) as administrator:
        await administrator.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        )
    with pytest.raises(Unavailable, match="look whether it was done"):
        await asyncio.wait_for(writing, 5)
    await storage.close()


async def said_at_the_start(cluster: PostgresCluster) -> list[str]:
    with capture_logs() as logged:
        assert await StandbyWatch(cluster.url).look() is None
    return [line["event"] for line in logged]


async def test_a_server_that_swallows_everything_keeps_nobody_from_the_next(
    cluster: PostgresCluster, kind: str
) -> None:
    """The machine of the first is gone, and nothing on the way says so."""
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen()
    first = f"127.0.0.1:{silent.getsockname()[1]},127.0.0.1:"
    database = await asyncio.wait_for(
        open_database(cluster.url.replace("127.0.0.1:", first, 1)), 4.0
    )
    await database.close()
    silent.close()
