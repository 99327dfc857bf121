"""A Bot API that fails in every way at once: nobody is lost, and the tally is exact."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.broadcast_types import Tally
from tests.support.bot_api.failing_server import ArrivalCounts, FailingBehavior, FailingBotApi
from tests.support.broadcast_kills import kill_repeatedly
from tests.support.petition_processes import by_copies, chat_of, petition_processes

PEOPLE = 2_000
RATE = 100.0
BLOCKED = frozenset(chat_of(number) for number in range(7, PEOPLE, 97))
ROUGH = FailingBehavior(latency=0.03, errors=0.06, lost_answers=0.04, floods=0.02, blocked=BLOCKED)


@pytest.mark.parametrize("kills", [0, 15])
async def test_nobody_is_lost_and_the_tally_is_what_the_other_side_saw(
    kind: str,
    kills: int,
    database_url: str,
    tmp_path: Path,
    api: FailingBotApi,
    tell: Callable[[str], None],
) -> None:
    counts, begun = api.begin(ROUGH), time.monotonic()
    async with petition_processes(
        database_url, tmp_path, api, people=PEOPLE, rate=RATE, paid=True
    ) as petition:
        key = await petition.start()
        tally, deaths = await kill_repeatedly(petition, key, PEOPLE, kills)
        states = await petition.states(key)
        copies = by_copies(petition, PEOPLE)
    tell(
        f"{kind}: {PEOPLE:,} people, {kills} kills, {counts.errors} times 500,"
        f" {counts.lost.total()} lost answers, {counts.floods} times 429: lost"
        f" {copies[0] - len(BLOCKED)}; people by copies {dict(sorted(copies.items()))}; unknown"
        f" {tally.unconfirmed}; unreachable {tally.unreachable}; written to too early"
        f" {len(counts.too_early)}; {time.monotonic() - begun:.0f} s"
    )
    assert_exact(states, counts)
    assert Tally(total=PEOPLE, **Counter(states.values())) == tally
    assert (tally.open, tally.rejected, tally.withdrawn) == (0, 0, 0)
    if kills == 0:
        assert max(copies) <= 2
        assert counts.too_early == []
    assert counts.repeated <= counts.lost.total() + sum(deaths.unrecorded)


def assert_exact(states: dict[int, str], counts: ArrivalCounts) -> None:
    """Checks that each row agrees with what arrived in its chat."""
    told = set(counts.copies)
    by_state: dict[str, set[int]] = {}
    for chat, state in states.items():
        by_state.setdefault(state, set()).add(chat)
    assert by_state.pop("unreachable") == BLOCKED
    unknown = by_state.pop("unconfirmed", set())
    # Both answers were lost: it arrived twice, which the bot cannot know.
    assert unknown == {chat for chat in unknown if counts.lost[chat] >= 2}
    assert by_state.pop("delivered") == told - unknown
    assert by_state == {}
    assert told == set(states) - BLOCKED
