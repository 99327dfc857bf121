"""A petition begins by polling, is closed and told by webhook, and ends by polling.

The webhook is behind nginx with TLS: `apt-get install nginx-light`.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.text.translations import Catalogs
from simulator import Simulator
from simulator.person import Person
from storage.keyring import Keyring
from tests.soak.retrying_admin import repeat_command
from tests.soak.test_real_servers import nginx
from tests.support.bot_process import BotProcess
from tests.support.programs import free_port, running
from tests.support.retrying_signer import signs_with_retries
from tests.support.scene import ADMIN, TOKEN

WORDS = Catalogs.load().words("es")
PEOPLE = 20
SECONDS = 120.0
FINAL = (WORDS.label("El mensaje final"), WORDS.label("Continuar"), "Enviar a ")


def told(person: Person) -> int:
    return sum("18 de julio de 2025" in m.text for m in person.messages if not m.buttons)


async def sign(people: Sequence[Person]) -> None:
    await asyncio.gather(*(signs_with_retries(each, WORDS, SECONDS) for each in people))


async def test_a_petition_lives_behind_nginx_and_loses_nothing_when_the_way_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("data", "keys"):
        (tmp_path / part).mkdir(mode=0o700)
    Keyring.generate(tmp_path / "keys" / "petition.key")
    address = f"127.0.0.1:{free_port()}"
    proxy = nginx(tmp_path, address)
    # What Telegram's machines trust.
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    by_webhook = {
        "PETITION_WEBHOOK_URL": f"https://127.0.0.1:{proxy.port}/telegram",
        "PETITION_WEBHOOK_ADDRESS": address,
    }
    async with Simulator(token=TOKEN) as simulator, running(proxy):
        world = simulator.world
        marta = world.person("Marta", user_id=ADMIN)
        people = [
            world.person(f"Ana{n}", last_name="García", language="es") for n in range(PEOPLE)
        ]
        bot = BotProcess(tmp_path, simulator)
        try:
            await bot.start()
            await sign(people[:10])

            assert await bot.terminate() == 0
            marta.send("/stats")
            bot.more = by_webhook
            await bot.start()
            await marta.sees("Firmas: 10", SECONDS)
            assert world.webhook.url == by_webhook["PETITION_WEBHOOK_URL"]
            signing = asyncio.create_task(sign(people[10:]))
            await people[-1].sees("El Salvador", SECONDS)
            await proxy.restart()
            await signing
            closing = (WORDS.label("Sí, cerrar la petición"),)
            await repeat_command(marta, "/close", closing, ("está cerrada",))
            begun = ("Enviando el mensaje", "está enviado")
            await repeat_command(marta, "/broadcast", FINAL, begun)
            await marta.sees("El mensaje final está enviado.", SECONDS)

            assert await bot.terminate() == 0
            people[0].start()
            bot.more = {}
            await bot.start()
            await people[0].sees("Esta acción ha terminado", SECONDS)
            assert world.webhook.url == ""
            marta.send("/stats")
            await marta.sees(f"Firmas: {PEOPLE}", SECONDS)
            assert await bot.terminate() == 0
        finally:
            await bot.kill()
        told = [
            sum("18 de julio de 2025" in m.text for m in p.messages if not m.buttons)
            for p in people
        ]
    assert told == [1] * PEOPLE
