"""The process is killed repeatedly, and nobody who signed or was thanked is lost."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.text.translations import Catalogs
from simulator import Simulator
from simulator.person import Person
from storage.keyring import Keyring
from tests.support.bot_process import BotProcess
from tests.support.retrying_signer import signs_with_retries, was_thanked
from tests.support.scene import ADMIN, TOKEN, send_label

pytestmark = pytest.mark.processes

WORDS = Catalogs.load().words("es")
PEOPLE = 20


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[BotProcess]:
    for part in ("data", "keys"):
        (tmp_path / part).mkdir(mode=0o700)
    Keyring.generate(tmp_path / "keys" / "petition.key")
    async with Simulator(token=TOKEN) as simulator:
        process = BotProcess(tmp_path, simulator, rate=10.0)
        await process.start()
        yield process
        await process.kill()


def crowd(bot: BotProcess, size: int) -> list[Person]:
    return [
        bot.simulator.world.person(f"Ana{number}", last_name="García", language="es")
        for number in range(size)
    ]


def told(person: Person) -> int:
    return sum("18 de julio de 2025" in m.text for m in person.messages if not m.buttons)


async def test_with_kills_all_along_everyone_is_counted_and_told(bot: BotProcess) -> None:
    people = crowd(bot, PEOPLE)
    killing = asyncio.create_task(bot.kill_every(8, "edit", times=2))
    await asyncio.gather(*(signs_with_retries(person, WORDS, 60) for person in people))
    await killing
    assert all(was_thanked(person, WORDS) for person in people)

    marta = bot.simulator.world.person("Marta", user_id=ADMIN)
    marta.send("/stats")
    await marta.sees(f"Firmas: {PEOPLE}", 20)
    marta.send("/close")
    await marta.sees("¿Cerrar la petición?", 20)
    await marta.tap(WORDS.label("Sí, cerrar la petición")).answered(20)
    await marta.sees("La petición está cerrada", 20)
    marta.send("/broadcast")
    await marta.sees("¿Qué quieres enviar?", 20)
    await marta.tap(WORDS.label("El mensaje final")).answered(20)
    await marta.sees("¿Enviar el mensaje final?", 20)
    await marta.tap(WORDS.label("Continuar")).answered(20)
    await marta.sees("¿Seguro?", 20)
    send = send_label(WORDS, PEOPLE)
    await marta.tap(send).answered(20)
    await marta.sees("Enviando el mensaje final…", 20)
    kills = bot.kills
    await bot.kill_every(5, "sendMessage", times=2)
    await marta.sees("El mensaje final está enviado.", 60)
    copies = Counter(told(person) for person in people)
    assert copies[0] == 0
    # A kill may repeat what was in flight: at ten a second, that is never many.
    repeated = sum((number - 1) * count for number, count in copies.items())
    assert repeated <= (bot.kills - kills) * 10
    assert_nothing_personal_is_left(bot, people)


async def test_a_terminated_bot_ends_well_and_the_next_one_goes_on(bot: BotProcess) -> None:
    people = crowd(bot, 8)
    signing = [asyncio.create_task(signs_with_retries(person, WORDS, 60)) for person in people]
    await people[0].sees("personas", 20)
    assert await bot.terminate() == 0
    await bot.start()
    await asyncio.gather(*signing)
    marta = bot.simulator.world.person("Marta", user_id=ADMIN)
    marta.send("/stats")
    await marta.sees("Firmas: 8", 20)


async def test_a_second_process_says_that_one_is_running_and_exits(bot: BotProcess) -> None:
    ana = crowd(bot, 1)[0]
    ana.start()
    await ana.sees("El Salvador", 20)
    second = BotProcess(bot.folder, bot.simulator)
    await second.start()
    assert second.process is not None
    assert await second.process.wait() == 1
    assert "Another petition-bot is already running" in bot.log.read_text()


def assert_nothing_personal_is_left(bot: BotProcess, people: list[Person]) -> None:
    """Neither the files nor the log hold a name, a chat or the token, in whatever form."""
    with closing(sqlite3.connect(bot.database)) as database:
        assert database.execute("SELECT COUNT(*) FROM signatures").fetchone() == (len(people),)
    for file in [*bot.database.parent.iterdir(), bot.log]:
        content = file.read_bytes()
        assert TOKEN.encode() not in content, file.name
        for person in people:
            for canary in (
                f"{person.user.first_name} García".encode(),
                str(person.id).encode(),
                person.id.to_bytes(8, "big"),
                person.id.to_bytes(8, "little"),
            ):
                assert canary not in content, file.name
