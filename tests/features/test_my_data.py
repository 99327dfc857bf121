"""A person is shown all of their data, gets it as a file, and can correct the name."""

import asyncio
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.petition.stages import Action
from handlers.screens.signing import seen_words
from simulator.person import Person
from storage.journal import Deed, Journal
from storage.person_requests import add_code, check_proof
from storage.personal_data import GIVEN
from storage.signatures import withdraw_signature
from storage.tables import metadata
from storage.times import from_millis
from telegram_text.markup import fill, parse
from tests.support.audit_entries import newest_audit_entries
from tests.support.raw_sql import Statement, read_sql, write_all
from tests.support.scene import Scene, a_scene, data_of
from tests.support.storage_calls import Proceed, call_instead

NOT_GIVEN = {
    **{
        f"{table.name}.petition": "the petition's own name, at the head of the file"
        for table in metadata.sorted_tables
        if "petition" in table.c
    },
    "petitions": "counts and the state of the petition, of everybody together",
    "leases": "which process answers",
    "seen_updates": "the number of the last update, under a keyed hash, for a day",
    "petition_notices": "what was sent to the admins about the petition, without their ids",
    "anonymous_counts": "numbers without a person, of those whose retention is over",
    "restores": "when a backup of all data was restored",
    "exports": "how many signatures a list held, of all together",
    "handovers": "how many signatures were handed over, of all together",
    "invalidations": "what was taken out of the count together; each signature has its id",
    "person_notices": "a sentence that is on its way to the person's chat",
    "person_codes.code_digest": "a keyed hash of the code, which its owner was shown",
    "erased_deliveries": "numbers without a person, of those who withdrew",
    "closing_texts.publication_id": "which publication it belongs to, of all that was published",
    "consent_texts.sha256": "stands with the consent, as text_sha256",
    "consent_texts.language": "stands with the consent",
    "consent_texts.version": "stands with the consent, as text_version",
    "deliveries.claim_token": "a random number of the worker that sent it",
    "telegram_cache.telegram_id": "of the petition's picture; an admin's menu has none",
    **{
        f"broadcasts.{column}": "of the message for everybody, not of who prepared it"
        for column in (
            *("state", "content", "reported_at"),
            *("pause_reason", "stop_reason", "reason_detail"),
            *("topic", "source_language", "language", "paid", "expected"),
            "last_signature_number",
            *("enqueued_through", "enqueued_at", "starts_at", "started_at", "ended_at"),
            *("recall_started_at", "recall_ended_at", "cancel_requested_at"),
        )
    },
}


def test_every_column_is_given_or_said_why_not() -> None:
    columns = {
        f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.c
    }
    given = {f"{table}.{column}" for table, columns in GIVEN.items() for column in columns}
    kept_back = {
        name for name in columns if name in NOT_GIVEN or name.partition(".")[0] in NOT_GIVEN
    }
    assert given | kept_back == columns, "a new column of a person's goes into GIVEN"
    assert not given & kept_back
    assert all(name in columns or name in metadata.tables for name in NOT_GIVEN)


GOES = "este desaparecerá del chat. Para conservarlo, guárdalo aparte."


async def file_of(scene: Scene, person: Person) -> dict[str, Any]:
    """What the button under /mydata brings."""
    await scene.goes(person, "/mydata", "📄 Recibir el archivo")
    given: dict[str, Any] = json.loads(
        scene.simulator.calls.of("sendDocument")[-1].params["document"].content
    )
    return given


def readable(table: str) -> set[str]:
    return {column.removesuffix("_sealed") for column in GIVEN[table]}


async def test_the_file_and_the_screen_hold_all_that_is_held(scene: Scene) -> None:
    ana = scene.ana
    await scene.starts(ana, "boletin")
    await scene.signs(ana, updates=True, news=True)
    await scene.signs(scene.sean, updates=True)
    await scene.closes()
    await scene.broadcasts(2)
    await scene.goes(ana, "/mydata", "No recibir noticias de otras acciones")
    await scene.taps(ana, "🔕 No recibir más mensajes")
    given = await file_of(scene, ana)
    sent_file = scene.simulator.calls.of("sendDocument")[-1].params
    asked = "Si pides otro archivo, corriges tu nombre o retiras tu firma,"
    assert sent_file["caption"] == f"{asked} {GOES}"
    assert sent_file["document"].name == "mis-datos.json"
    screen = scene.screen(ana).text
    texts = scene.petition.texts_in("es")
    said = f"{texts.name_consent}\n\n{texts.consent}\n\n{texts.news}"
    seen = parse(fill(said, name="Ana García")).text
    seen += "\n• Novedades de esta petición (máximo 3)\n• Noticias de otras acciones"
    assert given["petition"] == scene.petition.slug
    assert given["conversation"].keys() == readable("conversations")
    assert given["signature"].keys() == readable("signatures") | {"with_name"}
    assert given["signature"]["name"] == "Ana García"
    assert given["signature"]["chat"] == ana.id
    assert given["signature"]["source"] == "boletin"
    (consent,) = given["consents"]
    assert consent.keys() == readable("consents") | {"text", "text_with_your_name"}
    assert (consent["channel"], consent["purposes"]) == ("telegram", "signature,news,updates")
    assert (consent["updates_at_most"], consent["updates_ended_at"]) == (3, None)
    assert seen_words(consent["text_with_your_name"]) == seen
    (sent,) = given["messages_to_signers"]
    assert sent.keys() == readable("deliveries") | {"kind"}
    told = next(m.id for m in ana.messages if "18 de julio" in m.text and not m.buttons)
    assert (sent["kind"], sent["state"], sent["message_ids"]) == ("closing", "delivered", [told])
    assert "as_admin" not in given
    for said in (
        *("Tu firma es la número 1, del ", "Nombre: Ana García"),
        "Tu firma se entregará con tu nombre.",
        *("Noticias de otras acciones: no", "pediste que no te escribiéramos."),
        *("Novedades de esta petición: sí, 3 como mucho", "Todo lo demás está en el archivo"),
    ):
        assert said in screen, said
    await is_given_what_they_did(scene, scene.marta, "closing")


async def test_what_the_journal_has_of_ana_is_in_her_file_and_logged(scene: Scene) -> None:
    """It notes each deed by the id of her signature, and its last entry is what holds."""
    ana = scene.ana
    scene.simulator.limits.on = False
    await scene.signs(ana, updates=True, news=True)
    await scene.goes(ana, "/mydata", "Corregir mi nombre")
    await scene.says(ana, "Ana García Ruiz")
    for label in (
        *("Borrar mi nombre de la firma", "No recibir novedades de esta petición"),
        *("No recibir noticias de otras acciones", "🔕 No recibir más mensajes"),
    ):
        await scene.taps(ana, label)
    await scene.taps(ana, "Otros derechos", "Limitar el uso de mis datos")
    given = await file_of(scene, ana)
    signature, (consent,) = given["signature"], given["consents"]
    services = scene.services
    entries = Journal(services.keyring, services.petition.slug).read().entries
    assert {entry.subject.hex() for entry in entries} == {signature["id"]}
    assert signature["name"] is None
    in_file = {
        Deed.WITH_NAME: "0",
        Deed.MUTED: signature["muted_at"],
        Deed.UPDATES_ENDED: consent["updates_ended_at"],
        Deed.NEWS_ENDED: consent["news_ended_at"],
        Deed.RESTRICTED: signature["restricted_at"],
        Deed.OBJECTED: signature["objected_at"],
    }
    for deed, value in {entry.deed: entry.value for entry in entries}.items():
        is_time = deed is not Deed.WITH_NAME
        assert in_file.pop(deed) == (from_millis(int(value)).isoformat() if is_time else value), (
            deed
        )
    assert in_file == {Deed.OBJECTED: None}, "she did everything else that can be noted of her"
    assert {*Deed} - in_file.keys() - {entry.deed for entry in entries} == {
        *(Deed.WITHDRAWAL, Deed.HANDOVER)
    }, "whoever withdrew is not known any more, and a handover is nobody's"
    requests = [entry.action for entry in await services.storage.read(newest_audit_entries, 50)]
    assert (requests.count("my_data"), requests.count("my_data_file")) == (2, 1)


async def is_given_what_they_did(scene: Scene, marta: Person, broadcast: str) -> None:
    """An admin's file holds what they did; a damaged draft keeps them from none of the rest."""
    await scene.goes(marta, "/broadcast", "Un mensaje nuevo")
    given = (await file_of(scene, marta))["as_admin"]
    assert given["draft"].keys() == readable("drafts")
    assert given["name"].keys() == readable("admin_names")
    assert given["name"]["name"] == "Marta"
    assert given["draft"]["body"]["stage"] == "content"
    assert {deed["action"] for deed in given["deeds"]} >= {"close"}
    assert {deed["actor"] for deed in given["deeds"]} == {marta.id}
    (sent,) = given["broadcasts"]
    assert (sent["author"], sent["kind"]) == (marta.id, broadcast)
    (menu,) = given["menus"]
    assert menu.keys() == readable("telegram_cache")
    shown = next(m for m in marta.messages if "Lo que guardamos de ti" in m.text).text
    assert "Ahí está también lo que guardamos porque administras la petición." in shown
    junk = Statement("UPDATE drafts SET body_sealed = :junk", {"junk": b"junk"})
    await write_all(scene.storage.database, junk)
    assert (await file_of(scene, marta))["as_admin"]["draft"]["body"] is None


async def taps_twice(scene: Scene, person: Person, label: str) -> None:
    """Taps a button twice before the bot hears of the first."""
    shown = await person.with_button(label)
    data = data_of(shown, label)
    scene.simulator.faults.freeze()
    for _ in range(2):
        person.tap_data(shown.id, data)
    scene.simulator.faults.thaw()
    await scene.settled()


async def test_a_second_tap_does_nothing_twice_and_the_receipt_has_what_was_agreed_to(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.simulator.limits.on = False
    ana, storage, calls = scene.ana, scene.storage, scene.simulator.calls
    await scene.signs(ana, with_name=False, updates=True, news=True)
    await scene.says(ana, "/mydata")
    await taps_twice(scene, ana, "📄 Recibir el archivo")
    await scene.taps(ana, "Entregar mi firma con mi nombre", "Usar «Ana García»")
    await taps_twice(scene, ana, "✍️ Consiento que se entregue")
    await taps_twice(scene, ana, "Borrar mi nombre de la firma")
    await taps_twice(scene, ana, "No recibir novedades de esta petición")
    await taps_twice(scene, ana, "No recibir noticias de otras acciones")
    hours = Statement(
        "UPDATE consents SET given_at = 1748772000000, updates_ended_at = updates_ended_at"
        " - updates_ended_at + 1748775600000, news_ended_at = news_ended_at - news_ended_at"
        " + 1748779200000, with_name_ended_at = with_name_ended_at - with_name_ended_at"
        " + 1748782800000"
    )
    await write_all(storage.database, hours)
    await scene.taps(ana, "Otros derechos")
    await taps_twice(scene, ana, "🧾 Recibir el justificante")
    assert len(calls.of("sendDocument")) == 2
    # The one that she sees is the last, and fits.
    await taps_twice(scene, ana, "🔑 Pedir un código")
    told = re.search(r"Tu código: (\S+)\nSirve una sola vez, hasta el ", scene.screen(ana).text)
    assert told is not None
    assert await storage.write(check_proof, 1, told[1], scene.now) is not None
    await taps_twice(scene, ana, "Limitar el uso de mis datos")
    await taps_twice(scene, ana, "Volver a permitir el uso de mis datos")
    await scene.taps(ana, "Volver")
    await taps_twice(scene, ana, "🔕 No recibir más mensajes")
    await taps_twice(scene, ana, "🔔 Volver a recibir mensajes")
    assert "pediste que no te escribiéramos" not in scene.screen(ana).text
    assert Counter(
        entry.action for entry in await storage.read(newest_audit_entries, 50)
    ) == dict.fromkeys(
        (
            *("my_data", "my_data_file", "name_given", "name_removed", "consent_receipt"),
            *("person_restricted", "person_lifted"),
        ),
        1,
    )
    receipt = calls.of("sendDocument")[-1].params["document"].content.decode()
    begins = "Tu consentimiento\nLo diste el 1 de junio de 2025 a las 12:00, por Telegram.\n"
    ends = (
        "Versión del texto que aceptaste: 30 de noviembre de 2026\n"
        "Momento exacto (UTC): 2025-06-01T10:00:00+00:00\nSHA-256: "
    )
    for about in (
        "Para firmar la petición.\nPara que tu firma se entregue sin tu nombre.\n"
        "Y para recibir novedades de esta petición, 3 como mucho.\n"
        "Y para recibir noticias de otras acciones.\n"
        "Desde el 1 de junio de 2025 a las 13:00 no quieres novedades de esta petición.\n"
        "Desde el 1 de junio de 2025 a las 14:00 no quieres noticias de otras acciones.\n",
        "Para que tu firma se entregue con tu nombre.\n"
        "Desde el 1 de junio de 2025 a las 15:00 no quieres que se entregue tu nombre.\n",
    ):
        assert receipt.count(f"{begins}{about}{ends}") == 1
    # What costs a file or a row is granted five times a minute, each by itself.
    for label, action in (
        ("Entregar mi firma con mi nombre", Action.ASK_NAME_CONSENT),
        ("📄 Recibir el archivo", Action.DATA_FILE),
        ("🧾 Recibir el justificante", Action.RECEIPT),
        ("🔑 Pedir un código", Action.LETTER_CODE),
    ):
        if action is Action.RECEIPT:
            await scene.taps(ana, "Otros derechos")
        for number in range(5):
            scene.services.budgets.spend(scene.services.reference(ana.id), action, number)
        before = scene.screen(ana).text
        answer = await scene.answered(ana.tap(label))
        assert answer.alert
        assert "Vas muy deprisa: espera un minuto" in answer.text
        assert scene.screen(ana).text == before
    assert len(calls.of("sendDocument")) == 2
    # Of a signature that is erased in that moment there is no code, and the screen says so.
    jordi = scene.jordi

    async def erased_first(add: Proceed, supporter: bytes, *given: Any, **named: Any) -> object:
        await storage.write(withdraw_signature, supporter, scene.now)
        return await add(supporter, *given, **named)

    call_instead(monkeypatch, add_code, erased_first)
    await scene.signs(jordi)
    await scene.goes(jordi, "/mydata", "Otros derechos")
    await scene.answered(jordi.tap("🔑 Pedir un código"))
    assert "Tu firma está retirada" in scene.screen(jordi).text


GONE = "Lo que has enviado se ha borrado de este chat."
CORRECT = "Corregir mi nombre"


async def asks_to_correct(scene: Scene, person: Person) -> None:
    """Goes from /mydata to the question for the name."""
    await scene.goes(person, "/mydata", CORRECT)


async def stored(scene: Scene, table: str) -> list[dict[str, object]]:
    sql = f"SELECT * FROM {table}"  # noqa: S608 - a constant of the tests
    return [dict(row) for row in await read_sql(scene.storage.database, sql)]


async def test_the_number_the_time_and_the_consent_stay(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana = scene.ana
    await scene.signs(scene.sean)
    await scene.signs(ana, "Ana Garcia")
    before = await stored(scene, "signatures"), await stored(scene, "consents")
    older = ana.send("hola")
    await scene.settled()
    await asks_to_correct(scene, ana)
    asked = scene.screen(ana).text
    assert "Tu firma lleva el nombre «Ana Garcia»." in asked
    assert "El número, la fecha y tu consentimiento no cambian." in asked
    # There is a way back, and one out, which change nothing.
    assert "Lo que guardamos de ti" in await scene.taps(ana, "Volver")
    await scene.taps(ana, CORRECT)
    said = await scene.says(ana, "/cancel")
    assert "De acuerdo: tu firma sigue como estaba." in said
    assert "Lo que guardamos de ti" in said
    await scene.taps(ana, CORRECT)
    # What is no name is refused as at the signing.
    question = "¿Qué nombre tiene que figurar en tu firma?"
    for typed, told in (
        *(("A", "demasiado corto"), ("=SUMA(A1)", "ese signo")),
        ("https://example.org", "un enlace"),
    ):
        said = await scene.says(ana, typed)
        assert said.index(told) < said.index(GONE) < said.index(question)
        assert typed not in [message.text for message in ana.messages]
    await scene.sends(ana, "photo")
    said = scene.screen(ana).text
    assert "Escribe el nombre en un mensaje de texto nuevo, por favor." in said
    await scene.edits(ana, older, "Ana María")
    assert (
        "Eso parecía un nombre; no se ha guardado. Escribe el nombre en un mensaje de texto "
        f"nuevo, por favor.\n{GONE}\n" in scene.screen(ana).text
    )
    assert (await stored(scene, "signatures"), await stored(scene, "consents")) == before
    said = await scene.says(ana, "  Ana  García Ruiz ")
    for told in (
        "Hecho: tu firma lleva el nombre que has escrito.",
        *(GONE, "Nombre: Ana García Ruiz"),
    ):
        assert told in said
    after = await stored(scene, "signatures"), await stored(scene, "consents")
    assert after[0][1].pop("name_sealed") != before[0][1].pop("name_sealed")
    assert after == before
    entries = [row["action"] for row in await stored(scene, "audit")]
    assert entries.count("correct_name") == 1
    # The own name written elsewhere is deleted; so is a correction whose update comes again.
    said = await scene.says(ana, "Ana García Ruiz")
    assert "Tu firma lleva ese nombre." in said
    assert GONE in said
    assert "no se ha guardado" not in said


async def test_the_former_name_is_gone_from_the_chat_and_from_the_file(scene: Scene) -> None:
    ana, marta = scene.ana, scene.marta
    await scene.signs(marta, "Marta Garcia", news=True)
    await scene.signs(ana, "Ana Equivocada")
    await scene.goes(ana, "/mydata", "📄 Recibir el archivo", CORRECT)
    await scene.says(ana, "Ana García")
    assert "Equivocada" not in ana.chat.transcript()
    assert not any(message.document for message in ana.messages)
    assert await stored(scene, "sent_files") == []
    # An admin who prepares a message corrects theirs.
    await scene.goes(marta, "/broadcast", "Un mensaje nuevo")
    await scene.says(marta, "Hola a cada persona")
    await asks_to_correct(scene, marta)
    await scene.says(marta, "Marta García")
    shown = [message.text for message in marta.messages]
    assert any("Nombre: Marta García" in text for text in shown)
    assert "Marta García" not in shown
    # It can be corrected after the closing too, but who withdraws meanwhile is given no name.
    await asyncio.sleep(30)  # more at once than a chat is sent
    await scene.closes()
    await asks_to_correct(scene, ana)
    assert "Nombre: Ana Sol" in await scene.says(ana, "Ana Sol")
    await scene.taps(ana, CORRECT)
    await scene.withdraws(ana)
    await scene.says(ana, "Ana María García")
    assert len(await stored(scene, "signatures")) == 1
    await scene.says(ana, "/mydata")
    assert CORRECT not in scene.screen(ana).labels


async def test_the_question_comes_five_times_a_minute(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        ana = scene.ana
        await scene.signs(ana, "Ana Garcia")
        # A damaged name is not shown, and can be replaced.
        junk = Statement("UPDATE signatures SET name_sealed = :junk", {"junk": b"junk"})
        await write_all(scene.storage.database, junk)
        await asks_to_correct(scene, ana)
        assert "«" not in scene.screen(ana).text
        assert "Nombre: Ana García" in await scene.says(ana, "Ana García")
        for number in range(1, 7):
            told = await scene.answered(ana.tap(CORRECT))
            assert told.alert == (number >= 5)
            assert ("Vas muy deprisa: espera un minuto" in (told.text or "")) == told.alert
            if not told.alert:
                await scene.taps(ana, "Volver")
