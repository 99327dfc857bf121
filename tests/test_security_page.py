"""Tests that every test named in `docs/security.md` exists."""

import re
from pathlib import Path

from tests.support.named_tests import NAMED, missing_tests

PAGE = Path(__file__).parent.parent / "docs" / "security.md"


def test_every_test_that_it_names_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(NAMED.findall(page)) > 60
    assert missing_tests(page) == []


def test_every_row_is_shown_or_says_that_it_is_not_built() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if _is_finding(line)]
    assert [row for row in rows if not NAMED.search(row) and "**Not built yet" not in row] == []


def test_no_threat_is_missing() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if _is_finding(line)]
    numbers = [row.split("|")[1].strip() for row in rows]
    threats = [int(number) for number in numbers if number.isdecimal()]
    assert threats == [*range(1, max(39, len(threats) + 1))]


def _is_finding(line: str) -> bool:
    return re.match(r"\| [\d.]+ \|", line) is not None
