"""Starting a broadcast: the one transaction that freezes its content and its recipients."""

from dataclasses import dataclass
from typing import Final

from storage.database import FOR_UPDATE, Statement, Value
from storage.recipients import ELIGIBLE, LANGUAGE

# Opening the petition again and starting another broadcast wait here for each other.
_LOCK: Final = f"SELECT slug FROM petitions WHERE slug = :petition {FOR_UPDATE}"  # noqa: S608

_BEGIN: Final = f"""
INSERT INTO broadcasts
  (id, petition, kind, state, content, content_sha256, total, created_at, started_by_sealed)
SELECT :broadcast, :petition, :kind, 'running', :content, :content_sha256, 0, :at,
  :started_by_sealed
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
class Draft:
    """A broadcast that is asked for."""

    broadcast: bytes
    petition: str
    kind: str
    content: str
    content_sha256: bytes
    languages: tuple[str, ...]
    source_language: str
    at: int
    expected: int | None
    started_by_sealed: bytes
    actor_sealed: bytes


def start_statements(draft: Draft) -> tuple[Statement, ...]:
    """Everything that starting is: all of it happens or none, and again changes nothing."""
    key: dict[str, Value] = {"broadcast": draft.broadcast, "at": draft.at}
    asked: dict[str, Value] = {**key, "petition": draft.petition, "kind": draft.kind}
    begin: dict[str, Value] = {
        **asked,
        "content": draft.content,
        "content_sha256": draft.content_sha256,
        "started_by_sealed": draft.started_by_sealed,
        "expected": draft.expected,
    }
    languages: dict[str, Value] = {f"l{i}": each for i, each in enumerate(draft.languages)}
    enqueue = _ENQUEUE.format(
        languages=", ".join(f":{name}" for name in languages),
        language=LANGUAGE,
        eligible=ELIGIBLE,
        just_begun=_JUST_BEGUN,
    )
    return (
        Statement(_LOCK, {"petition": draft.petition}),
        Statement(_BEGIN, begin),
        Statement(enqueue, {**asked, **languages, "source_language": draft.source_language}),
        Statement(_COUNT, {"broadcast": draft.broadcast}),
        Statement(_AUDIT, {**key, "actor_sealed": draft.actor_sealed}),
    )
