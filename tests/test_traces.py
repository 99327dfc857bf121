import json

import pytest

from bot.settings import SettingsInvalid, load_settings
from bot.traces import kind_of, place_of, trace_of

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


def test_a_cause_that_was_hidden_stays_hidden() -> None:
    error = caught()
    error.__cause__, error.__suppress_context__ = None, True
    assert kind_of(error) == "LookupError"


def test_a_circle_of_causes_ends() -> None:
    error = ValueError()
    error.__cause__ = other = KeyError()
    other.__cause__ = error
    assert kind_of(error) == "ValueError < KeyError"


def test_the_place_is_the_innermost_line_of_ours() -> None:
    with pytest.raises(SettingsInvalid) as found:
        load_settings(broadcast_rate=CANARY)
    assert place_of(found.value).startswith("bot/settings.py:")


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert place_of(ValueError(CANARY)) == "unknown"


def test_the_trace_tells_files_lines_and_functions_and_no_word_of_the_error() -> None:
    told = trace_of(caught())
    assert " fail" in told
    assert "json/decoder.py:" in told
    assert CANARY not in told
    assert "site-packages" not in told
    assert "/root" not in told
