"""Tests the translation for PostgreSQL: parameters are found, and values never become SQL."""

import pytest

from storage.database import FOR_UPDATE, SKIP_LOCKED
from storage.postgres_sql import translate


class TestTranslate:
    @pytest.mark.parametrize(
        ("sql", "translated", "names"),
        [
            ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ("a", "b")),
            ("SELECT :a::text", "SELECT $1::text", ("a",)),
            ("SELECT ':a', :b", "SELECT ':a', $1", ("b",)),
            ("SELECT 'it''s :a', :b", "SELECT 'it''s :a', $1", ("b",)),
            ('SELECT ":a" FROM t', 'SELECT ":a" FROM t', ()),
            ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, $1", ("b",)),
            ("SELECT /* :a */ :b", "SELECT /* :a */ $1", ("b",)),
            (f"SELECT 1 {FOR_UPDATE}", "SELECT 1 FOR UPDATE", ()),
            (f"SELECT 1 {SKIP_LOCKED}", "SELECT 1 FOR UPDATE SKIP LOCKED", ()),
        ],
    )
    def test_finds_the_parameters_and_nothing_else(
        self, sql: str, translated: str, names: tuple[str, ...]
    ) -> None:
        assert translate(sql) == (translated, names)
