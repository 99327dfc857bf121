"""Odd input from a custom client does not disturb anybody else."""

from orjson import Fragment

from storage.petitions import petition_state
from tests.support.scene import Scene

NO_TEXT: list[str | bytes] = [
    *(b"7:home:\xff\xfe", b"\xed\xa0\x80", b'\x00"\\'),
    *("7:\ud800", "\udfff", "\x00"),
]
ODD_NAMES = [b'"\xff\xc3 Mal"', rb'"\ud800 Mal"', rb'"Mal\u0000"', f'"{"ñ" * 65_536}"'.encode()]


async def test_a_button_that_carries_no_text_stops_nobody(scene: Scene) -> None:
    mallory, title = scene.mallory, scene.petition.texts_in("es").title
    await scene.starts(mallory)
    for data in NO_TEXT[::2]:
        tap = mallory.tap_data(scene.screen(mallory).id, data)
        scene.ana.start()
        await tap.answered()
        await scene.settled()
        assert title in scene.screen(scene.ana).text
        assert scene.world.updates.pending == {}
    # Nor a bot that starts on such buttons.
    screen = scene.screen(mallory).id
    await scene.stop_bot()
    for data in NO_TEXT:
        mallory.tap_data(screen, data)
    scene.jordi.start()
    app = await scene.start_bot()
    await scene.jordi.sees(title)
    await scene.settled()
    assert app.dispatch.counts.passed_over == 0


async def test_what_profiles_and_files_are_called_stops_no_signing(scene: Scene) -> None:
    mallory = scene.mallory
    start = mallory.start("web").shape()
    file = {"file_id": "x", "file_unique_id": "y", "file_size": 1}
    for raw in ODD_NAMES:
        odd = Fragment(raw)
        somebody = start["from"] | dict.fromkeys(("first_name", "last_name", "username"), odd)
        for said in (
            {"text": Fragment(b'"/start %b"' % raw[1:-1]), "entities": start["entities"]},
            {"text": odd},
            {"caption": odd, "document": file | {"file_name": odd, "mime_type": odd}},
        ):
            # As which it can be deleted: a message that is in the chat.
            number = mallory.send("x").id
            shape = start | {"from": somebody | {"language_code": odd}, "message_id": number}
            del shape["text"]
            scene.world.updates.add("message", mallory.id, shape | said)
        await scene.settled()
    await scene.signs(mallory, "Mallory Ó Briain")
    await scene.signs(scene.ana)
    assert scene.app.dispatch.counts.passed_over == 0
    state = await scene.storage.read(petition_state)
    assert state.signatures == 2


async def test_a_name_full_of_markup_is_sent_as_text_on_every_screen(scene: Scene) -> None:
    """The entities of Ana's screens are those of Jordi's, whose name has no markup in it."""
    hostile = 'Mal <i>Ó &lt;<a href="x">Briain *_`[x](y)'
    scene.simulator.limits.on = False
    kinds = []
    for person, name in ((scene.jordi, "Jordi Puig"), (scene.ana, hostile)):
        shown = []
        await scene.to_the_name(person)
        for typed in (name, f"{name} Ruiz"):
            await scene.says(person, typed)
            shown.append(scene.screen(person))
            if typed == name:
                await scene.consents(person)
            for order in ("/start", "/withdraw", "/mydata"):
                await scene.says(person, order)
                shown.append(scene.screen(person))
            if typed == name:
                await scene.taps(person, "Corregir mi nombre")
        assert sum(name in message.text for message in shown) >= 3
        kinds.append([[(e.type, e.url) for e in message.entities] for message in shown])
    assert kinds[0] == kinds[1]
