from hypothesis import given
from hypothesis import strategies as st

from bot.transport.pauses import Pauses


def test_a_refused_chat_pauses_for_exactly_what_it_was_told() -> None:
    pauses = Pauses()
    pauses.add(7, 5, now=100.0)
    assert pauses.left(7, 100.0) == 5
    assert pauses.left(7, 104.0) == 1
    assert pauses.left(7, 105.0) == 0
    assert pauses.left(8, 100.0) == 0


def test_a_shorter_refusal_does_not_shorten_a_pause() -> None:
    pauses = Pauses()
    pauses.add(7, 30, now=0.0)
    pauses.add(7, 1, now=1.0)
    assert pauses.left(7, 2.0) == 28


def test_several_chats_within_a_second_pause_all() -> None:
    pauses = Pauses()
    began = [pauses.add(chat, 4, now=0.1 * chat) for chat in (1, 2, 3, 4)]
    assert began == [False, False, True, False]
    assert pauses.left(99, 0.4) > 3.9
    assert pauses.left(None, 0.4) > 3.9


def test_refusals_between_acceptances_pause_their_own_chats_alone() -> None:
    pauses = Pauses()
    for chat in range(200):
        for _ in range(10):
            pauses.accepted()
        assert not pauses.add(chat, 1, now=0.02 * chat)


def test_many_refusals_between_acceptances_pause_all() -> None:
    pauses, began = Pauses(), list[bool]()
    for chat in range(10):
        pauses.accepted()
        began.append(pauses.add(chat, 1, now=0.02 * chat))
    assert began == [False] * 9 + [True]


def test_one_chat_refused_again_and_again_pauses_itself_alone() -> None:
    pauses = Pauses()
    assert not any(pauses.add(7, 1, now=0.1 * turn) for turn in range(20))
    assert pauses.left(8, 1.0) == 0


def test_chats_refused_far_apart_pause_themselves_alone() -> None:
    pauses = Pauses()
    assert not any(pauses.add(chat, 60, now=2.0 * chat) for chat in range(20))
    assert pauses.left(99, 40.0) == 0


def test_a_refusal_without_a_chat_pauses_nobody() -> None:
    pauses = Pauses()
    assert not any(pauses.add(None, 60, now=0.0) for _ in range(5))
    assert pauses.left(None, 0.0) == 0


def test_a_hundred_thousand_chats_leave_no_memory_behind() -> None:
    pauses = Pauses()
    for chat in range(100_000):
        pauses.add(chat, 1, now=chat / 1000)
    assert len(pauses) <= 2_001
    pauses.left(5, 1_000.0)
    assert len(pauses) == 0


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.integers(1, 6), st.integers(0, 9)), min_size=1, max_size=60
    )
)
def test_no_chat_is_free_before_its_own_last_refusal_has_passed(
    refusals: list[tuple[float, int, int]],
) -> None:
    pauses, now, until = Pauses(), 50.0, dict[int, float]()
    for gap, chat, seconds in refusals:
        now += gap
        pauses.add(chat, seconds, now)
        until[chat] = max(until.get(chat, 0.0), now + seconds)
        for other, end in until.items():
            assert pauses.left(other, now) >= end - now - 1e-9
