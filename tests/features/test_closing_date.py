"""The petition closes on its date; the admins are told before, then, and while nobody knows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.petition.retention_days import day_of
from bot.petition_folder.schema import months_later
from handlers.closing_date import due_notices, look
from handlers.context import Services
from simulator.person import Person
from storage import Broadcasts, PetitionState
from tests.support.scene import Scene

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def services(scene: Scene) -> Services:
    assert scene.app is not None
    return scene.app.application.services


def now(scene: Scene) -> datetime:
    return services(scene).clock()


async def look_after(scene: Scene, ahead: timedelta) -> None:
    """The bot looks at its dates, so much later."""
    assert scene.app is not None
    then = now(scene) + ahead
    await look(scene.app.application.bot, replace(services(scene), clock=lambda: then))


async def asks_to_close(scene: Scene, when: str) -> None:
    scene.marta.send(f"/close {when}")
    await scene.settled()


def told(person: Person, words: str) -> int:
    return sum(words in message.text for message in person.messages)


async def test_marta_gives_it_a_date_and_everyone_sees_it(scene: Scene) -> None:
    words = scene.words
    day = (now(scene) + 60 * DAY).astimezone(words.zone)
    await asks_to_close(scene, day.strftime("%d/%m/%Y"))
    moment, title = f"{words.date(day)}, 23:59", scene.petition.texts_in("es").title
    asked = await scene.with_button(scene.marta, words.label("Sí, cerrarla ese día"))
    assert asked.text == (
        f"¿Cerrar la petición el {moment}?\n\n«{title}»\n\n"
        "Hasta entonces se puede firmar, y quien lea la petición verá la fecha. A partir de ese "
        "momento no se guarda ninguna firma más. Una semana y un día antes, el bot avisará a "
        "todas las personas que la administran. Para cambiar la fecha o quitarla, escribe otra "
        "vez /close."
    )
    await scene.taps(scene.marta, words.label("Sí, cerrarla ese día"))
    await scene.marta.sees(f"La petición se cerrará sola el {moment}.")
    scene.ana.start()
    await scene.settled()
    state = await services(scene).storage.petitions.state()
    assert state.closes_at is not None
    until = f"Se puede firmar hasta el {words.date(day)}, 23:59."
    assert until in scene.screen(scene.ana).text
    await scene.signs(scene.ana)
    scene.marta.send("/close")
    await scene.marta.sees(f"Si no haces nada, se cerrará sola el {moment}.")
    remove = words.label("Quitar la fecha")
    asked = await scene.with_button(scene.marta, remove)
    data = next(b.data or "" for row in asked.buttons for b in row if b.label == remove)
    await scene.taps(scene.marta, remove)
    await scene.marta.sees("La petición queda abierta, sin fecha de cierre.")
    assert (await services(scene).storage.petitions.state()).closes_at is None
    await scene.closes()
    scene.marta.tap_data(asked.id, data)
    await scene.settled()
    assert scene.marta.chat.messages[asked.id].text.startswith("La petición ya está cerrada.")


@pytest.mark.parametrize(
    ("typed", "closes"),
    [
        ("\n{day}", "23:59"),
        ("\n{day} 18:30", "18:30"),
        ("  {day}\n18.30", "18:30"),
        (" {dotted}", "23:59"),
        (" 31.12", "23:59"),
    ],
)
async def test_a_date_is_read_however_it_is_set_apart(
    scene: Scene, typed: str, closes: str
) -> None:
    year = now(scene).year + 1
    scene.marta.send(f"/close{typed}".format(day=f"31/12/{year}", dotted=f"31.12.{year}"))
    await scene.settled()
    asked = scene.marta.messages[-1].text
    assert "¿Cerrar la petición el" in asked, scene.marta.chat.transcript()
    assert "31 de diciembre de" in asked
    assert f", {closes}" in asked


@pytest.mark.parametrize("typed", ["10.12", "el 10.12", "31", "el 15"])
async def test_what_may_be_a_day_or_a_time_is_asked_for_again(scene: Scene, typed: str) -> None:
    await asks_to_close(scene, typed)
    assert "puede ser un día o una hora" in scene.marta.messages[-1].text
    assert not scene.marta.messages[-1].buttons


async def test_a_date_before_which_signatures_are_erased_says_so(scene: Scene) -> None:
    erased_on = months_later(day_of(now(scene), services(scene).zone), 21)
    for day, warned in ((erased_on - DAY, 0), (erased_on, 1)):
        await asks_to_close(scene, day.strftime("%d/%m/%Y"))
        said = "Antes se borrarán firmas: ninguna se guarda más de 21 meses."
        assert told(scene.marta, said) == warned


@pytest.mark.parametrize(
    ("when", "answer"),
    [
        ("cuando puedas", "No entiendo cuándo."),
        ("24/11/2001", "Ese momento ya ha pasado."),
        ("31/02/2030 10:00", "Ese día no existe."),
        ("24/11/2101 10:00", "hasta con 730 días"),
    ],
)
async def test_a_date_that_cannot_be_is_said_and_nothing_changes(
    scene: Scene, when: str, answer: str
) -> None:
    await asks_to_close(scene, when)
    await scene.marta.sees(answer)
    assert await services(scene).storage.petitions.state() == PetitionState(0, None, None, 0)


async def test_the_first_and_the_last_days_of_the_calendar_are_refused_in_a_sentence(
    scene: Scene,
) -> None:
    petition = services(scene).petition
    for zone, day, answer in (
        ("America/Bogota", "31/12/9999 23:00", "hasta con 730 días"),
        ("Europe/Madrid", "01/01/0001 0:10", "Ese momento ya ha pasado."),
    ):
        services(scene).petition = petition.model_copy(update={"time_zone": zone})
        await asks_to_close(scene, day)
        await scene.marta.sees(answer)


async def test_a_yes_from_before_another_date_changes_nothing(scene: Scene) -> None:
    words = scene.words
    await asks_to_close(scene, (now(scene) + 9 * DAY).strftime("%d/%m/%Y 10:00"))
    old = await scene.with_button(scene.marta, words.label("Sí, cerrarla ese día"))
    data = next(b.data or "" for row in old.buttons for b in row if b.data)
    await asks_to_close(scene, (now(scene) + 20 * DAY).strftime("%d/%m/%Y 10:00"))
    await scene.taps(scene.marta, words.label("Sí, cerrarla ese día"))
    chosen = (await services(scene).storage.petitions.state()).closes_at
    await scene.marta.tap_data(old.id, data).answered()
    await scene.settled()
    assert "ha cambiado mientras tanto" in scene.marta.chat.messages[old.id].text
    assert (await services(scene).storage.petitions.state()).closes_at == chosen


async def test_ana_at_the_consent_is_told_that_it_closed_though_nothing_had_closed_it_yet(
    scene: Scene,
) -> None:
    ana, words = scene.ana, scene.words
    ana.start()
    await scene.settled()
    await scene.taps(ana, words.label("✍️ Firmar la petición"))
    await scene.taps(ana, words.label("Usar «{name}»", name="Ana García"))
    await services(scene).storage.petitions.follow_folder(now(scene))
    await scene.consents(ana)
    assert "la petición se cerró antes" in scene.screen(ana).text
    state = await services(scene).storage.petitions.state()
    assert state.is_closed
    assert state.signatures == 0


async def test_the_admins_are_told_a_week_before_a_day_before_and_when_it_closes(
    scene: Scene,
) -> None:
    scene.marta.start()
    await scene.signs(scene.ana)
    closes_at = now(scene) + 30 * DAY
    await services(scene).storage.petitions.follow_folder(closes_at)
    for ahead, notices in ((22, 0), (24, 1), (25, 1), (29.5, 2), (29.6, 2)):
        await look_after(scene, ahead * DAY)
        assert told(scene.marta, "se cerrará sola el") == notices, ahead
    there = f"{scene.words.date(closes_at)}, {scene.words.clock(closes_at)}"
    assert scene.marta.messages[-1].text == (
        f"⏳ La petición se cerrará sola el {there}.\n\n"
        "A partir de ese momento nadie más podrá firmar, y quien entre verá cómo ha acabado: "
        "comprueba antes que el mensaje final está como debe. Para cambiar la fecha o quitarla, "
        "escribe /close."
    )
    for _ in range(2):
        await look_after(scene, 31 * DAY)
    assert told(scene.marta, "se ha cerrado en su fecha") == 1
    assert scene.marta.messages[-1].text == (
        "La petición se ha cerrado en su fecha.\n\n1 persona ha firmado.\n\n"
        "Para contarles cómo ha acabado a quienes firmaron, escribe /broadcast. Para deshacer el "
        "cierre, /reopen."
    )
    assert (await services(scene).storage.petitions.state()).closed_signatures == 1


async def test_where_nobody_was_told_the_admins_are_reminded_more_and_more_plainly(
    scene: Scene,
) -> None:
    await scene.signs(scene.ana)
    await scene.closes()
    plain, plainer, plainest = "Hay quien espera", "nadie lo ha hecho", "promesa sin cumplir"
    for ahead, said in (
        *((29.9, (0, 0, 0)), (30.1, (1, 0, 0)), (36.9, (1, 0, 0)), (37.1, (1, 1, 0))),
        *((57.9, (1, 2, 0)), (58.1, (1, 2, 1)), (58.2, (1, 2, 1)), (200, (1, 2, 2))),
    ):
        await look_after(scene, ahead * DAY)
        counted = tuple(told(scene.marta, words) for words in (plain, plainer, plainest))
        assert counted == said, ahead
    waits = (
        f"Se cerró el {scene.words.date(now(scene))}, y 1 persona que firmó no ha recibido el "
        "mensaje final.\n\nPara enviarlo, escribe /broadcast y elige «El mensaje final». Hasta "
        "que se envíe, el bot te lo recordará cada semana."
    )
    assert told(scene.marta, waits) == 5
    await scene.broadcasts(1)
    await look_after(scene, 300 * DAY)
    assert told(scene.marta, "que firmó no ha recibido") == 5


@pytest.mark.parametrize("is_told", [False, True])
async def test_signers_are_counted_once_for_each_reminder_and_not_at_every_look(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, is_told: bool
) -> None:
    """At a hundred thousand signers a count takes a third of a second, and a look is every 20."""
    scene.marta.start()
    await scene.signs(scene.ana)
    await scene.closes()
    if is_told:
        await scene.broadcasts(1)
    counted, count = [], Broadcasts.audience

    async def audience(self: Broadcasts, **asked: Any) -> dict[str, int]:
        counted.append(asked)
        return await count(self, **asked)

    monkeypatch.setattr(Broadcasts, "audience", audience)
    for ahead in (31, 31.1, 31.2, 38, 38.1):
        await look_after(scene, ahead * DAY)
    assert len(counted) == 2


def test_it_is_said_of_a_day_only_when_a_bot_was_down_for_the_week_before() -> None:
    state = PetitionState(0, None, None, 0, NOON)
    found = {
        hours: [notice.kind for notice in due_notices(state, 0, NOON - timedelta(hours=hours))]
        for hours in (0, 1, 24, 25, 168, 169)
    }
    day, week = ["closes within a day"], ["closes within a week"]
    assert found == {0: [], 1: day, 24: day, 25: week, 168: week, 169: []}


@pytest.mark.parametrize("seconds", [253402300000, 2**40])
async def test_a_forged_date_is_not_taken(scene: Scene, seconds: int) -> None:
    await asks_to_close(scene, "")
    state = await services(scene).storage.petitions.state()
    place = scene.marta.messages[-1].id
    scene.marta.tap_data(place, f"adm:date:{state.revision}.{seconds}")
    await scene.settled()
    assert told(scene.marta, "Algo ha fallado") == 0
    assert await services(scene).storage.petitions.state() == state
    scene.ana.start()
    await scene.ana.sees("Ni una expulsión")


async def test_a_date_that_has_come_is_not_moved(scene: Scene) -> None:
    petitions, then = services(scene).storage.petitions, now(scene)
    await asks_to_close(scene, (then + 3 * DAY).strftime("%d/%m/%Y"))
    button = scene.marta.messages[-1]
    await petitions.follow_folder(then - timedelta(seconds=1))
    await scene.taps(scene.marta, scene.words.label("Sí, cerrarla ese día"))
    assert "ya está cerrada" in scene.marta.chat.messages[button.id].text
    assert (await petitions.state()).is_closed


async def test_after_a_restored_backup_nothing_is_sent_until_an_admin_has_looked(
    scene: Scene,
) -> None:
    words, restores = scene.words, services(scene).storage.restores
    scene.marta.start()
    await scene.signs(scene.ana)
    made_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    await restores.record(made_at=made_at, at=now(scene))
    await restores.mark_repeated(at=now(scene), lost=12)
    for _ in range(2):
        await look_after(scene, timedelta())
    assert told(scene.marta, "Se ha restaurado una copia de seguridad") == 1
    await scene.marta.sees("Es del 20 de noviembre de 2026, 10:00. Faltan, como mucho, 12 firmas")
    await scene.marta.sees("Lo que cada persona pidió después se ha vuelto a aplicar")
    scene.marta.send("/broadcast")
    await scene.settled()
    assert told(scene.marta, "Se ha restaurado una copia de seguridad") == 2
    release = words.label("Ya lo he revisado: permitir los envíos")
    await scene.taps(scene.marta, release)
    await scene.marta.sees("los envíos vuelven a estar permitidos")
    assert await restores.held() is None
    (entry, *_) = await services(scene).storage.audit.entries(1)
    assert (entry.action, entry.actor) == ("release", scene.marta.id)
    scene.marta.send("/broadcast")
    await scene.settled()
    assert told(scene.marta, "Se ha restaurado una copia de seguridad") == 1
    await restores.record(made_at=None, at=now(scene))
    await restores.mark_repeated(at=now(scene), lost=0, journal_is_whole=False)
    await look_after(scene, timedelta())
    assert scene.marta.messages[-1].text == (
        "⚠️ Se ha restaurado una copia de seguridad de los datos.\n\n"
        "No consta de cuándo es. Que sepamos, no falta ninguna firma.\n\n"
        "⚠️ Lo que cada persona pidió después no consta entero: puede haber vuelto alguien que "
        "retiró su firma o no quería mensajes. Antes de enviar nada, habla con quien administra "
        "el servidor.\n\n"
        "De los envíos posteriores a la copia no queda constancia, así que el bot no envía "
        "ninguno hasta que alguien lo revise. Lo que estaba en marcha está en pausa. Mira en "
        "/broadcasts qué queda por enviar y cancela lo que ya se envió: se enviaría otra vez."
    )
    await restores.release(actor=scene.marta.id, at=now(scene))
    await scene.taps(scene.marta, release)  # under a notice that is out of date
    await scene.marta.sees("Los envíos ya estaban permitidos.")
    await restores.record(made_at=None, at=now(scene))
    await restores.mark_repeated(at=now(scene), lost=1)
    await look_after(scene, timedelta())
    await scene.marta.sees(
        "No consta de cuándo es. Falta, como mucho, 1 firma posterior: esa persona tendría que "
        "firmar otra vez."
    )
