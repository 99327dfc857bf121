"""An admin who repeats a command until it is done, while the bot is killed."""

import asyncio
from functools import partial

from simulator.errors import SimulatorError
from simulator.person import Person

ORDER_SECONDS = 60.0


async def repeat_command(
    marta: Person, command: str, labels: tuple[str, ...], done: tuple[str, ...]
) -> None:
    """Sends the command and taps the labels in turn, repeatedly, until a `done` text is shown."""

    def is_done() -> bool | None:
        return any(words in m.text for m in marta.messages for words in done) or None

    def is_offered(label: str) -> bool | None:
        offered = (there for m in marta.messages for there in m.labels)
        return is_done() or any(label in there for there in offered) or None

    async with asyncio.timeout(ORDER_SECONDS):
        while not is_done():
            marta.send(command)
            for label in labels:
                await marta.chat.notifier.wait_for(partial(is_offered, label), 3)
                try:
                    marta.tap(label)
                except SimulatorError:
                    break
            await marta.chat.notifier.wait_for(is_done, 3)
