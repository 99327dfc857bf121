"""A petition is handed over; everybody reads how, and the addressee is told of what changes."""

import json
from datetime import date, datetime, timedelta

from bot.cli.context import CliContext
from bot.cli.handover import prepare_handover, prepare_notices, prepare_undo
from bot.petition_folder.schema import months_later
from handlers.due_notices import look
from storage.closing_texts import (
    AwaitedText,
    ClosingTextKind,
    all_closing_texts,
    publish_closing_texts,
    write_closing_text,
)
from storage.exports import exported_lists
from tests.support.raw_sql import write_sql
from tests.support.scene import ADMIN, Scene
from tests.support.supporters import Supporters

MANIFEST = "0f" * 32
WEEK = timedelta(days=7)


def shell(scene: Scene) -> CliContext:
    """What a command in the shell works on, beside the bot."""
    known = scene.services
    return CliContext(scene.settings, scene.petition, known.storage, scene.english, known.clock)


async def looks(scene: Scene, after: timedelta = timedelta()) -> None:
    known, now = scene.services, scene.now
    known.clock = lambda: now + after
    await look(known)
    known.clock = lambda: now


async def is_handed_over(scene: Scene) -> str:
    """Three sign, one of them without a name; the list is written, and handed over today."""
    await scene.all_sign(scene.ana, scene.sean, scene.jordi)
    storage = scene.storage
    await write_sql(storage.database, "UPDATE signatures SET name_sealed = NULL WHERE number = 2")
    await scene.closes()
    people = Supporters(storage.database, scene.services.keyring)
    await people.exported(3, at=scene.now, with_name=2, without_name=1)
    (listed,) = await storage.read(exported_lists)
    plan = await prepare_handover(
        shell(scene), on=today(scene).isoformat(), export=listed.id.hex(), manifest=MANIFEST
    )
    await plan.carry_out(shell(scene))
    return scene.words.date(today(scene))


def today(scene: Scene) -> date:
    there: datetime = scene.now.astimezone(scene.words.zone)
    return there.date()


async def test_everybody_reads_how_it_was_handed_over_until_undone(scene: Scene) -> None:
    day = await is_handed_over(scene)
    await looks(scene)
    await looks(scene)
    assert sum("Se ha anotado la entrega" in m.text for m in scene.marta.messages) == 1
    erased_on = months_later(today(scene), scene.petition.retention.months_after_delivery)
    assert scene.marta.messages[-1].text == (
        "Se ha anotado la entrega de la petición.\n\n"
        f"Se entregó el {day}. Firmas con nombre: 2. Contadas sin nombre: 1.\n\n"
        f"Las firmas se borrarán a partir del {scene.words.date(erased_on)} y seguirán contadas. "
        "Si todavía no se ha contado a quienes firmaron cómo ha terminado, hay que hacerlo antes, "
        "con /broadcast.\n\n"
        "Si es un error, quien administra el servidor puede deshacerlo con petition-bot delivered "
        "--undo."
    )
    assert f"Tu nombre está en la lista que se entregó el {day}." in await scene.starts(scene.ana)
    assert "counted without your name." in await scene.starts(scene.sean)
    # Of texts that change now nobody is asked.
    scene.services.petition = scene.petition.model_copy(
        update={"version": "2026-12-24", "asks_again_since": "2026-12-24"}
    )
    assert "Los textos han cambiado" not in await scene.starts(scene.ana)
    scene.services.petition = scene.petition
    late = await scene.starts(scene.mallory)
    assert "The signatures of 3 people, 2 with a name and 1 without one, were handed over" in late
    await scene.says(scene.marta, "/reopen")
    assert scene.marta.messages[-1].text == (
        f"La petición se entregó el {day}, y quien firmara ahora no estaría en lo que se entregó. "
        "Si la entrega se anotó por error, quien administra el servidor puede deshacerlo con "
        "petition-bot delivered --undo."
    )
    await (await prepare_undo(shell(scene))).carry_out(shell(scene))
    await looks(scene)
    assert scene.marta.messages[-1].text == (
        f"Se ha deshecho la anotación de la entrega del {day}. El bot ya no dice que la petición "
        "se haya entregado, y el plazo para borrar los datos ya no cuenta desde ese día."
    )
    for person in (scene.ana, scene.sean, scene.mallory):
        text = await scene.starts(person)
        assert "se entregó el" not in text
        assert "deliver" not in text


async def test_where_only_the_number_was_told_nobody_reads_that_signatures_were_handed_over(
    scene: Scene,
) -> None:
    await scene.signs(scene.ana)
    await scene.closes()
    plan = await prepare_handover(
        shell(scene), on=today(scene).isoformat(), export=None, manifest=None, without_list=True
    )
    await plan.carry_out(shell(scene))
    addressee = scene.petition.addressee["es"]
    told = f"\nSe comunicó a {addressee} que había firmado 1 persona, sin ningún nombre."
    text = await scene.starts(scene.ana)
    assert told in text
    assert "tu firma se contó sin tu nombre." in text
    assert "1 signature was reported to " in await scene.starts(scene.mallory)


async def test_who_withdraws_or_corrects_later_is_on_the_addressees_list(scene: Scene) -> None:
    day, words = await is_handed_over(scene), scene.words
    assert f"Tu nombre está en la lista que se entregó el {day}." in await scene.says(
        scene.jordi, "/mydata"
    )
    await scene.taps(scene.jordi, words.label("📄 Recibir el archivo"))
    file = scene.simulator.calls.of("sendDocument")[-1].params["document"].content
    given = json.loads(file)["handover"]
    assert given == {"handed_over_on": today(scene).isoformat(), "with_your_name": True}
    assert "le diremos el nuevo" in await scene.taps(scene.jordi, "Corregir mi nombre")
    await scene.says(scene.jordi, "Jordi Puig i Mas")
    assert "avisaremos a quien lo recibió" in await scene.says(scene.ana, "/withdraw")
    await scene.taps(scene.ana, words.label("Retirar mi firma y borrar mis datos"))
    assert "we cannot undo that" not in await scene.says(scene.sean, "/withdraw")
    await scene.taps(scene.sean, scene.english.label("Retirar mi firma y borrar mis datos"))
    notices = await prepare_notices(shell(scene))
    withdrawn, corrected = notices.shown.splitlines()[1:3]
    assert withdrawn.startswith("  1  ")
    assert "withdrawn" in withdrawn
    assert corrected.startswith("  3  ")
    assert "replace the name" in corrected
    assert "Ana" not in notices.shown
    assert "Jordi" not in notices.shown
    await looks(scene)
    assert scene.marta.messages[-1].text == (
        "⚠️ 2 firmas han cambiado después de que se escribiera la lista que se entregó.\n\n"
        "Cada cambio es una retirada, una corrección o el deseo de que la firma no se use. Hay "
        f"que comunicárselo a quien recibió la lista el {day} (artículo 19 del Reglamento General "
        "de Protección de Datos). Quien administra el servidor los ve con petition-bot notices."
    )
    said = len(scene.marta.messages)
    await looks(scene, WEEK - timedelta(hours=1))
    assert len(scene.marta.messages) == said
    await looks(scene, WEEK)
    assert len(scene.marta.messages) == said + 1, "once a week"
    await notices.carry_out(shell(scene))
    await looks(scene, 2 * WEEK)
    assert len(scene.marta.messages) == said + 1
    assert (await prepare_notices(shell(scene))).question == ""


async def test_what_an_admin_wrote_stands_below_what_was_recorded(scene: Scene) -> None:
    day, storage = await is_handed_over(scene), scene.storage
    now = scene.now
    written = today(scene) - timedelta(days=1)
    awaited = AwaitedText("e", ClosingTextKind.DELIVERED, "es", now, written)
    version = awaited.written(b"1" * 16, "Fuimos tres.", ADMIN, now)
    await storage.write(write_closing_text, version, None)
    left = [each for each in await storage.read(all_closing_texts) if each.is_left]
    await storage.write(publish_closing_texts, left, actor=ADMIN, at=now, approval_above=None)
    text = await scene.starts(scene.ana)
    assert text.count("entrega de las firmas") == 1
    one = text.partition(f"{day}: entrega de las firmas")[2].partition("\n\n")[0]
    assert one.startswith("\nSe entregó a la persona titular")
    assert "la firma de 3 personas: 2 con nombre y 1 sin él.\n" in one
    assert "\nFuimos tres." in one
    await scene.goes(scene.marta, "/closing", "👁 Ver cómo se lee")
    assert any(one in m.text for m in scene.marta.messages)
