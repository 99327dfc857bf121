"""Signatures are erased when their time is over: the admins know it before, the counts stay."""

from datetime import date, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from bot.petition_folder.schema import months_later
from handlers.context import Services
from simulator.person import Person
from storage import Storage
from storage.broadcast_transitions import change_broadcast, start_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Kind
from storage.conversations import count_unsigned
from storage.erasures import DueBefore, count_due_signatures
from storage.handovers import record_handover
from storage.journal import Deed
from storage.signatures import earliest_signed_at, withdraw_signature
from tests.support.audit_entries import newest_audit_entries
from tests.support.broadcasts import new_broadcast
from tests.support.raw_sql import read_sql, write_sql
from tests.support.scene import ADMIN, Scene, a_scene
from tests.support.supporters import Supporters, signature_of

DAY, FORTNIGHT = timedelta(days=1), 14


class Time:
    """The bot's clock, which goes on when a test says so; the bot looks at each of its days."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.app = scene, scene.app
        self.now = self.services.clock()
        self.services.clock = lambda: self.now
        scene.leaves_screens = True  # of whom nothing is left

    @property
    def services(self) -> Services:
        return self.app.services

    @property
    def storage(self) -> Storage:
        return self.services.storage

    async def goes_to(self, moment: datetime) -> None:
        self.now = moment
        telegram = self.scene.simulator
        telegram.date_ahead = moment.timestamp() - telegram.clock()
        await self.app.services.bot.get_me()  # whose answer says what time it is
        await self.app.retention.erase()
        await self.scene.settled()

    async def after_a_restart(self) -> "Time":
        await self.scene.stop_bot()
        await self.scene.start_bot()
        time = Time(self.scene)
        time.now = self.now
        return time

    async def passes(self, days: int) -> None:
        for _ in range(days):
            await self.goes_to(self.now + DAY)

    @property
    def today(self) -> date:
        """The day where the petition is: in its first hours UTC has the one before."""
        return self.now.astimezone(self.scene.words.zone).date()

    def later(self, months: int) -> datetime:
        """The noon of the day some months later."""
        day = months_later(self.today, months)
        return self.now.replace(year=day.year, month=day.month, day=day.day, hour=12)

    async def any_left(self) -> bool:
        return await self.storage.read(earliest_signed_at) is not None


LAST = ("⚠️ El ", "⚠️ Último aviso: el ")


def warned(person: Person) -> list[str]:
    """The warnings in a chat, the oldest first: before the day, or late."""
    said = {"se borrarán firmas de personas": "before", "ya deberían estar borradas": "late"}
    return [
        when
        for message in person.messages
        for words, when in said.items()
        if words in message.text
    ]


async def visits(scene: Scene, person: Person) -> str:
    await scene.says(person, "/start")
    return next(each.text for each in reversed(person.messages) if each.from_bot and each.buttons)


async def test_two_years_without_an_operator(scene: Scene) -> None:
    """Nobody closes it, and nobody tells anybody anything."""
    ana, marta, time = scene.ana, scene.marta, Time(scene)
    marta.start()
    # With this day, in each step, begins what one warning is for: nobody reads one every day.
    # And as many days lie between the days after it as between those 21 months later.
    while (due := time.later(21)).toordinal() % (31 * 7) != 0 or time.now.day > FORTNIGHT:
        time.now += DAY
    begun = time.now
    await scene.all_sign(ana, scene.sean)
    for number, days in ((3, 1), (4, 5), (5, FORTNIGHT)):
        signed_at = begun + days * DAY
        people = Supporters(time.storage.database, time.services.keyring, signed_at=signed_at)
        await people.sign([number])
    assert "Ya has firmado" in await visits(scene, ana)
    for months in range(1, 20):
        time.now = begun
        await time.goes_to(time.later(months))
    assert warned(marta) == []
    await time.goes_to(due - 32 * DAY)
    await time.passes(1)
    assert warned(marta) == ["before"]
    day = scene.words.date(due)
    said = (
        f"⚠️ El {day} se borrarán firmas de personas a las que nadie ha contado cómo termina la "
        "petición.\n\n"
        "Son 2 personas. En cuanto se borren sus firmas, ya no se les podrá escribir. Prometimos "
        "no guardar ninguna firma más de 21 meses, y se borrarán aunque nadie haga nada.\n\n"
        "La petición sigue abierta. Ciérrala con /close y cuéntales después cómo ha terminado, "
        "con /broadcast."
    )
    assert marta.messages[-1].text == said
    await time.passes(24)
    assert warned(marta) == ["before"] * 2
    await time.passes(6)
    assert warned(marta) == ["before"] * 3
    assert marta.messages[-1].text == said.replace(*LAST)
    assert await time.any_left()
    await scene.signs(scene.jordi)
    await time.passes(7)
    assert warned(marta)[3:] == []
    assert await time.storage.read(signature_of, time.services.reference(ana.user.id)) is None
    screen = await visits(scene, ana)
    assert "6 personas han firmado" in screen
    assert "no hace falta que firmes otra vez" in screen
    for command, answer in (
        ("/mydata", "Las firmas cuyo plazo ha vencido ya se han borrado"),
        ("/withdraw", "no hay nada que retirar"),
        ("/stop", "no te escribiremos"),
    ):
        await scene.says(ana, command)
        assert "No guardamos ninguna firma tuya" in scene.screen(ana).text, command
        assert answer in scene.screen(ana).text, command
    assert "Firmas: 6" in await scene.says(marta, "/stats")
    assert "Ya borradas, porque su plazo ha vencido: 4." in marta.messages[-1].text
    await scene.closes()
    assert "ya se han borrado y siguen contadas" in await visits(scene, ana)
    assert "Tu firma se borrará, como muy tarde, el" in await visits(scene, scene.jordi)
    await time.goes_to(time.later(22))
    assert await time.any_left()
    assert "Mañana se borrarán 2 firmas" in marta.messages[-1].text
    await time.passes(1)
    assert not await time.any_left()
    assert warned(marta)[3:] == ["before", "late"]  # of Jordi, as all that time nobody looked
    screen = await visits(scene, scene.jordi)
    assert "Reunió la firma de 6 personas" in screen
    assert f"el {scene.words.date(time.now)} se borraron las últimas" in screen
    await scene.says(marta, "/broadcast")
    assert "No se guarda ninguna firma: no hay a quién escribir." in marta.messages[-1].text
    deeds = [
        (each.action, each.detail) for each in await time.storage.read(newest_audit_entries, 9)
    ]
    assert [detail for action, detail in deeds if action == "retention"] == ["2", "1", "1", "2"]


async def test_after_the_delivery_the_told_go_and_the_others_once_warned(scene: Scene) -> None:
    """The delivery is recorded two months late, and one of the signers has not been told."""
    await scene.all_sign(scene.ana, scene.sean)
    await scene.closes()
    await scene.broadcasts(2)
    time = Time(scene)
    delivered_on = time.today
    time.now = time.later(2)
    assert "como muy tarde, el" in await visits(scene, scene.jordi)
    sql = "UPDATE deliveries SET state = 'rejected' WHERE position = 2"
    await write_sql(time.storage.database, sql)
    await time.storage.write(record_handover, delivered_on, at=time.now)
    await time.goes_to(time.now)
    assert warned(scene.marta) == ["late"]
    until = f"hasta el {scene.words.date(time.now + 7 * DAY)}"
    (warning,) = [message.text for message in scene.marta.messages if until in message.text]
    assert warning == (
        "⚠️ Las firmas ya deberían estar borradas, y hay personas a las que nadie ha contado cómo "
        f"termina la petición. Se guardan unos días más: {until}.\n\n"
        "Es 1 persona. En cuanto se borre su firma, ya no se le podrá escribir. Prometimos "
        "borrarlas 1 mes después de la entrega.\n\n"
        "Para contárselo, escribe /broadcast y elige «El mensaje final»."
    )
    assert any("Mañana se borrará 1 firma" in message.text for message in scene.marta.messages)
    assert "se borrará pronto" in await visits(scene, scene.ana)
    await time.passes(1)
    assert "Tú también firmaste" not in await visits(scene, scene.ana)
    assert "it will be erased soon" in await visits(scene, scene.sean)
    await time.passes(5)
    assert await time.any_left()
    await time.passes(1)
    assert not await time.any_left()
    assert warned(scene.marta) == ["late"]
    assert "the last ones were erased" in await visits(scene, scene.sean)


async def test_of_a_handover_of_today_the_admins_are_warned_in_time(scene: Scene) -> None:
    """They plan the closing update, which holds back the erasure until it is cancelled."""
    scene.marta.start()
    await scene.all_sign(scene.ana, scene.sean)
    await scene.closes()
    time = Time(scene)
    storage = time.storage
    was = time.services.petition
    kept = was.retention.model_copy(update={"months_after_delivery": 2})
    time.services.petition = was.model_copy(update={"retention": kept})
    await time.storage.write(record_handover, time.today, at=time.now)
    due = time.later(2)
    await time.goes_to(due - 32 * DAY)
    assert warned(scene.marta) == []
    for _ in range(2):
        await time.goes_to(due - 31 * DAY)
    assert warned(scene.marta) == ["before"]
    said = (
        f"⚠️ El {scene.words.date(due)} se borrarán firmas de personas a las que nadie ha contado "
        "cómo termina la petición.\n\n"
        "Son 2 personas. En cuanto se borren sus firmas, ya no se les podrá escribir. Prometimos "
        "borrarlas 2 meses después de la entrega.\n\n"
    )
    todo = "Para contárselo, escribe /broadcast y elige «El mensaje final»."
    assert scene.marta.messages[-1].text == f"{said}{todo}"
    plan = new_broadcast(
        id=b"p" * 16,
        content={"es": "Han vuelto."},
        actor=ADMIN,
        at=time.now,
        kind=Kind.CLOSING,
        starts_at=due + 90 * DAY,
    )
    planned = await storage.write(start_broadcast, plan)
    assert isinstance(planned, Broadcast)
    await time.goes_to(due - 8 * DAY)
    assert warned(scene.marta) == ["before"]
    await time.goes_to(due - 7 * DAY)
    todo = (
        "El mensaje final está programado, en marcha o en pausa: comprueba con /broadcasts que "
        "llega antes de ese día."
    )
    assert scene.marta.messages[-1].text == f"{said}{todo}"
    await time.goes_to(due - DAY)
    assert scene.marta.messages[-1].text == f"{said}{todo}".replace(*LAST)
    await time.goes_to(due)
    assert await time.any_left(), "it is planned"
    await storage.write(change_broadcast, BroadcastAction.CANCEL, planned.id, ADMIN, time.now)
    await time.goes_to(due + DAY / 24)
    assert not await time.any_left()
    assert warned(scene.marta) == ["before"] * 3


async def test_who_changes_the_months_by_mistake_has_a_day_to_put_it_right(scene: Scene) -> None:
    scene.marta.start()
    await scene.all_sign(scene.ana, scene.sean, scene.jordi)
    time = Time(scene)
    jordi = time.services.reference(scene.jordi.user.id)
    await time.storage.write(withdraw_signature, jordi, time.now)
    await time.goes_to(time.later(3))
    was = time.services.petition
    kept = was.retention.model_copy(update={"months_at_most": 2})
    time.services.petition = was.model_copy(update={"retention": kept})
    await time.goes_to(time.now + DAY / 24)
    assert scene.marta.messages[-1].text == (
        "⚠️ Mañana se borrarán 2 firmas que ya deberían estar borradas.\n\n"
        "Puede que el bot haya estado parado, que se haya cambiado el plazo en la carpeta de la "
        "petición o que la fecha de la entrega esté mal anotada. Si es un error, hay que "
        "corregirlo hoy, o parar el bot: lo que se borra no se puede recuperar."
    )
    await time.app.retention.tidy_journal()
    (withdrawn,) = time.storage.journal.read().entries
    assert withdrawn.deed is Deed.WITHDRAWAL, "a restored copy has nobody back meanwhile"
    await time.goes_to(time.now + DAY / 2)
    assert await time.storage.read(signature_of, time.services.reference(scene.ana.user.id))
    time.services.petition = was
    await time.passes(2)
    assert await time.any_left()
    time.services.petition = was.model_copy(update={"retention": kept})
    await time.passes(1)
    assert not await time.any_left()


async def test_a_clock_two_years_ahead_erases_nobody(scene: Scene) -> None:
    """The machine starts twice with it; Ana signed, Jordi typed his name, Seán has his file."""
    await scene.all_sign(scene.ana, scene.sean)
    await scene.goes(scene.sean, "/mydata", "📄 Get the file")
    await scene.to_the_name(scene.jordi)
    await scene.says(scene.jordi, "Jordi Puig")
    time = Time(scene)
    right, wrong = time.now, time.later(24)
    with capture_logs() as logged:
        for days in (0, 2):
            time.now = wrong + days * DAY
            await time.app.retention.forget()
            await time.app.retention.erase()
            await time.app.retention.tidy_journal()
    assert [each["event"] for each in logged] == ["clock_is_wrong"]
    count = await time.storage.read(count_due_signatures, DueBefore(wrong))
    assert count.total == 2
    assert await time.storage.read(count_unsigned) == 1
    assert warned(scene.marta) == []
    time.now = right
    await time.app.retention.erase()
    await scene.consents(scene.jordi)
    assert (await time.storage.read(count_due_signatures, DueBefore(wrong))).total == 3


async def test_nobody_who_withdrew_reads_that_their_signature_still_counts(scene: Scene) -> None:
    ana, unless = scene.ana, "salvo que la retiraras o que se hubiera anulado"
    scene.marta.start()
    await scene.all_sign(ana, scene.jordi)
    await scene.withdraws(ana)
    time = Time(scene)
    time.now = time.later(20)
    await scene.signs(scene.sean)
    await time.goes_to(time.later(1))
    await time.passes(2)
    assert unless in await visits(scene, ana)
    assert unless in await scene.says(ana, "/mydata")
    await scene.closes()
    assert unless in await visits(scene, ana)
    await time.goes_to(time.later(22))
    await time.passes(2)
    assert not await time.any_left()
    assert unless in await visits(scene, ana)


async def test_where_no_admin_can_be_told_the_untold_wait_two_weeks(tmp_path: Path) -> None:
    """Marta, the only admin, has blocked the bot, which is started anew now and then."""
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana)
        await scene.closes()
        await scene.blocks(scene.marta)
        time = Time(scene)
        await time.storage.write(record_handover, time.today, at=time.now)
        await time.goes_to(time.later(1))
        for days in (1, 12):
            await time.passes(days)
            assert await time.any_left()
            time = await time.after_a_restart()
        scene.simulator.calls.clear()
        scene.marta.unblock()
        time.services.monotonic = lambda: 1e9  # so that she is tried again
        await time.passes(1)
        assert not await time.any_left()
        assert "late" not in warned(scene.marta), "nobody is kept any more"


async def test_of_who_blocked_the_bot_nothing_is_left_at_the_most(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana)
        await scene.goes(scene.ana, "/mydata", "📄 Recibir el archivo")
        scene.simulator.clock.move(49 * 3600)  # so that it can no longer be deleted
        await scene.blocks(scene.ana)
        time = Time(scene)
        await time.goes_to(time.later(21) - DAY)
        rows = "SELECT message_id FROM sent_files"
        assert len(await read_sql(time.storage.database, rows)) == 1
        await time.passes(1)
        assert not await time.any_left()
        assert await read_sql(time.storage.database, rows) == []
