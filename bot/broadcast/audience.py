"""Before a broadcast starts: what is confirmed, for whom, and for how long that holds.

A confirmation is bound to all that the admin saw: the content, what it is about, to whom and to
how many it goes, when, at whose cost, and the petition's revision. So it is void when any of them
changes, and it expires.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage import Audience, Kind

VALID_FOR: Final = timedelta(minutes=10)

# Two machines' clocks may differ a little; a token from further in the future is not believed.
_CLOCK_SLACK: Final = timedelta(minutes=1)
_DIGEST_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Terms:
    """What an admin confirms.

    Attributes:
        content_sha256: the hash of what is sent.
        kind: what it is about.
        audience: to whom.
        recipients: to how many.
        revision: the petition's.
        starts_at: when, or None for at once.
        paid: whether it is paid for.
        topic: of an earlier broadcast, whose recipients are left out.
        cutoff: the last signature that is counted.
    """

    content_sha256: bytes
    kind: Kind
    audience: Audience
    recipients: int
    revision: int
    starts_at: datetime | None = None
    paid: bool = False
    topic: str | None = None
    cutoff: int | None = None

    def digest(self, asked_at: int) -> str:
        """The same for the same terms, confirmed at the same second."""
        starts_at = self.starts_at.timestamp() if self.starts_at else None
        bound = json.dumps(
            [
                asked_at,
                self.content_sha256.hex(),
                self.kind,
                self.audience.language,
                self.audience.news_only,
                self.recipients,
                self.revision,
                starts_at,
                self.paid,
                self.topic,
                self.cutoff,
            ]
        )
        digest = hashlib.sha256(bound.encode()).digest()[:_DIGEST_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def content_sha256(content: Mapping[str, object]) -> bytes:
    """The hash of a content: the same for the same messages, in whatever order they came."""
    canonical = json.dumps(
        dict(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).digest()


def expected_seconds(messages: int, rate: float) -> float:
    """How long a broadcast takes at `rate` messages a second."""
    return messages / rate


def confirmation(terms: Terms, *, now: datetime) -> str:
    """A token for a button that confirms exactly this; at most 26 of `A-Za-z0-9_.-`."""
    asked_at = int(now.timestamp())
    return f"{asked_at:x}.{terms.digest(asked_at)}"


def confirmed(token: str, terms: Terms, *, now: datetime) -> bool:
    """Whether the token confirms what would be sent now, and has not expired."""
    asked_at = _asked_at(token)
    if asked_at is None or has_expired(token, now=now):
        return False
    expected = f"{asked_at:x}.{terms.digest(asked_at)}"
    return hmac.compare_digest(token.encode(), expected.encode())


def has_expired(token: str, *, now: datetime) -> bool:
    """Whether too much time has passed since it was asked for, whatever it confirms."""
    asked_at = _asked_at(token)
    if asked_at is None:
        return True
    age = now.timestamp() - asked_at
    return not -_CLOCK_SLACK.total_seconds() <= age <= VALID_FOR.total_seconds()


def broadcast_id(token: str) -> bytes:
    """The id of the broadcast that a token starts: two taps on one button start one."""
    return hashlib.sha256(b"broadcast\x00" + token.encode()).digest()[:16]


def _asked_at(token: str) -> int | None:
    try:
        return int(token.partition(".")[0], 16)
    except ValueError:
        return None
