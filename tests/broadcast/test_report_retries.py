from bot.broadcast.context import ReportRetries

ONE, OTHER = b"one", b"other"


def test_each_failure_rests_twice_as_long_up_to_five_minutes() -> None:
    report_retries = ReportRetries(1.0)
    assert [report_retries.record_failure(ONE, 0.0) for _ in range(11)][:4] == [1.0, 2.0, 4.0, 8.0]
    assert report_retries.record_failure(ONE, 0.0) == 300.0


def test_it_rests_until_its_time_and_others_do_not() -> None:
    report_retries = ReportRetries(2.0)
    report_retries.record_failure(ONE, 10.0)
    assert report_retries.is_too_early(ONE, 11.9)
    assert not report_retries.is_too_early(ONE, 12.0)
    assert not report_retries.is_too_early(OTHER, 11.0)


def test_once_said_it_is_forgotten() -> None:
    report_retries = ReportRetries(2.0)
    report_retries.record_failure(ONE, 10.0)
    report_retries.forget(ONE)
    assert not report_retries.is_too_early(ONE, 10.0)
    assert report_retries.record_failure(ONE, 10.0) == 2.0


def test_three_mistakes_in_a_row_are_too_many_and_one_that_went_well_begins_anew() -> None:
    report_retries = ReportRetries(1.0)
    assert [report_retries.record_bug(ONE) for _ in range(4)] == [False, False, True, True]
    assert not report_retries.record_bug(OTHER)
    report_retries.record_success(ONE)
    assert [report_retries.record_bug(ONE) for _ in range(3)] == [False, False, True]


def test_a_question_is_asked_once_for_each_broadcast_and_what_it_is() -> None:
    report_retries = ReportRetries(1.0)
    report_retries.record_question(ONE, "approval")
    assert report_retries.is_asked(ONE, "approval")
    assert not report_retries.is_asked(ONE, "nobody: 20")
    assert not report_retries.is_asked(OTHER, "approval")
