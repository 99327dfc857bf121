"""A record of every message of the bot that arrived: in which chat, when, and how often.

It is written when a message arrives, so it includes messages whose answer was lost on the
way back and those deleted later. A row takes 32 bytes.
"""

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.simulator.chats import Chat, Message

_Content = tuple[int, int, str]
"""Chat and number of the copied message, or zeros, and the text or caption."""


@dataclass(frozen=True, slots=True)
class DeliveryTally:
    """How many people got a message exactly once, and who did not.

    `repeated` counts the arrivals of those who got it more than once; `never` holds the chats
    it did not reach.
    """

    once: int
    repeated: Mapping[int, int]
    never: Collection[int]

    @property
    def exact(self) -> bool:
        """Whether everybody got the message once."""
        return not self.repeated and not self.never


class MessageLog:
    """Every message of the bot that arrived, in order; `chats` are those of the world."""

    def __init__(self, chats: Mapping[int, Chat]) -> None:
        self._chats_now = chats
        self._at = array("d")
        self._chat = array("q")
        self._message = array("q")
        self._content = array("q")
        self._numbers: dict[_Content, int] = {}

    def __len__(self) -> int:
        return len(self._at)

    def add(self, at: float, message: Message, source: Message | None) -> None:
        """Records one message; `source` is the message it copies or forwards."""
        origin = (source.chat.id, source.id) if source is not None else (0, 0)
        content = (*origin, message.text)
        self._at.append(at)
        self._chat.append(message.chat.id)
        self._message.append(message.id)
        self._content.append(self._numbers.setdefault(content, len(self._numbers)))

    def count_by_chat(
        self,
        *,
        text: str | None = None,
        copy_of: Message | None = None,
        since: int = 0,
        still_there: bool = False,
    ) -> Counter[int]:
        """Returns how often matching messages arrived, by chat.

        Args:
            text: Only messages with this in their text or caption.
            copy_of: Only copies and forwards of this message.
            since: Only from this row on; `len(arrivals)` is the number of the next row.
            still_there: Only messages that have not been deleted.
        """
        rows = self._rows(text, copy_of, since)
        if still_there:
            rows = (row for row in rows if self._is_there(row))
        return Counter(self._chat[row] for row in rows)

    def times(
        self, *, text: str | None = None, copy_of: Message | None = None, since: int = 0
    ) -> list[float]:
        """Returns when matching messages arrived, as Unix times."""
        return [self._at[row] for row in self._rows(text, copy_of, since)]

    def tally(
        self,
        chats: Iterable[int],
        *,
        text: str | None = None,
        copy_of: Message | None = None,
        since: int = 0,
    ) -> DeliveryTally:
        """Returns which of these chats got a matching message once, repeatedly or never."""
        found = self.count_by_chat(text=text, copy_of=copy_of, since=since)
        wanted = {chat: found[chat] for chat in chats}
        return DeliveryTally(
            once=sum(times == 1 for times in wanted.values()),
            repeated={chat: times for chat, times in wanted.items() if times > 1},
            never={chat for chat, times in wanted.items() if not times},
        )

    def _rows(self, text: str | None, copy_of: Message | None, since: int) -> Iterator[int]:
        origin = (copy_of.chat.id, copy_of.id) if copy_of is not None else None
        wanted = {
            number
            for content, number in self._numbers.items()
            if (origin is None or content[:2] == origin) and (text is None or text in content[2])
        }
        return (row for row in range(since, len(self)) if self._content[row] in wanted)

    def _is_there(self, row: int) -> bool:
        chat = self._chats_now.get(self._chat[row])
        return chat is not None and self._message[row] in chat.messages
