"""Ana, Jordi and Seán sign."""

import asyncio
import re
from pathlib import Path
from shutil import copytree
from typing import Any

from bot.petition.petition import BUNDLED
from simulator import Message
from simulator.faults import Fault
from storage.conversations import store_screen
from tests.support.raw_sql import Statement, read_sql, write_all, write_sql
from tests.support.scene import Scene, a_scene

SIGN, USE = "✍️ Firmar con mi nombre", "Usar «Ana García»"
UNNAMED = "✍️ Firmar sin dar mi nombre"
ASKED = "¿Con qué nombre quieres firmar?"
NOTICE = "Responsable: la sección española"


def styles(message: Message) -> dict[str, str]:
    """The colours of the buttons that have one."""
    return {b.label: b.style for row in message.buttons for b in row if b.style is not None}


async def test_ana_reads_everything_and_signs_in_one_message(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana, jordi, title = scene.ana, scene.jordi, scene.petition.texts_in("es").title
    await scene.starts(ana, "boletin")
    first = scene.screen(ana)
    assert title in first.text
    assert styles(first) == {SIGN: "success", UNNAMED: "success"}
    for label, seen in (
        ("📖 Leer el llamamiento", "Página 1 de 4"),
        ("Siguiente ›", "Página 2 de 4"),
        ("‹ Anterior", "Página 1 de 4"),
        (SIGN, ASKED),
        (USE, "Yo, Ana García, consiento"),
    ):
        assert seen in await scene.taps(ana, label)
    await scene.consents(ana)
    thanks = scene.screen(ana)
    assert "con la tuya: 1" in thanks.text
    assert (thanks.id, styles(thanks)) == (first.id, {})
    # Who follows the link that she copies meets the petition.
    copied = ana.tap("🔗 Copiar el enlace").copied
    assert copied == "https://t.me/peticion_bot?start=share"
    jordi.start(copied.partition("?start=")[2])
    await scene.taps(jordi, SIGN)
    assert "Ya has firmado" in await scene.says(ana, "/start")
    assert SIGN not in scene.screen(ana).labels
    # To take it back are two taps, and then she can sign anew.
    await scene.says(ana, "/withdraw")
    erase = "Retirar mi firma y borrar mis datos"
    assert styles(scene.screen(ana)) == {erase: "danger"}
    assert "Tu firma está retirada" in await scene.taps(ana, erase)
    assert "No has firmado esta petición." in await scene.says(ana, "/mydata")
    assert NOTICE in await scene.to_the_name(ana)
    assert "con la tuya: 1" in await scene.signs(ana)


async def test_every_typed_name_leaves_the_chat(scene: Scene) -> None:
    jordi, goes_first = scene.jordi, list[int]()
    scene.patch.setattr(scene.services.gate, "signs", goes_first.append)
    await scene.starts(jordi)
    assert goes_first == []
    await scene.taps(jordi, SIGN)
    assert goes_first == [jordi.id], "who is signing waits for nobody else"
    assert NOTICE in scene.screen(jordi).text
    for bad in ("x", "=1+1", "http://example.org"):
        said = await scene.says(jordi, bad)
        assert "⚠️" in said
        assert ASKED in said
        assert NOTICE not in said, "who answered it has read it"
        assert scene.screen(jordi) is jordi.messages[-1]
    for aside in ("/help", "/privacy", "/language"):
        assert ASKED not in await scene.says(jordi, aside)
        assert ASKED in await scene.taps(jordi, "Volver")
    assert "Jordi Puig i Gal·la" in await scene.says(jordi, "Jordi Puig i Gal·la")
    assert NOTICE not in await scene.taps(jordi, "Cambiar el nombre")
    await scene.says(jordi, "Jordi Secret")
    assert "no has firmado" in await scene.says(jordi, "/cancel")
    assert NOTICE in await scene.taps(jordi, SIGN)
    await scene.says(jordi, "Jordi Tercer")
    said = await scene.says(jordi, "/withdraw")
    assert "No guardamos ninguna firma tuya: no hay nada que retirar." in said
    assert scene.petition.texts_in("es").title in said
    await scene.says(jordi, "/mydata")
    words = {*re.findall(r"[\w·]+", jordi.chat.transcript())}
    assert not {"Secret", "Gal·la", "Tercer"} & words
    sent = [m.text for m in jordi.messages if not m.from_bot]
    asked = ["/help", "/privacy", "/language", "/cancel", "/withdraw", "/mydata"]
    assert sent == ["/start", *asked]
    # Who wrote before the notice was shown is shown it.
    await scene.starts(scene.ana)
    scene.simulator.faults.freeze()
    scene.ana.tap(SIGN)
    scene.ana.send("L")
    scene.simulator.faults.thaw()
    await scene.settled()
    assert NOTICE in scene.screen(scene.ana).text
    assert "demasiado corto" in scene.screen(scene.ana).text


async def test_a_name_is_read_where_no_marks_are_spelt_out(scene: Scene) -> None:
    """The Bot API server is one of the organisation's own."""
    take = scene.app.dispatch.take

    def written_out(update: Any) -> asyncio.Future[None]:
        said = update.get("message")
        return take(update | {"message": {"entities": None} | said} if said else update)

    scene.app.dispatch.take = written_out  # type: ignore[method-assign]
    await scene.to_the_name(scene.ana)
    assert "Yo, Ana Gómez, consiento" in await scene.says(scene.ana, "Ana Gómez")


async def test_both_choices_are_off_until_ticked_and_can_be_unticked(scene: Scene) -> None:
    ana, jordi, sean = scene.ana, scene.jordi, scene.sean
    updates, news = "Novedades de esta petición (máximo 3)", "Noticias de otras acciones"
    await scene.to_the_consent(ana)
    ticked: set[str] = set()
    for tapped in (None, updates, news, news, updates, news):
        if tapped is not None:
            box = "✅" if tapped in ticked else "⬜"
            await scene.taps(ana, f"{box} {tapped}")
            ticked ^= {tapped}
        boxes = [f"{'✅' if each in ticked else '⬜'} {each}" for each in (updates, news)]
        assert scene.screen(ana).labels == [
            *boxes,
            *("✍️ Consiento y firmo", "Cambiar el nombre", "Volver"),
        ]
    await scene.consents(ana)
    said = await scene.says(ana, "/mydata")
    assert f"Novedades de esta petición: no\n{news}: sí\n" in said

    await scene.signs(jordi, updates=True, news=True)
    await scene.goes(jordi, "/mydata", "No recibir novedades de esta petición")
    said = scene.screen(jordi).text
    assert f"Novedades de esta petición: no\n{news}: sí\n" in said
    assert "Te escribiremos para contarte cómo termina la petición." in said

    assert "yours included: 3" in await scene.signs(sean)
    # She cancels while something cannot be deleted: nobody tells her that she has not signed.
    scene.simulator.faults.next("deleteMessage", Fault.ERROR, Fault.ERROR, Fault.ERROR)
    await scene.says(jordi, "/help Jordi Puig")
    jordi.send("/cancel")
    assert "no has firmado" not in (await jordi.sees("No había nada que cancelar.")).text
    scene.simulator.calls.clear()


async def test_whose_language_is_missing_is_asked_once_for_another(scene: Scene) -> None:
    yusuf, title = scene.world.person("Yusuf", language="ar"), scene.petition.texts_in("en").title
    await scene.starts(yusuf, "newsletter")
    asked = scene.screen(yusuf)
    assert asked.text == (
        "¿En qué idioma quieres seguir?\nIn which language would you like to continue?"
    )
    assert asked.labels == ["Español", "English"]
    data = next(b.data or "" for row in asked.buttons for b in row)
    # One that the petition has not is none, and the question stays.
    await scene.answered(yusuf.tap_data(asked.id, data.replace("speak:es", "speak:ar")))
    known = await scene.conversation(yusuf)
    assert (known.language, known.stage) == (None, "language")
    assert yusuf.messages[1:] == [asked]
    assert title in await scene.taps(yusuf, "English")
    assert [bool(m.photo) for m in yusuf.messages if m.from_bot] == [True, False]
    assert title in await scene.says(yusuf, "/start")
    await scene.says(yusuf, "/language")
    assert scene.screen(yusuf).labels == ["Español", "• English", "Back"]
    below = scene.screen(yusuf).id
    assert scene.petition.texts_in("es").title in await scene.taps(yusuf, "Español")
    assert scene.screen(yusuf).id == below, "only after the first question it comes anew"
    # Who passes over the question is not asked again. Estonian only begins like Spanish.
    for amal in (scene.world.person("Amal", language=each) for each in ("ar", "est")):
        for said in (asked.text, scene.petition.texts_in("es").title):
            assert said in await scene.says(amal, "/start")
    # Nobody else is asked.
    for language in ("es", "es-419", "en-GB", None):
        somebody = scene.world.person("Luz", language=language)
        assert scene.petition.texts_in(language).title in await scene.says(somebody, "/start")


async def test_a_petition_in_one_language_offers_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "petition"
    copytree(BUNDLED, folder)
    (folder / "en.toml").unlink()
    written = folder / "petition.toml"
    english = re.compile(r'^(?:\S+\.)?en = (?:\[.*?^\]|".*?")\n', re.MULTILINE | re.DOTALL)
    written.write_text(english.sub("", written.read_text()))
    async with a_scene(tmp_path) as scene:
        await scene.goes_on_with(folder=folder)
        yusuf = scene.world.person("Yusuf", language="ar")
        assert scene.petition.texts_in("es").title in await scene.says(yusuf, "/start")
        below = ["📖 Leer el llamamiento", "🔒 Privacidad"]
        assert scene.screen(yusuf).labels == [SIGN, UNNAMED, *below]


async def test_the_picture_is_uploaded_again_where_it_changed(scene: Scene) -> None:
    calls, database = scene.simulator.calls, scene.storage.database

    async def is_uploaded() -> bool:
        await asyncio.sleep(2)  # it is shown where there is room
        await scene.says(scene.world.person("Luz", language="es"), "/start")
        return not isinstance(calls.of("sendPhoto")[-1].params["photo"], str)

    assert [await is_uploaded() for _ in range(2)] == [True, False]
    for change in ("digest = x'00'", "telegram_id = 'unknown'"):
        sql = f"UPDATE telegram_cache SET {change} WHERE key LIKE '%:picture:%'"  # noqa: S608
        await write_sql(database, sql)
        assert [await is_uploaded() for _ in range(2)] == [True, False], change
    calls.clear()  # the name that is not known was refused


async def test_what_must_be_known_before_the_name_is_read_without_a_tap(scene: Scene) -> None:
    for person, country in (
        (scene.ana, "gobierno de Estados Unidos, con menos garantías que en Europa: sabrá"),
        (
            scene.sean,
            "goes to the US government, with fewer safeguards than in Europe: it will",
        ),
    ):
        await scene.to_the_name(person)
        shown = scene.screen(person)
        folded = next(e for e in shown.entities if e.type == "expandable_blockquote")
        units = shown.text.encode("utf-16-le")
        start, end = 2 * folded.offset, 2 * (folded.offset + folded.length)
        visible = (units[:start] + units[end:]).decode("utf-16-le")
        language = person.user.language or ""
        for said in (scene.petition.controller.name[language], country, "/mydata", "/withdraw"):
            assert said in visible
        assert "example.org" in shown.text
        assert "example.org" not in visible


async def test_the_consent_names_its_message_and_the_form_its_time(scene: Scene) -> None:
    ana, storage = scene.ana, scene.storage
    earlier = Statement("UPDATE conversations SET form_started_at = form_started_at - 40000")
    await scene.to_the_name(ana)
    await write_all(storage.database, earlier)
    await scene.taps(ana, "Volver")  # what was begun then does not count
    await scene.taps(ana, SIGN)
    await write_all(storage.database, earlier)
    await scene.taps(ana, "🔒 Privacidad", "Volver", USE, "Cambiar el nombre", USE)
    seen = scene.screen(ana).id
    # A bot that was killed before it could put down that it had sent a new message.
    await storage.write(
        store_screen,
        scene.services.reference(ana.id),
        message_id=ana.messages[0].id,
        screen_digest=None,
    )
    await scene.consents(ana)
    (signed,) = await read_sql(
        storage.database,
        "SELECT form_seconds, c.message_id FROM signatures s "
        "JOIN consents c ON c.signature_id = s.id",
    )
    assert signed["message_id"] == seen
    assert 40 <= signed["form_seconds"] < 80
    (left,) = await read_sql(
        storage.database, "SELECT form_started_at FROM conversations WHERE stage = 'thanks'"
    )
    assert left["form_started_at"] is None
