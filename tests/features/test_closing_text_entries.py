"""What has happened since the closing update is added as dated entries, in every language."""

from datetime import timedelta

from tests.features.test_closing_texts import (
    FOLDER,
    closes,
    publishes,
    read_late,
)
from tests.support.admin_scene import AdminScene


async def adds(admin: AdminScene, what: str, texts: dict[str, str]) -> None:
    """Marta adds what has happened, in every language."""
    await admin.says("/closing")
    await admin.taps("Añadir lo que ha pasado después")
    await admin.taps(what)
    await admin.says(texts["es"])
    await admin.taps("Escribir o corregir lo de después")
    label = next(label for label in reversed(admin.panel.labels) if label.endswith("en inglés"))
    await admin.taps(label)
    await admin.says(texts["en"])


async def test_what_came_later_is_read_in_order_of_time(admin: AdminScene) -> None:
    await closes(admin)
    answered = {
        "es": "01/03/2026\nHan contestado que no.",
        "en": "1-3-26\nThey answered no.",
    }
    delivered = {"es": "03/02/2026\nTres cajas.", "en": "03/02/2026\nThree boxes."}
    await adds(admin, "Ha habido una respuesta", answered)
    await publishes(admin)
    await adds(admin, "Las firmas se han entregado", delivered)
    published = (await publishes(admin)).text
    assert "✅ Publicado. Quien entre ya lo lee." in published
    assert "no les llega este cambio" not in published
    seen = await read_late(admin, admin.scene.jordi)
    parts = (
        *(FOLDER, "3 de febrero de 2026: entrega de las firmas", "Tres cajas."),
        *("1 de marzo de 2026: respuesta a la petición", "Han contestado que no."),
    )
    places = [seen.index(part) for part in parts]
    assert places == sorted(places)
    english = await read_late(admin)
    assert "1 March 2026" in english
    assert "They answered no." in english
    assert "1-3-26" not in english


async def test_an_entry_without_a_date_is_of_today_in_all_languages(admin: AdminScene) -> None:
    await closes(admin)
    await admin.says("/closing")
    await admin.taps("Añadir lo que ha pasado después")
    await admin.taps("Se ha tomado una decisión")
    for text, answer in (
        ("31/02/2026\nQuedan libres.", "la fecha de la primera línea no existe"),
        ("01/01/2101\nQuedan libres.", "no ha llegado"),
    ):
        await admin.says(text)
        assert answer in admin.marta.messages[-1].text
    today = admin.services.clock().astimezone(admin.words.zone)
    sent = await admin.says("Quedan libres.")
    named = f"la decisión del {admin.words.date(today)}"
    assert named in admin.panel.text
    assert "falta escribirlo en inglés" in (await publishes(admin)).text
    assert "Quedan libres" not in await read_late(admin, admin.scene.jordi)
    await admin.edits(sent, f"{today:%d/%m/%Y}\nQuedan todos libres.")
    assert named in admin.marta.messages[-1].text
    admin.ahead = timedelta(days=3)
    await admin.edits(sent, "Quedan en libertad.")
    assert named in admin.marta.messages[-1].text, "of the day that it has"
    await admin.taps("Escribir o corregir lo de después")
    await admin.taps(f"✏️ L{named[1:]}, en inglés")
    await admin.says("They go free.")
    assert f"{named}, en inglés" in admin.marta.messages[-1].text
