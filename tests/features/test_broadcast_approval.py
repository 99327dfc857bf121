"""A large broadcast goes out only after a second admin has seen and approved it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from simulator.faults import Fault
from simulator.person import Person
from storage.approvals import APPROVABLE_FOR
from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import BroadcastAction
from tests.support.admin_scene import SENT, AdminScene
from tests.support.approval_scene import (
    APPROVE,
    ASK,
    LUCY,
    PAU,
    QUESTION,
    asks,
    passes,
    with_settings,
)
from tests.support.audit_entries import newest_audit_entries
from tests.support.scene import ADMIN, data_of
from tests.support.storage_calls import Proceed, call_instead
from tests.support.telegram_calls import fails

FAILED = "no hemos podido terminar lo que has pedido"


@pytest.fixture
def admin(three_admins: AdminScene) -> AdminScene:
    return three_admins


async def test_nothing_goes_out_before_another_has_seen_and_approved_it(
    admin: AdminScene, pau: Person, lucy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(admin)
    assert "Espera la aprobación de otra persona" in admin.panel.text
    assert admin.panel.labels == ["Cancelar este envío"]
    question = await pau.sees(QUESTION, 10)
    assert "otra persona que administra la petición: Marta." in question.text
    assert "Para quienes eligieron recibir novedades: 3 personas." in question.text
    assert question.labels == [APPROVE, "Ver el mensaje", "No aprobar"]
    assert pau.messages[-2].text == "Hola"
    await lucy.sees("Do you approve this broadcast?", 10)
    where, _ = admin.data("Cancelar este envío")
    answer = await admin.marta.tap_data(where, data_of(question, APPROVE)).answered()
    assert answer.text == "Esto lo tiene que decidir otra persona."
    assert "Preparado por ti, sin aprobar" in await admin.says("/broadcasts")
    assert "Espera aprobación, para 3 personas" in admin.panel.text
    await admin.scene.says(pau, "/broadcast")
    assert "🕒 Hay 1 envío programado o a la espera de aprobación" in pau.messages[-1].text
    await admin.scene.goes(pau, "/broadcasts", "1")
    shown = len(pau.messages)
    fails(monkeypatch, "copy_message", 1)
    await admin.scene.taps(pau, "Ver el mensaje")
    await pau.sees(FAILED)
    await admin.scene.settled()
    assert len(pau.messages) == shown + 1, "it is not shown later either"
    await admin.scene.taps(pau, "Ver el mensaje")
    assert pau.messages[-2].text == "Hola"
    assert QUESTION in pau.messages[-1].text
    # Telegram does not say whether the message is whole.
    fails(monkeypatch, "edit_message_reply_markup", 1)
    await admin.scene.taps(pau, APPROVE)
    await pau.sees_one(lambda m: FAILED in m.text and m is pau.messages[-1])
    assert (await admin.broadcast()).awaits_approval
    assert admin.got_by_all() == [[], [], []]

    wakes = admin.wakes
    await admin.scene.taps(pau, APPROVE)
    assert admin.wakes > wakes
    await pau.sees("Aprobado. Sale ahora.")
    await admin.over()
    assert admin.got_by_all() == [["Hola"]] * 3
    audited = {
        each.action: each for each in await admin.services.storage.read(newest_audit_entries, 20)
    }
    assert audited["broadcast"].actor == ADMIN
    assert audited["broadcast"].detail == "update to 3, to be approved"
    assert audited["broadcast_approve"].actor == PAU
    # Who calls themselves something else is called that from then on.
    nameless = f"alguien sin nombre ({PAU})"
    for first, called in (("Pau", "Pau"), ("Pau Vidal", "Pau Vidal"), ("t.me/x", nameless)):
        pau.rename(first)
        await admin.scene.says(pau, "/broadcasts")
        assert f"Preparado por ti, confirmado por {called}\n" in await admin.says("/broadcasts")
    pau.rename("Marta")
    await admin.scene.says(pau, "/broadcasts")
    assert f"Preparado por ti, confirmado por Marta ({PAU})\n" in await admin.says("/broadcasts")


async def test_who_does_not_approve_it_ends_it_and_its_author_is_told(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await asks(admin, lucy)
    await admin.scene.taps(pau, "No aprobar", "Volver")
    assert (await admin.broadcast()).awaits_approval
    await admin.scene.taps(pau, "No aprobar", "Sí, que no salga")
    told = await admin.marta.sees("El envío no se ha aprobado.", 10)
    assert told is admin.marta.messages[-1]
    assert "was not approved" in await admin.scene.taps(lucy, "Approve and send to 3 people")

    # Its author takes the next one back.
    question = await asks(admin, pau, text="Otra")
    await admin.taps("Cancelar este envío", "Sí, cancelar el envío")
    await admin.scene.answered(pau.tap_data(question.id, data_of(question, APPROVE)))
    assert "El envío está cancelado." in pau.messages[-1].text
    assert admin.got_by_all() == [[], [], []]


async def test_after_a_day_it_is_over(admin: AdminScene, pau: Person) -> None:
    await asks(admin, pau)
    await passes(admin, APPROVABLE_FOR)
    told = await admin.marta.sees("Nadie lo aprobó en un día", 10)
    assert told is admin.marta.messages[-1]
    assert "El envío no ha salido." in await admin.scene.taps(pau, APPROVE)
    assert admin.got_by_all() == [[], [], []]
    # Within the day it goes out and is not late; each is asked once, whatever happens meanwhile.
    admin.expected.append("Bad Gateway")
    await admin.prepares("Otra")
    admin.scene.simulator.faults.next("copyMessage", *[Fault.ERROR] * 3)
    await admin.taps(ASK)
    await pau.sees(QUESTION, 20)
    await passes(admin, APPROVABLE_FOR - timedelta(hours=1))
    await asyncio.sleep(0.5)
    assert len([m for m in pau.messages if QUESTION in m.text]) == 1
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    assert admin.got_by_all() == [["Otra"]] * 3


async def test_who_comes_and_goes_after_the_preview_does_not_take_the_second_word_away(
    admin: AdminScene, pau: Person
) -> None:
    jordi = admin.scene.jordi
    # One more than one admin may write to.
    await admin.scene.blocks(jordi)
    await admin.begins("Hola")
    await admin.previews("A quienes eligieron novedades: 2")
    await admin.scene.unblocks(jordi)
    assert "era 2, ahora es 3" in await admin.taps("Enviar a 2 personas")
    await admin.scene.blocks(jordi)
    await admin.taps(ASK)
    await pau.sees(QUESTION, 10)
    assert admin.got_by_all() == [[], [], []]
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    assert admin.got_by_all() == [["Hola"], [], ["Hola"]]
    # Up to the number, one is enough.
    questions = len(pau.messages)
    await admin.begins("A dos")
    await admin.previews("A quienes eligieron novedades: 2")
    await admin.finishes("Enviar a 2 personas")
    assert len(pau.messages) == questions


async def test_who_approves_just_after_another_does_not_read_that_it_was_them(
    admin: AdminScene, pau: Person, lucy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.expected += ["message to copy not found", "message to edit not found"]
    await asks(admin, pau)
    # What was deleted cannot be approved.
    (preview,) = [m for m in admin.marta.messages if m.from_bot and m.text == "Hola"]
    admin.marta.delete(preview)
    assert "El mensaje no se puede mostrar" in await admin.scene.taps(pau, "Ver el mensaje")
    answer = await pau.tap(APPROVE).answered()
    assert "El original del mensaje se ha borrado" in answer.text
    await admin.scene.settled()
    assert (await admin.broadcast()).awaits_approval

    await asks(admin, lucy, pau, text="Otra")

    async def just_after_lucy(
        change: Proceed, action: BroadcastAction, key: bytes, actor: int, at: datetime, shown: int
    ) -> object:
        await change(action, key, LUCY, at, shown)
        return await change(action, key, actor, at, shown)

    call_instead(monkeypatch, change_broadcast, just_after_lucy)
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    assert QUESTION not in pau.messages[-1].text
    assert "Aprobado" not in pau.messages[-1].text
    assert (await admin.broadcast()).confirmed_by == LUCY
    assert admin.got_by_all() == [["Otra"]] * 3


async def test_who_approves_just_before_another_cancels_reads_that_it_is_cancelled(
    admin: AdminScene, pau: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(admin, pau)

    async def just_before_lucy(
        change: Proceed, action: BroadcastAction, key: bytes, actor: int, at: datetime, shown: int
    ) -> object:
        approved = await change(action, key, actor, at, shown)
        await change(BroadcastAction.CANCEL, key, LUCY, at)
        return approved

    call_instead(monkeypatch, change_broadcast, just_before_lucy)
    await admin.scene.taps(pau, APPROVE)
    assert pau.messages[-1].text.startswith("El envío está cancelado.")
    assert admin.got_by_all() == [[], [], []]


async def test_approved_it_waits_for_the_end_of_another(admin: AdminScene, pau: Person) -> None:
    await asks(admin, pau)
    # Another can be sent while it waits.
    first = await admin.starts_another()
    admin.services.wake_broadcast()
    await admin.all_see("De Lucy")
    assert (await admin.became("finished")).id == first
    another = await admin.starts_another(1)
    await admin.pauses(another)
    told = admin.got_by_all()
    await admin.scene.taps(pau, APPROVE)
    assert "Saldrá cuando termine el envío que está en marcha." in pau.messages[-1].text
    assert "Espera la aprobación" not in admin.marta.messages[-1].text
    assert admin.got_by_all() == told
    await admin.cancels(another)
    await admin.over()
    assert [each[-1] for each in admin.got_by_all()] == ["Hola"] * 3


async def test_of_one_who_is_no_admin_any_more_the_approver_sees_the_progress(
    admin: AdminScene, pau: Person
) -> None:
    # Whoever prepared it may have blocked the bot.
    admin.expected.append("bot was blocked by the user")
    await asks(admin, pau)
    admin.marta.block()
    await admin.scene.taps(pau, APPROVE)
    await admin.became("finished")
    assert admin.got_by_all() == [["Hola"]] * 3
    admin.marta.unblock()
    await asks(admin, pau, text="Otra")
    seen = len(admin.marta.messages)
    await with_settings(admin, admin_ids=frozenset({LUCY, PAU}))
    await admin.scene.taps(pau, APPROVE)
    await pau.sees(SENT, 20)
    assert len(admin.marta.messages) == seen
    assert admin.got_by_all() == [["Hola", "Otra"]] * 3


async def test_the_list_begins_with_what_comes_next_and_quotes_each(admin: AdminScene) -> None:
    await with_settings(admin, approval_above=None)
    for text, when in (("Ya ha salido", None), ("Para más tarde", "18:30"), ("Antes", "8:30")):
        await admin.begins()
        whole = f"{text}: hoy en la plaza, con todas las personas que podáis traer. Y más"
        message = await admin.writes(whole)
        await admin.previews()
        if when is None:
            # An edit changes how a message begins only with a new preview.
            await admin.edits(message, "Adiós")
            await admin.finishes("Enviar a 3 personas")
        else:
            await admin.taps(await admin.plans(f"mañana {when}"))
    await admin.says("/broadcasts")
    quoted = [line for line in admin.panel.text.splitlines() if line.startswith("«")]
    assert quoted == [
        "«Antes: hoy en la plaza, con todas las personas que podáis…»",
        "«Para más tarde: hoy en la plaza, con todas las personas que…»",
        "«Ya ha salido: hoy en la plaza, con todas las personas que…»",
    ]
