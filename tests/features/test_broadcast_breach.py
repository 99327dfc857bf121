"""The notice of a breach reaches everyone who is held, and two admins decide on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.person import Person
from storage.broadcasts import broadcast_history, count_signers
from storage.personal_data import everything_held
from tests.support.admin_scene import SENT, AdminScene, an_admin_scene
from tests.support.approval_scene import with_settings
from tests.support.scene import ADMIN, data_of

LUCY = ADMIN + 1
BREACH = "⚠️ Avisar de una brecha de seguridad"
TOP = "Aviso importante sobre tus datos personales"
NEWS = "Han robado una copia de la lista.\n\nEscríbenos a datos@ejemplo.org"
ASK = "Pedir la aprobación, para 3 personas"
APPROVE = "Approve and send to 3 people"
QUESTION = "Do you approve this broadcast?"


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """Marta and Lucy are the admins; no number of people needs two of them."""
    async with an_admin_scene(tmp_path) as admin:
        await with_admins(admin, ADMIN, LUCY)
        admin.expected.append("chat not found")
        yield admin
    assert admin.refused == []


@pytest.fixture
async def lucy(admin: AdminScene) -> Person:
    """The other admin, who reads English and has written to the bot."""
    person = admin.scene.world.person("Lucy", language="en", user_id=LUCY)
    await admin.scene.starts(person)
    return person


async def with_admins(admin: AdminScene, *admins: int) -> None:
    """The bot goes on with other admins."""
    await with_settings(admin, admin_ids=frozenset(admins))


async def begins_notice(admin: AdminScene) -> None:
    """Marta finds it one step behind what she sends on other days."""
    await admin.says("/broadcast")
    assert BREACH not in admin.panel.labels
    await admin.taps("Otros avisos")
    assert admin.panel.labels == [BREACH, "Volver"]
    await admin.taps("Volver", "Otros avisos", BREACH)


async def previews(admin: AdminScene, text: str = NEWS) -> str:
    """Marta writes the notice and looks at the preview; returns the summary."""
    await begins_notice(admin)
    await admin.says(text)
    await admin.taps("👁 Ver la vista previa")
    return admin.panel.text


async def test_jordi_who_said_stop_is_told_of_a_breach(admin: AdminScene, lucy: Person) -> None:
    jordi = admin.scene.jordi
    await admin.scene.says(jordi, "/stop")
    before = len(admin.got(jordi))
    await begins_notice(admin)
    assert "Para otra cosa, pulsa «Descartar»" in admin.panel.text
    assert "a quién preguntar" in admin.panel.text
    await admin.says(NEWS)
    assert "Envíame la versión en inglés" in await admin.taps("Añadir versión en inglés")
    sent = await admin.writes("Somebody stole a copy.")
    await admin.edits(sent, "Somebody stole a copy of the list.")
    other = next(m for m in admin.marta.messages if m.text == "/broadcast")
    await admin.edits(other, "Not for anybody")
    await admin.taps("👁 Ver la vista previa")
    summary = admin.panel.text
    assert "también las que pidieron que no se les escribiera: 3" in summary
    assert "pidió que no se le escribiera" not in summary
    assert "lleva un botón" not in summary
    assert "Otra persona que administra la petición tiene que aprobarlo" in summary
    assert not [label for label in admin.panel.labels if label.startswith("Enviar a")]
    # Marta sends it to herself first, and nobody else has it.
    shown = len(admin.marta.messages)
    await admin.taps("Enviarme una prueba")
    assert any(m.text.startswith(TOP) for m in admin.marta.messages[shown - 1 :])
    assert admin.got(admin.scene.ana) == []
    # No button of her own making turns it into something else.
    for step in ("about:update", "to:en", "at:4102444800", "time:", "links:es", "on:", "subject:"):
        await admin.forges("Cambiar", "change:", step)
        assert ASK in admin.panel.labels, step
        assert "Un aviso de una brecha de seguridad" in admin.panel.text, step

    await admin.starts_another()
    await admin.taps(ASK)
    question = await lucy.sees(QUESTION, 10)
    assert "whom to ask" in question.text
    assert NEWS in lucy.messages[-2].text
    await admin.scene.taps(lucy, APPROVE)
    await admin.over()
    assert [NEWS in m.text for m in admin.got(admin.scene.ana)] == [False, True]
    (notice,) = [m for m in admin.got(jordi)[before:] if TOP in m.text]
    assert notice.text.startswith(f"{TOP}\n\n{NEWS}\n\nRecibes este aviso porque")
    assert not notice.buttons
    in_english = admin.got(admin.scene.sean)[-1]
    heading = "Important notice about your personal data"
    assert in_english.text.startswith(f"{heading}\n\nSomebody stole")
    assert "even if you asked us not to write to you" in in_english.text
    assert (await admin.services.storage.read(count_signers)).muted == 1
    assert "pediste que no te escribiéramos" in await admin.scene.says(jordi, "/mydata")
    held = await admin.services.storage.read(everything_held, jordi.id)
    assert [each["kind"] for each in held.deliveries] == ["breach"]
    await admin.says("/broadcasts")
    assert f"«{NEWS[:20]}" in admin.panel.text, "and not what stands above every notice"


async def test_marta_alone_cannot_send_it_even_to_few(admin: AdminScene, lucy: Person) -> None:
    await previews(admin)
    other = await admin.starts_another()
    await admin.pauses(other)
    await admin.taps(ASK)
    question = await lucy.sees(QUESTION, 10)
    where, _ = admin.data("Cancelar este envío")
    answer = await admin.marta.tap_data(where, data_of(question, APPROVE)).answered()
    assert answer.text == "Esto lo tiene que decidir otra persona."
    await admin.scene.settled()
    assert (await admin.broadcast()).awaits_approval
    # Nor by the word of one who is no admin any more.
    await admin.scene.taps(lucy, APPROVE)
    await with_admins(admin, ADMIN, LUCY + 1)
    await admin.cancels(other)
    asked = await admin.marta.sees("Un envío programado no ha salido", 10)
    assert asked.labels == ["⏹ Cancelar"]
    cancel = asked.buttons[0][0].data or ""
    resume = f"{cancel.replace('stop', 'resume')}.former"
    answer = await admin.marta.tap_data(asked.id, resume).answered()
    assert answer.text == "Esto lo tiene que decidir otra persona."
    assert not any(NEWS in m.text for m in admin.got(admin.scene.ana))
    await with_admins(admin, ADMIN, LUCY)
    await admin.says("/broadcast")
    await admin.taps("Enviar ahora")  # Lucy has decided
    await admin.scene.ana.sees(NEWS, 10)


async def test_marta_who_is_the_only_admin_can_tell_everyone_and_is_asked_twice(
    admin: AdminScene,
) -> None:
    # A message about the petition is not turned into a notice to the silent.
    await admin.begins("Hola")
    await admin.taps("Continuar")
    await admin.forges("Sobre esta petición", "about:update", "about:breach")
    assert "Sobre esta petición" in admin.panel.labels
    # Marta opens it by mistake, and leaves.
    await begins_notice(admin)
    assert "no se ha enviado nada" in await admin.taps("Descartar")

    await previews(admin)
    await with_admins(admin, ADMIN)
    assert "Algo ha cambiado desde que viste este resumen" in await admin.taps(ASK)
    assert await admin.services.storage.read(broadcast_history) == []
    assert not [label for label in admin.panel.labels if label.startswith(("Enviar a", "Pedir"))]
    assert "nadie más lo revisará antes de que salga" in await admin.taps("Continuar")
    await admin.finishes("Enviar a 3 personas")
    assert [NEWS in m.text for m in admin.got(admin.scene.jordi)] == [True]


async def test_who_had_blocked_the_bot_is_told_on_coming_back(admin: AdminScene) -> None:
    """Jordi was away before the first, Seán from the first on, and both had said /stop."""
    await with_admins(admin, ADMIN)
    jordi, sean = admin.scene.jordi, admin.scene.sean
    for person in (jordi, sean):
        person.send("/stop")
    await admin.scene.settled()
    await admin.scene.blocks(jordi)
    for what, recipients in (("Han robado una copia.", 2), ("Han robado otra.", 1)):
        if recipients == 1:
            await admin.scene.blocks(sean)
        await previews(admin, what)
        await admin.taps("Continuar")
        people = "persona" if recipients == 1 else "personas"
        await admin.finishes(f"Enviar a {recipients} {people}")
    for person in (jordi, sean):
        person.unblock()
        person.start()
    await jordi.sees("Han robado una copia.")
    await jordi.sees("Han robado otra.")
    await sean.sees("Han robado otra.")
    await admin.scene.settled()
    assert [TOP in m.text for m in admin.got(jordi)].count(True) == 2
    assert sum("Han robado" in m.text for m in admin.got(sean)) == 2


async def test_the_report_says_who_is_told_another_way(admin: AdminScene, lucy: Person) -> None:
    mallory = admin.scene.mallory
    await admin.scene.to_the_name(mallory)
    await admin.scene.taps(mallory, "Use “Mallory”")
    # It is a text, and what Marta changes in it is what goes out.
    await begins_notice(admin)
    await admin.scene.sends(admin.marta, "photo")
    assert "Este mensaje va en texto" in admin.panel.text
    assert "caben 3.496 caracteres" in await admin.says("x" * 3_600)
    sent = await admin.writes("Nos han robado <todo> el martes.")
    await admin.taps("👁 Ver la vista previa")
    assert "🕒 Programar" not in admin.panel.labels
    assert "Cambiar a quién se envía" not in admin.panel.labels
    assert "Sigue el texto de antes, sin ese cambio." in await admin.edits(sent, "x" * 3_600)
    assert ASK in admin.panel.labels
    await admin.edits(sent, "Nos han robado <todo> el martes.")
    assert ASK in admin.panel.labels, "it is as it was previewed"
    await admin.edits(sent, "Nos han robado <todo> el lunes.")
    await admin.taps("👁 Ver la vista previa", ASK)
    first = await lucy.sees(QUESTION, 10)
    # Called off, it goes to nobody, and the next to everyone who can be written to.
    await admin.taps("Cancelar este envío", "Sí, cancelar el envío")
    assert "No se ha enviado a nadie" in admin.marta.messages[-1].text
    await admin.scene.answered(lucy.tap_data(first.id, data_of(first, APPROVE)))
    assert admin.got_by_all() == [[], [], []]

    await admin.scene.blocks(admin.scene.jordi)
    summary = await previews(admin, "Nos han robado <todo> el lunes.")
    assert "Han bloqueado el bot o han dejado Telegram: 1" in summary
    assert "1 persona más escribió su nombre y no firmó" in summary
    await admin.taps("Pedir la aprobación, para 2 personas")
    await admin.scene.taps(lucy, "Approve and send to 2 people")
    report = (await admin.over(SENT)).text
    assert "A 1 persona que firmó no se le ha podido entregar, o no consta." in report
    assert "escribió su nombre y no firmó" in report
    assert "con un aviso público" in report
    (told,) = admin.got(admin.scene.ana)
    assert "Nos han robado <todo> el lunes." in told.text
