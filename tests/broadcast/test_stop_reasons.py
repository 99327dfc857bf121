import pytest

from bot.broadcast.stop_reasons import StopReason, format_reason, parse_reason


@pytest.mark.parametrize("cause", list(StopReason))
def test_what_is_written_is_read_again(cause: StopReason) -> None:
    said = "Bad Request: can't parse entities: x"
    assert parse_reason(format_reason(cause, said)) == (cause, said)


@pytest.mark.parametrize("reason", ["", "cancelled", "Bad Request: no", "content:"])
def test_words_of_another_kind_are_kept_as_they_are(reason: str) -> None:
    assert parse_reason(reason) == (StopReason.OTHER, reason)
