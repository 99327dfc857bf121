"""Tests that `show --follow` shows the progress until the end, and that leaving it is harmless."""

import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from rich.console import Console
from rich.live import Live

from bot.cli.broadcast_follow import (
    FollowView,
    SpeedSample,
    bar_display,
    follow,
    line_display,
    progress_text,
)
from bot.cli.broadcast_snapshot import BroadcastSnapshot
from bot.text.translations import Catalogs
from storage import Audience, Broadcast, BroadcastState, Kind, Outcome, RecallTally, Tally
from tests.cli.petition_database import SIGNERS, PetitionDatabase, call, said

WORDS = Catalogs.load().words("en")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def snapshot(
    done: int = 0,
    total: int = 100,
    state: str = "running",
    *,
    attended: bool = True,
    recall: RecallTally | None = None,
) -> BroadcastSnapshot:
    broadcast = Broadcast(
        id=b"?" * 16,
        kind=Kind.CLOSING,
        topic="closing",
        state=BroadcastState(state),
        content={},
        source_language="es",
        source_chat=None,
        audience=Audience(),
        paid=False,
        expected=total,
        total=total,
        is_enqueued=True,
        created_at=NOON,
        starts_at=None,
        started_at=NOON,
        ended_at=None,
        reported_at=None,
        recall_started_at=None if recall is None else NOON,
        recall_ended_at=None,
        progress_chat=None,
        progress_message_id=None,
        author=1,
        confirmed_by=1,
    )
    tally = Tally(total=total, pending=total - done, delivered=done)
    return BroadcastSnapshot(broadcast, tally, recall, attended)


def paces(*seen: tuple[float, BroadcastSnapshot]) -> list[SpeedSample]:
    watch = FollowView(lambda: NOON)
    return [watch.sample(each, now) for now, each in seen]


def test_speed_and_end_are_told_from_the_second_look_on() -> None:
    first, second = paces((0, snapshot(0)), (10, snapshot(20)))
    assert (first.per_second, first.ends_at) == (None, None)
    assert second.per_second == 2
    assert second.remaining_seconds == 40
    assert second.ends_at == datetime(2026, 3, 1, 12, 0, 40, tzinfo=UTC)
    assert progress_text(second, WORDS) == (
        "20 of 100, 20%, 2.0 a second, 40 seconds left, ends about 13:00"
    )


def test_an_end_on_another_day_is_told_with_its_day() -> None:
    _, sample = paces((0, snapshot(0, 172_810)), (10, snapshot(10, 172_810)))
    assert progress_text(sample, WORDS).endswith("2 days left, ends about 3 March 2026, 13:00")


def test_a_pause_has_no_speed_and_does_not_slow_down_what_follows() -> None:
    looks = paces(
        (0, snapshot(0)),
        (10, snapshot(20)),
        (11, snapshot(20, state="paused")),
        (500, snapshot(20, state="paused")),
        (501, snapshot(20)),
        (502, snapshot(22)),
    )
    assert [sample.what for sample in looks] == ["sending"] * 2 + ["paused"] * 2 + ["sending"] * 2
    assert [sample.per_second for sample in looks] == [None, 2, None, None, None, 2]


def test_what_nobody_works_on_waits_for_a_bot() -> None:
    (sample,) = paces((0, snapshot(5, attended=False)))
    assert sample.what == "waiting for the bot"


def test_a_recall_is_followed_too() -> None:
    ended = snapshot(100, state="finished")
    (sample,) = paces((0, snapshot(100, state="finished", recall=RecallTally(90, 30, 10, 50))))
    assert (sample.what, sample.done, sample.total) == ("recalling", 40, 90)
    assert ended.is_settled


async def test_it_is_shown_until_it_has_ended() -> None:
    looks = iter([snapshot(0), snapshot(60), snapshot(100), snapshot(100, state="finished")])
    shown: list[int] = []

    def show(_: BroadcastSnapshot, sample: SpeedSample) -> None:
        shown.append(sample.done)

    async def read() -> BroadcastSnapshot:
        return next(looks)

    last = await follow(read, show, lambda: NOON, seconds=0)
    assert shown == [0, 60, 100, 100]
    assert last.broadcast.state == "finished"


@pytest.fixture
def terminal() -> Iterator[tuple[io.StringIO, Live]]:
    """What a terminal of forty columns is sent."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=40, color_system=None)
    with Live(console=console, auto_refresh=False) as live:
        yield written, live


def test_the_bar_grows_in_a_narrow_terminal_too(terminal: tuple[io.StringIO, Live]) -> None:
    written, live = terminal
    bar = bar_display(live, WORDS)
    lengths = []
    for sample in paces((0, snapshot(0)), (10, snapshot(50)), (20, snapshot(100))):
        written.seek(0)
        written.truncate()
        bar(snapshot(), sample)
        lengths.append(written.getvalue().count("━"))
    assert lengths == sorted(set(lengths))
    assert "The closing update 3f3f3f3f: sending" in written.getvalue()
    assert "100 of 100" in written.getvalue()


def test_of_nobody_everything_is_done(terminal: tuple[io.StringIO, Live]) -> None:
    written, live = terminal
    (sample,) = paces((0, snapshot(0, 0, state="finished")))
    bar_display(live, WORDS)(snapshot(0, 0), sample)
    assert "0 of 0" in written.getvalue()


def test_a_file_gets_a_line_for_every_change() -> None:
    written = io.StringIO()
    lines = line_display(Console(file=written), WORDS, lambda: NOON)
    looks = [
        (0, snapshot(0)),
        (1, snapshot(0)),
        (10, snapshot(50)),
        (11, snapshot(50, state="paused")),
    ]
    for sample in paces(*looks):
        lines(snapshot(), sample)
    assert written.getvalue().splitlines() == [
        "13:00:00  sending  0 of 100, 0%",
        "13:00:00  sending  50 of 100, 50%, 5.0 a second, 10 seconds left, ends about 13:00",
        "13:00:00  paused  50 of 100, 50%",
    ]


def test_following_ends_with_the_account(petition: PetitionDatabase) -> None:
    broadcast = petition.begins()
    sending = threading.Thread(target=petition.tells, args=(broadcast, SIGNERS, Outcome.DELIVERED))
    sending.start()
    shown = said(call("show", "--follow", "--every", "0.1"))
    sending.join()
    assert f"{SIGNERS} of {SIGNERS}, 100%" in shown
    assert "State         finished" in shown


def test_a_program_follows_by_an_object_a_line(petition: PetitionDatabase) -> None:
    petition.tells(petition.begins(), SIGNERS, Outcome.DELIVERED)
    (line,) = said(call("show", "--follow", "--json")).splitlines()
    assert json.loads(line)["state"] == "finished"
    assert json.loads(line)["remaining_seconds"] is None


def test_whoever_leaves_hears_that_it_goes_on(
    petition: PetitionDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast = petition.begins()

    async def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.cli.broadcast_tables.follow", interrupted)
    result = call("show", "--follow")
    assert result.exit_code == 130
    assert "the broadcast goes on" in result.stderr
    assert petition.now(broadcast).state == "running"
