"""What may change calls on their way out and updates on their way in, as a rehearsal does."""

from collections.abc import Mapping
from typing import Any, Protocol


class Marks(Protocol):
    """Changes what is sent and what comes back; both ways to Telegram take one."""

    async def outgoing(
        self, method: str, params: Mapping[str, Any]
    ) -> list[tuple[str, dict[str, Any]]]:
        """Returns the calls to make in place of one, each a method and its parameters.

        The last is the one that was asked for, whose answer is returned.
        """
        ...

    def incoming(self, updates: object) -> None:
        """Changes the updates that came."""
