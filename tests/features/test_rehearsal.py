"""A petition is rehearsed with the real Telegram, before real people meet it."""

from pathlib import Path

import pytest

from bot.app import open_app
from handlers.screens.help import ADMIN_COMMANDS, SUPPORTER_COMMANDS
from simulator.chats import Message
from simulator.person import Person
from storage.errors import HeldElsewhere
from storage.petitions import petition_state, reached_so_far
from tests.support.scene import Scene, data_of

NOTICE = {
    "es": "🎭 Esto es un ensayo: ninguna firma cuenta, y todas se borran cuando termina.",
    "en": "🎭 This is a rehearsal: no signature counts, and all are erased when it ends.",
}


@pytest.fixture
async def rehearsal(scene: Scene) -> Scene:
    await scene.stop_bot()
    scene.simulator.limits.on = False
    scene.is_rehearsal = scene.leaves_screens = True
    await scene.start_bot()
    return scene


async def turns_real(scene: Scene) -> None:
    await scene.stop_bot()
    scene.is_rehearsal = False
    await scene.start_bot()


def unmarked(person: Person) -> list[str]:
    """The bot's messages that neither begin with the notice nor stand right below it."""
    notice, before = NOTICE[person.user.language or "es"], ""
    found = []
    for message in person.messages:
        if message.from_bot:
            if not message.text.startswith(notice) and before != notice:
                found.append(message.text)
            before = message.text
    return found


async def test_everything_that_anybody_reads_says_that_it_is_one(rehearsal: Scene) -> None:
    ana, sean, marta, words = rehearsal.ana, rehearsal.sean, rehearsal.marta, rehearsal.words
    await rehearsal.signs(ana, updates=True)
    await rehearsal.signs(sean, updates=True)
    for person, language in ((ana, words), (sean, rehearsal.english)):
        for command in SUPPORTER_COMMANDS.keys() - {"stop"}:
            await rehearsal.says(person, f"/{command}")
        await rehearsal.goes(person, "/mydata", language.label("📄 Recibir el archivo"))
        await rehearsal.sends(person, "photo")
    await rehearsal.goes(marta, "/broadcast", "Un mensaje nuevo")
    await rehearsal.says(marta, "Ya somos dos.")
    for label in ("Continuar", "Sobre esta petición", "A quienes eligieron novedades: 2"):
        await rehearsal.taps(marta, label)
    await rehearsal.taps(marta, "Continuar", "Enviar a 2 personas")
    await ana.sees("Ya somos dos.", 20)
    await sean.sees("Ya somos dos.", 20)
    await rehearsal.settled()
    for command in ADMIN_COMMANDS:
        await rehearsal.says(marta, f"/{command}")
    ana.send("/stop")
    said = await ana.sees("No te escribiremos más")
    assert "ya iba de camino" not in said.text, "all that was sent to her has arrived"
    assert {each.user.first_name: unmarked(each) for each in (ana, sean, marta)} == {
        "Ana": [],
        "Seán": [],
        "Marta": [],
    }
    assert all(len([m for m in each.messages if m.from_bot]) > 3 for each in (ana, sean, marta))
    # Neither what it says of itself nor its menus become a rehearsal's.
    assert not [c for c in rehearsal.simulator.calls if "Rehearsal" in str(c.params)]


async def test_nothing_of_it_counts_or_acts_afterwards(rehearsal: Scene, tmp_path: Path) -> None:
    ana, jordi, marta, words = rehearsal.ana, rehearsal.jordi, rehearsal.marta, rehearsal.words
    await rehearsal.signs(ana)
    await at_the_consent(rehearsal, jordi)
    old = await jordi.with_button(words.label("✍️ Consiento y firmo"))
    marta.send("/close")
    close = await marta.with_button(words.label("Sí, cerrar la petición"))
    assert [each.name for each in (tmp_path / "data").glob("rehearsal*")] == ["rehearsal-andry"]
    await turns_real(rehearsal)
    assert not list((tmp_path / "data").glob("rehearsal*"))
    assert not [each for each in (tmp_path / "keys").iterdir() if "rehearsal" in each.name]
    bot_id = rehearsal.settings.bot_id  # it is noted, so that no other folder begins a rehearsal
    (mark,) = (tmp_path / "keys").glob("petition.key.andry.mark")
    assert bot_id in mark.read_text().split()
    storage = rehearsal.storage

    await at_the_consent(rehearsal, jordi)  # step by step as before, to the same version
    tap(jordi, old, words.label("✍️ Consiento y firmo"))
    tap(marta, close, words.label("Sí, cerrar la petición"))
    await rehearsal.settled()
    state = await storage.read(petition_state)
    assert (state.signatures, state.is_closed, (await storage.read(reached_so_far)).number) == (
        0,
        False,
        0,
    )
    # The tapped message shows where he is now, and is no rehearsal's any more.
    assert not jordi.chat.messages[old.id].text.startswith(NOTICE["es"])
    await rehearsal.says(ana, "/mydata")
    await rehearsal.signs(ana)
    assert (await storage.read(reached_so_far)).number == 1


async def test_a_button_of_the_real_petition_does_nothing_in_it(scene: Scene) -> None:
    await at_the_consent(scene, scene.jordi)
    old = await scene.jordi.with_button(scene.words.label("✍️ Consiento y firmo"))
    await scene.stop_bot()
    scene.is_rehearsal = scene.leaves_screens = True
    await scene.start_bot()
    storage = scene.storage
    await at_the_consent(scene, scene.jordi)
    tap(scene.jordi, old, scene.words.label("✍️ Consiento y firmo"))
    await scene.settled()
    assert (await storage.read(reached_so_far)).number == 0


async def at_the_consent(scene: Scene, person: Person) -> None:
    await scene.to_the_name(person)
    await scene.taps(person, scene.words.label("Usar «{name}»", name="Jordi Puig"))


def tap(person: Person, message: Message, label: str) -> None:
    """Taps a button of a message as it was, also where the message has become another."""
    person.tap_data(message.id, data_of(message, label))


async def test_while_the_petition_runs_there_is_no_rehearsal_of_it(scene: Scene) -> None:
    """One of the two would get what was meant for the other."""
    with pytest.raises(HeldElsewhere):
        async with open_app(scene.settings, rehearsal=True, clocks=scene.clocks):
            pass
