"""Who is to be told: the one definition, used for counting, for queueing and at every claim.

A recipient signed, has not withdrawn (a withdrawn signature is gone), can be reached, did not ask
for silence, agreed to what it is about, and has not been told by an earlier broadcast on the same
topic. What may have arrived counts as told, since a second message is worse than an unconfirmed
one. What waits in a broadcast that was stopped or cancelled does not: those people are the next
one's. So after a petition was reopened and closed again, only its new signers are told.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a broadcast is about, which decides whom it may go to."""

    CLOSING = "closing"
    """How the petition ended: nobody is told that twice."""
    UPDATE = "update"
    """A message about this petition: to anyone who signed it."""
    NEWS = "news"
    """About something else: only to those who agreed to other news."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Which of the signers.

    Attributes:
        language: only those who read it, or None for all.
        news_only: only those who agreed to other news.
    """

    language: str | None = None
    news_only: bool = False


EVERYONE: Final = Audience()

# Each text below is completed by the caller; `:petition`, `:topic`, `:news_only` and `:broadcast`
# are theirs to give. `:broadcast` is left out of "told before", so that a claim can ask about its
# own rows.
ELIGIBLE: Final = """
signatures s
WHERE s.petition = :petition
  AND s.unreachable_at IS NULL AND s.muted_at IS NULL
  AND (CAST(:news_only AS BIGINT) = 0 OR EXISTS (
    SELECT 1 FROM consents agreed
    WHERE agreed.signature_id = s.id AND agreed.news_ended_at IS NULL
      AND ',' || agreed.purposes || ',' LIKE '%,news,%'
  ))
  AND NOT EXISTS (
    SELECT 1 FROM deliveries told
    WHERE told.signature_id = s.id
      AND told.broadcast_id <> :broadcast
      AND told.broadcast_id IN (
        SELECT b.id FROM broadcasts b WHERE b.petition = :petition AND b.topic = :topic
      )
      AND (
        told.state IN ('delivered', 'unknown', 'sending')
        OR (told.state = 'pending' AND told.broadcast_id IN (
          SELECT b.id FROM broadcasts b
          WHERE b.petition = :petition AND b.state IN ('running', 'paused')
        ))
      )
  )
"""

# The conversation knows the language someone reads now; the signature the one they signed in.
LANGUAGE: Final = """
COALESCE(
  (SELECT c.language FROM conversations c
   WHERE c.petition = s.petition AND c.supporter = s.supporter),
  s.language
)
"""

IN_LANGUAGE: Final = f"(CAST(:only AS TEXT) IS NULL OR {LANGUAGE} = CAST(:only AS TEXT))"

# Whoever signs after the numbers were shown was not counted, and is not written to either.
AUDIENCE: Final = f"""
SELECT language, COUNT(*) AS recipients
FROM (
  SELECT {LANGUAGE} AS language FROM {ELIGIBLE}
    AND s.number <= CAST(:cutoff AS BIGINT) AND {IN_LANGUAGE}
) recipient
GROUP BY language
ORDER BY recipients DESC, language
"""  # noqa: S608 - constants of this file

MUTED: Final = """
SELECT COUNT(*) AS people FROM signatures
WHERE petition = :petition AND muted_at IS NOT NULL AND unreachable_at IS NULL
"""

UNREACHABLE: Final = """
SELECT COUNT(*) AS people FROM signatures
WHERE petition = :petition AND unreachable_at IS NOT NULL
"""
