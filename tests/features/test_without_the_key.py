"""The database without the key does not reveal who is in it, even by trying known names."""

import hashlib
from dataclasses import replace

from handlers.screens import draw
from handlers.screens.supporter_view import View
from storage.conversations import Conversation
from storage.petitions import petition_state
from tests.support.raw_sql import read_sql
from tests.support.scene import Scene

NAMES = ("Ana García", "Mallory", "Seán O'Brien")
SHOWN = "SELECT screen_digest FROM conversations WHERE screen_digest IS NOT NULL"


async def to_the_consent(scene: Scene, name: str) -> None:
    await scene.starts(scene.ana)
    await scene.taps(scene.ana, scene.words.label("✍️ Firmar con mi nombre"))
    await scene.says(scene.ana, name)


async def a_view(scene: Scene, name: str) -> View:
    """The consent of somebody of this name, which anybody can draw from the public texts."""
    served = scene.services
    return View(
        petition=served.petition,
        words=scene.words,
        words_in=served.catalogs.words,
        language="es",
        petition_state=await served.storage.read(petition_state),
        conversation=Conversation(supporter=b"", stage="consent", name=name, with_name=True),
        signature=None,
        full_name="",
        bot_username="a_bot",
    )


async def test_no_name_is_found_by_trying_names_on_the_digest_of_a_screen(scene: Scene) -> None:
    await to_the_consent(scene, "Ana García")
    rows = await read_sql(scene.storage.database, SHOWN)
    kept = {row["screen_digest"] for row in rows}
    assert len(kept) == 1
    view = await a_view(scene, "Ana García")
    screens = [
        draw(replace(view, conversation=replace(view.conversation, name=name))) for name in NAMES
    ]
    tried = {
        hashlib.sha256(screen.drawn(version)).digest()
        for screen in screens
        for version in range(20)
    }
    assert len(tried) == 20 * len(NAMES)
    assert kept & tried == set()


async def test_two_people_of_one_name_on_one_screen_have_nothing_in_common(scene: Scene) -> None:
    for someone in (scene.ana, scene.world.person("Eva", language="es")):
        await scene.starts(someone)
        await scene.taps(someone, scene.words.label("✍️ Firmar con mi nombre"))
        await scene.says(someone, "Ana García")
    rows = await read_sql(scene.storage.database, SHOWN)
    assert len({row["screen_digest"] for row in rows}) == 2
