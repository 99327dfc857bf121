"""State changes of a broadcast that has been started: pause, resume, end, report.

Each applies only in the states that allow it, so a repeat, or two at once, takes effect once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage.audit import Audit
from storage.database import Statement, Value
from storage.times import to_millis

# Counted from when it was due. After that, what it says may be out of date.
APPROVABLE_FOR: Final = timedelta(hours=24)

FINISH: Final = """
UPDATE broadcasts SET state = 'finished', ended_at = :at
WHERE id = :id AND petition = :petition AND state = 'running' AND queued_at IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM deliveries WHERE broadcast_id = :id AND state IN ('pending', 'sending')
  )
"""

STOP: Final = """
UPDATE broadcasts SET state = 'stopped', stop_reason = :reason, ended_at = :at
WHERE id = :id AND petition = :petition AND state = 'running'
"""

# A pause by the system: it has a reason, which an admin's decision clears.
HOLD: Final = """
UPDATE broadcasts SET state = 'paused', stop_reason = :reason
WHERE id = :id AND petition = :petition AND state = 'running'
"""

REPORTED: Final = """
UPDATE broadcasts SET finished_at = :at
WHERE id = :id AND petition = :petition AND finished_at IS NULL
  AND state IN ('finished', 'stopped', 'cancelled')
"""

SET_PROGRESS: Final = """
UPDATE broadcasts SET progress_chat_sealed = :chat_sealed, progress_message_id = :message_id
WHERE id = :id AND petition = :petition
"""

REQUEST_CANCEL: Final = """
UPDATE broadcasts SET cancel_requested_at = :at WHERE id = :id AND petition = :petition
"""

_IN_STATE: Final = """
EXISTS (SELECT 1 FROM broadcasts b WHERE b.id = :id AND b.petition = :petition AND {when})
"""


@dataclass(frozen=True, slots=True)
class Transition:
    """A state change that an admin can order.

    Attributes:
        action: its name in the audit log.
        change: the SQL assignments.
        when: the SQL condition under which it has an effect.
    """

    action: str
    change: str
    when: str


PAUSE: Final = Transition("pause", "state = 'paused', stop_reason = NULL", "state = 'running'")
# This also begins a planned broadcast that was paused when its time came.
RESUME: Final = Transition(
    "resume",
    "state = 'running', stop_reason = NULL, cancel_requested_at = NULL",
    "state = 'paused'",
)
CANCEL: Final = Transition(
    "cancel",
    "state = 'cancelled', stop_reason = NULL, cancel_requested_at = NULL, ended_at = :at",
    "state IN ('scheduled', 'running', 'paused')",
)
_IS_UNAPPROVED: Final = "state = 'scheduled' AND approved_by_sealed IS NULL"
# A broadcast whose time has passed goes out now, and does not count as late.
APPROVE: Final = Transition(
    "approve",
    """approved_by_sealed = :approved_by_sealed,
      starts_at = CASE WHEN starts_at < :at THEN :at ELSE starts_at END""",
    f"{_IS_UNAPPROVED} AND starts_at > :lapsed",
)
RECOUNT: Final = Transition("recount", "expected = :recipients", _IS_UNAPPROVED)
DECLINE: Final = Transition(
    "decline", "state = 'stopped', stop_reason = 'declined: ', ended_at = :at", _IS_UNAPPROVED
)
# Telegram lets a bot delete what it sent for 48 hours:
# https://core.telegram.org/bots/api#deletemessage
RECALL: Final = Transition(
    "recall",
    "recall_started_at = :at",
    """recall_started_at IS NULL AND state IN ('finished', 'stopped', 'cancelled')
      AND EXISTS (
        SELECT 1 FROM deliveries sent
        WHERE sent.broadcast_id = :id AND sent.state = 'delivered'
          AND sent.message_ids IS NOT NULL AND sent.updated_at > :since
      )""",
)


def steering_statements(
    audit: Audit,
    steering: Transition,
    key: dict[str, Value],
    *,
    actor: int | None,
    at: datetime,
    **values: Value,
) -> tuple[Statement, ...]:
    """Returns the change and its audit entry, written only if the change has an effect."""
    asked = {**key, **values}
    effect = Statement(_IN_STATE.format(when=steering.when), asked)
    name = key["id"].hex()[:8] if isinstance(key["id"], bytes) else ""
    return (
        audit.statement(
            f"broadcast_{steering.action}", actor=actor, at=at, detail=name, only_if=effect
        ),
        Statement(
            f"UPDATE broadcasts SET {steering.change}"  # noqa: S608 - constants of this file
            f" WHERE id = :id AND petition = :petition AND {steering.when}",
            {**asked, "at": to_millis(at)},
        ),
    )
