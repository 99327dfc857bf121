"""The log tells what the process does, and never about whom."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.logs import configure_logging

TOKEN = "123456789:AAcanaryCanaryCanaryCanaryCanaryCanary"
NAME = "Canaria Pérez"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers, root.level)
    configure_logging("DEBUG", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = before


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_field_that_is_not_allowed_is_dropped_and_named(out: io.StringIO) -> None:
    structlog.get_logger().info("signed", name=NAME, count=3)
    assert NAME not in out.getvalue()
    assert lines(out)[0]["count"] == 3
    assert lines(out)[0]["field"] == "not allowed: name"


def test_a_token_is_blotted_out_wherever_it_stands(out: io.StringIO) -> None:
    structlog.get_logger().error(f"call to /bot{TOKEN}/getMe", kind=f"x{TOKEN}")
    assert TOKEN not in out.getvalue()
    assert "[token]" in out.getvalue()


def test_a_library_is_heard_without_its_words(out: io.StringIO) -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        logging.getLogger("telegram.ext").exception("Update %s of %s", NAME, TOKEN)
    assert NAME not in out.getvalue()
    assert TOKEN not in out.getvalue()
    assert lines(out)[0]["library"] == "telegram.ext"
    assert lines(out)[0]["kind"] == "ValueError"
    assert lines(out)[0]["place"].partition(":")[0].endswith("test_logs.py")


def test_a_library_is_not_heard_below_warning(out: io.StringIO) -> None:
    logging.getLogger("httpx").info("GET /bot%s/getMe", TOKEN)
    assert out.getvalue() == ""
