"""What a text or button promises is kept when things change or fail in between."""

import asyncio
from pathlib import Path
from shutil import copytree

import pytest

from bot.petition.petition import BUNDLED, load_petition
from handlers.screens.command_list import SUPPORTER_COMMANDS
from simulator.faults import Fault
from storage import Statement
from storage.personal_data import Held
from tests.support.scene import Scene, a_scene


async def to_the_consent(scene: Scene) -> None:
    scene.ana.start()
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("✍️ Firmar la petición"))
    await scene.taps(scene.ana, scene.words.label("Usar «{name}»", name="Ana García"))


async def test_a_consent_is_only_ever_to_the_words_that_were_seen(tmp_path: Path) -> None:
    folder = tmp_path / "petition"
    copytree(BUNDLED, folder)
    async with a_scene(tmp_path) as scene:
        await scene.stop_bot()
        scene.settings = scene.settings.model_copy(update={"folder": folder})
        await scene.start_bot()
        await to_the_consent(scene)
        await scene.taps(scene.ana, f"⚪ {scene.words.label('Con mi nombre')}")
        await scene.stop_bot()
        spanish = folder / "es.toml"
        former = spanish.read_text()
        spanish.write_text(former.replace("Yo, <b>{name}</b>, firmo", "Firmo, {name},"))
        assert "Firmo, {name}, esta" in load_petition(folder).texts_in("es").consent
        await scene.start_bot()
        await scene.consents(scene.ana)
        assert "El texto ha cambiado" in scene.screen(scene.ana).text
        assert "Firmo, Ana García, esta" in scene.screen(scene.ana).text
        await scene.consents(scene.ana)
        assert "con la tuya: 1" in scene.screen(scene.ana).text


async def test_a_notice_that_changed_is_shown_before_an_old_button_counts(tmp_path: Path) -> None:
    """Ana reads it and types her name; meanwhile the organisation changes it."""
    folder = tmp_path / "petition"
    copytree(BUNDLED, folder)
    async with a_scene(tmp_path) as scene:
        await scene.stop_bot()
        scene.settings = scene.settings.model_copy(update={"folder": folder})
        await scene.start_bot()
        ana = scene.ana
        ana.start()
        await scene.taps(ana, scene.words.label("✍️ Firmar la petición"))
        await scene.stop_bot()
        spanish = folder / "es.toml"
        texts = spanish.read_text()
        spanish.write_text(texts.replace("<b>Responsable:</b>", "<b>Responde de ellos:</b>"))
        await scene.start_bot()
        ana.send("Ana García")
        await scene.settled()
        await scene.consents(ana)
        shown = scene.screen(ana).text
        assert "El texto ha cambiado" in shown
        assert shown.index("Responde de ellos:") < shown.index("Yo, Ana García, firmo")
        await scene.consents(ana)
        assert "con la tuya: 1" in scene.screen(ana).text
        assert scene.app is not None
        storage = scene.app.application.services.storage
        (consent,) = (await storage.personal_data.of(ana.user.id)).consents
        sha256 = consent["text"].rpartition(" ")[2]
        sql = "SELECT text FROM consent_texts WHERE sha256 = :sha256"
        (notice,) = await storage.database.read(Statement(sql, {"sha256": bytes.fromhex(sha256)}))
        assert "Responde de ellos:" in notice["text"]
        assert "telegram.org/privacy" in notice["text"]
        ana.send("/mydata")
        await scene.settled()
        assert sha256 not in scene.screen(ana).text


async def test_leaving_a_group_is_not_blocking_the_bot(scene: Scene) -> None:
    await scene.signs(scene.ana)
    group = scene.world.group("Barrio", members=[scene.ana])
    scene.world.membership(group, scene.ana.user, "member", "kicked")
    await scene.settled()
    await scene.closes()
    await scene.broadcasts(1)
    assert scene.told(scene.ana) == 1


async def test_who_writes_again_can_be_told_again(scene: Scene) -> None:
    await scene.signs(scene.ana)
    scene.ana.block()
    await scene.settled()
    scene.ana.blocked = False  # back without a word from Telegram
    scene.ana.send("/start")
    await scene.settled()
    await scene.closes()
    await scene.broadcasts(1)
    assert scene.told(scene.ana) == 1


async def test_a_name_that_was_not_signed_with_is_not_kept(scene: Scene) -> None:
    await to_the_consent(scene)
    await scene.taps(scene.ana, scene.words.label("Volver"))
    scene.ana.send("/mydata")
    await scene.settled()
    assert "García" not in scene.screen(scene.ana).text
    assert "sin firmar" not in scene.screen(scene.ana).text


async def test_an_answer_at_the_consent_is_no_name(scene: Scene) -> None:
    await to_the_consent(scene)
    scene.ana.send("sí, firmo")
    await scene.settled()
    shown = scene.screen(scene.ana).text
    assert "pulsa «✍️ Consiento y firmo»" in shown
    assert "Yo, Ana García, firmo" in shown


async def test_typed_names_leave_the_chat_even_when_deleting_fails_at_first(
    tmp_path: Path,
) -> None:
    async with a_scene(tmp_path) as scene:
        ana, words = scene.ana, scene.words
        ana.start()
        await scene.settled()
        await scene.taps(ana, words.label("✍️ Firmar la petición"))
        scene.simulator.faults.next("deleteMessage", Fault.ERROR, Fault.ERROR, Fault.ERROR)
        ana.send("Ana Real")
        await ana.sees("Yo, Ana Real, firmo")
        await ana.sees("Lo que has enviado se ha borrado de este chat.")
        assert [m.text for m in ana.messages if not m.from_bot] == ["/start"]


async def test_the_withdrawal_is_told_even_when_telegram_was_away_in_between(
    tmp_path: Path,
) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana)
        scene.ana.send("/withdraw")
        await scene.settled()
        scene.simulator.faults.next("editMessageText", *[Fault.ERROR] * 4)
        await scene.taps(scene.ana, scene.words.label("Retirar mi firma y borrar mis datos"))
        await scene.ana.sees("Tu firma está retirada")


async def test_four_taps_bring_one_file(scene: Scene) -> None:
    await scene.signs(scene.ana)
    scene.ana.send("/mydata")
    await scene.settled()
    label = scene.words.label("📄 Recibir el archivo")
    taps = [scene.ana.tap(label) for _ in range(4)]
    for tap in taps:
        await tap.answered()
    await scene.settled()
    assert sum(m.document is not None for m in scene.ana.messages) == 1


async def test_whom_telegram_pauses_is_answered_afterwards(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        scene.simulator.faults.retry_after = 4
        scene.simulator.faults.next("sendMessage", Fault.FLOOD)
        scene.ana.start()
        await scene.ana.sees(scene.petition.texts_in("es").title, 15)


@pytest.mark.parametrize("command", ["/help", "/start"])
async def test_in_a_group_only_what_names_the_bot_is_answered(scene: Scene, command: str) -> None:
    group = scene.world.group("Barrio", members=[scene.ana])
    scene.ana.send_in(group, command)
    await asyncio.sleep(0.1)
    await scene.settled()
    assert [m for m in group.messages.values() if m.from_bot] == []


@pytest.mark.parametrize("moment", ["while it is open", "once it is closed", "after the end"])
async def test_a_signature_can_be_taken_back_at_any_time(scene: Scene, moment: str) -> None:
    await scene.signs(scene.ana)
    if moment != "while it is open":
        await scene.closes()
    if moment == "after the end":
        await scene.broadcasts(1)
    scene.ana.send("/start")
    await scene.taps(scene.ana, scene.words.label("Retirar mi firma"))
    await scene.taps(scene.ana, scene.words.label("Retirar mi firma y borrar mis datos"))
    assert "Tu firma está retirada" in scene.screen(scene.ana).text
    held = await held_of(scene)
    assert (held.signature, held.consents, held.deliveries) == (None, (), ())


async def test_nobody_is_asked_for_a_name_before_they_were_shown_what_becomes_of_it(
    scene: Scene,
) -> None:
    ana, words = scene.ana, scene.words
    sign, use = (
        words.label("✍️ Firmar la petición"),
        words.label("Usar «{name}»", name="Ana García"),
    )
    ana.start()
    await scene.taps(ana, sign)
    assert "fuera del Espacio Económico Europeo" in scene.screen(ana).text
    await scene.taps(ana, use)
    await scene.taps(ana, words.label("Volver"))
    await scene.taps(ana, sign)
    assert "fuera del Espacio Económico Europeo" in scene.screen(ana).text
    await scene.taps(ana, use)
    await scene.consents(ana)
    ana.send("/withdraw")
    await scene.taps(ana, words.label("Retirar mi firma y borrar mis datos"))
    await scene.taps(ana, words.label("Volver"))
    await scene.taps(ana, sign)
    assert "fuera del Espacio Económico Europeo" in scene.screen(ana).text


async def test_what_is_said_not_to_have_been_kept_is_in_no_row(scene: Scene) -> None:
    scene.ana.start()
    scene.ana.send("Ana Secreta")
    await scene.settled()
    await scene.ana.sees("Eso parecía un nombre; no se ha guardado.")
    scene.ana.send_photo(caption="Ana Secreta")
    await scene.settled()
    await scene.ana.sees("lo que has enviado no se ha guardado")
    held = await held_of(scene)
    assert held.conversation is not None
    assert held.conversation["name"] is None
    assert "Secreta" not in str(held)


async def test_everything_that_a_command_does_a_button_does_too(tmp_path: Path) -> None:
    """/help says that the buttons do everything."""
    privacy, data = "🔒 Privacidad", "Mis datos"
    ways = {
        "start": (["📖 Leer el llamamiento", "Volver"], "Todavía no ha firmado nadie"),
        "language": (["🌐 Idioma · Language"], "¿En qué idioma"),
        "privacy": (["Volver", privacy], "Responsable de tus datos"),
        "mydata": ([data], "Lo que guardamos de ti"),
        "cancel": (["Volver", "✍️ Firmar la petición", "Volver"], "no ha firmado nadie"),
        "stop": ([privacy, data, "🔕 No recibir más mensajes"], "no te escribiéramos"),
        "withdraw": (["Volver", "Retirar mi firma"], "¿Quieres retirar tu firma?"),
    }
    assert ways.keys() == SUPPORTER_COMMANDS.keys() - {"help"}
    async with a_scene(tmp_path) as scene:
        scene.ana.start()
        for command, (labels, shown) in ways.items():
            if command == "stop":
                await scene.signs(scene.ana)
                await scene.taps(scene.ana, scene.words.label("Ver mi firma"))
            for label in labels:
                await scene.taps(scene.ana, scene.words.label(label))
            await scene.ana.sees(shown)


async def held_of(scene: Scene) -> Held:
    """Everything that is stored about Ana."""
    assert scene.app is not None
    return await scene.app.application.services.storage.personal_data.of(scene.ana.id)
