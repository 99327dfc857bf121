import errno
import json
import sqlite3
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsInvalid
from bot.tracebacks import kind_of, place_of, trace_of

CANARY = "Canaria Pérez"


def fail() -> None:
    try:
        json.loads(CANARY)
    except ValueError as error:
        raise LookupError(CANARY) from error


def caught() -> BaseException:
    with pytest.raises(LookupError) as found:
        fail()
    return found.value


def test_the_kinds_of_an_error_and_of_its_causes_are_told() -> None:
    assert kind_of(caught()) == "LookupError < JSONDecodeError"
    error = caught()
    error.__cause__, error.__suppress_context__ = None, True
    assert kind_of(error) == "LookupError"
    error = ValueError()
    error.__cause__ = other = KeyError()
    other.__cause__ = error
    assert kind_of(error) == "ValueError < KeyError"


def test_an_operator_reads_that_the_disk_is_full() -> None:
    full = sqlite3.OperationalError(CANARY)
    full.sqlite_errorname = "SQLITE_FULL"
    assert kind_of(full) == "OperationalError SQLITE_FULL"
    assert kind_of(OSError(errno.ENOSPC, CANARY)) == "OSError ENOSPC"
    assert kind_of(FileNotFoundError(errno.ENOENT, CANARY)) == "FileNotFoundError"
    assert kind_of(OSError(CANARY)) == "OSError"


def test_the_trace_tells_files_lines_and_functions_and_no_word_of_the_error() -> None:
    told = trace_of(caught())
    assert " fail" in told
    assert "json/decoder.py:" in told
    assert CANARY not in told
    assert "site-packages" not in told
    assert "/root" not in told


ROOT = Path(__file__).resolve().parent.parent


def raised_in(*files: str) -> BaseException:
    """An error that passed these files, from the outside in."""
    scope: dict[str, object] = {}
    source = "raise ValueError"
    for file in reversed(files):
        scope = {"inner": compile(source, file, "exec"), "scope": scope}
        source = "exec(inner, scope)"
    with pytest.raises(ValueError, match=r"^$") as found:
        exec(source, scope)  # noqa: S102 - code of this test, under the names of other files
    return found.value


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (f"{ROOT}/storage/somewhere.py", "storage/somewhere.py:1"),
        (f"{ROOT}/benchmarks/not_ours.py", "benchmarks/not_ours.py:1"),
        ("/home/ana/garcia/code/thing.py", "code/thing.py:1"),
        ("/home/ana/.venv/lib/site-packages/deep/inside/it.py", "deep/inside/it.py:1"),
    ],
)
def test_a_file_is_told_without_where_this_machine_keeps_it(file: str, told: str) -> None:
    error = raised_in(file)
    assert place_of(error) == told
    assert trace_of(error).endswith(f" > {told} <module>")


def test_the_place_is_the_innermost_line_of_ours() -> None:
    ours, library = f"{ROOT}/bot/here.py", "/lib/site-packages/a/b.py"
    assert place_of(raised_in(ours, f"{ROOT}/tests/x.py", library)) == "bot/here.py:1"
    assert place_of(raised_in(library, library)) == "a/b.py:1"
    with pytest.raises(SettingsInvalid) as found:
        Settings.load(broadcast_rate=CANARY)
    assert place_of(found.value).startswith("bot/settings.py:")
