"""The preview of a petition being written, from a missing folder to one that changes."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bot.cli.preview import Preview
from bot.petition.petition import BUNDLED
from bot.petition_folder.files import folder_state
from bot.tryout.demo_session import DemoSession
from bot.tryout.page import TryoutPage
from tests.page.page_client import EventStream, PageClient


@asynccontextmanager
async def previewed(folder: Path) -> AsyncIterator[tuple[DemoSession, EventStream]]:
    page = TryoutPage(folder=folder.name)
    address = await page.start(port=0)
    async with (
        DemoSession(page, petition=folder).open() as show,
        aiohttp.ClientSession() as session,
        PageClient(session, address).stream() as stream,
    ):
        await stream.next_of("all")
        watching = asyncio.create_task(Preview(folder, page, show).watch())
        yield show, stream
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    await page.stop()


async def test_a_folder_shows_its_problems_and_then_every_change(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    async with previewed(folder) as (show, stream):
        first = (await stream.next_of("preview"))["preview"]
        (missing,) = first["problems"]
        assert missing["sentence"]["en"].startswith("there is no such folder")
        assert missing["sentence"]["es"].startswith("no existe esta carpeta")
        assert not first["shown"]
        shutil.copytree(BUNDLED, folder)
        while not (latest := (await stream.next_of("preview"))["preview"])["shown"]:
            pass
        assert latest["problems"] == []
        ana = show.people.ana
        before = await ana.sees("maquillador gay")
        texts = folder / "es.toml"
        texts.write_text(texts.read_text().replace("maquillador gay", "artista gay"))
        after = await ana.sees("artista gay")
        assert after.id == before.id
        assert "maquillador gay" not in "".join(message.text for message in ana.messages)
        # While a text is wrong, what was right stays.
        texts.write_text(
            texts.read_text().replace("artista", "poeta").replace('share = """', 'share = """<b>')
        )
        while not (latest := (await stream.next_of("preview"))["preview"])["problems"]:
            pass
        assert latest["shown"]
        assert "poeta gay" not in "".join(message.text for message in ana.messages)
        assert not await show.restart()
        await show.afresh()
        typed = ana.start().id
        await ana.sees_one(lambda shown: shown.id > typed and "artista gay" in shown.text)
        texts.write_text(texts.read_text().replace('share = """<b>', 'share = """'))
        await ana.sees("poeta gay")
        # What is saved is seen in an empty world too.
        await show.afresh()
        texts.write_text(texts.read_text().replace("poeta", "pintor"))
        await show.people.ana.sees("pintor gay")


def test_only_the_petitions_own_files_count_as_a_change(tmp_path: Path) -> None:
    (tmp_path / "es.toml").write_text("a")
    before = folder_state(tmp_path)
    for name in (".es.toml.swp", "es.toml~", "#es.toml#"):
        (tmp_path / name).write_text("b")
    assert folder_state(tmp_path) == before
    (tmp_path / "es.toml").write_text("other")
    assert folder_state(tmp_path) != before
