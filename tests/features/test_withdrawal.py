"""After a withdrawal only what makes old buttons harmless is stored of the person."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from telegram.error import NetworkError

from bot.petition.stages import Stage
from bot.retention import FORMS_KEPT_FOR
from handlers.screens.screen import kept_mark
from handlers.sent_files import erase_all_files
from simulator.chats import Message
from storage import Row, Statement
from tests.support.scene import Scene, a_scene, fails


async def rows_of(scene: Scene, table: str) -> list[Row]:
    assert scene.app is not None
    sql = f"SELECT * FROM {table}"  # noqa: S608 - a constant of the tests
    return await scene.app.application.services.storage.database.read(Statement(sql))


async def withdraws(scene: Scene) -> None:
    words = scene.words
    scene.ana.send("/withdraw")
    await scene.settled()
    await scene.taps(scene.ana, words.label("Retirar mi firma y borrar mis datos"))


async def asks_for_the_file(scene: Scene) -> Message:
    """Asks for the file of /mydata; returns its message."""
    scene.ana.send("/mydata")
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("📄 Recibir el archivo"))
    return next(m for m in reversed(scene.ana.messages) if m.document)


def files_of(scene: Scene) -> list[str]:
    """What stands in the files that the bot sent and that are in the chat."""
    held = [m.document.file_id for m in scene.ana.messages if m.from_bot and m.document]
    stored = [scene.world.files.find(file_id) for file_id in held if file_id is not None]
    return [each.content.decode() for each in stored if each is not None]


async def until_no_file_is_noted(scene: Scene) -> None:
    async with asyncio.timeout(5):
        while await rows_of(scene, "sent_files"):  # noqa: ASYNC110 - a row
            await asyncio.sleep(0.01)


def pictures(scene: Scene) -> int:
    return sum(bool(message.photo) for message in scene.ana.messages)


async def test_the_screen_that_says_so_leaves_nothing_of_its_own(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana García")
    await withdraws(scene)
    assert "retirada" in scene.screen(scene.ana).text
    (row,) = await rows_of(scene, "conversations")
    kept: dict[str, Any] = {name: value for name, value in dict(row).items() if value}
    assert kept.pop("petition")
    assert kept.pop("supporter")
    assert kept.pop("version") > 0
    # The same for everybody's, under the key: it says that the answer stays in the chat.
    assert scene.app is not None
    conversations = scene.app.application.services.storage.conversations
    assert kept.pop("screen_digest") == conversations.digest(
        row["supporter"], kept_mark(Stage.WITHDRAWN)
    )
    assert kept == {
        "stage": "withdrawn",
        "language": "es",
        "message_id": scene.screen(scene.ana).id,
        "name_message_ids": "[]",
    }
    for table in ("signatures", "consents", "deliveries"):
        assert await rows_of(scene, table) == []


async def test_who_comes_back_is_shown_everything_as_somebody_new(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana García")
    before = pictures(scene)
    await withdraws(scene)
    assert pictures(scene) == before
    await scene.taps(scene.ana, scene.words.label("Volver"))
    assert pictures(scene) == 2 * before
    assert scene.ana.messages[-1] == scene.screen(scene.ana)


class TestTheFileOfMyData:
    """Tests that no file of /mydata outlives in the chat what it holds."""

    async def test_is_gone_once_the_signature_is_withdrawn(self, scene: Scene) -> None:
        await scene.signs(scene.ana, "Ana García")
        sent = await asks_for_the_file(scene)
        assert "guárdalo aparte" in sent.text
        await withdraws(scene)
        assert "borrados" in scene.screen(scene.ana).text
        assert files_of(scene) == []
        assert await rows_of(scene, "sent_files") == []

    async def test_goes_with_the_name_that_was_not_signed_with(self, scene: Scene) -> None:
        scene.ana.start()
        await scene.settled()
        await scene.taps(scene.ana, "✍️ Firmar la petición")
        scene.ana.send("María García")
        await scene.settled()
        await asks_for_the_file(scene)
        assert "María García" in files_of(scene)[0]
        scene.ana.send("/cancel")
        await scene.settled()
        assert "no hemos guardado ningún nombre" in scene.screen(scene.ana).text
        assert files_of(scene) == []
        assert await rows_of(scene, "sent_files") == []

    async def test_older_than_two_days_it_is_replaced_by_one_that_holds_nothing(
        self, tmp_path: Path
    ) -> None:
        async with a_scene(tmp_path) as scene:
            await scene.signs(scene.ana, "Ana García")
            sent = await asks_for_the_file(scene)
            assert "Ana García" in files_of(scene)[0]
            scene.simulator.clock.move(49 * 3600)
            await withdraws(scene)
            assert "borrados" in scene.screen(scene.ana).text
            assert files_of(scene) == ["Lo que había en este archivo se ha borrado."]
            replaced = scene.ana.chat.messages[sent.id]
            assert replaced.text == ""
            assert replaced.document is not None
            assert replaced.document.name == "archivo-borrado.txt"
            assert "García" not in scene.ana.chat.transcript()
            assert await rows_of(scene, "sent_files") == []

    async def test_is_no_matter_when_the_person_has_deleted_it(self, tmp_path: Path) -> None:
        async with a_scene(tmp_path) as scene:
            await scene.signs(scene.ana, "Ana García")
            sent = await asks_for_the_file(scene)
            scene.ana.chat.remove(sent.id)
            await withdraws(scene)
            assert scene.screen(scene.ana).text.startswith("Tu firma está retirada")
            assert await rows_of(scene, "sent_files") == []

    async def test_stays_until_the_network_is_back_and_the_screen_says_so(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scene.signs(scene.ana, "Ana García")
        sent = await asks_for_the_file(scene)
        told: list[str] = []

        async def fails_once(bot: Any, chat: int, message: int) -> bool:
            if message == sent.id:
                told.append(scene.ana.messages[-1].text)
            if len(told) == 1 and message == sent.id:
                raise NetworkError("Bad Gateway")
            return await delete(bot, chat, message)

        assert scene.app is not None
        kind = type(scene.app.application.bot)
        delete = kind.delete_message
        monkeypatch.setattr(kind, "delete_message", fails_once)
        await withdraws(scene)
        await scene.ana.chat.notifier.wait_for(lambda: not files_of(scene) or None, 5)
        await scene.ana.sees_one(lambda message: message.text.startswith("Tu firma está retirada"))
        assert "Todavía no se ha podido borrar de este chat el archivo con tus datos" in told[-1]
        await until_no_file_is_noted(scene)

    async def test_is_deleted_after_a_restart_if_it_could_not_be_before(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scene.signs(scene.ana, "Ana García")
        await asks_for_the_file(scene)
        with monkeypatch.context() as patch:
            fails(patch, scene, "delete_message", 1_000)
            await withdraws(scene)
            await scene.stop_bot()
        assert len(files_of(scene)) == 1
        await scene.start_bot()
        await scene.ana.chat.notifier.wait_for(lambda: not files_of(scene) or None, 5)
        assert files_of(scene) == []
        await until_no_file_is_noted(scene)

    async def test_of_who_never_signs_is_gone_after_thirty_days(self, tmp_path: Path) -> None:
        async with a_scene(tmp_path) as scene:
            scene.ana.start()
            await scene.taps(scene.ana, scene.words.label("✍️ Firmar la petición"))
            scene.ana.send("Ana García")
            await scene.settled()
            assert "30 días sin firmar" in (await asks_for_the_file(scene)).text
            assert scene.app is not None
            services = scene.app.application.services
            bot = scene.app.application.bot
            await erase_all_files(bot, services, services.clock() - FORMS_KEPT_FOR)
            assert len(files_of(scene)) == 1
            await erase_all_files(bot, services, services.clock())
            assert files_of(scene) == []
            assert await rows_of(scene, "sent_files") == []

    async def test_of_who_had_blocked_the_bot_goes_when_they_are_back(
        self, tmp_path: Path
    ) -> None:
        async with a_scene(tmp_path) as scene:
            scene.ana.start()
            await scene.taps(scene.ana, scene.words.label("✍️ Firmar la petición"))
            scene.ana.send("Ana García")
            await scene.settled()
            await asks_for_the_file(scene)
            assert scene.app is not None
            services, bot = scene.app.application.services, scene.app.application.bot
            scene.simulator.clock.move(49 * 3600)
            scene.ana.block()
            await scene.settled()
            await erase_all_files(bot, services, services.clock())
            assert len(files_of(scene)) == 1
            scene.ana.unblock()
            await scene.settled()
            await erase_all_files(bot, services, services.clock())
            assert files_of(scene) == ["Lo que había en este archivo se ha borrado."]
            assert await rows_of(scene, "sent_files") == []

    async def test_asked_for_again_leaves_one_in_the_chat(self, scene: Scene) -> None:
        await scene.signs(scene.ana, "Ana García")
        for _ in range(2):
            await asks_for_the_file(scene)
        assert len(files_of(scene)) == 1
        assert len(await rows_of(scene, "sent_files")) == 1
        await scene.taps(scene.ana, scene.words.label("Volver"))
        await withdraws(scene)
        assert files_of(scene) == []

    async def test_that_arrives_after_the_withdrawal_goes_too(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scene.signs(scene.ana, "Ana García")
        assert scene.app is not None
        bot = scene.app.application.bot
        kind, may_leave = type(bot), asyncio.Event()
        send = kind.send_document

        async def sends_late(*given: Any, **named: Any) -> object:
            await may_leave.wait()
            return await send(*given, **named)

        monkeypatch.setattr(kind, "send_document", sends_late)
        scene.ana.send("/mydata")
        await scene.with_button(scene.ana, scene.words.label("📄 Recibir el archivo"))
        scene.ana.tap(scene.words.label("📄 Recibir el archivo"))
        await asyncio.sleep(0.2)
        await withdraws(scene)
        may_leave.set()
        deleted = len(scene.simulator.calls.of("deleteMessage"))
        await scene.ana.chat.notifier.wait_for(
            lambda: len(scene.simulator.calls.of("deleteMessage")) > deleted or None, 5
        )
        await scene.settled()
        assert len(scene.simulator.calls.of("sendDocument")) == 1
        assert files_of(scene) == []
        await until_no_file_is_noted(scene)


async def test_no_screen_that_is_too_old_to_be_deleted_keeps_the_name(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        scene.ana.start()
        await scene.taps(scene.ana, scene.words.label("✍️ Firmar la petición"))
        scene.ana.send("Ana García")
        await scene.settled()
        assert "García" in scene.screen(scene.ana).text
        scene.simulator.clock.move(49 * 3600)
        scene.ana.send("/cancel")
        await scene.settled()
        assert "García" not in scene.ana.chat.transcript()
        assert scene.screen(scene.ana) == scene.ana.messages[-1]


async def test_what_is_not_held_is_not_mentioned(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana García")
    await withdraws(scene)
    scene.ana.send("/mydata")
    await scene.settled()
    shown = scene.screen(scene.ana).text
    assert "No has firmado esta petición." in shown
    for not_held in ("—", "Nombre", "nombre", "Cómo llegaste", "cifrado", "identificador"):
        assert not_held not in shown, shown


async def test_who_takes_back_after_the_end_is_not_told_that_it_can_no_longer_be_told(
    scene: Scene,
) -> None:
    lost = "ya no podremos contarte en este chat cómo acaba"
    await scene.signs(scene.ana)
    scene.ana.send("/withdraw")
    assert lost in (await scene.ana.sees("¿Quieres retirar tu firma?")).text
    await scene.taps(scene.ana, scene.words.label("No, mantener mi firma"))
    await scene.closes()
    await scene.broadcasts(1)
    scene.ana.send("/withdraw")
    await scene.settled()
    asked = scene.screen(scene.ana).text
    assert lost not in asked
    assert "Cómo acabó la petición lo puedes leer aquí cuando quieras" in asked
    await scene.taps(scene.ana, scene.words.label("Retirar mi firma y borrar mis datos"))
    scene.ana.start()
    await scene.settled()
    assert "18 de julio de 2025" in scene.screen(scene.ana).text, "and that is so"


async def test_after_somebody_took_theirs_back_a_signer_still_reads_one_number(
    scene: Scene,
) -> None:
    """Sean's signature is the third there was; two are left, and that is what each screen says."""
    await scene.signs(scene.ana)
    await scene.signs(scene.jordi)
    scene.jordi.send("/withdraw")
    await scene.taps(scene.jordi, scene.words.label("Retirar mi firma y borrar mis datos"))
    await scene.signs(scene.sean)
    assert "Signatures so far, with yours: 2." in scene.screen(scene.sean).text
    scene.sean.start()
    await scene.settled()
    home = scene.screen(scene.sean).text
    assert "2 people have signed." in home
    assert "number" not in home, "that of the own signature is in /mydata"


async def withdraws_from(scene: Scene) -> None:
    scene.ana.send("/withdraw")
    await scene.settled()
    scene.ana.tap(scene.words.label("Retirar mi firma y borrar mis datos"))


async def says_stop(scene: Scene) -> None:
    scene.ana.send("/stop")


async def restricts(scene: Scene) -> None:
    scene.ana.send("/mydata")
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("Otros derechos"))
    scene.ana.tap(scene.words.label("Limitar el uso de mis datos"))


async def corrects_her_name(scene: Scene) -> None:
    scene.ana.send("/mydata")
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("Corregir mi nombre"))
    scene.ana.send("Ana García Ruiz")


async def takes_her_name_back(scene: Scene) -> None:
    scene.ana.send("/mydata")
    await scene.settled()
    scene.ana.tap(scene.words.label("Entregar mi firma sin mi nombre"))


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize(
    "asks", [withdraws_from, says_stop, restricts, corrects_her_name, takes_her_name_back]
)
async def test_where_the_journal_fails_she_reads_within_four_seconds_that_nothing_changed(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    asks: Callable[[Scene], Awaitable[None]],
    *,
    hangs: bool,
) -> None:
    assert scene.app is not None
    journal = scene.app.application.services.storage.journal
    scene.marta.start()
    await scene.signs(scene.ana)
    before, whole, forever = await rows_of(scene, "signatures"), journal.path, asyncio.Event()
    if hangs:
        monkeypatch.setattr("storage.journal.asyncio.to_thread", lambda *_: forever.wait())
    else:
        journal.path = whole.parent / "away" / whole.name
    for _ in range(2):
        await asks(scene)
        begun = scene.clocks.monotonic()
        said = await scene.ana.sees("No hemos podido hacer lo que has pedido", 10)
        assert scene.clocks.monotonic() - begun < 4
        scene.ana.delete(said)
    assert await rows_of(scene, "signatures") == before
    await scene.marta.sees("no puede anotar")
    assert sum("no puede anotar" in message.text for message in scene.marta.messages) == 1
    forever.set()
    monkeypatch.undo()
    journal.path = whole
    await asks(scene)
    await scene.settled()
    assert await rows_of(scene, "signatures") != before
