"""No name is kept, asked for or taken of who signs without one, whatever happened on the way."""

from pathlib import Path
from shutil import copytree

from bot.petition.petition import BUNDLED
from simulator.person import Person
from storage.person_requests import PersonNoticeKind, carry_out_request
from tests.features.test_choice_of_name import CONFIRM, CONSENT, GIVE, held_of
from tests.support.scene import Scene, a_scene

TYPED = "Zenobia Secreta"
ASKS = 'handed_over = "ask"\nnames_go_to = "US"'


async def restarts(
    scene: Scene, folder: Path, file: str = "", old: str = "", new: str = ""
) -> None:
    """The bot goes on with this folder, in which something was replaced."""
    await scene.stop_bot()
    if file:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), "utf-8")
    await scene.goes_on_with(folder=folder)


async def takes_no_names(scene: Scene, folder: Path) -> None:
    await restarts(scene, folder, "petition.toml", ASKS, 'handed_over = "without_name"')


async def to_the_consent_to_a_name(scene: Scene, person: Person) -> None:
    """Signs without a name, and types one to give it later."""
    await scene.signs(person, with_name=False)
    await scene.says(person, "/mydata")
    await scene.taps(person, GIVE)
    await scene.says(person, TYPED)


async def name_of(scene: Scene, person: Person) -> object:
    signature = (await held_of(scene, person)).signature
    assert signature is not None
    return signature["name"]


async def test_a_petition_without_names_takes_none_half_given(tmp_path: Path) -> None:
    folder = Path(copytree(BUNDLED, tmp_path / "petition"))
    async with a_scene(tmp_path) as scene:
        scene.simulator.limits.on = False
        ana, jordi = scene.ana, scene.jordi
        await to_the_consent_to_a_name(scene, ana)
        await scene.to_the_name(jordi)
        await scene.says(jordi, TYPED)
        await takes_no_names(scene, folder)
        await scene.answered(ana.tap(CONSENT))
        assert await name_of(scene, ana) is None
        # Nor does a forged button ask for one.
        shown = scene.screen(ana)
        version = next(b.data for row in shown.buttons for b in row if b.data).partition(":")[0]
        await scene.answered(ana.tap_data(shown.id, f"{version}:name?:"))
        assert "¿Con qué nombre" not in scene.screen(ana).text
        await scene.says(jordi, "/privacy")
        await scene.taps(jordi, "Volver")
        assert TYPED not in scene.screen(jordi).text
        for person in (ana, jordi):
            assert (await scene.conversation(person)).name is None
        await scene.taps(jordi, CONFIRM)
        assert await name_of(scene, jordi) is None


async def test_who_objects_by_letter_meanwhile_gives_no_name(scene: Scene) -> None:
    ana, storage = scene.ana, scene.storage
    await to_the_consent_to_a_name(scene, ana)
    await storage.write(
        carry_out_request,
        PersonNoticeKind.OBJECTED,
        1,
        "a letter",
        scene.now,
    )
    await scene.answered(ana.tap(CONSENT))
    assert "se entregará con tu nombre" not in scene.screen(ana).text
    assert await name_of(scene, ana) is None


async def test_a_notice_that_changed_is_shown_before_a_name_is_given_later(tmp_path: Path) -> None:
    folder = Path(copytree(BUNDLED, tmp_path / "petition"))
    changed = "<b>Responde de ellos:</b>"
    async with a_scene(tmp_path) as scene:
        await restarts(scene, folder)
        await to_the_consent_to_a_name(scene, scene.ana)
        await restarts(scene, folder, "es.toml", "<b>Responsable:</b>", changed)
        await scene.taps(scene.ana, CONSENT)
        shown = scene.screen(scene.ana).text
        assert "El texto ha cambiado" in shown
        assert shown.index("Responde de ellos:") < shown.index(f"Yo, {TYPED}, consiento")
        assert await name_of(scene, scene.ana) is None
        await scene.taps(scene.ana, CONSENT)
        assert await name_of(scene, scene.ana) == TYPED
