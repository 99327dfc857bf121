from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.broadcast.lease import LeaseHolder
from bot.clocks import Clocks
from storage import Storage
from storage.database import Database
from storage.deliveries import renew_lease, take_lease
from storage.keyring import Keyring
from tests.support.storage_calls import Proceed, call_instead
from tests.support.supporters import SLUG

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Machine:
    """A lease holder on a machine with two clocks, which the test moves."""

    def __init__(self, storage: Storage, *, ahead: float = 0.0, is_only: bool = False) -> None:
        self.steady = 1000.0
        self.is_only = is_only
        self.told = NOON + timedelta(seconds=ahead)
        self.lease_holder = LeaseHolder(
            storage,
            "work",
            seconds=10.0,
            is_only=lambda: self.is_only,
            clocks=Clocks(lambda: self.steady, lambda: self.told),
        )

    def pass_time(self, seconds: float) -> None:
        """Moves both clocks forward."""
        self.steady += seconds
        self.told += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Sets the time of day."""
        self.told += timedelta(seconds=seconds)


@pytest.fixture
def storage(database: Database, keyring: Keyring) -> Storage:
    return Storage(database, keyring, SLUG)


async def test_it_holds_until_the_lease_is_out(storage: Storage) -> None:
    ana = Machine(storage)
    assert not ana.lease_holder.holds()
    assert await ana.lease_holder.take()
    ana.pass_time(9.9)
    assert ana.lease_holder.holds()
    ana.pass_time(0.1)
    assert not ana.lease_holder.holds()


async def test_renewed_it_holds_for_longer(storage: Storage) -> None:
    ana = Machine(storage)
    await ana.lease_holder.take()
    for _ in range(5):
        ana.pass_time(6)
        assert await ana.lease_holder.renew()


async def test_what_a_slow_database_takes_to_answer_is_no_part_of_the_lease(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = Machine(storage)

    async def slowly(ask: Proceed, *given: Any, **named: Any) -> object:
        lease = await ask(*given, **named)
        ana.pass_time(4)
        return lease

    for work in (take_lease, renew_lease):
        call_instead(monkeypatch, work, slowly)
    for take_or_renew in (ana.lease_holder.take, ana.lease_holder.renew):
        assert await take_or_renew()
        ana.pass_time(5)
        assert ana.lease_holder.holds()
        ana.pass_time(1)
        assert not ana.lease_holder.holds(), "from here on another may have it"


async def test_two_never_hold_it_together(storage: Storage) -> None:
    ana, jordi = Machine(storage), Machine(storage)
    assert await ana.lease_holder.take()
    assert not await jordi.lease_holder.take()
    for machine in (ana, jordi):
        machine.pass_time(10)
    assert await jordi.lease_holder.take()
    assert not ana.lease_holder.holds()
    assert not await ana.lease_holder.renew()
    assert not await ana.lease_holder.take()


@pytest.mark.parametrize("is_released", [True, False], ids=["released", "expired"])
async def test_who_was_stopped_while_another_had_it_does_not_go_on_with_what_was_claimed(
    storage: Storage, *, is_released: bool
) -> None:
    """The machine of the one was suspended; the other sent, and ended or was killed."""
    ana, jordi = Machine(storage), Machine(storage)
    await ana.lease_holder.take()
    for machine in (ana, jordi):
        machine.pass_time(11)
    assert await jordi.lease_holder.take()
    if is_released:
        await jordi.lease_holder.release()
    ana.pass_time(11)
    assert not await ana.lease_holder.renew()
    assert not ana.lease_holder.holds()
    assert await ana.lease_holder.take(), "to begin anew is no renewal"


async def test_who_was_stopped_while_nobody_had_it_goes_on(storage: Storage) -> None:
    ana = Machine(storage)
    await ana.lease_holder.take()
    ana.pass_time(11)
    assert await ana.lease_holder.renew()


@pytest.mark.parametrize("seconds", [5.0, -5.0, 3600.0, -3600.0])
async def test_whose_clock_jumps_holds_nothing_until_it_has_asked_again(
    storage: Storage, seconds: float
) -> None:
    ana = Machine(storage)
    await ana.lease_holder.take()
    ana.jump(seconds)
    assert not ana.lease_holder.holds()
    assert await ana.lease_holder.renew()
    assert ana.lease_holder.holds()


async def test_the_only_process_takes_over_what_a_dead_one_whose_clock_was_ahead_held(
    storage: Storage,
) -> None:
    ana, jordi = Machine(storage, ahead=3600), Machine(storage, is_only=True)
    await ana.lease_holder.take()
    assert await jordi.lease_holder.take()
    assert not await ana.lease_holder.renew()


async def test_a_living_holder_whose_clock_is_ahead_keeps_it(storage: Storage) -> None:
    ana, jordi = Machine(storage, ahead=3600), Machine(storage)
    await ana.lease_holder.take()
    for _ in range(20):
        ana.pass_time(3)
        jordi.pass_time(3)
        assert await ana.lease_holder.renew()
        assert not await jordi.lease_holder.take()


async def test_who_may_not_be_the_only_process_any_more_waits_like_everybody(
    storage: Storage,
) -> None:
    other, ana = Machine(storage), Machine(storage, is_only=True)
    await other.lease_holder.take()
    ana.is_only = False
    assert not await ana.lease_holder.take()
