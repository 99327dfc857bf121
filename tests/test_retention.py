"""Tests that a running bot erases abandoned forms, in portions, whatever errors occur."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot.retention import (
    BETWEEN_LOOKS_SECONDS,
    BREATH_SECONDS,
    FORMS_KEPT_FOR,
    PORTION,
    Retention,
)
from storage import Conversations, Unavailable

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


class Forms:
    """So many forms were left; a look can fail."""

    def __init__(self, left: int, *failures: Exception) -> None:
        self.left = left
        self.failures = list(failures)
        self.asked: list[datetime] = []
        self.files_until: list[datetime] = []

    async def forget_forms(self, before: datetime, *, limit: int) -> int:
        if self.failures:
            raise self.failures.pop(0)
        self.asked.append(before)
        some = min(self.left, limit)
        self.left -= some
        return some

    async def erase_files(self, before: datetime) -> None:
        self.files_until.append(before)


class Pauses:
    """Pauses that take no time; after the last of them it is cancelled."""

    def __init__(self, most: int) -> None:
        self.taken: list[float] = []
        self._most = most

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)
        if len(self.taken) == self._most:
            raise asyncio.CancelledError


def retention(forms: Forms, pauses: Pauses) -> Retention:
    return Retention(
        cast("Conversations", forms), lambda: NOW, pauses.sleep, erase_files=forms.erase_files
    )


def test_they_are_kept_for_thirty_days() -> None:
    assert timedelta(days=30) == FORMS_KEPT_FOR


@pytest.mark.parametrize(
    ("left", "looks"), [(0, 1), (1, 1), (PORTION - 1, 1), (PORTION, 2), (2 * PORTION + 1, 3)]
)
async def test_everything_that_is_due_goes_with_a_breath_between_two_portions(
    left: int, looks: int
) -> None:
    forms, pauses = Forms(left), Pauses(99)
    with capture_logs() as logged:
        await retention(forms, pauses).forget()
    assert forms.left == 0
    assert forms.asked == [NOW - timedelta(days=30)] * looks
    assert forms.files_until == [NOW - timedelta(days=30)]
    assert pauses.taken == [BREATH_SECONDS] * (looks - 1)
    assert [entry["total"] for entry in logged] == [left] * bool(left)


@pytest.mark.parametrize("failure", [Unavailable(), ZeroDivisionError("Ana García")])
async def test_what_failed_is_done_at_the_next_look(failure: Exception) -> None:
    forms, pauses = Forms(1, failure), Pauses(2)
    with capture_logs() as logged, pytest.raises(asyncio.CancelledError):
        await retention(forms, pauses).run()
    assert forms.left == 0
    assert pauses.taken == [BETWEEN_LOOKS_SECONDS] * 2
    assert len(logged) == 2
    assert logged[0]["log_level"] == ("warning" if isinstance(failure, Unavailable) else "error")
