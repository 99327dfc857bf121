"""A petition lives by webhook behind nginx with TLS, from `init` to the handover.

nginx comes with Debian: `apt-get install nginx-light`.
"""

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyrage
import pytest

from bot.petition.petition import load_petition
from bot.text.translations import Catalogs
from simulator import Simulator
from simulator.person import Person
from simulator.update_queue import Update
from tests.soak.test_real_servers import nginx
from tests.support.bot_process import BotProcess
from tests.support.programs import Program, free_port, running
from tests.support.retrying_signer import signs_with_retries
from tests.support.scene import ADMIN, TOKEN, send_label

WORDS = Catalogs.load().words("es")
PEOPLE, KILLS = 100, 3
SECONDS = 180.0
AT_ONCE, PATIENCE_SECONDS = 8, 15.0
NEWS = "El jueves, en la plaza"


@asynccontextmanager
async def behind_nginx(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Simulator, BotProcess, Program]]:
    """Yields a bot that is to be set up, and the nginx before it."""
    (folder / "data").mkdir(mode=0o700)
    address = f"127.0.0.1:{free_port()}"
    proxy = nginx(folder, address)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "server.pem"))  # as Telegram's machines do
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    by_webhook = {
        "PETITION_WEBHOOK_URL": f"https://127.0.0.1:{proxy.port}/telegram",
        "PETITION_WEBHOOK_ADDRESS": address,
    }
    async with Simulator(token=TOKEN) as simulator, running(proxy):
        bot = BotProcess(folder, simulator)
        (folder / "token").write_text(TOKEN)
        token, petition = str(folder / "token"), bot.environment["PETITION_FOLDER"]
        given = ("--token-file", token, "--admin", str(ADMIN), "--petition", petition)
        await bot.does("init", "--non-interactive", *given)
        bot.more = by_webhook  # not in the file that it wrote
        try:
            yield simulator, bot, proxy
        finally:
            await bot.kill()


async def taps(person: Person, *labels: str) -> None:
    """Taps each in turn, and again when nothing happens: a bot that is killed owes a screen."""
    for label in labels:
        await person.with_button(label, SECONDS)

        def is_gone(label: str = label) -> bool | None:
            return all(label not in m.labels for m in person.messages) or None

        async with asyncio.timeout(SECONDS):
            while not is_gone():
                person.tap(label)
                await person.chat.notifier.wait_for(is_gone, PATIENCE_SECONDS)


async def sign(people: Sequence[Person], updates: str) -> None:
    """Has all of them sign, some at a time, and ask for messages."""
    at_once = asyncio.Semaphore(AT_ONCE)

    async def signs(person: Person) -> None:
        async with at_once:
            person.start()
            name = WORDS.label("Usar «{name}»", name=f"{person.user.first_name} García")
            own = (WORDS.label("✍️ Firmar con mi nombre"), name, updates)
            await taps(person, *own, WORDS.label("✍️ Consiento y firmo"))
            await person.with_button(WORDS.label("Ver mi firma"), SECONDS)

    await asyncio.gather(*map(signs, people))


def copies(people: Sequence[Person], text: str, *, buttons: bool) -> list[int]:
    """Returns how often each was sent this; screens show how it ended with other buttons."""
    return [sum(text in m.text and bool(m.buttons) == buttons for m in p.messages) for p in people]


async def test_a_petition_lives_by_webhook_behind_nginx_from_init_to_the_handover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]
) -> None:
    identity = pyrage.x25519.Identity.generate()
    monkeypatch.setenv("PETITION_AGE_RECIPIENTS", str(identity.to_public()))
    async with behind_nginx(tmp_path, monkeypatch) as (simulator, bot, proxy):
        world, begun, before = simulator.world, time.monotonic(), len(simulator.calls)
        updates: list[Update] = []
        world.updates.listeners.append(updates.append)
        await bot.start()
        petition = load_petition(tmp_path / "petition")
        most = WORDS.number(petition.updates_at_most)
        box = WORDS.label("Novedades de esta petición (máximo {n})", n=most)
        marta = world.person("Marta", user_id=ADMIN)
        people = [
            world.person(f"Ana{n}", last_name="García", language="es") for n in range(PEOPLE)
        ]
        signing = asyncio.create_task(sign(people, f"⬜ {box}"))
        for number in range(KILLS):
            await people[(number + 1) * PEOPLE // (KILLS + 2)].sees("El Salvador", SECONDS)
            await proxy.restart()
            await bot.kill()
            await bot.start()
        await signing
        people[0].send("/withdraw")
        await taps(people[0], WORDS.label("Retirar mi firma y borrar mis datos"))
        staying = people[1:]
        send = send_label(WORDS, len(staying))

        marta.send("/broadcast")
        await taps(marta, WORDS.label("Un mensaje nuevo"))
        marta.send(NEWS)
        to = f"A quienes eligieron novedades: {len(staying)}"
        on = WORDS.label("Continuar")
        await taps(marta, on, "Sobre esta petición", to, on, send)
        await marta.sees("El mensaje está enviado.", SECONDS)
        await bot.does("backup", str(tmp_path / "petition.backup"))

        marta.send("/close")
        await taps(marta, WORDS.label("Sí, cerrar la petición"))
        marta.send("/broadcast")
        await taps(marta, WORDS.label("El mensaje final"), send)
        await marta.sees("El mensaje final está enviado.", SECONDS)

        await bot.does("export", "--output", str(tmp_path / "list.age"))
        listed = json.loads(pyrage.decrypt((tmp_path / "list.age").read_bytes(), [identity]))
        manifest = hashlib.sha256(b"what was handed over").hexdigest()
        today = datetime.now(ZoneInfo(petition.time_zone)).date().isoformat()
        given = ("--on", today, "--export", listed["id"], "--manifest", manifest, "--yes")
        await bot.does("delivered", *given)
        await marta.sees("Se ha anotado la entrega", SECONDS)
        people[1].start()
        await people[1].sees("Tu nombre está en la lista que se entregó", SECONDS)
        assert await bot.terminate() == 0
        seconds = time.monotonic() - begun
    calls = simulator.calls[before:]
    refused = Counter(call.status for call in calls if call.status >= 400)
    tell(
        f"{PEOPLE} people, {len(updates)} updates, {seconds:.0f} s; nginx and the bot were killed"
        f" {KILLS} times; of {len(calls)} calls were refused {dict(refused)}"
    )
    assert refused.keys() == {400}, "what answers a tap from before a kill, or changes nothing"
    names = {f"{each.user.first_name} García" for each in staying}
    assert {each["name"] for each in listed["signatures"]} == names
    for text, has_buttons in ((NEWS, True), ("18 de julio de 2025", False)):
        assert copies(people, text, buttons=has_buttons) == [0] + [1] * len(staying)
    assert "getUpdates" not in {call.method for call in calls}


async def test_nothing_is_lost_when_a_bot_that_polls_takes_a_webhook_and_polls_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with behind_nginx(tmp_path, monkeypatch) as (simulator, bot, _):
        world, by_webhook = simulator.world, bot.more
        ana = world.person("Ana", last_name="García", language="es")
        bot.more = {}
        await bot.start()
        await signs_with_retries(ana, WORDS, SECONDS)
        for name, more in (("Luz", by_webhook), ("Eva", {})):
            assert await bot.terminate() == 0
            newcomer = world.person(name, language="es")
            newcomer.start()
            bot.more = more
            await bot.start()
            await newcomer.sees("1 persona ha firmado", SECONDS)
            assert world.webhook.url == more.get("PETITION_WEBHOOK_URL", "")
        assert await bot.terminate() == 0
