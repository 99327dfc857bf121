"""The petition closes on its date; the admins are told before, then, and while nobody knows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.petition.retention_days import day_of
from bot.petition_folder.schema import months_later
from handlers.due_notices import look, of_its_end
from simulator.person import Person
from storage.admins import save_admin_name
from storage.broadcasts import count_audience
from storage.closing_texts import publish_closing_texts
from storage.database import open_database
from storage.petitions import PetitionState, close_petition_if_due, follow_folder, petition_state
from storage.restores import held_restore, record_restore, release_restore
from telegram_text.markup import parse
from tests.support.admin_scene import AdminScene
from tests.support.audit_entries import newest_audit_entries
from tests.support.raw_sql import write_sql
from tests.support.restores import mark_restore_repeated
from tests.support.scene import Scene, data_of
from tests.support.storage_calls import Proceed, call_instead
from tests.support.supporters import Supporters

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def look_after(scene: Scene, ahead: timedelta) -> None:
    """The bot looks at its dates, so much later."""
    then = scene.now + ahead
    await look(replace(scene.services, clock=lambda: then))


def told(person: Person, words: str) -> int:
    return sum(words in message.text for message in person.messages)


async def test_marta_gives_it_a_date_and_everyone_sees_it(scene: Scene) -> None:
    words = scene.words
    day = (scene.now + 60 * DAY).astimezone(words.zone)
    await scene.says(scene.marta, f"/close {day:%d/%m/%Y}")
    moment, title = f"{words.date(day)} a las 23:59", scene.petition.texts_in("es").title
    asked = await scene.marta.with_button(words.label("Sí, cerrarla ese día"))
    assert asked.text == (
        f"¿Cerrar la petición el {moment}?\n\n«{title}»\n\n"
        "Hasta entonces se puede firmar, y quien lea la petición verá la fecha. A partir de ese "
        "momento no se guarda ninguna firma más. Una semana y un día antes, el bot avisará a "
        "todas las personas que la administran. Para cambiar la fecha o quitarla, escribe otra "
        "vez /close."
    )
    await scene.taps(scene.marta, words.label("Sí, cerrarla ese día"))
    await scene.marta.sees(f"La petición se cerrará sola el {moment}.")
    await scene.starts(scene.ana)
    state = await scene.storage.read(petition_state)
    assert state.closes_at is not None
    until = f"Se puede firmar hasta el {words.date(day)} a las 23:59."
    assert until in scene.screen(scene.ana).text
    await scene.signs(scene.ana)
    scene.marta.send("/close")
    await scene.marta.sees(f"Si no haces nada, se cerrará sola el {moment}.")
    remove = words.label("Quitar la fecha")
    asked = await scene.marta.with_button(remove)
    data = data_of(asked, remove)
    await scene.taps(scene.marta, remove)
    await scene.marta.sees("La petición queda abierta, sin fecha de cierre.")
    assert (await scene.storage.read(petition_state)).closes_at is None
    await scene.closes()
    await scene.answered(scene.marta.tap_data(asked.id, data))
    assert scene.marta.chat.messages[asked.id].text.startswith(
        "⚠️ No he cambiado la fecha: la petición ha cambiado mientras tanto.\n\n"
        "La petición ya está cerrada."
    )


async def test_a_date_is_read_however_it_is_typed_or_asked_again(scene: Scene) -> None:
    then = scene.now
    last = f"31/12/{then.year + 1}"
    for typed, closes in (
        (f"\n{last.replace('/', '.')}", "23:59"),
        (f"  {last}\n18:30", "18:30"),
        (" 31.12", "23:59"),
    ):
        await scene.says(scene.marta, f"/close{typed}")
        asked = scene.marta.messages[-1].text
        assert asked.startswith("¿Cerrar la petición el 31 de diciembre de "), typed
        assert asked.splitlines()[0].endswith(f" a las {closes}?")
    past = "Ese momento ya ha pasado."
    for typed, answer in (
        ("cuando puedas", "No entiendo cuándo."),
        ("24/11/2001", past),
        ("24/11/2101 10:00", "hasta con 730 días"),
    ):
        await scene.says(scene.marta, f"/close {typed}")
        assert answer in scene.marta.messages[-1].text, typed
        assert not scene.marta.messages[-1].buttons


async def test_who_closes_too_late_reads_what_would_be_erased(scene: Scene) -> None:
    known, then, past = scene.services, scene.now, "Ese momento ya ha pasado."
    people = Supporters(known.storage.database, known.keyring, signed_at=then - 100 * DAY)
    await people.sign([1])
    erased_on = months_later(day_of(then - 100 * DAY, known.petition.zone), 21)
    for day, warned in ((erased_on - DAY, 0), (erased_on, 1)):
        await scene.says(scene.marta, f"/close {day:%d/%m/%Y}")
        said = "Antes se borrarán firmas: ninguna se guarda más de 21 meses."
        assert told(scene.marta, said) == warned
    # The first and the last days of the calendar.
    for zone, typed, answer in (
        ("America/Bogota", "31/12/9999 23:00", "hasta con 730 días"),
        ("Europe/Madrid", "01/01/0001 0:10", past),
    ):
        known.petition = known.petition.model_copy(update={"time_zone": zone})
        await scene.says(scene.marta, f"/close {typed}")
        await scene.marta.sees(answer)
    await scene.says(scene.marta, "/close")
    place = scene.marta.messages[-1].id
    for seconds, answer in (
        (10**9, past),
        (4_102_444_800, "hasta con 730 días"),
        *((seconds, "La petición está abierta.") for seconds in (253402300000, 2**40)),
    ):
        await scene.answered(scene.marta.tap_data(place, f"adm:date:0.{seconds}"))
        assert answer in scene.marta.chat.messages[place].text
    assert told(scene.marta, "Algo ha fallado") == 0
    assert await known.storage.read(petition_state) == PetitionState(1, None, None, 0)


async def test_a_yes_from_before_another_date_or_the_closing_changes_nothing(scene: Scene) -> None:
    words, then, storage = scene.words, scene.now, scene.storage
    await scene.says(scene.marta, f"/close {then + 9 * DAY:%d/%m/%Y 10:00}")
    old = await scene.marta.with_button(words.label("Sí, cerrarla ese día"))
    data = next(b.data or "" for row in old.buttons for b in row if b.data)
    await scene.says(scene.marta, f"/close {then + 20 * DAY:%d/%m/%Y 10:00}")
    await scene.taps(scene.marta, words.label("Sí, cerrarla ese día"))
    chosen = (await storage.read(petition_state)).closes_at
    await scene.answered(scene.marta.tap_data(old.id, data))
    assert chosen is not None
    there = parse(words.moment(chosen)).text
    assert scene.marta.chat.messages[old.id].text == (
        "⚠️ No he cambiado la fecha: la petición ha cambiado mientras tanto.\n\n"
        "La petición está abierta. Para cerrarla, escribe /close. "
        f"Si no haces nada, se cerrará sola el {there}."
    )
    assert (await storage.read(petition_state)).closes_at == chosen
    await scene.says(scene.marta, f"/close {then + 30 * DAY:%d/%m/%Y}")
    button = scene.marta.messages[-1]
    scene.services.clock = lambda: then + 21 * DAY
    await scene.taps(scene.marta, words.label("Sí, cerrarla ese día"))
    assert "ya está cerrada" in scene.marta.chat.messages[button.id].text
    assert (await storage.read(petition_state)).is_closed


async def test_a_date_that_came_while_the_bot_was_off_is_not_moved_by_the_folder(
    scene: Scene,
) -> None:
    await scene.stop_bot()
    database = await open_database(scene.settings.database_url)
    await write_sql(database, "UPDATE petitions SET closes_at = 1")
    await database.close()
    assert scene.petition.closes_at is None
    await scene.start_bot()
    assert (await scene.storage.read(petition_state)).is_closed


async def test_ana_at_the_consent_is_told_that_its_date_has_come(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    await scene.to_the_name(ana)
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    await scene.storage.write(follow_folder, scene.now)
    assert "la petición se cerró antes" in await scene.consents(ana)
    state = await scene.storage.read(petition_state)
    assert state.is_closed
    assert state.signatures == 0


async def test_the_admins_are_told_a_week_and_a_day_before(scene: Scene) -> None:
    scene.marta.start()
    await scene.all_sign(scene.ana, scene.jordi)
    closes_at = scene.now + 30 * DAY
    await scene.storage.write(follow_folder, closes_at)
    for ahead, notices in ((22, 0), (24, 1), (25, 1), (29.5, 2), (29.6, 2)):
        await look_after(scene, ahead * DAY)
        assert told(scene.marta, "se cerrará sola el") == notices, ahead
    there = parse(scene.words.moment(closes_at)).text
    assert scene.marta.messages[-1].text == (
        f"⏳ La petición se cerrará sola el {there}.\n\n"
        "A partir de ese momento nadie más podrá firmar, y quien entre verá cómo ha terminado: "
        "comprueba antes que el mensaje final está como debe. Para cambiar la fecha o quitarla, "
        "escribe /close."
    )
    await scene.storage.write(close_petition_if_due, closes_at, None)
    await scene.withdraws(scene.jordi)
    for _ in range(2):
        await look_after(scene, 31 * DAY)
    assert told(scene.marta, "se ha cerrado en su fecha") == 1
    assert scene.marta.messages[-1].text == (
        "La petición se ha cerrado en su fecha.\n\n2 personas han firmado.\n\n"
        "Para contarles cómo ha terminado a quienes firmaron, escribe /broadcast. Para deshacer "
        "el cierre, /reopen."
    )
    assert (await scene.storage.read(petition_state)).closed_signatures == 2


async def test_where_nobody_was_told_the_admins_are_reminded_every_week(scene: Scene) -> None:
    """Signers are counted once for each reminder: of a hundred thousand that takes 0.3 s."""
    await scene.signs(scene.ana)
    await scene.closes()
    counted = []

    async def audience(count: Proceed, **asked: Any) -> object:
        counted.append(asked)
        return await count(**asked)

    call_instead(scene.patch, count_audience, audience)
    waits = (
        "⚠️ Se les prometió contarles cómo terminaba la petición, y nadie lo ha hecho.\n\n"
        f"Se cerró el {scene.words.date(scene.now)}, y 1 persona que firmó no ha recibido el "
        "mensaje final.\n\nPara contárselo, escribe /broadcast y elige «El mensaje final».\n\n"
        "Hasta que se envíe, el bot te lo recordará cada semana."
    )
    for ahead, said in (
        (29.9, 0),
        (30.1, 1),
        (36.9, 1),
        (37.1, 2),
        (58.1, 3),
        (58.2, 3),
        (200, 4),
    ):
        await look_after(scene, ahead * DAY)
        assert told(scene.marta, waits) == said, ahead
        assert len(counted) == said
    await scene.broadcasts(1)
    counted.clear()
    for ahead in (300, 300.1, 300.2):
        await look_after(scene, ahead * DAY)
    assert told(scene.marta, "que firmó no ha recibido") == 4
    assert len(counted) == 1


def test_it_is_said_of_a_day_only_when_a_bot_was_down_for_the_week_before() -> None:
    state = PetitionState(0, None, None, 0, NOON)
    found = {
        hours: [notice.kind for notice in of_its_end(state, NOON - timedelta(hours=hours))]
        for hours in (0, 1, 24, 25, 168, 169)
    }
    day, week = ["closes within a day"], ["closes within a week"]
    assert found == {0: [], 1: day, 24: day, 25: week, 168: week, 169: []}


async def test_a_button_about_an_earlier_backup_allows_nothing(scene: Scene) -> None:
    words, storage = scene.words, scene.storage
    await scene.starts(scene.marta)
    release = words.label("Ya lo he revisado: permitir los envíos")
    for lost in (1, 2):
        await storage.write(record_restore, made_at=None, at=scene.now)
        await storage.write(mark_restore_repeated, at=scene.now, lost=lost)
        if lost == 1:
            await look_after(scene, timedelta())
            await storage.write(release_restore, actor=scene.marta.id, at=scene.now)
    await scene.taps(scene.marta, release)
    await scene.marta.sees("Faltan, como mucho, 2 firmas posteriores")
    assert await storage.read(held_restore) is not None
    await scene.taps(scene.marta, release)
    assert await storage.read(held_restore) is None


async def test_after_a_restore_nothing_is_sent_until_an_admin_has_looked(scene: Scene) -> None:
    words, storage = scene.words, scene.storage
    scene.marta.start()
    await scene.signs(scene.ana)
    made_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    await storage.write(record_restore, made_at=made_at, at=scene.now)
    await storage.write(mark_restore_repeated, at=scene.now, lost=12)
    for _ in range(2):
        await look_after(scene, timedelta())
    assert told(scene.marta, "Se ha restaurado una copia de seguridad") == 1
    await scene.marta.sees("Es del 20 de noviembre de 2026 a las 10:00. Faltan, como mucho, 12")
    await scene.marta.sees("Lo que cada persona pidió después se ha vuelto a aplicar")
    await scene.says(scene.marta, "/broadcast")
    assert told(scene.marta, "Se ha restaurado una copia de seguridad") == 2
    release = words.label("Ya lo he revisado: permitir los envíos")
    await scene.taps(scene.marta, release)
    await scene.marta.sees("los envíos vuelven a estar permitidos")
    assert await storage.read(held_restore) is None
    (entry, *_) = await scene.storage.read(newest_audit_entries, 1)
    assert (entry.action, entry.actor) == ("release", scene.marta.id)
    await scene.says(scene.marta, "/broadcast")
    assert told(scene.marta, "Se ha restaurado una copia de seguridad") == 1
    await storage.write(record_restore, made_at=None, at=scene.now)
    await storage.write(mark_restore_repeated, at=scene.now, lost=0, journal_is_whole=False)
    await look_after(scene, timedelta())
    assert scene.marta.messages[-1].text == (
        "⚠️ Se ha restaurado una copia de seguridad de los datos.\n\n"
        "No consta de cuándo es. No se sabe si faltan firmas posteriores.\n\n"
        "⚠️ Lo que cada persona pidió después no consta entero: puede haber vuelto alguien que "
        "retiró su firma o no quería mensajes. Antes de enviar nada, habla con quien administra "
        "el servidor.\n\n"
        "Lo que se hizo después con /close, /reopen o /closing se ha perdido: si la petición ya "
        "estaba cerrada, puede que vuelva a estar abierta. Míralo y repite lo que falte.\n\n"
        "De los envíos posteriores a la copia no queda constancia, así que el bot no envía "
        "ninguno hasta que alguien lo revise. Lo que estaba en marcha está en pausa. Mira en "
        "/broadcasts qué queda por enviar y cancela lo que ya se envió: se enviaría otra vez."
    )
    await storage.write(release_restore, actor=scene.marta.id, at=scene.now)
    await scene.taps(scene.marta, release)  # under a notice that is out of date
    await scene.marta.sees("Los envíos ya estaban permitidos.")
    await storage.write(record_restore, made_at=None, at=scene.now)
    await storage.write(mark_restore_repeated, at=scene.now, lost=1)
    await look_after(scene, timedelta())
    await scene.marta.sees(
        "No consta de cuándo es. Falta, como mucho, 1 firma posterior: esa persona tendría que "
        "firmar otra vez."
    )


def its_date_comes_after(
    patch: pytest.MonkeyPatch, admin: AdminScene, work: Callable[..., Any]
) -> None:
    storage, now = admin.services.storage, admin.services.clock()

    async def closes_then(proceed: Proceed, *given: object) -> object:
        found = await proceed(*given)
        await storage.write(follow_folder, now)
        await storage.write(close_petition_if_due, now, None)
        return found

    call_instead(patch, work, closes_then)


async def test_its_date_comes_while_marta_publishes_and_she_reads_that_it_is_read_already(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await admin.goes("/closing", "✏️ En español: el mensaje final")
    await admin.says("Han vuelto")
    await admin.taps("👁 Ver antes de publicar")
    its_date_comes_after(monkeypatch, admin, publish_closing_texts)
    assert "✅ Publicado. Quien entre ya lo lee." in await admin.taps("Publicar")


async def test_its_date_comes_as_marta_writes_and_she_is_offered_the_closing_update(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await admin.says("/closing")
    its_date_comes_after(monkeypatch, admin, save_admin_name)
    await admin.says("/broadcast")
    assert "El mensaje final" in admin.panel.labels
