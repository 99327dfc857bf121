import pytest

from bot.broadcast.stopping import StopCause, read, written


@pytest.mark.parametrize("cause", list(StopCause))
def test_what_is_written_is_read_again(cause: StopCause) -> None:
    said = "Bad Request: can't parse entities: x"
    assert read(written(cause, said)) == (cause, said)


@pytest.mark.parametrize("reason", ["", "cancelled", "Bad Request: no", "content:"])
def test_words_of_another_kind_are_kept_as_they_are(reason: str) -> None:
    assert read(reason) == (StopCause.OTHER, reason)
