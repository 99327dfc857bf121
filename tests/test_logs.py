"""Tests that the log shows what the process does, and no personal data."""

import ast
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.intake.dispatcher import Counts
from bot.logs import ALLOWED, EVENT, configure_logging
from bot.tracebacks import error_reference
from storage.broadcast_types import Tally
from tests.support.scene import Scene

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
    """Unless the name of the field can be somebody's too."""
    structlog.get_logger().info("signed", name=NAME, chat_id=7, total=3, **{NAME: 1})
    assert NAME not in out.getvalue()
    assert (lines(out)[0]["total"], lines(out)[0]["withheld"]) == (3, "chat_id name")


def test_what_an_admin_is_told_to_look_up_stands_in_the_log(out: io.StringIO) -> None:
    kind, reference = error_reference(ValueError(NAME))
    structlog.get_logger().error("broadcast_failed", kind=kind, reference=reference)
    (line,) = lines(out)
    assert (line["kind"], line["reference"]) == ("ValueError", reference)
    assert "withheld" not in line


@pytest.mark.parametrize("event", [f"signed by {NAME}", f"/bot{TOKEN}/getMe", "", f"x\n{NAME}"])
def test_an_event_that_is_not_a_constant_of_ours_is_withheld(out: io.StringIO, event: str) -> None:
    structlog.get_logger().info(event)
    assert lines(out)[0]["event"] == "event_withheld"
    assert NAME not in out.getvalue()


def test_a_value_that_is_an_object_is_told_by_its_kind(out: io.StringIO) -> None:
    error = ValueError(NAME)
    structlog.get_logger().info("failed", kind=error, state={"x": [1, error]})
    assert NAME not in out.getvalue()
    (line,) = lines(out)
    assert (line["kind"], line["state"]) == ("ValueError", {"x": [1, "ValueError"]})


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


def test_what_nobody_catches_is_told_without_its_words(out: io.StringIO) -> None:
    """And an interruption by a person is not told."""
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
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


async def test_a_tap_is_followed_to_its_calls_and_a_broadcast_to_its_messages(
    out: io.StringIO, scene: Scene
) -> None:
    """By one id, of an update or a broadcast, and no person's."""
    await scene.to_the_consent(scene.ana)
    before = len(scene.simulator.calls)
    await scene.consents(scene.ana)
    methods = [each.method for each in scene.simulator.calls[before:]]
    logged = lines(out)
    tap = next(each for each in reversed(logged) if each["event"] == "update_finished")
    of_tap = [each for each in logged if each.get("update_id") == tap["update_id"]]
    calls = [each["method"] for each in of_tap if each["event"] == "call_ended"]
    assert {"answerCallbackQuery", "editMessageText"} <= set(calls)
    assert calls == [each for each in methods if each != "getUpdates"]

    await scene.signs(scene.jordi)
    await scene.closes()
    await scene.broadcasts(2)
    of_broadcast = [each for each in lines(out) if "broadcast" in each]
    assert len({each["broadcast"] for each in of_broadcast}) == 1
    sent = [each for each in of_broadcast if each.get("method") == "sendMessage"]
    assert len(sent) >= 2
    assert not any("update_id" in each for each in of_broadcast)

    said = out.getvalue()
    for person in (scene.ana, scene.jordi, scene.marta):
        assert str(person.id) not in said
        assert person.user.first_name not in said
        assert str(person.user.last_name or "García") not in said


ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bot", "handlers", "storage")
SPEAKING = {"debug", "info", "warning", "error", "exception", "critical", "bind"}
# What the form of a line adds by itself when there is an exception.
OF_AN_ERROR = {"kind", "place", "trace"}
# What is spread into a line: `**asdict(counts)`.
SPREAD = {"asdict": asdict(Counts()).keys() | asdict(Tally(0)).keys()}


@dataclass
class Spoken:
    """What the log calls of some source say."""

    fields: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)


def spoken_in(source: str) -> Spoken:
    tree, said = ast.parse(source), Spoken()
    loggers = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _makes_a_logger(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _speaks(call, loggers):
            said.fields |= {each.arg for each in call.keywords if each.arg} - {"exc_info"}
            said.events |= {
                each.value
                for each in call.args[:1]
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
            for spread in (each.value for each in call.keywords if each.arg is None):
                assert isinstance(spread, ast.Call), ast.unparse(call)
                said.fields |= SPREAD[ast.unparse(spread.func).rpartition(".")[2]]
    return said


def _makes_a_logger(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
        ("get_logger", "getLogger")
    )


def _speaks(call: ast.Call, loggers: set[str]) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id.endswith("_contextvars"):
        return True
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in SPEAKING:
        return False
    whose = call.func.value
    return _makes_a_logger(whose) or (isinstance(whose, ast.Name) and whose.id in loggers)


def files() -> Iterator[Path]:
    for room in ROOMS:
        yield from (ROOT / room).rglob("*.py")


@pytest.fixture(scope="module")
def spoken() -> dict[str, Spoken]:
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files()}
    return {
        path: spoken_in(source)
        for path, source in sources.items()
        if "get_logger" in source or "getLogger" in source
    }


def test_what_is_logged_may_be_and_what_may_be_is(spoken: dict[str, Spoken]) -> None:
    withheld = {path: said.fields - ALLOWED for path, said in spoken.items()}
    assert {path: names for path, names in withheld.items() if names} == {}
    logged = set[str]().union(*(said.fields for said in spoken.values()))
    assert ALLOWED - logged - OF_AN_ERROR == set()
    events = set[str]().union(*(said.events for said in spoken.values()))
    assert {event for event in events if not EVENT.fullmatch(event)} == set()
    assert len(events) > 30  # or the loggers are not found any more


def test_no_field_is_for_a_persons_id_name_or_words() -> None:
    about_people = ("user", "chat", "name", "text", "admin", "actor", "supporter", "message")
    assert {field for field in ALLOWED if any(word in field for word in about_people)} == set()
