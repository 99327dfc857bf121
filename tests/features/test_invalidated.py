"""A wave of false signatures: the admins are told, it is taken out, and who was in it reads so."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli.invalidate import parse_moment
from handlers.signing_alarm import look
from simulator.person import Person
from storage.database import open_database
from storage.invalidations import (
    SignatureCondition,
    find_matches,
    take_out_signatures,
    undo_invalidation,
)
from storage.petitions import petition_state
from storage.signatures import signing_rate
from storage.times import to_millis
from tests.support.raw_sql import Statement, write_all, write_sql
from tests.support.scene import Scene, a_scene
from tests.support.supporters import Supporters


async def invalidated(scene: Scene, numbers: list[int]) -> bytes:
    storage = scene.storage
    key, _ = await storage.write(
        take_out_signatures, numbers, reason="A wave", condition="", at=scene.now
    )
    return key


def read_by(person: Person) -> list[str]:
    return [message.text for message in person.messages if message.from_bot]


async def a_wave(scene: Scene, numbers: range) -> None:
    """They sign in the last half hour, by one link, and faster than anybody reads."""
    services = scene.services
    people = Supporters(services.storage.database, services.keyring)
    await people.sign(numbers)
    at = to_millis(services.clock() - timedelta(minutes=30))
    sql = "UPDATE signatures SET source = 'radio', form_seconds = 1, signed_at = :at + number"
    await write_sql(services.storage.database, sql, at=at)


async def test_the_admins_are_told_of_a_wave_once_and_not_who_is_in_it(scene: Scene) -> None:
    services = scene.services
    # A minute before the next quarter of a day begins.
    until = (services.clock() + timedelta(hours=6)).replace(minute=59, second=0)
    until = until.replace(hour=until.hour // 6 * 6 + 5)
    services.clock = lambda: until
    await scene.starts(scene.marta)
    await a_wave(scene, range(1, 30))
    await look(services)
    assert not any("poco habitual" in text for text in read_by(scene.marta))
    await a_wave(scene, range(30, 41))
    nameless = "UPDATE signatures SET name_sealed = NULL"
    await write_sql(services.storage.database, nameless)
    await look(services)
    await look(services)
    until += timedelta(minutes=2)
    await look(services)
    (told,) = [text for text in read_by(scene.marta) if "poco habitual" in text]
    for said in (
        "han llegado 40 firmas",
        "firmas. Formularios sin nombre rellenados en menos de 2 segundos, sin tiempo de leerlos: "
        "40.\n\nSin nombre: 40. De quienes se sabe cuánto tardaron, la mitad firmó en 1 s o "
        "menos.\n\nPuede",
        " --without-name --form-seconds-under 2 --dry-run\nSi se ve",
    ):
        assert said in told
    assert "Persona" not in told
    # What the notice names takes out what it counted, and then there is nothing to be told of.
    found = await services.storage.read(
        find_matches, SignatureCondition(form_seconds_under=2, with_name=False)
    )
    await invalidated(scene, found.numbers)
    assert (await services.storage.read(signing_rate, services.clock())).signed == 0
    scene.marta.send("/stats")
    await scene.marta.sees("Sin contar, por anuladas: 40")
    until += timedelta(hours=12)
    await a_wave(scene, range(41, 121))
    day, hours = (to_millis(until - timedelta(hours=ago)) for ago in (26, 5))
    await write_all(
        services.storage.database,
        Statement("UPDATE signatures SET signed_at = :day WHERE number = 41", {"day": day}),
        Statement(
            "UPDATE signatures SET signed_at = :hours WHERE number IN (42, 43, 44)",
            {"hours": hours},
        ),
        Statement("UPDATE signatures SET form_seconds = 30 WHERE number IN (98, 99)"),
        Statement("UPDATE signatures SET source = NULL WHERE number = 120"),
        Statement(f"{nameless} WHERE number BETWEEN 46 AND 80"),
        Statement("UPDATE signatures SET form_seconds = 2 WHERE number BETWEEN 77 AND 82"),
    )
    await look(services)
    words, hour = scene.words, timedelta(hours=1)
    begin, end = (
        f"{each.astimezone(words.zone):%Y-%m-%d %H:%M}"
        for each in (until - hour, until + timedelta(minutes=1))
    )
    command = f'petition-bot invalidate --from "{begin}" --to "{end}"'
    assert read_by(scene.marta)[-1] == (
        "👀 Las firmas llegan de una manera poco habitual.\n\n"
        f"Entre las {words.clock(until - hour)} y las {words.clock(until)} han llegado 76 firmas. "
        "Son muchas más de lo habitual: en la hora con más firmas del día anterior hubo 3. "
        "Formularios con nombre rellenados en menos de 3 segundos, sin tiempo de leerlos: 39. "
        "Formularios sin nombre rellenados en menos de 2 segundos, sin tiempo de leerlos: 31.\n\n"
        "Con nombre: 41. De quienes se sabe cuánto tardaron, la mitad firmó en 1 s o menos.\n"
        "Sin nombre: 35. De quienes se sabe cuánto tardaron, la mitad firmó en 1 s o menos.\n\n"
        "Puede que la petición se esté compartiendo mucho o que la haya difundido un medio o un "
        "boletín. También puede que alguien esté firmando con cuentas falsas. El bot no sabe cuál "
        "es el caso, y no ha cambiado nada.\n\n"
        "Quien administra el servidor puede ver cómo son, sin cambiar nada, con:\n"
        f"{command} --with-name --form-seconds-under 3 --dry-run\n"
        f"{command} --without-name --form-seconds-under 2 --dry-run\n"
        'Si se ve que son falsas, lo mismo con --reason "…" en lugar de --dry-run hace que no se '
        "cuenten, y se puede deshacer. También aparta a las personas que haya entre ellas, así "
        "que conviene acotarlo más."
    )
    until += timedelta(minutes=5)
    await look(services)
    assert sum("poco habitual" in text for text in read_by(scene.marta)) == 2, "each wave once"
    # Of a wave of former forms nobody knows how long they took, and it came by no link. Of four
    # among them, without a name, it is known, and not said.
    until += timedelta(hours=13)
    await a_wave(scene, range(121, 181))
    await write_all(
        services.storage.database,
        Statement("UPDATE signatures SET source = NULL, form_seconds = NULL"),
        Statement(f"{nameless}, form_seconds = 9 WHERE number > 176"),
        Statement(
            "UPDATE signatures SET signed_at = :hours WHERE number < 121",
            {"hours": to_millis(until - timedelta(hours=26))},
        ),
        Statement(
            "UPDATE signatures SET signed_at = :hours WHERE number IN (42, 43)",
            {"hours": to_millis(until - timedelta(hours=5))},
        ),
    )
    await look(services)
    parts = read_by(scene.marta)[-1].split("\n\n")
    assert parts[1].endswith(
        "han llegado 60 firmas. Son muchas más de lo habitual: en la hora con más firmas del día "
        "anterior hubo 2."
    )
    assert parts[2].startswith("Puede que la petición")
    assert parts[3].split("\n")[1].endswith(f'{until + timedelta(minutes=1):%M}" --dry-run')


async def test_marta_who_could_not_be_told_of_the_wave_reads_of_it_after_a_restart(
    scene: Scene,
) -> None:
    await scene.starts(scene.marta)
    scene.marta.block()
    await a_wave(scene, range(1, 41))
    await look(scene.services)
    await scene.stop_bot()
    scene.simulator.calls.clear()
    scene.marta.unblock()
    database = await open_database(scene.settings.database_url)
    for table, column in (("signatures", "signed_at"), ("petition_notices", "sent_at")):
        ago = f"UPDATE {table} SET {column} = {column} - :days"  # noqa: S608 - of this test
        await write_sql(database, ago, days=3 * 86_400_000)
    await database.close()
    await scene.start_bot()
    told = await scene.marta.sees("poco habitual", 60)
    day = scene.words.date(scene.now - timedelta(days=3))
    assert f"han llegado 40 firmas. Fue el {day}. Formularios con nombre" in told.text
    await look(scene.services)
    assert sum("poco habitual" in text for text in read_by(scene.marta)) == 1


async def test_ana_who_was_taken_out_reads_so_and_can_withdraw(scene: Scene) -> None:
    ana = scene.ana
    await scene.all_sign(ana, scene.jordi)
    key = await invalidated(scene, [1])
    ana.start()
    home = await ana.sees("Por ahora tu firma no se cuenta")
    assert "escribe a datos@example.org" in home.text
    assert "te contaremos" not in home.text
    assert "1 persona ha firmado." in home.text
    ana.send("/mydata")
    mine = await ana.sees("Nombre: Ana García")
    assert "Por ahora tu firma no se cuenta" in mine.text
    assert "Te escribiremos" not in mine.text
    await scene.storage.write(undo_invalidation, key, scene.now)
    ana.start()
    await ana.sees("2 personas han firmado.")
    await scene.settled()
    assert "Por ahora" not in scene.screen(ana).text
    await invalidated(scene, [1])
    await scene.closes()
    scene.sean.start()
    await scene.sean.sees("1 person")
    await scene.withdraws(ana)
    await ana.sees("Tu firma está retirada")
    assert (await scene.storage.read(petition_state)).signatures == 1


async def test_nobody_is_told_who_signed_but_themselves(tmp_path: Path) -> None:
    """Whoever signed, Jordi and the admin read the same: only that somebody did."""
    read = []
    for is_ana in (True, False):
        folder = tmp_path / str(is_ana)
        folder.mkdir()
        async with a_scene(folder) as scene:
            eva = scene.world.person("Eva", language="es")
            signer = scene.ana if is_ana else eva
            await scene.starts(signer, "para-ana" if is_ana else None)
            await scene.signs(signer, "Ana García" if is_ana else "Eva Soler")
            jordi, marta = scene.jordi, scene.marta
            for payload in ("share", "para-ana", str(scene.ana.id), "1"):
                await scene.starts(jordi, payload)
            for typed in ("/mydata", "/withdraw", "/stop", "Ana García"):
                await scene.says(jordi, typed)
            for typed in ("/stats", "/broadcasts", "/start para-ana", "/mydata"):
                await scene.says(marta, typed)
            said = [*read_by(jordi), *read_by(marta)]
            assert any("1 persona ha firmado" in text for text in said)
            # The picture is left out while many wait, and a clock moves on.
            read.append(
                {re.sub(r"\d\d?:\d\d", "", text) for text in said if "Tarjeta" not in text}
            )
    assert read[0] == read[1]


async def test_the_night_the_clocks_go_back_the_command_shows_the_hour_of_the_wave(
    scene: Scene,
) -> None:
    """At ten to three, an hour after the first ten to three."""
    until = datetime(2026, 10, 25, 1, 50, tzinfo=UTC)
    scene.services.clock = lambda: until
    await scene.starts(scene.marta)
    await a_wave(scene, range(1, 41))
    await look(scene.services)
    told = read_by(scene.marta)[-1]
    typed = re.search('--from "(.+?)" --to "(.+?)"', told)
    assert typed is not None, told
    zone = scene.words.zone
    moments = [parse_moment(each, zone) for each in typed.groups()]
    assert moments == [until - timedelta(hours=1), until + timedelta(minutes=1)]
