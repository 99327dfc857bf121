"""Tests the translation for PostgreSQL: parameters are found, and values never become SQL."""

import pytest

from storage import Statement, Value
from storage.database import FOR_UPDATE, SKIP_LOCKED
from storage.postgres_sql import Batch, translate


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


class TestBatch:
    def test_keeps_values_out_of_the_sql(self) -> None:
        hostile = "'); DROP TABLE signatures; --"
        batch = Batch()
        batch.add(Statement("SELECT :a, :b, :c, :d", values(a=hostile, b=7, c=b"x", d=None)), {})
        batch.add(Statement("SELECT :b", values(b=8)), {})
        assert batch.arguments == (
            ["SELECT ($1)[1], ($2)[1], ($3)[1], NULL", "SELECT ($2)[2]"],
            [False, False],
            [hostile],
            [7, 8],
            [b"x"],
        )

    def test_reads_bytes_and_nulls_back(self) -> None:
        batch = Batch()
        batch.add(Statement("SELECT id, name"), {"id": True, "name": False})
        batch.add(Statement("DELETE FROM leases"), {})
        batch.add(Statement("SELECT id, name"), {"id": True, "name": False})
        found = '[{"id": "\\\\x00ff", "name": "\\\\x00"}, {"id": null, "name": null}]'
        assert batch.answers([(found,), (None,), (None,)]) == [
            [{"id": b"\x00\xff", "name": "\\x00"}, {"id": None, "name": None}],
            [],
            [],
        ]

    def test_refuses_a_value_that_no_column_has(self) -> None:
        with pytest.raises(TypeError, match="float"):
            Batch().add(Statement("SELECT :a", {"a": 1.5}), {})  # type: ignore[dict-item] # meant


def values(**each: Value) -> dict[str, Value]:
    return each
