"""People who keep tapping when nothing happens, and start again if they must."""

import asyncio
import time

from bot.text.translations import Words
from simulator.errors import SimulatorError
from simulator.person import Person

PATIENCE_SECONDS = 2.0


async def signs_with_retries(
    person: Person, words: Words, seconds: float, waits: list[float] | None = None
) -> None:
    """Taps what leads to the signature until the thanks are there, or the time is over.

    `waits` gets the seconds until each tap had an effect.
    """
    way = (
        words.label("✍️ Consiento y firmo"),
        words.label("Usar «{name}»", name=f"{person.user.first_name} {person.user.last_name}"),
        words.label("✍️ Firmar con mi nombre"),
    )
    async with asyncio.timeout(seconds):
        person.start()
        tapped_at = time.monotonic()
        while not was_thanked(person, words):
            before = person.chat.transcript()
            if await _changes(person, before):
                now = time.monotonic()
                if waits is not None:
                    waits.append(now - tapped_at)
                tapped_at = now
            if not was_thanked(person, words):
                _takes_the_next_step(person, way)


def was_thanked(person: Person, words: Words) -> bool:
    """Whether the thanks, or what a signer sees later, is on the screen."""
    shown = {label for message in person.messages for label in message.labels}
    return not shown.isdisjoint({words.label("Ver mi firma"), words.label("Retirar mi firma")})


async def _changes(person: Person, before: str) -> bool | None:
    return await person.chat.notifier.wait_for(
        lambda: True if person.chat.transcript() != before else None, PATIENCE_SECONDS
    )


def _takes_the_next_step(person: Person, way: tuple[str, ...]) -> None:
    for label in way:
        try:
            person.tap(label)
        except SimulatorError:
            continue
        return
    person.start()
