"""Errors of the simulator: refused calls, and actions a person cannot take."""


class Refused(Exception):
    """The Bot API refuses a call; holds the error code and description of the answer.

    `retry_after` is in seconds.
    """

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.retry_after = retry_after


class SimulatorError(AssertionError):
    """A person cannot do something, or waited in vain; the message says what they see."""


def bad_request(reason: str) -> Refused:
    """Returns a 400: the call is wrong."""
    return Refused(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> Refused:
    """Returns a 403: the other side does not accept messages from the bot."""
    return Refused(403, f"Forbidden: {reason}")


def conflict(reason: str) -> Refused:
    """Returns a 409: updates are fetched in two ways at once."""
    return Refused(409, f"Conflict: {reason}")


def too_many(seconds: int) -> Refused:
    """Returns a 429: the bot sends too fast and must wait this many seconds."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
