"""Approval by a second admin, which a broadcast to very many people needs before it is sent."""

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
    """Records another admin's decision on a broadcast; its author cannot approve or decline it."""

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
        """Approves a broadcast, to go out at its time or now; returns it as it now is.

        One that was due more than `APPROVABLE_FOR` ago stays as it is.
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
        """Sets how many recipients are to be approved; returns the broadcast as it now is."""
        return await self._steer(RECOUNT, broadcast, actor, at, recipients=recipients)

    async def decline(self, broadcast: bytes, actor: int, at: datetime) -> Broadcast | None:
        """Declines a broadcast, which ends it unsent; returns it as it now is."""
        known = await self._get(broadcast)
        if known is None or known.started_by == actor:
            return known
        return await self._steer(DECLINE, broadcast, actor, at)
