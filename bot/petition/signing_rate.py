"""How fast people sign: the time that one takes, and whether so many at once are unusual."""

from datetime import datetime

# What takes longer says nothing more, and need not be known of a person.
_FORM_SECONDS_AT_MOST = 3_600


def form_seconds(started_at: datetime | None, signed_at: datetime) -> int | None:
    """Returns in how many whole seconds a form was filled in, an hour at most.

    None if it was begun before that was kept. A clock that was put back gives 0.
    """
    if started_at is None:
        return None
    seconds = int((signed_at - started_at).total_seconds())
    return min(max(0, seconds), _FORM_SECONDS_AT_MOST)
