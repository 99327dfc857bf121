"""The word of a second admin, without which a broadcast to very many does not go out."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from storage.broadcast_rows import Broadcast
from storage.broadcast_transitions import APPROVABLE_FOR, APPROVE, DECLINE, RECOUNT, Transition
from storage.database import Value
from storage.keyring import Keyring
from storage.times import to_millis


class _Steer(Protocol):
    async def __call__(
        self, steering: Transition, key: bytes, actor: int, at: datetime, **values: Value
    ) -> Broadcast | None: ...


class Approvals:
    """What somebody else says to a broadcast that waits for that. Nobody answers themselves."""

    def __init__(
        self,
        get: Callable[[bytes], Awaitable[Broadcast | None]],
        steer: _Steer,
        keyring: Keyring,
    ) -> None:
        self._get = get
        self._steer = steer
        self._keyring = keyring

    async def approve(self, broadcast: bytes, actor: int, at: datetime) -> Broadcast | None:
        """Let it go out at its time, or now when that has passed; returns what it now is.

        What has waited for longer than `APPROVABLE_FOR` stays as it is.
        """
        known = await self._get(broadcast)
        if known is None or known.started_by == actor:
            return known
        sealed = self._keyring.seal(
            str(actor), table="broadcasts", column="approved_by_sealed", row=broadcast
        )
        lapsed = to_millis(at - APPROVABLE_FOR)
        return await self._steer(
            APPROVE, broadcast, actor, at, approved_by_sealed=sealed, lapsed=lapsed
        )

    async def recount(
        self, broadcast: bytes, recipients: int, actor: int, at: datetime
    ) -> Broadcast | None:
        """Ask for a word on so many people from now on; returns what it now is."""
        return await self._steer(RECOUNT, broadcast, actor, at, recipients=recipients)

    async def decline(self, broadcast: bytes, actor: int, at: datetime) -> Broadcast | None:
        """Do not let it go out; returns what it now is."""
        known = await self._get(broadcast)
        if known is None or known.started_by == actor:
            return known
        return await self._steer(DECLINE, broadcast, actor, at)
