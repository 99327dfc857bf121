"""PostgreSQL restarts thirty times: people sign one petition meanwhile, another tells its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

from storage import Storage, open_storage
from storage.errors import ConversationMoved, Unavailable
from storage.keyring import Keyring
from tests.support.bot_api.failing_server import FailingBehavior, FailingBotApi
from tests.support.petition_processes import by_copies, petition_processes
from tests.support.postgres_server import running_postgres
from tests.support.raw_sql import read_sql
from tests.support.supporters import Supporter, a_supporter, signature_of
from tests.support.waiting import until

RESTARTS, RATE, PEOPLE = 30, 50.0, 3_000
SIGNING_AT_ONCE = 16
BROADCAST_SECONDS = 300.0

_SIGNED = "SELECT supporter, number FROM signatures WHERE petition = 'signed'"
_SHOWN = "SELECT signatures, last_number FROM petitions WHERE slug = 'signed'"


async def test_whoever_was_thanked_is_counted_and_everybody_is_told(
    tmp_path: Path, api: FailingBotApi, tell: Callable[[str], None]
) -> None:
    counts = api.begin(FailingBehavior(latency=0.03))
    with running_postgres(durable=True) as server:
        url = await asyncio.to_thread(server.migrated)
        async with petition_processes(url, tmp_path, api, people=PEOPLE, rate=RATE) as petition:
            await petition.sender()
            key = await petition.start()
            # It begins only while the server is up.
            await until(lambda: bool(counts.messages), 60)
            async with people_sign(url, tmp_path / "signed.key") as thanked:
                for _ in range(RESTARTS):
                    await asyncio.sleep(1)
                    await asyncio.to_thread(server.restart)
                tally = await petition.reported(key, BROADCAST_SECONDS)
            signed = await read_sql(petition.storage.database, _SIGNED)
            (shown,) = await read_sql(petition.storage.database, _SHOWN)
            copies = by_copies(petition, PEOPLE)
    tell(
        f"{RESTARTS} restarts: {len(thanked):,} were thanked, {len(signed):,} signed; of"
        f" {PEOPLE:,} lost {copies[0]}, repeated {counts.repeated}; {tally}"
    )
    stored = {bytes(row["supporter"]): row["number"] for row in signed}
    assert thanked.items() <= stored.items()
    assert shown == {"signatures": len(stored), "last_number": len(set(stored.values()))}
    assert copies[0] == 0
    assert (tally.delivered + tally.unconfirmed, tally.open) == (PEOPLE, 0)


@asynccontextmanager
async def people_sign(url: str, key: Path) -> AsyncIterator[dict[bytes, int]]:
    """Has people sign one after the other; yields the number that each was thanked with."""
    keyring = Keyring.generate(key)
    storage = await open_storage(url, keyring, "signed")
    thanked: dict[bytes, int] = {}
    numbers, is_over = count(1), False

    async def come() -> None:
        while not is_over:
            who = a_supporter(keyring, next(numbers), slug="signed")
            thanked[who.supporter] = await signs(storage, who)

    coming = [asyncio.create_task(come()) for _ in range(SIGNING_AT_ONCE)]
    try:
        yield thanked
        is_over = True
        await asyncio.gather(*coming)
    finally:
        for task in coming:
            task.cancel()
        await storage.close()


async def signs(storage: Storage, who: Supporter) -> int:
    """Signs, and tries again in an outage, as people do; returns the number of the signature."""
    while True:
        try:
            with suppress(ConversationMoved):  # an attempt before was stored after all
                await who.sign(storage, was=0)
            found = await storage.read(signature_of, who.supporter)
        except Unavailable:
            await asyncio.sleep(0.1)
        else:
            assert found is not None
            return found.number
