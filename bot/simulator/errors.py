"""What the simulator refuses, and what a person in it cannot do."""


class Refused(Exception):
    """The Bot API refuses a call, with the code and the words of its answer."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.retry_after = retry_after


class SimulatorError(AssertionError):
    """A person cannot do that, or waited in vain; the message shows what is on their screen."""


def bad_request(reason: str) -> Refused:
    """The call is wrong."""
    return Refused(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> Refused:
    """The call is right, but the other side does not want to hear from the bot."""
    return Refused(403, f"Forbidden: {reason}")


def conflict(reason: str) -> Refused:
    """Two ways of taking updates are in use at once."""
    return Refused(409, f"Conflict: {reason}")


def too_many(seconds: int) -> Refused:
    """The bot sends too fast."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
