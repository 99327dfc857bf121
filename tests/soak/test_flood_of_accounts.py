"""Two thousand accounts flood the bot while others come to sign; it prints how they fare."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from simulator.errors import SimulatorError
from simulator.person import Person
from storage.petitions import petition_state
from tests.soak.ordinary_people import OrdinaryPerson, WaitTimes
from tests.support.percentiles import percentile
from tests.support.scene import Scene, a_scene

_ACCOUNTS = 2_000
_EVERY_SECONDS = 20.0
_COME = 17
_ROUND_SECONDS = 100.0
# Of the accounts, one in so many goes into the form and types names, as whoever signs does.
_IN_FORM = 5


async def test_how_many_sign_while_two_thousand_accounts_flood(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    async with a_scene(tmp_path) as scene:
        flood = [asyncio.create_task(_floods(scene, number)) for number in range(_ACCOUNTS)]
        for when in ("as it begins", "once each account was answered", "later"):
            watch, before = WaitTimes(), await _signatures(scene)
            await asyncio.gather(*(_comes(scene, watch, when, number) for number in range(_COME)))
            signed = await _signatures(scene) - before
            firsts = [wait.seconds for wait in watch.firsts] or [0.0]
            taps = [wait.seconds for wait in watch.taps] or [0.0]
            tell(
                f"Of {_COME} who come {when}, {signed} sign; first screens p50"
                f" {percentile(firsts, 0.5):.1f} s, the last {max(firsts):.1f} s; taps p99"
                f" {percentile(taps, 0.99):.1f} s"
            )
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
        assert await _signatures(scene) > 0
        assert scene.simulator.refused == [], "Telegram's limits are kept in a flood too"


async def _floods(scene: Scene, number: int) -> None:
    dice = random.Random(number)  # noqa: S311 - repeatable, not secret
    person = scene.world.person(f"Eva{number}", language="es")
    await asyncio.sleep(dice.uniform(0.0, _EVERY_SECONDS))
    while True:
        _does(scene, person, in_form=number % _IN_FORM == 0)
        await asyncio.sleep(dice.uniform(0.5, 1.5) * _EVERY_SECONDS)


def _does(scene: Scene, person: Person, *, in_form: bool) -> None:
    if in_form:
        try:
            person.tap(scene.words.label("✍️ Firmar con mi nombre"))
        except SimulatorError:
            person.send("Eva Primera")
        else:
            return
    person.start()


async def _comes(scene: Scene, watch: WaitTimes, when: str, number: int) -> None:
    person = scene.world.person(f"Luz{number}", language="es")
    dice, now = random.Random(number), asyncio.get_running_loop().time()  # noqa: S311 - as above
    one = OrdinaryPerson(person, dice, watch, types=number % 3 == 0)
    late = number / _COME * _ROUND_SECONDS / 2
    await one.lives(now + late, now + _ROUND_SECONDS)


async def _signatures(scene: Scene) -> int:
    return (await scene.storage.read(petition_state)).signatures
