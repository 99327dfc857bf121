"""Picked files are shown before they are sent, and are sent as Telegram's clients do."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, expect

from tests.page.chromium import Window, open_chat
from tests.support.pictures import tiny_png

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="session")]


def photos(count: int) -> list[FilePayload]:
    return [
        FilePayload(name=f"{number}.png", mimeType="image/png", buffer=tiny_png(60 + number, 50))
        for number in range(count)
    ]


LIST = FilePayload(name="lista <b>.csv", mimeType="text/csv", buffer=b"a;b")


async def pick(at: Window, item: str, files: Sequence[FilePayload] | Path) -> None:
    """Picks files from the menu of the chat."""
    await at.page.get_by_role("button", name="Adjuntar").click()
    async with at.page.expect_file_chooser() as chooser:
        await at.page.get_by_role("menuitem", name=f"{item} de este ordenador").click()
    await (await chooser.value).set_files(files)


async def test_photos_are_looked_at_and_go_in_albums_of_ten_with_a_caption_and_documents_apart(
    browser: Browser,
) -> None:
    async with open_chat(browser) as (at, _, ana):
        await at.write("Antes")
        await at.sees("Antes")
        writing = at.page.locator(".writing")
        await pick(at, "Fotos", photos(13))
        await pick(at, "Archivos", [LIST])
        await expect(writing).to_be_focused()
        await expect(writing).to_have_attribute("placeholder", "Añade un comentario")
        files = at.page.get_by_role("list", name="Archivos que se envían con el mensaje")
        await expect(files.locator("img")).to_have_count(13)
        await expect(files).to_contain_text("lista <b>.csv")
        assert ana.messages[2:] == []
        assert await at.faults() == []
        await files.get_by_role("button", name="Quitar 0.png").press("Enter")
        await expect(files.locator("img")).to_have_count(12)
        await expect(at.page.locator(":focus")).to_have_attribute("aria-label", "Quitar 1.png")
        # An edit goes before, and leaves the files where they are.
        await writing.press("ArrowUp")
        await expect(files).to_have_count(0)
        await at.write("Antes de todo")
        await at.sees("Antes de todo")
        await at.write("**Así** fue <b>hoy")
        await at.page.get_by_role("link", name="Descargar lista <b>.csv").wait_for()
        await expect(files).to_have_count(0)
        sent = ana.messages[2:]
        groups = [[m.id for m in sent if m.group == group] for group in {m.group for m in sent}]
        assert sorted(len(group) for group in groups) == [1, 2, 10]
        assert [message.text for message in sent] == ["Así fue <b>hoy", *[""] * 12]
        assert [entity.type for entity in sent[0].entities] == ["bold"]
        assert at.console_errors == []


async def test_a_caption_that_is_too_long_is_said_before_and_nothing_of_it_is_lost(
    browser: Browser,
) -> None:
    async with open_chat(browser) as (at, _, ana):
        words = "**" + "😀" * 512 + "**"
        writing, fault = at.page.locator(".writing"), at.page.locator(".attachments-fault")
        await writing.fill(f"{words}x")
        await pick(at, "Fotos", photos(1))
        await expect(fault).to_contain_text("hay 1 de más")
        assert await at.faults() == []
        await writing.press("Enter")
        await expect(writing).to_have_value(f"{words}x")
        assert ana.messages[1:] == []
        await writing.fill(words)
        await expect(fault).to_be_empty()
        await writing.press("Enter")
        await at.page.locator(".mine .photo").wait_for()
        await expect(writing).to_have_value("")
        assert [len(message.text) for message in ana.messages[1:]] == [512]
        assert at.console_errors == []


async def test_what_could_not_be_sent_stays_to_be_sent_again(browser: Browser) -> None:
    async with open_chat(browser) as (at, _, ana):
        no_photo = FilePayload(name="no.png", mimeType="image/png", buffer=b"no picture")
        await pick(at, "Fotos", [*photos(1), no_photo])
        await at.write("No te pierdas")
        await expect(at.page.locator(".attachments-fault")).to_contain_text("no.png: ")
        assert ana.messages[1:] == []
        writing = at.page.locator(".writing")
        await expect(writing).to_have_value("No te pierdas")
        await at.page.get_by_role("button", name="Quitar no.png").click()
        await writing.press("Enter")
        await at.sees("No te pierdas")


async def test_a_file_that_telegram_does_not_take_is_not_sent(
    browser: Browser, tmp_path: Path
) -> None:
    async with open_chat(browser) as (at, _, ana):
        for length, said in ((0, "vacío"), (20 * 1024 * 1024 + 1, "20 MB")):
            with (tmp_path / f"{said}.txt").open("wb") as file:
                file.truncate(length)
            await pick(at, "Archivos", tmp_path / f"{said}.txt")
            await at.page.locator(".toast", has_text=said).last.wait_for()
            assert await at.page.locator(".attachment").count() == 0
        assert len(ana.messages) == 1
        assert at.console_errors == []
