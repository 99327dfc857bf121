"""A name typed after a command is deleted like any other, and never becomes a source tag."""

from bot.setup import new_admin_code
from handlers.screens.help import SUPPORTER_COMMANDS
from simulator.person import Person
from storage.admins import names_of_admins
from tests.features.test_typed_names import GONE, somebody
from tests.support.scene import Scene

COMMANDS = sorted({*SUPPORTER_COMMANDS, "start", "firmar"})


def commands(person: Person) -> list[str]:
    """What stands in the chat of a person who began with /start, behind that."""
    return [m.text for m in person.messages if not m.from_bot][1:]


async def source(scene: Scene, person: Person) -> str | None:
    """Where the person is noted to have come from."""
    return (await scene.conversation(person)).source


async def test_what_is_added_to_a_command_at_the_form_goes_with_it(scene: Scene) -> None:
    for number, command in enumerate(COMMANDS):
        person = next(somebody(scene))
        await (scene.to_the_consent if number % 2 else scene.to_the_name)(person)
        assert GONE in await scene.says(person, f"/{command} maría"), command
        assert commands(person) == []
        assert await source(scene, person) is None
    # Also in a new line, and for the first word behind /start.
    for person, text in zip(
        somebody(scene), ("/start\nmaría pérez", "/start maria"), strict=False
    ):
        await scene.to_the_name(person)
        assert GONE in await scene.says(person, text)
        assert commands(person) == []
        assert await source(scene, person) is None
    # The link by which somebody came may be opened again.
    ana = scene.ana
    await scene.says(ana, "/start newsletter")
    await scene.taps(ana, "✍️ Firmar con mi nombre")
    assert GONE not in await scene.says(ana, "/start newsletter")
    assert commands(ana) == ["/start newsletter"]
    assert await source(scene, ana) == "newsletter"
    # And it goes just after the closing.
    await scene.to_the_name(scene.jordi)
    await scene.closes()
    assert GONE in await scene.says(scene.jordi, "/help maría pérez")
    assert commands(scene.jordi) == []


async def test_a_name_beyond_doubt_behind_a_command_goes_anywhere(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana, jordi, luz = scene.ana, scene.jordi, scene.world.person("Luz", language="es")
    await scene.signs(ana)
    luz.start()
    for command in COMMANDS:
        assert GONE in await scene.says(ana, f"/{command} Ana García"), command
        assert GONE in await scene.says(luz, f"/{command} María Pérez"), command
    assert commands(ana) == []
    assert commands(luz) == []
    # Nor is the code of `init` a source, one's own name, or any word after signing.
    pau = next(somebody(scene))
    await scene.says(pau, f"/start {new_admin_code()}")
    assert await source(scene, pau) is None
    await scene.says(ana, "/start newsletter")
    assert await source(scene, ana) is None
    for text in ("/start jordi", "/start Jordi Puig"):
        assert GONE in await scene.says(jordi, text)
    assert [m.text for m in jordi.messages if not m.from_bot] == []
    assert await source(scene, jordi) is None


async def test_a_link_and_a_question_behind_a_command_stay(scene: Scene) -> None:
    scene.ana.start()
    expected = []
    for behind in ("newsletter", "Barcelona_Norte", "¿por qué?", "ahora mismo"):
        for command in ("start", "help"):
            assert GONE not in await scene.says(scene.ana, f"/{command} {behind}")
            expected.append(f"/{command} {behind}")
    assert commands(scene.ana) == expected
    assert await source(scene, scene.ana) == "newsletter", "the first one stays"
    # A command too many is not answered, and its name goes all the same.
    scene.jordi.start()
    for _ in range(8):
        await scene.says(scene.jordi, "/help María Pérez")
    assert commands(scene.jordi) == []
    # What an admin writes stays but for the form.
    marta = scene.marta
    marta.start()
    assert GONE not in await scene.says(marta, "/help Marta Ruiz")
    names = await scene.storage.read(names_of_admins, [marta.id])
    assert names == {marta.id: "Marta"}, "what other admins read in place of her number"
    await scene.taps(marta, "Volver")
    await scene.taps(marta, "✍️ Firmar con mi nombre")
    assert GONE in await scene.says(marta, "/help Marta Ruiz")
    assert commands(marta) == ["/help Marta Ruiz"]
