from bot.broadcast.stop_reasons import StopReason
from bot.cli import broadcast_details


def test_every_cause_of_a_stop_has_words() -> None:
    assert broadcast_details._CAUSES.keys() == set(StopReason)
