"""Logs without personal data: only listed fields are logged, and no text that others wrote.

A log line is an event, a constant of the program in snake_case, with fields from `ALLOWED`. What
an update or a broadcast leads to, down to each call of Telegram, has its id in every line. Of a
library's message only logger, level, kind of error and place are logged, since
python-telegram-bot writes whole updates into its messages and HTTP clients whole addresses.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TextIO

import orjson
import structlog

from bot.tracebacks import kind_of, place_of, trace_of

# All fields that may be logged. Add a field only if it can never hold what a person wrote, a
# person's name, or a person's id.
# fmt: off
ALLOWED = frozenset({
        "again_in", "attempt", "broadcast", "column", "deleted", "delivered", "dropped",
        "error_kind", "failed", "forbidden", "handled", "kind", "method", "part", "passed_over",
        "pending", "place", "rate", "reason", "recalled", "reference", "rejected", "retried",
        "seconds", "sending", "setting", "state", "total", "trace", "unconfirmed", "unreachable",
        "unrecallable", "update_id", "waiting", "withdrawn",
})
# fmt: on

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
_REDACTED = "[redacted]"
EVENT = re.compile(r"[a-z][a-z0-9_]{0,60}")


def is_debugging() -> bool:
    """Returns whether DEBUG is logged; asked first where a line would come with every call."""
    return logging.getLogger().isEnabledFor(logging.DEBUG)


def configure_logging(
    level: str,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    said: Callable[[str], str] | None = None,
) -> None:
    """Sends every log of this process through one formatter, to the standard error.

    That is one line for people on a terminal, and one JSON object a line elsewhere.

    Args:
        level: the lowest level of the program's events; libraries are logged from WARNING on.
        secrets: texts to redact, besides everything shaped like a token.
        stream: where to write, instead of the standard error.
        said: says an event in the terminal, instead of its line; an event
            without words is left out.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(OneForm(as_json=not out.isatty(), secrets=secrets, said=said))
    handler.addFilter(lambda record: _is_ours(record) or record.levelno >= logging.WARNING)
    if said is not None:
        handler.addFilter(lambda record: bool(said(str(record.msg))))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            _into_record,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    # By default, an uncaught error prints its message and lines of source.
    sys.excepthook = lambda _kind, error, _frames: _uncaught(error)
    threading.excepthook = lambda given: _uncaught(given.exc_value)


class OneForm(logging.Formatter):
    """Formats a record as one line: an event with its fields, or a library's without its text."""

    def __init__(
        self,
        *,
        as_json: bool,
        secrets: Iterable[str] = (),
        said: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__()
        self._said = said
        self._as_json = as_json
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line, with allowed fields only and secrets redacted."""
        fields = _our_fields(record) if _is_ours(record) else _library_fields(record)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields |= {"kind": kind_of(error), "place": place_of(error), "trace": trace_of(error)}
        at = datetime.fromtimestamp(record.created, UTC)
        line = _json(record, at, fields) if self._as_json else _for_people(record, at, fields)
        if self._said is not None:
            sentence = f"{at.astimezone():%H:%M:%S}  {self._said(fields['event'])}"
            # Of an unforeseen error the line is all that tells a developer where it happened.
            line = sentence if error is None else f"{sentence}\n{line}"
        for secret in self._secrets:
            line = line.replace(secret, _REDACTED)
        return _TOKEN.sub(_REDACTED, line)


def _into_record(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> dict[str, Any]:
    said = {name: event.pop(name) for name in ("exc_info",) if name in event}
    return {"msg": event.pop("event", ""), "extra": {"fields": event}, **said}


def _is_ours(record: logging.LogRecord) -> bool:
    return isinstance(getattr(record, "fields", None), Mapping)


def _our_fields(record: logging.LogRecord) -> dict[str, Any]:
    given: Mapping[str, Any] = record.__dict__["fields"]
    named = str(record.msg)
    fields = {"event": named if EVENT.fullmatch(named) else "event_withheld"}
    fields |= {name: _plain(value) for name, value in given.items() if name in ALLOWED}
    withheld = sorted(name for name in given if name not in ALLOWED)
    if withheld:
        fields["withheld"] = " ".join(name for name in withheld if EVENT.fullmatch(name))
    return fields


def _library_fields(record: logging.LogRecord) -> dict[str, Any]:
    # The place lets a developer find the message, which is not logged.
    place = f"{record.module}.py:{record.lineno}"
    return {"event": "library_message", "logger": record.name, "place": place}


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return type(value).__name__


def _json(record: logging.LogRecord, at: datetime, fields: dict[str, Any]) -> str:
    head = {"timestamp": at.isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
    try:
        return orjson.dumps(head | fields).decode()
    except TypeError:  # a lone surrogate, as in the name of a setting, or a very large number
        return json.dumps(head | fields, ensure_ascii=False)


def _for_people(record: logging.LogRecord, at: datetime, fields: dict[str, Any]) -> str:
    rest = dict(fields)
    event = str(rest.pop("event")).replace("_", " ")
    told = " ".join(f"{name}={_on_one_line(value)}" for name, value in rest.items())
    return f"{at:%H:%M:%S} {record.levelname.lower():8} {event:28} {told}".rstrip()


def _on_one_line(value: object) -> str:
    # A line break or a control sequence in a value could forge another line.
    return "".join(mark if mark.isprintable() else " " for mark in str(value))


def _uncaught(error: BaseException | None) -> None:
    if error is None or isinstance(error, KeyboardInterrupt):
        return
    told = (type(error), error, error.__traceback__)
    structlog.stdlib.get_logger("bot").critical("uncaught", exc_info=told)
