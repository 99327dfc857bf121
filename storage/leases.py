"""The rows of leases: who answers for a petition, who sends, and which processes are alive.

On PostgreSQL they end by the server's clock, and the process lock is one: whoever holds it renews
it, and it ends by itself when its process dies, hangs, or no longer reaches the database. The
holder counts it by its own clock from before it asked, and so ends before the next one begins. On
SQLite there is one process, and no clock.
"""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from storage.database import postgres_adapter
from storage.errors import HeldElsewhere, LeaseLost, SchemaMissing, Unavailable
from storage.migrate import PATIENCE_SECONDS, migrate, require_newest
from storage.tables import LEASES
from storage.times import boot_seconds
from storage.transaction import Transaction

if TYPE_CHECKING:
    from storage.process_lock import ProcessLock

NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""The server's time in SQL, in milliseconds."""

_COLUMNS = LEASES.c

_LEASE_SECONDS = 7.0
_RENEW_SECONDS = 2.0
# How much earlier its holder takes it for ended.
_MARGIN_SECONDS = 1.0
# Between two tries to take or renew a lease.
_PAUSE_SECONDS = 0.5
_GOODBYE_SECONDS = 0.5
# How long a command waits for a server that is busy with what it does there.
_BUSY_SECONDS = 10.0

# How long the second half of a statement is waited for.
_HALF_SAID_SECONDS = 5.0
# After which the server lets bots start, where the machine of a command or a migration is gone;
# while it migrates, a process says nothing here.
_GONE_SECONDS = PATIENCE_SECONDS + 60

# Into these goes nothing but SQL of this file (S608); what is asked for is an argument.
_BEGIN_A_LONG_WAIT = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '{:.0f}s'"
# A command that keeps bots away has it alone, and so has a bot of version 0.1.0.
_MAY_TAKE = "SELECT pg_try_advisory_xact_lock_shared($1)"
_KEEP_AWAY = "SELECT pg_try_advisory_xact_lock($1)"
_TAKE = f"""
INSERT INTO leases (name, holder, expires_at)
SELECT $1, $2, {NOW} + $3 WHERE pg_try_advisory_xact_lock_shared($4)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
WHERE leases.holder = excluded.holder OR leases.expires_at < {NOW}
RETURNING true
"""
# Not once it is over: another may have had it meanwhile, and given it up.
_STILL_OURS = f"WHERE name = $1 AND holder = $2 AND expires_at >= {NOW} RETURNING true"
_RENEW = f"UPDATE leases SET expires_at = {NOW} + $3 {_STILL_OURS}"  # noqa: S608
# Of a replica alone: who takes the lease of a petition may yet have to migrate its tables.
_RENEW_REPLICA = f"UPDATE leases SET expires_at = {NOW} + $3, replies = $4 {_STILL_OURS}"  # noqa: S608
_RELEASE = "DELETE FROM leases WHERE name = $1 AND holder = $2"
_OTHERS = f"""
SELECT count(*), coalesce(sum(replies), 0)::bigint FROM leases
WHERE starts_with(name, $1) AND name <> $2 AND expires_at >= {NOW}
"""  # noqa: S608
# Of replicas that were killed.
_FORGET = f"DELETE FROM leases WHERE starts_with(name, $1) AND expires_at < {NOW} - 3600000"  # noqa: S608
# Of a process that hangs or was cut off between the two halves of a statement, of which asyncpg
# sends the first alone: the server waits for the second one without end, with what is locked. Who
# only reads locks nothing that anybody waits for.
_END_HALF_SAID = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = session_user
AND application_name = current_setting('application_name')
AND state = 'active' AND wait_event = 'ClientRead'
AND query_start < now() - make_interval(secs => $1)
AND (backend_xid IS NOT NULL OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))
"""
_IS_THERE = "SELECT to_regclass('leases') IS NOT NULL"
_IS_HELD = f"""
SELECT count(*) > 0 FROM leases
WHERE (name = $1 OR starts_with(name, $2)) AND expires_at > {NOW}
"""  # noqa: S608


@dataclass(slots=True)
class Peers:
    """What the live replicas of a petition know of each other.

    Attributes:
        replies: how many new messages this one has answered people with.
        others: how many replicas there are beside this one.
        their_rate: with how many new messages a second those answer people.
    """

    replies: int = 0
    others: int = 0
    their_rate: float = 0.0


def lock_name(petition: str) -> str:
    """Returns the name of the lock of the process that answers for a petition."""
    return f"intake/{petition}"


def replicas_of(name: str) -> str:
    """Returns how the names begin of the leases by which each replica of a petition is alive."""
    return f"replica of {name}/"


def take_over(tx: Transaction, holder: str, at: datetime) -> None:
    """Notes which process answers for the petition, so that the one before can send no more."""
    tx.put(LEASES, name=lock_name(tx.slug), holder=holder, expires_at=at)


def is_holder(tx: Transaction, holder: str) -> bool:
    """Tells whether this process is the one that answers for the petition."""
    return tx.find(LEASES, lock_name(tx.slug), _COLUMNS.holder == holder) is not None


def is_alive(dialect: str, name: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Returns the condition that the replica with the lease of this name is alive."""
    if dialect == "sqlite":
        return sa.false()  # whoever asks is the only process
    lasts = _COLUMNS.expires_at > sa.literal_column(NOW, _COLUMNS.expires_at.type)
    return name.in_(sa.select(_COLUMNS.name).where(lasts))


def _number_of(name: str) -> int:
    digest = hashlib.sha256(f"petition-bot {name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


async def is_held(connection: Any, name: str) -> bool:
    """Tells whether a process holds the lock, or a replica of its petition is alive."""
    return bool(await connection.fetchval(_IS_HELD, name, replicas_of(name)))


async def keep_bots_away(lock: "ProcessLock", dsn: str, block: asyncio.Timeout) -> None:
    """Keeps a transaction open, also on a database without tables, in which no bot starts."""
    adapter, is_over = postgres_adapter(), asyncio.Event()
    async with adapter.connected(dsn) as connection:
        await _end_half_said(connection)
        await connection.execute(_BEGIN_A_LONG_WAIT.format(_GONE_SECONDS))
        if not await connection.fetchval(_KEEP_AWAY, _number_of(lock.name)):
            raise HeldElsewhere
        if await connection.fetchval(_IS_THERE) and await is_held(connection, lock.name):
            raise HeldElsewhere
        connection.add_termination_listener(lambda _: is_over.set())
        lock.mark_taken()
        try:
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(is_over.wait(), _RENEW_SECONDS)
                await connection.execute("SELECT 1", timeout=_BUSY_SECONDS)
        except adapter.DRIVER_ERRORS:
            block.reschedule(0)  # at once
            raise


async def keep_lease(
    lock: "ProcessLock", url: str, dsn: str, on_standby: Callable[[], None]
) -> None:
    """Waits for the lease and renews it, on another connection whenever one breaks."""
    waits = False

    def stand_by() -> None:
        nonlocal waits
        if not waits:
            waits = True
            on_standby()

    while True:
        try:
            if lock.is_replica and not lock.was_taken:
                await require_newest(url)
            async with postgres_adapter().connected(dsn) as connection:
                await _renew(lock, connection, stand_by)
        except SchemaMissing:
            if await _has_migrated(lock, url, dsn):
                continue
            stand_by()
        except Unavailable as error:
            if lock.was_taken and not lock.is_ours():
                raise LeaseLost from error
            if not lock.was_taken and not waits:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


async def _has_migrated(lock: "ProcessLock", url: str, dsn: str) -> bool:
    """Makes the tables, unless bots are kept away or an older one answers; tells whether."""
    async with postgres_adapter().connected(dsn) as connection:
        await connection.execute(_BEGIN_A_LONG_WAIT.format(_GONE_SECONDS))
        if not await connection.fetchval(_MAY_TAKE, _number_of(lock.name)):
            return False
        if await connection.fetchval(_IS_THERE) and await is_held(connection, lock.name):
            return False
        await migrate(url)
        return True


async def _renew(lock: "ProcessLock", connection: Any, stand_by: Callable[[], None]) -> None:
    """Renews the lease once it is free, while the connection lasts; cancelled, gives it up."""
    values = lock.row, lock.holder, round(1000 * _LEASE_SECONDS)
    replied, since = lock.peers.replies, boot_seconds()
    try:
        while True:
            await _end_half_said(connection)
            asked, replies = boot_seconds(), lock.peers.replies
            if lock.was_taken:
                rate = round((replies - replied) / max(asked - since, _PAUSE_SECONDS))
                renew = (_RENEW_REPLICA, *values, rate) if lock.is_replica else (_RENEW, *values)
                is_ours = await connection.fetchval(*renew, timeout=_RENEW_SECONDS)
                if not is_ours:
                    raise LeaseLost
            else:
                number = _number_of(lock.name)
                is_ours = await connection.fetchval(_TAKE, *values, number, timeout=_RENEW_SECONDS)
            replied, since = replies, asked
            if is_ours:
                lock.mark_taken(asked + _LEASE_SECONDS - _MARGIN_SECONDS)
            else:
                stand_by()
            if lock.is_replica and is_ours:
                await _look_at_others(lock, connection)
            await asyncio.sleep(_RENEW_SECONDS if is_ours else _PAUSE_SECONDS)
    except asyncio.CancelledError:
        # Only at its end: while a connection breaks, this process still counts on the lease.
        with suppress(*postgres_adapter().DRIVER_ERRORS):
            await connection.execute(_RELEASE, *values[:2], timeout=_GOODBYE_SECONDS)
        raise
    except BaseException:
        connection.terminate()  # its orderly end would be waited for
        raise


async def _end_half_said(connection: Any) -> None:
    """Ends sessions that would keep something locked for hours, if the bot's role may do so."""
    # A connection that broke is found by what is asked for next.
    with suppress(*postgres_adapter().DRIVER_ERRORS):
        await connection.fetch(_END_HALF_SAID, _HALF_SAID_SECONDS, timeout=_RENEW_SECONDS)


async def _look_at_others(lock: "ProcessLock", connection: Any) -> None:
    replicas, peers = replicas_of(lock.name), lock.peers
    others = await connection.fetchrow(_OTHERS, replicas, lock.row, timeout=_RENEW_SECONDS)
    peers.others, peers.their_rate = others
    if not lock.has_looked:
        await connection.execute(_FORGET, replicas, timeout=_RENEW_SECONDS)
    lock.note_others()
