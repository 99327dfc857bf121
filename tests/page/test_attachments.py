"""A picked file is shown before it is sent, and is sent as Telegram's clients do."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, expect

from tests.page.chromium import Window, open_chat
from tests.support.pictures import tiny_png

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="session")]


PHOTO = FilePayload(name="foto.png", mimeType="image/png", buffer=tiny_png(60, 50))
LIST = FilePayload(name="lista <b>.csv", mimeType="text/csv", buffer=b"a;b")


async def pick(at: Window, item: str, file: FilePayload | Path) -> None:
    """Picks a file from the menu of the chat."""
    await at.page.get_by_role("button", name="Adjuntar").click()
    async with at.page.expect_file_chooser() as chooser:
        await at.page.get_by_role("menuitem", name=f"{item} de este ordenador").click()
    await (await chooser.value).set_files(file)


async def test_a_file_is_looked_at_and_goes_with_what_is_written(browser: Browser) -> None:
    async with open_chat(browser) as (at, _, ana):
        await at.write("Antes")
        await at.sees("Antes")
        writing = at.page.locator(".writing")
        await pick(at, "Foto", PHOTO)
        await expect(writing).to_be_focused()
        await expect(writing).to_have_attribute("placeholder", "Añade un comentario")
        file = at.page.get_by_role("group", name="Archivo que se envía con el mensaje")
        await expect(file.get_by_role("img", name="foto.png")).to_be_visible()
        assert ana.messages[2:] == []
        assert await at.faults() == []
        await file.get_by_role("button", name="Quitar foto.png").press("Enter")
        await expect(file).to_have_count(0)
        await expect(writing).to_be_focused()
        await pick(at, "Foto", PHOTO)
        await pick(at, "Archivo", LIST)
        await expect(file).to_have_text("lista <b>.csv3 B")
        assert await at.faults() == []
        # An edit goes before, and leaves the file where it is.
        await writing.press("ArrowUp")
        await expect(file).to_have_count(0)
        await at.write("Antes de todo")
        await at.sees("Antes de todo")
        await at.write("**Así** fue <b>hoy")
        await at.page.get_by_role("link", name="Descargar lista <b>.csv").wait_for()
        await expect(file).to_have_count(0)
        await expect(writing).to_have_value("")
        (sent,) = ana.messages[2:]
        assert sent.text == "Así fue <b>hoy"
        assert [entity.type for entity in sent.entities] == ["bold"]
        await pick(at, "Foto", PHOTO)
        await writing.press("Enter")
        await at.page.locator(".mine .photo").wait_for()
        assert at.console_errors == []


async def test_a_caption_that_is_too_long_is_said_and_nothing_is_lost(browser: Browser) -> None:
    async with open_chat(browser) as (at, _, ana):
        words = "**" + "😀" * 512 + "**"
        writing, fault = at.page.locator(".writing"), at.page.locator(".attachments-fault")
        await writing.fill(f"{words}x")
        await pick(at, "Foto", PHOTO)
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
        await pick(at, "Foto", no_photo)
        await at.write("No te pierdas")
        await expect(at.page.locator(".attachments-fault")).to_have_text(
            "No se ha podido: ese archivo no es una foto que Telegram entienda"
        )
        assert ana.messages[1:] == []
        writing = at.page.locator(".writing")
        await expect(writing).to_have_value("No te pierdas")
        await at.page.get_by_role("button", name="Quitar no.png").click()
        await writing.press("Enter")
        await at.sees("No te pierdas")


async def test_a_file_telegram_refuses_is_not_sent(browser: Browser, tmp_path: Path) -> None:
    async with open_chat(browser) as (at, _, ana):
        for length, said in ((0, "vacío"), (20 * 1024 * 1024 + 1, "20 MB")):
            with (tmp_path / f"{said}.txt").open("wb") as file:
                file.truncate(length)
            await pick(at, "Archivo", tmp_path / f"{said}.txt")
            await at.page.locator(".toast", has_text=said).last.wait_for()
            assert await at.page.locator(".attachment").count() == 0
        assert len(ana.messages) == 1
        assert at.console_errors == []
