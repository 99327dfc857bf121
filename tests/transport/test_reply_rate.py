import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transport.reply_rate import Appointments, Slots
from bot.transport.send_gate import Gate, Lane
from tests.transport.limit_simulation import Timeline, most_at_once

# At the most that replies may take of a broadcast's time.
REPLY = 0.9 / 25
STEPS = st.lists(
    st.tuples(
        st.floats(0, 0.3, allow_nan=False),
        st.sampled_from(["send", "reply", "slower"]),
        st.floats(0.05, 1),
    ),
    max_size=60,
)


def slots_of(rate: float, burst: int) -> Slots:
    return Slots(lambda: rate, (burst - 1) / rate)


@given(st.floats(0.5, 1000), st.integers(1, 50), STEPS)
def test_no_window_holds_more_broadcasts_than_rate_and_burst_allow(
    rate: float, burst: int, steps: list[tuple[float, str, float]]
) -> None:
    slower, now, sent = [rate], 1000.0, list[float]()
    slots = Slots(lambda: slower[0], (burst - 1) / rate)
    for gap, step, share in steps:
        now += gap
        if step == "send":
            now = max(now, slots.take(now))
            sent.append(now)
        elif step == "reply":
            slots.take(now, REPLY)
        else:
            slower[0] = rate * share
    assert most_at_once(sent, rate) <= burst + 1e-6


@pytest.mark.parametrize("rate", [0.5, 10, 28])
def test_a_crowd_of_replies_leaves_a_broadcast_a_tenth_of_its_time(rate: float) -> None:
    slots, sent = slots_of(rate, burst=1), 0
    for number in range(25 * 60):
        now = number / 25
        slots.take(now, REPLY)
        while slots.due_in(now + 1 / 25) <= 0:
            slots.take(now + 1 / 25)
            sent += 1
    assert sent >= 0.1 * 60 * rate - 1


RATE, BURST = 25.0, 5


def appointments(rate: float = RATE, burst: int = BURST) -> Appointments:
    return Appointments(Slots(lambda: rate, (burst - 1) / rate))


def crowd(room: Appointments, size: int, now: float = 0.0) -> list[float]:
    return [room.come_back_in(chat, now) for chat in range(size)]


def test_who_would_wait_long_comes_back_in_the_order_of_coming_and_at_the_pace() -> None:
    later = [time for time in crowd(appointments(), 200) if time > 0]
    assert 168 <= len(later) <= 172
    assert later == sorted(later)
    assert math.isclose(later[-1] - later[0], (len(later) - 1) / RATE)


def test_who_comes_at_the_time_given_is_let_in_with_all_messages_of_one_reply() -> None:
    room = appointments()
    time = crowd(room, 500)[150]
    assert room.come_back_in(150, time + 5.0) == 0.0
    room.use(150, time + 5.0)
    assert room.come_back_in(150, time + 5.9) == 0.0
    assert room.come_back_in(150, time + 6.1) > 0


def test_who_comes_long_after_the_time_given_waits_like_all_who_come_then() -> None:
    room = appointments()
    time = crowd(room, 500)[150]
    assert room.come_back_in(150, time + 9.9) == 0.0
    assert room.come_back_in(150, time + 10.1) > 0


def test_who_never_comes_back_is_forgotten() -> None:
    room = appointments()
    crowd(room, 200)
    assert len(room._given) == 200
    room.come_back_in("one", 1_000.0)
    assert len(room._given) == 1


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0, 0.5)), max_size=60))
def test_everybody_is_let_in_by_the_second_time_of_asking(
    arrivals: list[tuple[int, float]],
) -> None:
    room, now = appointments(), 0.0
    for chat, pause in arrivals:
        now += pause
        wait = room.come_back_in(chat, now)
        assert wait >= 0
        assert wait == 0 or room.come_back_in(chat, now + wait) == 0


async def test_at_the_gate_a_crowd_is_sent_away_at_once_and_edits_pass() -> None:
    clock = Timeline()
    gate = Gate(clock=clock, sleep=clock.sleep)
    asked = [
        asyncio.create_task(gate.acquire(Lane.REPLY, chat, 3.0, new=True)) for chat in range(300)
    ]
    await clock.pass_to(clock.now)
    told = [task.result() for task in asked if task.done()]
    away = sum(wait > 0 for wait in told)
    assert 268 <= away <= 272
    assert await gate.acquire(Lane.REPLY, 299, 3.0) == 0.0
    await clock.pass_until_nobody_sleeps()
    assert sum(task.result() == 0.0 for task in asked) == 300 - away


async def test_of_a_hundred_newcomers_only_the_first_ones_get_a_picture_too() -> None:
    clock = Timeline()
    gate = Gate(clock=clock, sleep=clock.sleep)
    greeted = dict[int, float]()
    pictures = 0

    async def newcomer(chat: int) -> None:
        nonlocal pictures
        if gate.has_room(chat):
            pictures += 1
            assert await gate.acquire(Lane.REPLY, chat, 3.0, new=True) == 0.0
        while wait := await gate.acquire(Lane.REPLY, chat, 3.0, new=True):
            await clock.sleep(wait)
        greeted[chat] = clock.now

    begun = clock.now
    coming = [asyncio.create_task(newcomer(chat)) for chat in range(100)]
    await clock.pass_until_nobody_sleeps()
    await asyncio.gather(*coming)
    waited = sorted(moment - begun for moment in greeted.values())
    assert 1 <= pictures <= 3
    assert waited[50] <= 2.0
    assert waited[99] <= 4.0
    assert gate.has_room(100) is False, "as the last ones have only just been answered"
    clock.now += 1.0
    assert gate.has_room(100)


async def test_who_writes_without_a_rest_has_room_for_one_message() -> None:
    clock = Timeline()
    gate = Gate(clock=clock, sleep=clock.sleep)
    for _ in range(6):
        clock.now += 1.0
        assert gate.has_room(1)
        await gate.acquire(Lane.REPLY, 1, new=True)
    clock.now += 1.0
    assert not gate.has_room(1)
    gate.refused(2, 5.0)
    assert not gate.has_room(2), "nor whom Telegram has paused"
    for chat in (4, 5, 6):
        await gate.acquire(Lane.REPLY, chat, 3.0, new=True)
    assert not gate.has_room(3), "since half of the burst is for the screens of others"
    clock.now += 0.05
    assert gate.has_room(3)


def test_a_line_of_a_second_is_stood_in_and_a_longer_one_is_not() -> None:
    room = appointments(2, 1)
    assert [room.come_back_in(chat, 100.0) for chat in (1, 2, 3, 4)] == [0.0, 0.0, 0.0, 1.5]
    assert room.come_back_in(4, 100.5) == 0.0
