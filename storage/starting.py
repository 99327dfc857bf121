"""Starting a broadcast: the one transaction that freezes its content and its recipients."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storage.crypto import Keyring
from storage.database import FOR_UPDATE, Statement, Value
from storage.recipients import ELIGIBLE, LANGUAGE
from storage.times import to_millis

CLOSING: Final = "closing"

# Opening the petition again and starting another broadcast wait here for each other.
_LOCK: Final = f"SELECT slug FROM petitions WHERE slug = :petition {FOR_UPDATE}"  # noqa: S608

_BEGIN: Final = f"""
INSERT INTO broadcasts
  (id, petition, kind, state, content, content_sha256, total, created_at, started_by_sealed,
   progress_chat_sealed, progress_message_id)
SELECT :broadcast, :petition, :kind, 'running', :content, :content_sha256, 0, :at,
  :started_by_sealed, :progress_chat_sealed, CAST(:progress_message_id AS BIGINT)
WHERE EXISTS (SELECT 1 FROM petitions p WHERE p.slug = :petition AND p.closed_at IS NOT NULL)
  AND NOT EXISTS (
    SELECT 1 FROM broadcasts r WHERE r.petition = :petition AND r.state = 'running'
  )
  AND (
    CAST(:expected AS BIGINT) IS NULL
    OR (SELECT COUNT(*) FROM {ELIGIBLE}) = CAST(:expected AS BIGINT)
  )
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - constants of this package

# True in the transaction that made the broadcast, and not when it is asked for again.
_JUST_BEGUN: Final = """
EXISTS (
  SELECT 1 FROM broadcasts begun
  WHERE begun.id = :broadcast AND begun.state = 'running' AND begun.total = 0
    AND begun.created_at = :at
)
"""

# Whom Telegram refused the content for comes last: if the fault was theirs alone, it stops
# nobody else from being told.
_ENQUEUE: Final = """
INSERT INTO deliveries
  (broadcast_id, position, signature_id, language, state, attempts, updated_at)
SELECT :broadcast, ROW_NUMBER() OVER (ORDER BY refused, number), id,
  CASE WHEN language IN ({languages}) THEN language ELSE :source_language END,
  'pending', 0, :at
FROM (
  SELECT s.id AS id, s.number AS number, {language} AS language,
    CASE WHEN EXISTS (
      SELECT 1 FROM deliveries r WHERE r.signature_id = s.id AND r.state = 'rejected'
    ) THEN 1 ELSE 0 END AS refused
  FROM {eligible}
) recipient
WHERE {just_begun}
ON CONFLICT DO NOTHING
"""

_COUNT: Final = """
UPDATE broadcasts
SET total = (SELECT COUNT(*) FROM deliveries d WHERE d.broadcast_id = :broadcast)
WHERE id = :broadcast AND total = 0
"""


# It has the broadcast's own id, so it is written once however often it is tried.
_AUDIT: Final = """
INSERT INTO audit (id, petition, at, actor_sealed, action, detail)
SELECT b.id, b.petition, b.created_at, :actor_sealed, 'broadcast',
  b.kind || ' to ' || CAST(b.total AS TEXT)
FROM broadcasts b WHERE b.id = :broadcast AND b.created_at = :at
ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class AlreadyRunning:
    """Nothing was started: another broadcast of this petition is under way."""

    id: bytes


@dataclass(frozen=True, slots=True)
class PetitionOpen:
    """Nothing was started: the petition is not closed."""


@dataclass(frozen=True, slots=True)
class AudienceChanged:
    """Nothing was started: there are not as many recipients as were confirmed."""

    expected: int
    recipients: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A broadcast that is asked for.

    Attributes:
        id: 16 random bytes; starting the same one again starts nothing new.
        content: HTML by language.
        content_sha256: what the admin confirmed.
        source_language: one of the content's, for everyone whose own it lacks.
        actor: the admin's Telegram id.
        at: now.
        kind: what it is; nobody is told twice by broadcasts of one kind.
        expected: the number of recipients that the admin confirmed, or None for any.
        progress: the chat and the message in which the admin watches it, if there is one.
    """

    id: bytes
    content: Mapping[str, str]
    content_sha256: bytes
    source_language: str
    actor: int
    at: datetime
    kind: str = CLOSING
    expected: int | None = None
    progress: tuple[int, int] | None = None


def start_statements(plan: Plan, petition: str, keyring: Keyring) -> tuple[Statement, ...]:
    """Everything that starting is: all of it happens or none, and again changes nothing."""
    at = to_millis(plan.at)
    key: dict[str, Value] = {"broadcast": plan.id, "at": at}
    asked: dict[str, Value] = {**key, "petition": petition, "kind": plan.kind}
    noted = keyring.seal(str(plan.actor), table="audit", column="actor_sealed", row=plan.id)
    return (
        Statement(_LOCK, {"petition": petition}),
        Statement(_BEGIN, {**asked, **_begun_with(plan, keyring)}),
        _enqueue(plan, asked),
        Statement(_COUNT, {"broadcast": plan.id}),
        Statement(_AUDIT, {**key, "actor_sealed": noted}),
    )


def _begun_with(plan: Plan, keyring: Keyring) -> dict[str, Value]:
    def sealed(number: int, column: str) -> bytes:
        return keyring.seal(str(number), table="broadcasts", column=column, row=plan.id)

    chat, message_id = plan.progress or (None, None)
    return {
        "content": json.dumps(dict(plan.content), ensure_ascii=False, sort_keys=True),
        "content_sha256": plan.content_sha256,
        "started_by_sealed": sealed(plan.actor, "started_by_sealed"),
        "progress_chat_sealed": None if chat is None else sealed(chat, "progress_chat_sealed"),
        "progress_message_id": message_id,
        "expected": plan.expected,
    }


def _enqueue(plan: Plan, asked: Mapping[str, Value]) -> Statement:
    languages: dict[str, Value] = {f"l{i}": each for i, each in enumerate(sorted(plan.content))}
    sql = _ENQUEUE.format(
        languages=", ".join(f":{name}" for name in languages),
        language=LANGUAGE,
        eligible=ELIGIBLE,
        just_begun=_JUST_BEGUN,
    )
    return Statement(sql, {**asked, **languages, "source_language": plan.source_language})
