"""Before a broadcast starts: what is confirmed, for whom, and for how long that holds.

A confirmation is bound to the content, the number of recipients and the petition's revision that
the admin saw, so it is void when any of them changes, and it expires.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

VALID_FOR: Final = timedelta(minutes=10)

# Two machines' clocks may differ a little; a token from further in the future is not believed.
_CLOCK_SLACK: Final = timedelta(minutes=1)
_DIGEST_BYTES: Final = 12


def content_sha256(content: Mapping[str, str]) -> bytes:
    """The hash of a content: the same for the same texts, in whatever order they came."""
    canonical = json.dumps(
        dict(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).digest()


def expected_seconds(recipients: int, rate: float) -> float:
    """How long a broadcast takes at `rate` messages a second."""
    return recipients / rate


def confirmation(*, content_sha256: bytes, recipients: int, revision: int, now: datetime) -> str:
    """A token for a button that confirms exactly this; at most 26 of `A-Za-z0-9_.-`."""
    asked_at = int(now.timestamp())
    return f"{asked_at:x}.{_digest(asked_at, content_sha256, recipients, revision)}"


def confirmed(
    token: str,
    *,
    content_sha256: bytes,
    recipients: int,
    revision: int,
    now: datetime,
    valid_for: timedelta = VALID_FOR,
) -> bool:
    """Whether the token confirms what would be sent now, and has not expired."""
    asked_at = _asked_at(token)
    if asked_at is None:
        return False
    age = now.timestamp() - asked_at
    if not -_CLOCK_SLACK.total_seconds() <= age <= valid_for.total_seconds():
        return False
    expected = f"{asked_at:x}.{_digest(asked_at, content_sha256, recipients, revision)}"
    return hmac.compare_digest(token.encode(), expected.encode())


def broadcast_id(token: str) -> bytes:
    """The id of the broadcast that a token starts: two taps on one button start one."""
    return hashlib.sha256(b"broadcast\x00" + token.encode()).digest()[:16]


def _asked_at(token: str) -> int | None:
    try:
        return int(token.partition(".")[0], 16)
    except ValueError:
        return None


def _digest(asked_at: int, content_sha256: bytes, recipients: int, revision: int) -> str:
    bound = b"|".join(
        [str(number).encode() for number in (asked_at, recipients, revision)] + [content_sha256]
    )
    digest = hashlib.sha256(bound).digest()[:_DIGEST_BYTES]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
