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
    """Picks files, from the menu of the chat or in the dialog of files picked before."""
    name = f"{item} de este ordenador"
    if not item.startswith("Añadir"):
        await at.page.get_by_role("button", name="Adjuntar").click()
    button = at.page.get_by_role("button", name=item)
    async with at.page.expect_file_chooser() as chooser:
        await button.or_(at.page.get_by_role("menuitem", name=name)).click()
    await (await chooser.value).set_files(files)


async def test_several_photos_are_looked_at_and_sent_as_one_album_with_a_caption(
    browser: Browser,
) -> None:
    async with open_chat(browser) as (at, _, ana):
        await pick(at, "Fotos", photos(3))
        dialog = at.page.get_by_role("dialog", name="Enviar 3 fotos")
        await expect(dialog.locator("img")).to_have_count(3)
        assert ana.messages[1:] == []
        assert await at.faults() == []
        await dialog.get_by_role("button", name="Quitar 1.png").press("Enter")
        await at.page.get_by_role("dialog", name="Enviar 2 fotos").wait_for()
        await expect(at.page.locator(":focus")).to_have_attribute("aria-label", "Quitar 2.png")
        caption = at.page.get_by_label("Pie de foto")
        await caption.fill("**Así** fue <b>hoy")
        await caption.press("Enter")
        await at.page.locator(".mine .album").wait_for()
        await expect(at.page.locator("dialog")).to_have_count(0)
        album = ana.messages[1:]
        assert len({message.group for message in album}) == 1
        assert [message.text for message in album] == ["Así fue <b>hoy", ""]
        assert [entity.type for entity in album[0].entities] == ["bold"]
        assert at.console_errors == []


async def test_many_photos_go_in_albums_of_ten_and_documents_apart(browser: Browser) -> None:
    async with open_chat(browser) as (at, _, ana):
        await pick(at, "Fotos", photos(12))
        await pick(at, "Añadir archivos", [LIST])
        await at.page.get_by_role("dialog", name="Enviar 13 archivos").wait_for()
        await expect(at.page.locator(".attachment-form .hint")).to_contain_text("3 grupos")
        assert await at.faults() == []
        await at.page.get_by_label("Pie de foto").fill("Todo")
        await at.page.get_by_role("button", name="Enviar", exact=True).last.click()
        await at.page.get_by_role("link", name="Descargar lista <b>.csv").wait_for()
        sent = ana.messages[1:]
        groups = [[m.id for m in sent if m.group == group] for group in {m.group for m in sent}]
        assert sorted(len(group) for group in groups) == [1, 2, 10]
        assert [message.text for message in sent] == ["Todo", *[""] * 12]


async def test_a_caption_that_is_too_long_is_said_before_and_nothing_of_it_is_lost(
    browser: Browser,
) -> None:
    async with open_chat(browser) as (at, _, ana):
        words = "**" + "😀" * 512 + "**"
        await at.page.locator(".writing").fill(f"{words}x")
        await pick(at, "Fotos", photos(1))
        caption = at.page.get_by_label("Pie de foto")
        await expect(caption).to_have_value(f"{words}x")
        await expect(at.page.locator(".caption-left")).to_contain_text("hay 1 de más")
        assert await at.faults() == []
        await caption.press("Enter")
        await caption.press("Escape")
        await expect(at.page.locator(".writing")).to_have_value(f"{words}x")
        assert ana.messages[1:] == []
        await pick(at, "Fotos", photos(1))
        await caption.fill(words)
        await expect(at.page.locator(".caption-left")).to_contain_text("Quedan 0")
        await caption.press("Enter")
        await at.page.locator(".mine .photo").wait_for()
        await expect(at.page.locator(".writing")).to_have_value("")
        assert [len(message.text) for message in ana.messages[1:]] == [512]
        assert at.console_errors == []


async def test_what_could_not_be_sent_stays_to_be_sent_again(browser: Browser) -> None:
    async with open_chat(browser) as (at, _, ana):
        no_photo = FilePayload(name="no.png", mimeType="image/png", buffer=b"no picture")
        await pick(at, "Fotos", [*photos(1), no_photo])
        caption = at.page.get_by_label("Pie de foto")
        await caption.fill("No te pierdas")
        await caption.press("Enter")
        await expect(at.page.locator(".attachments-fault")).to_contain_text("no.png: ")
        assert ana.messages[1:] == []
        await expect(caption).to_have_value("No te pierdas")
        await at.page.get_by_role("button", name="Quitar no.png").click()
        await caption.press("Enter")
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
            assert await at.page.locator("dialog").count() == 0
        assert len(ana.messages) == 1
        assert at.console_errors == []
