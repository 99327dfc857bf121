"""Deliveries to people whose signature is erased: counted, then deleted. New queries go here.

A delivery's row shows somebody's place in the order of signing, when and in which language they
were written to, and the ids of messages in their chat. Once the signature is erased, a broadcast
needs only the count.

A row that is being sent stays until its outcome is known, since the result finds it by its claim
and position; every change to the state of such rows counts them in the same transaction. So no
committed row without a signature is in any other state, and the two statements below see only
rows that their own transaction has locked: what the first counts is what the second deletes.
"""

from sqlalchemy import text

from storage.transaction import Transaction

_COUNT = text("""
INSERT INTO erased_deliveries (broadcast_id, state, recall_outcome, people)
SELECT broadcast_id, CASE WHEN state = 'pending' THEN CAST(:pending AS TEXT) ELSE state END,
  COALESCE(recall_outcome, ''), COUNT(*)
FROM deliveries
WHERE signature_id IS NULL AND state <> 'sending'
GROUP BY 1, 2, 3
ON CONFLICT (broadcast_id, state, recall_outcome)
DO UPDATE SET people = erased_deliveries.people + excluded.people
""")

_DELETE = text("DELETE FROM deliveries WHERE signature_id IS NULL AND state <> 'sending'")


def count_erased(tx: Transaction, pending: str = "withdrawn") -> None:
    """Counts and deletes them: the last of what erases a signature or settles deliveries.

    Args:
        tx: the transaction.
        pending: what those count as that were not sent yet: "withdrawn", or "pending" where the
            retention of signatures is over, since who was not told has not withdrawn.
    """
    if tx.change(_COUNT, {"pending": pending}):
        tx.change(_DELETE)
