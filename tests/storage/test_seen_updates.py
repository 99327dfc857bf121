"""A process that was replaced writes nothing for an update that another has gone past."""

from datetime import timedelta

import pytest

from storage import Storage
from storage.errors import UpdateOutdated
from storage.seen_updates import SeenUpdate, forget_seen_updates, handling_update
from storage.telegram_cache import find_cached_item, put_cached_item
from tests.support.supporters import NOON, Supporters

pytestmark = pytest.mark.parametrize("kind", ["postgres"], indirect=True)


async def writes(storage: Storage, number: int, days: float = 0.0) -> None:
    """Writes something while an update of Ana's is handled."""
    update = SeenUpdate(b"a" * 16, number, NOON + timedelta(days=days))
    with handling_update(update):
        await storage.write(put_cached_item, f"{number}", b"")


async def test_what_comes_late_is_refused_and_what_comes_again_is_not(people: Supporters) -> None:
    await writes(people, 8)
    with pytest.raises(UpdateOutdated):
        await writes(people, 7)
    assert await people.read(find_cached_item, "7") is None
    await writes(people, 8)
    await writes(people, 9)
    await people.write(put_cached_item, "of no update", b"")


async def test_after_a_day_telegram_may_begin_with_any_number(people: Supporters) -> None:
    await writes(people, 8)
    await writes(people, 7, days=1.1)
    with pytest.raises(UpdateOutdated):
        await writes(people, 6, days=1.2)
    assert await people.write(forget_seen_updates, NOON + timedelta(days=2), limit=9) == 0
    assert await people.write(forget_seen_updates, NOON + timedelta(days=3), limit=9) == 1
    await writes(people, 1, days=1.2)
