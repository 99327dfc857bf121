"""The SQL of a broadcast's state changes, made from the table in `broadcast_states.py`.

Each has an effect only in the states that allow it, so a repeat, or two at once, take effect once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from storage.audit import Audit
from storage.broadcast_states import (
    OVER,
    TRANSITIONS,
    BroadcastAction,
    BroadcastState,
    Condition,
    PauseReason,
    StopReason,
)
from storage.broadcast_types import APPROVABLE_FOR, COUNTED_TOGETHER_FOR, Broadcast
from storage.database import Statement, Value
from storage.eligibility import ELIGIBLE, IN_LANGUAGE, asked_of
from storage.petitions import locking_petition
from storage.times import to_millis

NO_OTHER_ACTIVE = """
NOT EXISTS (
  SELECT 1 FROM broadcasts r
  WHERE r.petition = :petition AND r.state IN ('running', 'paused') AND r.id <> :broadcast
)
"""

_PETITION_CLOSED = """
EXISTS (SELECT 1 FROM petitions p WHERE p.slug = :petition AND p.closed_at IS NOT NULL)
"""

# Counted by the statement that begins it, so that supporters who have just returned are included.
_RECIPIENTS = f"(SELECT COUNT(*) FROM {ELIGIBLE} AND {IN_LANGUAGE})"  # noqa: S608

# As `recent_broadcasts` are found.
_IS_RECENT = """
started_at IS NOT NULL AND (ended_at IS NULL OR ended_at > CAST(:since AS BIGINT))
"""

_MOST_OTHERS = 20  # broadcasts of other admins that are left out of the count
_OTHERS = ", ".join(f":other{number}" for number in range(_MOST_OTHERS))

_RECENT = f"""
(SELECT id FROM broadcasts
 WHERE petition = :petition AND {_IS_RECENT} AND id <> :broadcast AND id NOT IN ({_OTHERS}))
"""  # noqa: S608 - constants of this file

# Who wrote a broadcast is encrypted, so what is known not to be one admin's alone is left out by
# its id: one that begins between that look and this statement counts.
WRITTEN_TO_RECENTLY = f"""
((SELECT COUNT(*) FROM deliveries told
  WHERE told.broadcast_id IN {_RECENT} AND told.state NOT IN ('pending', 'withdrawn'))
 + (SELECT COALESCE(SUM(erased.people), 0) FROM erased_deliveries erased
    WHERE erased.broadcast_id IN {_RECENT} AND erased.state NOT IN ('pending', 'withdrawn')))
"""  # noqa: S608 - constants of this file

_REACHED = f"{_RECIPIENTS} + {WRITTEN_TO_RECENTLY}"

_DUE = f"""
starts_at <= :at AND confirmed_by_sealed IS NOT NULL AND {NO_OTHER_ACTIVE}
AND (kind <> 'closing' OR {_PETITION_CLOSED})
"""

_CONDITIONS: Mapping[Condition, str] = {
    Condition.NONE: "1 = 1",
    Condition.DUE_TO_FEW: f"""{_DUE} AND (
      CAST(:at_most AS BIGINT) IS NULL OR {_REACHED} <= CAST(:at_most AS BIGINT)
    )""",
    Condition.DUE_TO_MANY: f"{_DUE} AND {_REACHED} > CAST(:at_most AS BIGINT)",
    Condition.PETITION_OPEN: f"kind = 'closing' AND NOT {_PETITION_CLOSED}",
    Condition.UNAPPROVED: "confirmed_by_sealed IS NULL",
    Condition.UNAPPROVED_IN_TIME: "confirmed_by_sealed IS NULL AND starts_at > :lapsed",
    Condition.UNAPPROVED_TOO_LONG: "confirmed_by_sealed IS NULL AND starts_at <= :lapsed",
    Condition.ALL_SENT: """enqueued_at IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM deliveries
      WHERE broadcast_id = :broadcast AND state IN ('pending', 'sending')
    )""",
    Condition.RECALLABLE: """recall_started_at IS NULL AND EXISTS (
      SELECT 1 FROM deliveries sent
      WHERE sent.broadcast_id = :broadcast AND sent.state = 'delivered'
        AND sent.message_ids IS NOT NULL AND sent.updated_at > :since
    )""",
    Condition.NOT_REPORTED: "reported_at IS NULL",
}

# A planned broadcast also goes to people who signed since it was planned, so it takes the last
# signature number of now.
_BEGIN = """started_at = :at,
  last_signature_number = (SELECT p.last_number FROM petitions p WHERE p.slug = :petition)"""

# What an action sets besides the state, the reasons and the end. A broadcast whose time has passed
# when it is approved goes out now, and does not count as late.
_ASSIGNMENTS: Mapping[BroadcastAction, str] = {
    BroadcastAction.BEGIN: _BEGIN,
    # The one who decides reads how many they are now.
    BroadcastAction.BEGIN_PAUSED: f"{_BEGIN}, expected = {_RECIPIENTS}",
    BroadcastAction.ASK_APPROVAL: (
        f"confirmed_by_sealed = NULL, starts_at = :at, expected = {_RECIPIENTS}"
    ),
    BroadcastAction.APPROVE: """confirmed_by_sealed = :confirmed_by_sealed,
      starts_at = CASE WHEN starts_at < :at THEN :at ELSE starts_at END""",
    BroadcastAction.RESUME: "cancel_requested_at = NULL",
    BroadcastAction.CANCEL: "cancel_requested_at = NULL",
    BroadcastAction.RECOUNT: "expected = :recipients",
    BroadcastAction.RECALL: "recall_started_at = :at",
    BroadcastAction.MARK_REPORTED: "reported_at = :at",
}

_REASONS = """pause_reason = CAST(:pause_reason AS TEXT),
  stop_reason = CAST(:stop_reason AS TEXT), reason_detail = CAST(:reason_detail AS TEXT)"""


def transition_statement(
    action: BroadcastAction,
    values: Mapping[str, Value],
    reason: PauseReason | StopReason | None = None,
    detail: str = "",
) -> Statement:
    """Returns the statement of an action that the system takes.

    Args:
        action: what is done.
        values: `broadcast`, `petition`, `at`, and what the action's condition needs besides.
        reason: why; exactly if the action has reasons.
        detail: what there is to say about the reason.

    Raises:
        ValueError: the action never has this reason.
    """
    reasons = TRANSITIONS[action].reasons
    if reason not in (reasons or (None,)):
        raise ValueError(f"{action} has no reason {reason}")
    return Statement(
        _UPDATES[action],
        {
            **values,
            "pause_reason": reason.value if isinstance(reason, PauseReason) else None,
            "stop_reason": reason.value if isinstance(reason, StopReason) else None,
            "reason_detail": None if reason is None else detail,
        },
    )


def audited_statements(
    audit: Audit,
    action: BroadcastAction,
    values: Mapping[str, Value],
    *,
    broadcast: bytes,
    actor: int | None,
    at: datetime,
) -> tuple[Statement, ...]:
    """Returns an admin's action and its audit entry, written only if the action has an effect."""
    effect = Statement(f"EXISTS (SELECT 1 FROM broadcasts WHERE {_where(action)})", values)  # noqa: S608
    (reason,) = TRANSITIONS[action].reasons or (None,)
    return (
        audit.statement(
            f"broadcast_{action}", actor=actor, at=at, detail=broadcast.hex()[:8], only_if=effect
        ),
        transition_statement(action, values, reason),
    )


def counted_together(at: datetime, others: Sequence[bytes] = ()) -> dict[str, Value]:
    """Returns the values of `WRITTEN_TO_RECENTLY`.

    Args:
        at: now.
        others: ids of broadcasts that are not one admin's alone, the newest first; those for
            which there is no room count as if they were.
    """
    padded = [*others[:_MOST_OTHERS], *[b""] * (_MOST_OTHERS - len(others))]
    return {
        "since": to_millis(at - COUNTED_TOGETHER_FOR),
        **{f"other{number}": other for number, other in enumerate(padded)},
    }


def begin_statements(
    petition: str,
    broadcast: Broadcast,
    at: datetime,
    pause: PauseReason | None,
    at_most: int | None,
    others: Sequence[bytes] = (),
) -> Iterable[Statement]:
    """Yields the transaction that begins a planned broadcast, or pauses it for a reason.

    With more than `at_most` recipients, together with what its author sent alone within a day, it
    waits for a second admin's approval instead; one that was not approved in time is stopped.
    """
    values: dict[str, Value] = {
        **asked_of(petition, broadcast),
        "at": to_millis(at),
        "at_most": at_most,
        "lapsed": to_millis(at - APPROVABLE_FOR),
        **counted_together(at, others),
    }
    yield locking_petition(petition)
    if pause is None:
        yield transition_statement(BroadcastAction.BEGIN, values)
    else:
        yield transition_statement(BroadcastAction.BEGIN_PAUSED, values, pause)
    if at_most is not None:
        yield transition_statement(BroadcastAction.ASK_APPROVAL, values)
    yield transition_statement(BroadcastAction.DROP, values, StopReason.OPEN)
    yield transition_statement(BroadcastAction.LAPSE, values, StopReason.UNAPPROVED)


def _where(action: BroadcastAction) -> str:
    transition = TRANSITIONS[action]
    states = ", ".join(f"'{state}'" for state in BroadcastState if state in transition.sources)
    return (
        f"id = :broadcast AND petition = :petition AND state IN ({states})"
        f" AND {_CONDITIONS[transition.condition]}"
    )


def _update(action: BroadcastAction) -> str:
    assignments = [_ASSIGNMENTS[action]] if action in _ASSIGNMENTS else []
    to = TRANSITIONS[action].to
    if to is not None:
        assignments += [f"state = '{to}'", _REASONS]
    if to in OVER:
        assignments.append("ended_at = :at")
    return f"UPDATE broadcasts SET {', '.join(assignments)} WHERE {_where(action)}"  # noqa: S608


_UPDATES = {action: _update(action) for action in BroadcastAction}
