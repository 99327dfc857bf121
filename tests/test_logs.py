"""Tests that the log shows what the process does, and no personal data."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
import structlog

from bot.logs import configure_logging
from bot.tracebacks import error_reference

TOKEN = "123456789:AAcanaryCanaryCanaryCanaryCanaryCanary"
NAME = "Canaria Pérez"


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test configures is taken back."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root = logging.getLogger()
    before, configured = (root.handlers[:], root.level), structlog.get_config()
    yield
    structlog.configure(**configured)
    root.handlers[:] = before[0]
    root.setLevel(before[1])  # not set directly: what loggers know of it would stay


@pytest.fixture
def out(undone: None) -> io.StringIO:
    stream = io.StringIO()
    configure_logging("DEBUG", secrets=["short:secret", ""], stream=stream)
    return stream


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


class Colour(Enum):
    RED = 1


def test_an_event_comes_with_its_time_level_and_fields(out: io.StringIO) -> None:
    structlog.get_logger().info("polling_failed", seconds=0.5, attempt=2, error_kind=Colour.RED)
    (line,) = lines(out)
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "info",
        "event": "polling_failed",
        "seconds": 0.5,
        "attempt": 2,
        "error_kind": "red",
    }


def test_a_field_that_is_not_allowed_is_dropped_and_its_name_told(out: io.StringIO) -> None:
    structlog.get_logger().info("signed", name=NAME, chat_id=7, total=3)
    assert NAME not in out.getvalue()
    assert (lines(out)[0]["total"], lines(out)[0]["withheld"]) == (3, "chat_id name")


def test_what_an_admin_is_told_to_look_up_stands_in_the_log(out: io.StringIO) -> None:
    kind, reference = error_reference(ValueError(NAME))
    structlog.get_logger().error("broadcast_failed", kind=kind, reference=reference)
    (line,) = lines(out)
    assert (line["kind"], line["reference"]) == ("ValueError", reference)
    assert "withheld" not in line


def test_the_name_of_a_field_can_be_somebodys_too_and_is_not_told_then(out: io.StringIO) -> None:
    structlog.get_logger().info("signed", **{NAME: 1, "chat_id": 7})
    assert NAME not in out.getvalue()
    assert lines(out)[0]["withheld"] == "chat_id"


@pytest.mark.parametrize("event", [f"signed by {NAME}", f"/bot{TOKEN}/getMe", "", f"x\n{NAME}"])
def test_an_event_that_is_not_a_constant_of_ours_is_withheld(out: io.StringIO, event: str) -> None:
    structlog.get_logger().info(event)
    assert lines(out)[0]["event"] == "event_withheld"
    assert NAME not in out.getvalue()


def test_a_value_that_is_an_object_is_told_by_its_kind(out: io.StringIO) -> None:
    structlog.get_logger().info(
        "failed", kind=ValueError(NAME), state={"x": [1, ValueError(NAME)]}
    )
    assert NAME not in out.getvalue()
    assert lines(out)[0]["kind"] == "ValueError"
    assert lines(out)[0]["state"] == {"x": [1, "ValueError"]}


def test_tokens_and_named_secrets_are_blotted_out_wherever_they_stand(out: io.StringIO) -> None:
    structlog.get_logger().error("failed", error_kind=f"/bot{TOKEN}/getMe short:secret")
    assert lines(out)[0]["error_kind"] == "/bot[redacted]/getMe [redacted]"


def test_an_exception_is_told_by_kind_and_place_and_never_by_its_words(out: io.StringIO) -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(out)
    assert line["kind"] == "ValueError"
    assert "test_logs.py:" in line["place"]
    assert NAME not in out.getvalue()


@pytest.mark.parametrize("value", ["PETITION_BOT_\udcff", {"a": 10**40}, [float("inf"), "\ud800"]])
def test_what_strict_json_refuses_is_logged(out: io.StringIO, value: Any) -> None:
    structlog.get_logger().warning("unknown_setting", setting=value, kind="short:secret")
    (line,) = lines(out)
    assert (line["event"], line["setting"]) == ("unknown_setting", value)
    assert line["kind"] == "[redacted]"


def test_a_library_is_heard_without_its_words(out: io.StringIO) -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        logging.getLogger("telegram.ext").exception("Update %s of %s", NAME, TOKEN)
    (line,) = lines(out)
    assert (line["event"], line["logger"]) == ("library_message", "telegram.ext")
    assert line["kind"] == "ValueError"
    assert NAME not in out.getvalue()
    assert TOKEN not in out.getvalue()


@pytest.mark.parametrize("name", ["httpx", "telegram.Bot", "aiosqlite", "asyncio"])
def test_a_library_is_not_heard_below_warning(out: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("GET /bot%s/getMe for %s", TOKEN, NAME)
    logging.getLogger(name).debug("%s", NAME)
    assert out.getvalue() == ""


def test_our_own_events_below_the_level_are_not_told(undone: None) -> None:
    stream = io.StringIO()
    configure_logging("warning", stream=stream)
    structlog.get_logger().info("call_repeated")
    structlog.get_logger().warning("polling_failed")
    assert [line["event"] for line in lines(stream)] == ["polling_failed"]


def test_what_nobody_catches_is_told_without_its_words(out: io.StringIO) -> None:
    error = ValueError(NAME)
    sys.excepthook(ValueError, error, None)
    thread = threading.Thread(target=lambda: [][0])
    thread.start()
    thread.join()
    assert [(line["event"], line["kind"]) for line in lines(out)] == [
        ("uncaught", "ValueError"),
        ("uncaught", "IndexError"),
    ]
    assert NAME not in out.getvalue()


def test_an_interruption_by_a_person_is_not_told(out: io.StringIO) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert out.getvalue() == ""


def test_a_person_at_a_terminal_gets_one_readable_line(undone: None) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    configure_logging("INFO", stream=stream)
    structlog.get_logger().warning(
        "polling_failed", error_kind="retry\nforged \x1b[2J line", seconds=1
    )
    (line,) = stream.getvalue().splitlines()
    assert line[8:].split() == [
        "warning", "polling", "failed", "error_kind=retry", "forged", "[2J", "line", "seconds=1",
    ]  # fmt: skip
    assert "\x1b" not in line
