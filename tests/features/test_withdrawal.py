"""After a withdrawal only what makes old buttons harmless is stored of the person."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from telegram.error import NetworkError

from bot.petition.stages import Stage
from bot.retention import FORMS_KEPT_FOR
from bot.transport.errors import TelegramRefused
from handlers.screens.screen import kept_mark
from handlers.sent_files import erase_all_files
from simulator.chats import Message
from simulator.person import Person
from storage.conversations import screen_digest
from storage.errors import Unavailable
from storage.journal import Deed
from storage.sent_files import add_sent_file
from storage.signatures import mark_unreachable
from storage.tables import metadata
from tests.support.raw_sql import read_sql
from tests.support.scene import Scene, a_scene
from tests.support.storage_calls import call_instead
from tests.support.telegram_calls import fails

ERASE = "Retirar mi firma y borrar mis datos"
FILE = "📄 Recibir el archivo"


async def rows_of(scene: Scene, table: str) -> list[dict[str, Any]]:
    sql = f"SELECT * FROM {table}"  # noqa: S608 - a constant of the tests
    return await read_sql(scene.storage.database, sql)


async def asks_for_the_file(scene: Scene, person: Person) -> Message:
    """Asks for the file of /mydata; returns its message."""
    await scene.goes(person, "/mydata", FILE)
    return next(m for m in reversed(person.messages) if m.document)


def files_of(scene: Scene, person: Person) -> list[str]:
    """What stands in the files that the bot sent and that are in the chat."""
    held = [m.document.file_id for m in person.messages if m.from_bot and m.document]
    stored = [scene.world.files.find(file_id) for file_id in held if file_id is not None]
    return [each.content.decode() for each in stored if each is not None]


async def until_no_file_is_noted(scene: Scene) -> None:
    async with asyncio.timeout(5):
        while await rows_of(scene, "sent_files"):  # noqa: ASYNC110 - a row
            await asyncio.sleep(0.01)


def pictures(scene: Scene) -> int:
    return sum(bool(message.photo) for message in scene.ana.messages)


async def test_the_screen_that_says_so_leaves_nothing_of_its_own(scene: Scene) -> None:
    ana, jordi, sean = scene.ana, scene.jordi, scene.sean
    await scene.signs(jordi)
    await scene.signs(ana)
    await scene.goes(ana, "/mydata", "Otros derechos", "🔑 Pedir un código")
    before = pictures(scene)
    await scene.withdraws(ana)
    assert "retirada" in scene.screen(ana).text
    supporter = scene.services.reference(ana.id)
    (row,) = [r for r in await rows_of(scene, "conversations") if r["supporter"] == supporter]
    kept: dict[str, Any] = {name: value for name, value in dict(row).items() if value}
    assert kept.pop("petition")
    assert kept.pop("supporter")
    assert kept.pop("version") > 0
    # The same for everybody's, under the key: it says that the answer stays in the chat.
    digest = screen_digest(scene.storage.keyring, supporter, kept_mark(Stage.WITHDRAWN))
    assert kept.pop("screen_digest") == digest
    assert kept == {
        "stage": "withdrawn",
        "language": "es",
        "message_id": scene.screen(ana).id,
        "name_message_ids": "[]",
    }
    of_people = [table.name for table in metadata.sorted_tables if "supporter" in table.columns]
    rows = [(name, row) for name in of_people for row in await rows_of(scene, name)]
    assert [name for name, row in rows if row["supporter"] == supporter] == ["conversations"]
    for table in ("signatures", "consents", "deliveries"):
        assert len(await rows_of(scene, table)) == (table != "deliveries"), "that of Jordi"
    shown = await scene.says(ana, "/mydata")
    assert "No has firmado esta petición." in shown
    for not_held in ("—", "Nombre", "nombre", "Cómo llegaste", "cifrado", "identificador"):
        assert not_held not in shown, shown
    # Who comes back is shown everything as somebody new.
    assert pictures(scene) == before
    await scene.taps(ana, "Volver")
    await scene.says(ana, "/start")
    assert pictures(scene) == 2 * before
    assert ana.messages[-1] == scene.screen(ana)
    # A signer still reads one number: Seán's is the third there was, and two are left.
    assert "Signatures, yours included: 2." in await scene.signs(sean)
    home = await scene.says(sean, "/start")
    assert "2 people have signed." in home
    assert "number" not in home, "that of the own signature is in /mydata"


class TestTheFileOfMyData:
    """Tests that no file of /mydata outlives in the chat what it holds."""

    async def test_goes_with_the_signature(self, scene: Scene) -> None:
        scene.simulator.limits.on = False
        ana = scene.ana
        await scene.to_the_name(ana)
        await scene.says(ana, "María García")
        assert "30 días sin firmar" in (await asks_for_the_file(scene, ana)).text
        assert "María García" in files_of(scene, ana)[0]
        said = await scene.says(ana, "/cancel")
        assert "no hemos guardado ningún nombre" in said
        assert files_of(scene, ana) == []
        assert await rows_of(scene, "sent_files") == []
        # Asked for again it leaves one in the chat.
        await scene.signs(ana)
        for _ in range(2):
            assert "guárdalo aparte" in (await asks_for_the_file(scene, ana)).text
        assert len(files_of(scene, ana)) == len(await rows_of(scene, "sent_files")) == 1
        await scene.withdraws(ana)
        assert "borrados" in scene.screen(ana).text
        assert files_of(scene, ana) == []
        assert await rows_of(scene, "sent_files") == []

    @pytest.mark.parametrize("left", ["the form", "the signature"])
    async def test_goes_too_where_it_arrives_after_what_it_holds_is_erased(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch, left: str
    ) -> None:
        scene.simulator.limits.on = False
        ana, calls = scene.ana, scene.simulator.calls
        if left == "the form":
            await scene.to_the_name(ana)
            await scene.says(ana, "María García")
        else:
            await scene.signs(ana)
        kind, is_leaving, may_leave = type(scene.bot), asyncio.Event(), asyncio.Event()
        send = kind.send_document

        async def sends_late(*given: Any, **named: Any) -> object:
            is_leaving.set()
            await may_leave.wait()
            return await send(*given, **named)

        monkeypatch.setattr(kind, "send_document", sends_late)
        ana.send("/mydata")
        await ana.with_button(FILE)
        ana.tap(FILE)
        await asyncio.wait_for(is_leaving.wait(), 10)
        if left == "the form":
            assert "no hemos guardado ningún nombre" in await scene.says(ana, "/cancel")
        else:
            await scene.withdraws(ana)
        may_leave.set()
        deleted = len(calls.of("deleteMessage"))
        await ana.chat.notifier.wait_for(
            lambda: len(calls.of("deleteMessage")) > deleted or None, 5
        )
        await scene.settled()
        assert len(calls.of("sendDocument")) == 1
        assert files_of(scene, ana) == []
        await until_no_file_is_noted(scene)

    async def test_that_telegram_keeps_is_hers_to_delete_and_she_is_told(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refused(*_: object, **__: object) -> None:
            raise TelegramRefused(400, "Bad Request: message can't be edited")

        await scene.signs(scene.ana)
        await asks_for_the_file(scene, scene.ana)
        for call in ("delete_message", "edit_message_media"):
            monkeypatch.setattr(type(scene.bot), call, refused)
        await scene.withdraws(scene.ana)
        assert "no nos deja borrar de este chat un archivo" in scene.screen(scene.ana).text

    async def test_stays_with_who_had_blocked_the_bot_and_is_back(self, scene: Scene) -> None:
        ana = scene.ana
        await scene.signs(ana)
        await scene.says(ana, "/mydata")
        reference = scene.services.reference(ana.id)
        await scene.storage.write(mark_unreachable, reference, scene.now)
        await scene.taps(ana, FILE)
        await scene.settled()
        assert len(files_of(scene, ana)) == 1, "nothing of what it holds was erased"

    async def test_older_than_two_days_it_is_replaced_by_one_that_holds_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with a_scene(tmp_path) as scene:
            scene.simulator.limits.on = False
            ana, jordi, sean = scene.ana, scene.jordi, scene.sean
            erased = "Lo que había en este archivo se ha borrado."
            services = scene.services
            bot = scene.bot

            async def tidies(before: float = 0) -> None:
                now = services.clock()
                await erase_all_files(services, now - FORMS_KEPT_FOR if before else now)

            delete = type(bot).delete_message

            async def leaves_telegram(bot: Any, chat: int, message: int) -> bool:
                if chat == scene.mallory.id:
                    raise TelegramRefused(403, "Forbidden: user is deactivated")
                return await delete(bot, chat, message)

            # It is no matter when the person has deleted it.
            await scene.signs(jordi)
            jordi.chat.remove((await asks_for_the_file(scene, jordi)).id)
            await scene.withdraws(jordi)
            assert scene.screen(jordi).text.startswith("Tu firma está retirada")
            assert await rows_of(scene, "sent_files") == []
            # Of who never signs it is gone after thirty days.
            for name in ("Jordi Puig", "Jordi Sol"):
                await scene.to_the_name(jordi)
                await scene.says(jordi, name)
                await asks_for_the_file(scene, jordi)
                if name == "Jordi Puig":
                    await tidies(before=30)
                    assert len(files_of(scene, jordi)) == 1
                    await tidies()
                    assert files_of(scene, jordi) == []
                    assert await rows_of(scene, "sent_files") == []
            await scene.signs(ana)
            sent = await asks_for_the_file(scene, ana)
            assert "Ana García" in files_of(scene, ana)[0]
            await scene.to_the_name(sean)
            await scene.says(sean, "Seán Ó Briain")
            assert "Briain" in await scene.goes(sean, "/mydata", scene.english.label(FILE), "Back")

            scene.simulator.clock.move(49 * 3600)
            await scene.withdraws(ana)
            assert "borrados" in scene.screen(ana).text
            assert files_of(scene, ana) == [erased]
            replaced = ana.chat.messages[sent.id]
            assert replaced.text == ""
            assert replaced.document is not None
            assert replaced.document.name == "archivo-borrado.txt"
            assert "García" not in ana.chat.transcript()
            # Of who has blocked the bot it goes when they are back; of another who left Telegram
            # nothing is kept, and where Telegram fails once that keeps nobody else's.
            mallory = scene.mallory
            await scene.to_the_name(mallory)
            await scene.says(mallory, "Mallory Ó Briain")
            await scene.goes(mallory, "/mydata", scene.english.label(FILE))
            await scene.blocks(jordi)
            with monkeypatch.context() as patch:
                patch.setattr(type(bot), "delete_message", leaves_telegram)
                fails(patch, "delete_message", 1)
                await tidies()
                await tidies()
            assert files_of(scene, sean) == ["What was in this file has been deleted."]
            assert len(files_of(scene, jordi)) == len(await rows_of(scene, "sent_files")) == 1
            assert files_of(scene, jordi) != [erased]
            await scene.unblocks(jordi)
            await tidies()
            assert files_of(scene, jordi) == [erased]
            assert await rows_of(scene, "sent_files") == []
            # No screen that is too old keeps a name either.
            await scene.says(sean, "/cancel")
            assert "Briain" not in sean.chat.transcript()
            assert scene.screen(sean) == sean.messages[-1]

    async def test_stays_until_the_network_is_back_and_the_screen_says_so(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ana, jordi, scene.leaves_screens = scene.ana, scene.jordi, True
        await scene.signs(ana)
        # One of which nothing could be noted does not stay.
        with monkeypatch.context() as patch:

            async def is_away(*_: Any, **__: Any) -> None:
                raise Unavailable

            call_instead(patch, add_sent_file, is_away)
            await scene.says(ana, "/mydata")
            ana.tap(FILE)
            await scene.settled()
            assert scene.simulator.calls.of("sendDocument") != []
            assert files_of(scene, ana) == []
            scene.simulator.calls.clear()  # the tap was answered when it was handled again
        sent = await asks_for_the_file(scene, ana)
        told: list[str] = []

        async def fails_once(bot: Any, chat: int, message: int) -> bool:
            if message == sent.id:
                told.append(ana.messages[-1].text)
            if len(told) == 1 and message == sent.id:
                raise NetworkError("Bad Gateway")
            return await delete(bot, chat, message)

        kind = type(scene.bot)
        delete = kind.delete_message
        with monkeypatch.context() as patch:
            patch.setattr(kind, "delete_message", fails_once)
            await scene.withdraws(ana)
            await ana.chat.notifier.wait_for(lambda: not files_of(scene, ana) or None, 5)
            await ana.sees_one(lambda message: message.text.startswith("Tu firma está retirada"))
            assert (
                "Todavía no se ha podido borrar de este chat el archivo con tus datos. Lo "
                "volveremos a intentar; también puedes borrarlo tú." in told[-1]
            )
            await until_no_file_is_noted(scene)
        # After a restart it is deleted if it could not be before.
        await scene.signs(jordi)
        await asks_for_the_file(scene, jordi)
        with monkeypatch.context() as patch:
            fails(patch, "delete_message", 1_000)
            await scene.withdraws(jordi)
            await scene.stop_bot()
        assert len(files_of(scene, jordi)) == 1
        await scene.start_bot()
        await jordi.chat.notifier.wait_for(lambda: not files_of(scene, jordi) or None, 5)
        assert files_of(scene, jordi) == []
        await until_no_file_is_noted(scene)


async def test_who_takes_back_after_the_end_is_not_told_of_any_end(scene: Scene) -> None:
    lost = "ya no podremos contarte en este chat cómo termina"
    await scene.signs(scene.ana)
    assert lost in await scene.says(scene.ana, "/withdraw")
    await scene.taps(scene.ana, "No, mantener mi firma")
    await scene.closes()
    await scene.broadcasts(1)
    services, petition = scene.services, scene.services.petition
    services.petition = petition.model_copy(update={"closing_is_draft": True})
    assert lost in await scene.says(scene.ana, "/withdraw"), "nor is there one to read in a draft"
    services.petition = petition
    asked = await scene.says(scene.ana, "/withdraw")
    assert lost not in asked
    assert "Cómo terminó la petición lo puedes leer aquí cuando quieras" in asked
    await scene.taps(scene.ana, ERASE)
    assert await rows_of(scene, "deliveries") == []
    assert "18 de julio de 2025" in await scene.says(scene.ana, "/start"), "and that is so"


async def withdraws_from(scene: Scene, person: Person) -> None:
    await scene.says(person, "/withdraw")
    person.tap(ERASE)


async def says_stop(scene: Scene, person: Person) -> None:
    person.send("/stop")


async def restricts(scene: Scene, person: Person) -> None:
    await scene.goes(person, "/mydata", "Otros derechos")
    person.tap("Limitar el uso de mis datos")


async def corrects_her_name(scene: Scene, person: Person) -> None:
    await scene.goes(person, "/mydata", "Corregir mi nombre")
    person.send("Ana García Ruiz")


async def test_a_bot_that_is_stopped_leaves_no_name_of_hers_beside_the_key(scene: Scene) -> None:
    ana, journal = scene.ana, scene.storage.journal
    await scene.signs(ana)
    await corrects_her_name(scene, ana)
    await scene.settled()
    assert any(each.has_name for each in journal.read().entries)
    await scene.withdraws(ana)
    await scene.stop_bot()
    assert [each.deed for each in journal.read().entries] == [Deed.WITHDRAWAL]


async def takes_her_name_back(scene: Scene, person: Person) -> None:
    await scene.says(person, "/mydata")
    person.tap("Borrar mi nombre de la firma")


# In this order each still changes something.
ASKS: tuple[Callable[[Scene, Person], Awaitable[None]], ...] = (
    *(corrects_her_name, takes_her_name_back, says_stop, restricts, withdraws_from),
)


async def test_where_the_journal_fails_she_reads_within_four_seconds_that_nothing_changed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.simulator.limits.on = False
    ana, jordi, journal = scene.ana, scene.jordi, scene.storage.journal
    scene.marta.start()
    await scene.signs(scene.sean)
    await scene.signs(ana)
    await scene.signs(jordi)
    before, whole = await rows_of(scene, "signatures"), journal.path
    with monkeypatch.context() as patch:
        patch.setattr(journal, "path", whole.parent / "away" / whole.name)
        for asks in ASKS:
            await asks(scene, ana)
            begun = scene.clocks.monotonic()
            said = await ana.sees("No hemos podido hacer lo que has pedido", 10)
            assert scene.clocks.monotonic() - begun < 4
            ana.delete(said)
            assert await rows_of(scene, "signatures") == before, asks
        scene.sean.send("/stop")
        await scene.sean.sees("We could not do what you asked for, and everything is as it was.")
        await scene.marta.sees("no puede anotar")
    assert sum("no puede anotar" in message.text for message in scene.marta.messages) == 1
    for asks in ASKS:
        await asks(scene, jordi)
        await scene.settled()
        now = await rows_of(scene, "signatures")
        assert now != before, asks
        before = now
