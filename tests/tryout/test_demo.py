"""The real bot behind the page: crowds that sign, petitions that restart, demo and preview."""

import asyncio
import os
import re
import shutil
import signal
import sys
from asyncio import StreamReader
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.preview import Preview
from bot.petition.petition import BUNDLED
from bot.petition.signing_rate import SHORT_FORM_SECONDS
from bot.petition_folder.files import folder_state
from bot.tryout.demo_session import DemoSession
from bot.tryout.page import READS_SECONDS, TryoutPage, TryoutState
from simulator.call_log import RecordedCall
from simulator.errors import SimulatorError
from tests.page.page_client import EventStream, PageClient

ROOT = Path(__file__).parents[2]


async def crowd_gone(stream: EventStream) -> dict[str, int]:
    crowd: dict[str, int] = {"signing": 1}
    while crowd["signing"]:
        crowd = (await stream.next_of("crowd"))["crowd"]
    return crowd


async def test_a_crowd_signs_and_is_turned_away_once_the_petition_is_closed() -> None:
    page = TryoutPage()
    address = await page.start(port=0)
    async with DemoSession(page).open() as show, aiohttp.ClientSession() as session:
        at = PageClient(session, address)
        await show.start()
        assert page.state is not None
        async with at.stream() as stream:
            page.state.crowd.looks = (0.0, 0.0)
            for number in (3, 1):  # one crowd at a time
                page.state.crowd.start(number)
            crowd = await crowd_gone(stream)
            assert (crowd["wanted"], crowd["signed"], crowd["failed"]) == (3, 3, 0)
            marta = show.people.marta
            marta.send("/close")
            await marta.sees("¿")
            await marta.tap("Sí, cerrar la petición").answered()
            await marta.sees("La petición está cerrada.")
            page.state.crowd.start(2)
            crowd = await crowd_gone(stream)
            assert (crowd["signed"], crowd["failed"]) == (0, 2)
            before: TryoutState = page.state
            await at.does("afresh")
            everything = await stream.next_of("all")
            while not everything.get("people"):
                everything = await stream.next_of("all")
            assert all(person["messages"] == [] for person in everything["people"])
            while (await stream.next_of("bot_state"))["bot_state"] != "running":
                pass
            assert page.state is not before
    await page.stop()


async def test_who_begins_anew_while_the_bot_restarts_has_one_bot_that_answers() -> None:
    async with DemoSession(TryoutPage()).open() as show:
        await show.start()
        await asyncio.gather(show.restart(), show.afresh(), show.restart())
        show.people.ana.start()
        await show.people.ana.sees("maquillador gay")


def test_no_demo_tells_its_admin_of_forms_that_nobody_can_have_read() -> None:
    shortest, longest = READS_SECONDS  # the name, if there is one, and the consent
    assert shortest >= SHORT_FORM_SECONDS[False]
    assert 2 * shortest > SHORT_FORM_SECONDS[True]
    assert 2 * longest < 10, "a thousand people are not waited for"


@asynccontextmanager
async def a_demo(temporary: Path, *options: str) -> AsyncIterator[tuple[Process, StreamReader]]:
    """Runs the demo as a process; yields it with its output."""
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary), "LC_ALL": "C"},
    )
    assert demo.stdout is not None
    try:
        yield demo, demo.stdout
    finally:
        if demo.returncode is None:
            demo.kill()
            await demo.wait()


def offers_to_sign(message: dict[str, Any]) -> bool:
    return any("✍️" in button["text"] for row in message["keyboard"] for button in row)


async def prints(printed: StreamReader, words: str) -> str:
    """Reads up to the line with these words, and returns it."""
    while words not in (line := (await printed.readline()).decode()):
        assert line, "the demo has ended"
    return line.strip()


@pytest.mark.processes
async def test_the_demo_opens_on_a_petition_that_ana_can_sign_at_once(tmp_path: Path) -> None:
    async with (
        a_demo(tmp_path, "--port", "0") as (demo, printed),
        aiohttp.ClientSession() as session,
        PageClient(session, await prints(printed, "http")).stream() as stream,
    ):
        while not (everything := await stream.next_of("all")).get("people"):
            pass
        people = {person["id"]: person for person in everything["people"]}
        signers, admin = everything["hints"]["signers"], everything["hints"]["admin"]
        assert people[signers["es"]]["name"] == "Ana"
        assert people[signers["en"]]["language"] == "en"
        can_sign = {one for one in people if any(map(offers_to_sign, people[one]["messages"]))}
        while not {*signers.values(), admin} <= can_sign:
            change = await stream.next_of("message")
            if offers_to_sign(change["message"]):
                can_sign.add(change["person"])
        demo.send_signal(signal.SIGINT)
        rest = (await printed.read()).decode()
        assert await demo.wait() == 0
    assert "as Marta" in rest
    assert "--once" in rest
    assert "Ctrl-C" in rest


@pytest.mark.processes
async def test_a_whole_life_is_played_to_its_end_and_printed(tmp_path: Path) -> None:
    async with a_demo(tmp_path, "--once") as (demo, printed):
        told = (await printed.read()).decode()
        assert await demo.wait() == 0, told
    for part in (
        *("Ana", "what was typed is deleted from the chat", "El 18 de julio de 2025"),
        *("petition-bot dossier", "SHA-256 of the manifest", "It is recorded that the petition"),
        *("Signature 3: Seán O'Brien", "erase it: the person asked", "Signatures erased: 2."),
        "Everything was as it should be.",
    ):
        assert part in told


@pytest.mark.processes
async def test_the_demo_ends_in_the_middle_and_clears_everything_away(tmp_path: Path) -> None:
    async with a_demo(tmp_path, "--once") as (demo, printed):
        await prints(printed, "Ana")
        demo.send_signal(signal.SIGTERM)
        rest = (await printed.read()).decode()
        assert await demo.wait() == 130
    assert "The demo was interrupted." in rest
    assert "Traceback" not in rest
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - nothing to wait for


@pytest.mark.processes
def test_a_demo_that_is_not_as_it_should_be_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def without_code(_: DemoSession) -> list[RecordedCall]:
        raise SimulatorError("Seán is shown no code")

    async def refused(_: DemoSession) -> list[RecordedCall]:
        return [RecordedCall("sendMessage", {}, 400, "message is too long", 0.0, 0.0)]

    for plays, told in ((without_code, "no code"), (refused, "Refused: sendMessage: message is")):
        monkeypatch.setattr("bot.cli.demo._play", plays)
        result = CliRunner().invoke(app, ["demo", "--once"])
        assert (result.exit_code, told in result.output) == (1, True), result.output


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
        show.people.sean.deactivate()
        for other in ("pintor gay", "artista gay"):  # which is seen though he has left Telegram
            texts.write_text(re.sub(r"\w+ gay", other, texts.read_text()))
            await ana.sees(other)
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
