"""What a text or button promises is kept when things change or fail in between."""

import asyncio
from pathlib import Path
from shutil import copytree

from bot.petition.petition import BUNDLED
from handlers.screens.help import SUPPORTER_COMMANDS
from simulator.faults import Fault
from simulator.person import Person
from storage.admins import save_admin_name
from storage.personal_data import everything_held
from tests.features.test_changed_texts import held_of
from tests.support.raw_sql import read_sql
from tests.support.scene import Scene, a_scene
from tests.support.storage_calls import Proceed, call_instead


async def test_what_changed_is_shown_before_an_old_button_counts(tmp_path: Path) -> None:
    """Ana reads the notice and types her name; the organisation changes it, then the consent."""
    folder = tmp_path / "petition"
    copytree(BUNDLED, folder)
    async with a_scene(tmp_path) as scene:
        await scene.goes_on_with(folder=folder)
        ana = scene.ana
        await scene.to_the_name(ana)
        await scene.stop_bot()
        spanish = folder / "es.toml"
        texts = spanish.read_text()
        spanish.write_text(texts.replace("<b>Responsable:</b>", "<b>Responde de ellos:</b>"))
        await scene.start_bot()
        await scene.says(ana, "Ana García")
        await scene.consents(ana)
        shown = scene.screen(ana).text
        assert "El texto ha cambiado" in shown
        assert shown.index("Responde de ellos:") < shown.index("Yo, Ana García, consiento")
        await scene.stop_bot()
        spanish.write_text(spanish.read_text().replace("Firmo esta petición y", "Firmo esto y"))
        await scene.start_bot()
        assert "El texto ha cambiado" in await scene.consents(ana)
        assert "Firmo esto y consiento" in scene.screen(ana).text
        assert "con la tuya: 1" in await scene.consents(ana)
        storage = scene.storage
        (consent,) = (await storage.read(everything_held, ana.user.id)).consents
        sha256 = consent["text"].rpartition(" ")[2]
        sql = "SELECT text FROM consent_texts WHERE sha256 = :sha256"
        (notice,) = await read_sql(storage.database, sql, sha256=bytes.fromhex(sha256))
        assert "Responde de ellos:" in notice["text"]
        assert "telegram.org/privacy" in notice["text"]
        assert sha256 not in await scene.says(ana, "/mydata")


async def test_a_name_not_signed_with_is_not_kept_and_an_answer_is_none(scene: Scene) -> None:
    await scene.to_the_consent(scene.ana)
    await scene.says(scene.ana, "sí, firmo")
    shown = scene.screen(scene.ana).text
    assert "pulsa «✍️ Consiento y firmo»" in shown
    assert "Yo, Ana García, consiento" in shown
    await scene.taps(scene.ana, scene.words.label("Volver"))
    assert "García" not in await scene.says(scene.ana, "/mydata")
    assert "sin firmar" not in scene.screen(scene.ana).text
    scene.ana.send("/start")
    await scene.says(scene.ana, "Ana Secreta")
    await scene.ana.sees("Eso parecía un nombre; no se ha guardado.")
    scene.ana.send_photo(caption="Ana Secreta")
    await scene.settled()
    await scene.ana.sees("lo que has enviado no se ha guardado")
    held = await held_of(scene, scene.ana)
    assert held.conversation is not None
    assert held.conversation["name"] is None
    assert "Secreta" not in str(held)


async def test_a_signature_can_be_taken_back_at_any_time(scene: Scene) -> None:
    await scene.all_sign(scene.ana, scene.jordi, scene.sean)
    await taken_back(scene, scene.ana)
    await scene.closes()
    await taken_back(scene, scene.jordi)
    await scene.broadcasts(1)
    await taken_back(scene, scene.sean)


async def taken_back(scene: Scene, person: Person) -> None:
    """Somebody withdraws, and nothing is left of their signature."""
    await scene.goes(person, "/start", "Retirar mi firma", "Retirar mi firma y borrar mis datos")
    said = "Your signature is withdrawn" if person is scene.sean else "Tu firma está retirada"
    assert said in scene.screen(person).text
    held = await held_of(scene, person)
    assert (held.signature, held.consents, held.deliveries) == (None, (), ())


async def test_a_notice_that_changes_while_a_tap_waits_was_not_shown(scene: Scene) -> None:
    marta, services = scene.marta, scene.services
    read = services.petition.texts["es"]
    other = read.model_copy(update={"privacy_short": f"Otro aviso. {read.privacy_short}"})
    texts = {**services.petition.texts, "es": other}

    async def meanwhile(proceed: Proceed, *given: object) -> object:
        services.petition = services.petition.model_copy(update={"texts": texts})
        return await proceed(*given)

    await scene.starts(marta)
    call_instead(scene.patch, save_admin_name, meanwhile)
    assert "Otro aviso" not in await scene.taps(marta, "✍️ Firmar con mi nombre")
    await scene.says(marta, "Marta Ruiz")
    assert "El texto ha cambiado" in await scene.consents(marta)
    assert "Otro aviso" in scene.screen(marta).text


async def test_who_came_back_without_a_word_is_told_how_it_ended(scene: Scene) -> None:
    """In the group only what names the bot is answered."""
    ana, jordi = scene.ana, scene.jordi
    await scene.all_sign(ana, jordi)
    group = scene.world.group("Barrio", members=[ana])
    for command in ("/help", "/start"):
        ana.send_in(group, command)
    await asyncio.sleep(0.1)
    await scene.settled()
    assert [m for m in group.messages.values() if m.from_bot] == []
    scene.world.membership(group, ana.user, "member", "kicked")
    await scene.blocks(jordi)
    jordi.blocked = False  # back without a word from Telegram
    await scene.says(jordi, "/start")
    await scene.closes()
    await scene.broadcasts(2)
    assert (scene.told(ana), scene.told(jordi)) == (1, 1)


async def test_what_telegram_pauses_or_loses_is_done_afterwards(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        ana, words, faults = scene.ana, scene.words, scene.simulator.faults
        faults.retry_after = 4
        faults.next("sendMessage", Fault.FLOOD)
        ana.start()
        await ana.sees(scene.petition.texts_in("es").title, 15)
        await scene.taps(ana, words.label("✍️ Firmar con mi nombre"))
        faults.next("deleteMessage", Fault.ERROR, Fault.ERROR, Fault.ERROR)
        ana.send("Ana Real")
        await ana.sees("Yo, Ana Real, consiento")
        await ana.sees("Lo que has enviado se ha borrado de este chat.")
        assert [m.text for m in ana.messages if not m.from_bot] == ["/start"]
        await scene.consents(ana)
        await scene.says(ana, "/mydata")
        label = words.label("📄 Recibir el archivo")
        for tap in [ana.tap(label) for _ in range(4)]:
            await tap.answered()
        await scene.settled()
        assert sum(m.document is not None for m in ana.messages) == 1, "four taps bring one file"
        await scene.says(ana, "/withdraw")
        faults.next("editMessageText", *[Fault.ERROR] * 4)
        await scene.taps(ana, words.label("Retirar mi firma y borrar mis datos"))
        await ana.sees("Tu firma está retirada")


async def test_everything_that_a_command_does_a_button_does_too(tmp_path: Path) -> None:
    """/help says that the buttons do everything."""
    privacy, data = "🔒 Privacidad", "Mis datos"
    ways = {
        "start": (["📖 Leer el llamamiento", "Volver"], "Todavía no hay firmas"),
        "language": (["🌐 Idioma · Language"], "¿En qué idioma"),
        "privacy": (["Volver", privacy], "Responsable de tus datos"),
        "mydata": ([data], "Lo que guardamos de ti"),
        "cancel": (["Volver", "✍️ Firmar con mi nombre", "Volver"], "no hay firmas"),
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
                await scene.settled()  # a tap on what is not shown any more does nothing
            await scene.ana.sees(shown)
