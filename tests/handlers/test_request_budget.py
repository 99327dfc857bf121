"""How often a person may ask for something, tested with a fake clock."""

import pytest

from handlers import request_budget
from handlers.request_budget import COUNTED, UNLIMITED, WRITTEN, Budgets
from handlers.request_budget import LimitDecision as Decision
from handlers.screens.help import SUPPORTER_COMMANDS
from tests.handlers.chats import Clock

ANA, LUZ = b"ana", b"luz"


@pytest.fixture
def budgets(clock: Clock) -> Budgets:
    return Budgets(clock)


def asked(budgets: Budgets, times: int, who: bytes = ANA, what: str = "mydata") -> list[Decision]:
    first = len(budgets) * 1_000
    return [budgets.spend(who, what, first + number) for number in range(times)]


def test_five_times_a_minute_then_one_sentence_then_nothing(budgets: Budgets) -> None:
    assert asked(budgets, 8) == [Decision.ALLOW] * 5 + [Decision.WARN] + [Decision.IGNORE] * 2


def test_what_is_written_may_come_thirty_times(budgets: Budgets) -> None:
    decisions = asked(budgets, 32, what=WRITTEN)
    assert decisions == [Decision.ALLOW] * 30 + [Decision.WARN, Decision.IGNORE]


def test_a_minute_after_the_first_it_begins_anew(budgets: Budgets, clock: Clock) -> None:
    asked(budgets, 7)
    clock.now += 59.9
    assert budgets.spend(ANA, "mydata", 50) is Decision.IGNORE
    clock.now += 0.1
    assert budgets.spend(ANA, "mydata", 51) is Decision.ALLOW
    assert len(budgets) == 1


def test_nobody_spends_what_is_anothers_nor_one_thing_what_is_for_another(
    budgets: Budgets,
) -> None:
    asked(budgets, 9)
    assert budgets.spend(LUZ, "mydata", 50) is Decision.ALLOW
    assert budgets.spend(ANA, "help", 51) is Decision.ALLOW


def test_an_update_that_comes_again_is_counted_once(budgets: Budgets) -> None:
    assert [budgets.spend(ANA, "mydata", 7) for _ in range(9)] == [Decision.ALLOW] * 9
    assert asked(budgets, 5)[-2:] == [Decision.ALLOW, Decision.WARN]
    assert budgets.spend(ANA, "mydata", 1_004) is Decision.WARN, "it is told again"


def test_whether_the_next_will_be_answered_is_known_before(budgets: Budgets, clock: Clock) -> None:
    known = []
    for number in range(8):
        known.append(budgets.would_answer(ANA, "mydata"))
        assert known[-1] is (budgets.spend(ANA, "mydata", number) is not Decision.IGNORE)
    assert known == [True] * 6 + [False] * 2
    assert budgets.would_answer(LUZ, "mydata")
    clock.now += 60
    assert budgets.would_answer(ANA, "mydata")


def test_no_more_is_kept_than_may_be_and_the_oldest_goes(
    budgets: Budgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_budget, "_MOST", 3)
    for number in range(9):
        asked(budgets, 6, who=bytes([number]))
    assert len(budgets) == 3
    known = [budgets.would_answer(bytes([number]), "mydata") for number in range(9)]
    assert known == [True] * 6 + [False] * 3


def test_what_is_over_is_not_kept(budgets: Budgets, clock: Clock) -> None:
    for number in range(50):
        budgets.spend(bytes([number]), "help", number)
        clock.now += 1
    clock.now += 30
    budgets.spend(ANA, "help", 99)
    assert len(budgets) == 50 - 21 + 1


def test_withdrawing_and_being_left_alone_are_not_counted() -> None:
    assert {"withdraw", "stop"} == UNLIMITED
    assert set(SUPPORTER_COMMANDS) == UNLIMITED | COUNTED
    assert not UNLIMITED & COUNTED
