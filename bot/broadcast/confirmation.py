"""The token by which an admin confirms a broadcast, and for how long it is valid.

A confirmation is bound to what the admin saw: content, kind, audience, time, whether it is paid,
and the petition's revision. It is void when any of them changes, and it expires. It also names
how many recipients the admin saw, and is valid for fewer and for a few more, since people sign
and withdraw all the time (docs/decisions/what-a-confirmation-promises.md).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from storage.broadcast_types import Kind

VALID_FOR = timedelta(minutes=10)
SMALL_GROWTH = 10
"""How many recipients more than the admin saw are allowed, or a tenth, if that is more."""
MESSAGES_A_STAR = 10
LEAST_BALANCE = 10_000
"""Stars that a bot must have before Telegram lets it pay for a broadcast:
https://core.telegram.org/bots/api#paid-broadcasts"""

# Two machines' clocks may differ by this much; a token from further in the future is invalid.
_CLOCK_SLACK = timedelta(minutes=1)
_DIGEST_BYTES = 12  # in base64 they need no padding


ConfirmationTerms = Mapping[str, object]
"""What an admin confirms, by name: all that they see but the number of recipients."""


def content_sha256(content: Mapping[str, object]) -> bytes:
    """Returns the hash of a content, which does not depend on the order of its languages."""
    canonical = json.dumps(
        dict(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).digest()


def most_for_one_admin(kind: Kind, approval_above: int | None) -> int | None:
    """Returns to how many people one admin may write alone; None: to any number.

    The notice of a breach is decided on by two, whatever the settings say.
    """
    return 0 if kind is Kind.BREACH else approval_above


def price(messages: int) -> int:
    """Returns what this number of paid messages costs, in Stars, rounded up."""
    return -(-messages // MESSAGES_A_STAR)


def most_recipients(shown: int, *, approval_above: int | None, is_paid: bool = False) -> int:
    """Returns for how many recipients at most a confirmation is valid.

    Args:
        shown: how many the admin saw.
        approval_above: more recipients than this need a second admin, so a confirmation for
            fewer never grows beyond it.
        is_paid: whether it may not cost more than the price that was shown either.
    """
    most = shown + max(SMALL_GROWTH, shown // 10)
    if is_paid:
        most = min(most, MESSAGES_A_STAR * price(shown))
    if approval_above is None or shown > approval_above:
        return most
    return min(most, approval_above)


def confirmation(terms: ConfirmationTerms, recipients: int, *, now: datetime) -> str:
    """Returns a token for the button that confirms these terms: at most 33 of `A-Za-z0-9_.-`."""
    return _token(terms, recipients, int(now.timestamp()))


def confirmed(token: str, terms: ConfirmationTerms, *, now: datetime) -> bool:
    """Tells whether the token confirms these terms, and has not expired."""
    asked_at, recipients = _read(token)
    expected = _token(terms, recipients, asked_at)
    is_same = hmac.compare_digest(token.encode(), expected.encode())
    return is_same and not has_expired(token, now=now)


def shown_recipients(token: str) -> int:
    """Returns how many recipients the admin saw with this token; 0 when it is none."""
    return _read(token)[1]


def has_expired(token: str, *, now: datetime) -> bool:
    """Tells whether the token is too old (or malformed), whatever it confirms."""
    age = now.timestamp() - _read(token)[0]
    return not -_CLOCK_SLACK.total_seconds() <= age <= VALID_FOR.total_seconds()


def broadcast_id(token: str) -> bytes:
    """Returns the id of the broadcast that a token starts, so that two taps start only one."""
    return hashlib.sha256(b"broadcast\x00" + token.encode()).digest()[:16]


def _token(terms: ConfirmationTerms, recipients: int, asked_at: int) -> str:
    bound = json.dumps([asked_at, recipients, *terms.values()], default=str)
    digest = hashlib.sha256(bound.encode()).digest()[:_DIGEST_BYTES]
    return f"{asked_at:x}.{recipients:x}.{base64.urlsafe_b64encode(digest).decode()}"


def _read(token: str) -> tuple[int, int]:
    """Returns the second in which it was asked for, and the recipients; zeros if malformed."""
    try:
        asked_at, recipients, _ = token.split(".")
        return int(asked_at, 16), int(recipients, 16)
    except ValueError:
        return 0, 0
