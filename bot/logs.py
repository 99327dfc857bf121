"""Logs without personal data: only named fields pass, and no text that others wrote.

A log line is an event, a constant of ours, with fields from `ALLOWED`. What libraries log is
kept as a fixed form (who, how grave, which kind of error, where), since python-telegram-bot
writes whole updates into its messages and HTTP clients whole addresses.
"""

import logging
import re
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog

# Everything that may stand in a log. A new field is added here with the knowledge that it can
# never hold what a person wrote, is called, or is numbered with.
ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "logger", "update_id", "kind", "place", "trace", "count",
        "counts", "seconds", "method", "status", "remedy", "attempt", "broadcast", "state",
        "reason", "version", "revision", "database", "language", "rate", "total", "pending",
        "delivered", "unreachable", "rejected", "unknown", "withdrawn", "handled", "retried",
        "passed_over", "dropped", "setting", "withheld", "campaign", "address", "file", "key",
    }
)  # fmt: skip

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
_REDACTED = "[redacted]"
_OURS = ("bot", "handlers", "storage")
_ROOT = Path(__file__).resolve().parent.parent

Fields = MutableMapping[str, Any]


def configure_logging(
    level: str,
    json: bool | None = None,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Sends every log of this process through one form, to the standard error.

    Args:
        level: the lowest level of our own events; libraries speak from WARNING on.
        json: one JSON object a line; without it, that is so unless a person watches.
        secrets: texts that must never appear, besides everything shaped like a token.
        stream: where to, instead of the standard error.
    """
    out = stream or sys.stderr
    as_json = not out.isatty() if json is None else json
    handler = logging.StreamHandler(out)
    handler.setFormatter(OneForm(as_json, secrets))
    handler.addFilter(_is_wanted)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
