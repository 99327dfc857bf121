"""`petition-bot` in tests that kill it: it takes who had the lease before for dead at once.

As it is in use, that waits for a minute, which a bot that is killed every second does not live.
"""

from functools import partialmethod

from bot.__main__ import main
from bot.broadcast.context import Durations

if __name__ == "__main__":
    at_once = partialmethod(Durations.__init__, doubt=0.0)
    setattr(Durations, "__init__", at_once)  # noqa: B010 - mypy lets nobody assign it
    main()
