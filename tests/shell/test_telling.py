from bot.broadcast.stopping import StopCause
from bot.shell import telling


def test_every_cause_of_a_stop_has_words() -> None:
    assert telling._CAUSES.keys() == set(StopCause)
