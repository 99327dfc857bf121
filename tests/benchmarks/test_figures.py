"""Figures computed from measurements, and the page that shows them."""

from itertools import count, takewhile
from pathlib import Path

from benchmarks.benchmark import Benchmark, Report
from benchmarks.figures_page import Section, updated
from benchmarks.rates import search, steady_rate
from benchmarks.run_options import RunOptions
from tests.support.bot_api.message_counts import busiest_second


def evenly(rate: float, begin: float, end: float) -> list[float]:
    return list(takewhile(lambda at: at < end, (begin + n / rate for n in count())))


def test_a_rate_is_read_between_the_first_and_the_last() -> None:
    assert steady_rate([10.0, 10.5, 11.0]) == 2.0


def test_the_busiest_second_may_begin_anywhere() -> None:
    assert busiest_second([0.0, 0.6, 0.7, 1.5, 1.59, 3.0]) == 4


def test_a_rate_kept_from_the_beginning_is_found_at_once() -> None:
    found = search(evenly(30, 5, 65), [], limit=30, seconds=60)
    assert (found.found_after, round(found.mean, 1)) == (0.0, 30.0)


def test_a_rate_is_found_when_no_later_window_is_off() -> None:
    arrivals = [*evenly(10, 0, 20), *evenly(30, 20, 60)]
    found = search(arrivals, [1.0, 50.0], limit=30, seconds=60)
    # The window from 19 to 29 has one slow second: 28 a second, which is near enough.
    assert found.found_after == 19.0
    assert found.refused_after == 1


def test_a_rate_that_is_lost_again_at_the_end_was_not_found() -> None:
    arrivals = [*evenly(30, 0, 50), *evenly(10, 50, 60)]
    assert search(arrivals, [], limit=30, seconds=60).found_after is None


async def no_run(_: RunOptions) -> Report:
    raise NotImplementedError


def made(title: str, cell: str) -> Section:
    return Section(Benchmark(title, title, "Why?", no_run), Report(("a",), ((cell,),)), "it", "")


def test_a_table_replaces_its_own_section_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Old\n\n## Gone\n\nno longer measured\n")
    one, two = made("One", "one of one"), made("Two", "one of two")
    order = [one.benchmark, two.benchmark]
    for section in (two, one, made("Two", "two of two")):
        page.write_text(updated(page, section, order))
    text = page.read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## One", "## Two"]
    kept = ("one of one", "one of two", "two of two", "no longer")
    assert [words in text for words in kept] == [True, False, True, False]
