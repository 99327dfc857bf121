"""After a withdrawal only what makes old buttons harmless is stored of the person."""

from typing import Any

from storage import Row, Statement
from tests.support.scene import Scene


async def rows_of(scene: Scene, table: str) -> list[Row]:
    assert scene.app is not None
    sql = f"SELECT * FROM {table}"  # noqa: S608 - a constant of the tests
    return await scene.app.application.services.storage.database.read(Statement(sql))


async def withdraws(scene: Scene) -> None:
    words = scene.words
    scene.ana.send("/withdraw")
    await scene.settled()
    await scene.taps(scene.ana, words.label("Retirar mi firma y borrar mis datos"))


def pictures(scene: Scene) -> int:
    return sum(bool(message.photo) for message in scene.ana.messages)


async def test_the_screen_that_says_so_leaves_nothing_of_its_own(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana García")
    await withdraws(scene)
    assert "retirada" in scene.screen(scene.ana).text
    (row,) = await rows_of(scene, "conversations")
    kept: dict[str, Any] = {name: value for name, value in dict(row).items() if value}
    assert kept.pop("petition")
    assert kept.pop("supporter")
    assert kept.pop("version") > 0
    assert kept == {
        "stage": "withdrawn",
        "language": "es",
        "message_id": scene.screen(scene.ana).id,
        "name_message_ids": "[]",
    }
    for table in ("signatures", "consents", "deliveries"):
        assert await rows_of(scene, table) == []


async def test_who_comes_back_is_shown_everything_as_somebody_new(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana García")
    before = pictures(scene)
    await withdraws(scene)
    assert pictures(scene) == before
    await scene.taps(scene.ana, scene.words.label("Volver al inicio"))
    assert pictures(scene) == 2 * before
    assert scene.ana.messages[-1] == scene.screen(scene.ana)
