"""Who is to be told: the one definition, used for counting, for starting and at every claim.

A recipient signed, has not withdrawn (a withdrawn signature is gone), can be reached, and has not
been told by an earlier broadcast of the same kind. What may have arrived counts as told, since a
second message is worse than an unconfirmed one. What waits in a broadcast that was stopped does
not: those people are the next broadcast's. So after a petition was reopened and closed again,
only its new signers are told.
"""

from typing import Final

# Each text below is completed by the caller; `:petition`, `:kind` and `:broadcast` are theirs to
# give. `:broadcast` is left out of "told before", so that a claim can ask about its own rows.
ELIGIBLE: Final = """
signatures s
WHERE s.petition = :petition
  AND s.unreachable_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM deliveries told
    WHERE told.signature_id = s.id
      AND told.broadcast_id <> :broadcast
      AND told.broadcast_id IN (
        SELECT b.id FROM broadcasts b WHERE b.petition = :petition AND b.kind = :kind
      )
      AND (
        told.state IN ('delivered', 'unknown', 'sending')
        OR (told.state = 'pending' AND told.broadcast_id IN (
          SELECT b.id FROM broadcasts b WHERE b.petition = :petition AND b.state = 'running'
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

AUDIENCE: Final = f"""
SELECT language, COUNT(*) AS recipients
FROM (SELECT {LANGUAGE} AS language FROM {ELIGIBLE}) recipient
GROUP BY language
ORDER BY recipients DESC, language
"""  # noqa: S608 - constants of this file

UNREACHABLE: Final = """
SELECT COUNT(*) AS people FROM signatures
WHERE petition = :petition AND unreachable_at IS NOT NULL
"""
