"""A petition is written in the page, in a real browser."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.preview import Preview
from bot.petition.petition import BUNDLED
from bot.petition_folder.edit import copy_template
from bot.petition_folder.markup_check import filled
from bot.petition_folder.read import read_folder
from bot.tryout.demo_session import DemoSession
from bot.tryout.folder_editor import FolderEditor
from bot.tryout.page import TryoutPage
from telegram_text.markup import length, parse
from tests.page.chromium import DESK, PHONE, WIDE, open_window

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="session")]


@asynccontextmanager
async def previewed(folder: Path, *, template: bool = False) -> AsyncIterator[str]:
    """Previews a copy of the bundled petition or the template; yields the terminal's address."""
    if template:
        copy_template(folder, slug="rio")
    else:
        shutil.copytree(BUNDLED, folder)
    page = TryoutPage(folder=folder.name, editor=FolderEditor(folder))
    address = await page.start(port=0)
    try:
        async with DemoSession(page, petition=folder).open() as show:
            watching = asyncio.create_task(Preview(folder, page, show).watch())
            try:
                yield address + page.mark
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
    finally:
        await page.stop()


async def test_a_campaigner_changes_a_text_beside_the_phone_that_shows_it(
    browser: Browser, tmp_path: Path
) -> None:
    texts = tmp_path / "mine" / "es.toml"
    async with (
        previewed(tmp_path / "mine") as address,
        open_window(browser, address, viewport=DESK) as at,
    ):
        summary = at.page.get_by_label("Resumen", exact=True)
        await at.page.locator(".light.running").wait_for(state="attached")
        await at.sees("maquillador gay")
        field = at.page.locator(".edit-field", has=summary)
        # Bold, by the button; a reload loses nothing; saving shows it on the phone.
        await summary.fill("Que vuelvan ya")
        await summary.select_text()
        await field.get_by_role("button", name="Negrita").click()
        await expect(summary).to_have_value("<b>Que vuelvan ya</b>")
        await expect(field.locator(".edit-count")).to_contain_text("14 de ")
        at.page.once("dialog", lambda dialog: dialog.accept())
        await at.page.reload()
        await expect(summary).to_have_value("<b>Que vuelvan ya</b>")
        assert "edit=" not in at.page.url
        await field.get_by_role("button", name="Guardar").click()
        await at.sees("Que vuelvan ya")
        assert '\nsummary = """\n<b>Que vuelvan ya</b>\n"""\n' in texts.read_text()
        # A mistake is named at its field, and the phone keeps what was right.
        await summary.fill("Que vuelvan {ya}")
        await at.page.keyboard.press("Control+s")
        await expect(field.locator(".problems .bad")).to_contain_text("{ya}")
        await at.page.get_by_label("Título", exact=True).focus()
        # The banner calls a field as the editor does.
        banner = at.page.locator(".notices .bad").get_by_role("button")
        await expect(banner).to_have_text("Resumen (español)")
        await banner.click()
        await expect(summary).to_be_focused()
        await summary.fill("<b>Que vuelvan ya</b>")
        await field.get_by_role("button", name="Guardar").click()
        await expect(field.locator(".problems .bad")).to_have_count(0)
        # Somebody else changes the same text meanwhile: both are shown.
        await summary.fill("Lo mío")
        texts.write_text(texts.read_text().replace("<b>Que vuelvan ya</b>", "Lo de otra persona"))
        await expect(field.locator(".theirs")).to_have_text("Lo de otra persona")
        assert await at.faults() == []
        await field.get_by_role("button", name="Guardar el mío").click()
        await at.sees("Lo mío")
        # What the page counts is what the check counts.
        for text in (
            "a &amp; b &#128512;",
            '<a href="x>y">q</a> {name}\n',
            "😀 <b>ñ</b> {people}",
        ):
            await summary.fill(text)
            counted = length(parse(filled(text.strip(), {})).text)
            await expect(field.locator(".edit-count")).to_contain_text(f"{counted} de ")
        # The words of a link are written where the cursor stands, as the dialog says.
        await summary.fill("Firma ")
        await field.get_by_role("button", name="Enlace").click()
        await at.page.locator("dialog").get_by_role("textbox").fill("https://x.example")
        await at.page.locator("dialog").get_by_role("button", name="Poner el enlace").click()
        await expect(summary).to_have_value('Firma <a href="https://x.example"></a>')
        await at.page.keyboard.type("aquí")
        await expect(summary).to_have_value('Firma <a href="https://x.example">aquí</a>')
        assert at.console_errors == []
    assert read_folder(tmp_path / "mine").problems == []


async def test_on_a_phone_the_texts_are_a_tab(browser: Browser, tmp_path: Path) -> None:
    async with (
        previewed(tmp_path / "mine") as address,
        open_window(browser, address, viewport=PHONE, has_touch=True) as at,
    ):
        await at.page.get_by_role("button", name="Textos").click()
        await at.page.locator(".editor-tabs").get_by_role("button", name="Datos").click()
        await at.page.get_by_label("Metas").fill("10, 20")
        faults = await at.faults()
        assert not await at.page.locator(".people").is_visible()
        wide = await at.page.evaluate("document.documentElement.scrollWidth")
        await at.page.get_by_role("button", name="Guardar", exact=True).click()
        await expect(at.page.locator(".field-saved", has_text="Guardado")).to_be_visible()
        await at.page.get_by_role("button", name="Teléfonos").click()
        await at.page.locator(".people").wait_for()
        assert (faults, wide, at.console_errors) == ([], PHONE["width"], [])
    assert "goals = [10, 20]" in (tmp_path / "mine" / "petition.toml").read_text()


async def test_a_page_with_a_wrong_key_says_it_is_only_read(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        previewed(tmp_path / "mine") as address,
        open_window(browser, address.partition("#")[0] + "#edit=wrong", viewport=DESK) as at,
    ):
        await expect(at.page.locator(".editor-said")).to_contain_text("Solo lectura")
        await expect(at.page.get_by_label("Resumen", exact=True)).not_to_be_editable()
        # The whole address makes it one that can be written in.
        await at.page.goto(address)
        await at.page.reload()
        await expect(at.page.get_by_label("Resumen", exact=True)).to_be_editable()
        await expect(at.page.locator(".editor-said")).to_be_empty()


async def test_a_template_says_in_one_number_what_is_left_and_asks_for_it_in_grey(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    folder = tmp_path / "mine"
    async with (
        previewed(folder, template=True) as address,
        open_window(browser, address, viewport=WIDE) as at,
    ):
        left = at.page.locator(".notices .not-ready")
        await expect(left).to_contain_text("Aún no está lista: quedan 22 cosas por escribir")
        assert "sin problemas" not in (await at.page.locator(".notices").inner_text()).lower()
        checked = CliRunner().invoke(app, ["check", str(folder)]).output
        assert "aún no está lista: quedan 22 cosas por escribir" in checked
        assert "funciona" not in checked
        title = at.page.get_by_label("Título", exact=True)
        await expect(title).to_have_value("")
        assert await title.get_attribute("placeholder") == "qué pides, en una línea"
        # What is typed has "<" as people write it, and what was warned of goes.
        field = at.page.locator(".edit-field", has=title)
        await title.fill("Río <3 & un 5 < 6")
        await expect(field.locator(".chip.doubtful")).to_have_count(0)
        await field.get_by_role("button", name="Guardar").click()
        await at.sees("Río <3 & un 5 < 6")
        await expect(left).to_contain_text("quedan 21 cosas")
        await left.get_by_role("button").click()
        await expect(at.page.get_by_label("Resumen", exact=True)).to_be_focused()
        # Who reads English has the phone that shows the English texts, and the other way round.
        await at.page.locator(".editor-tabs").get_by_role("button", name="Inglés").click()
        await expect(at.page.locator(".person[aria-current]")).to_contain_text("Seán")
        await at.page.locator(".person", has_text="Ana").click()
        await expect(
            at.page.locator(".editor-tabs").get_by_role("button", name="Español")
        ).to_have_attribute("aria-current", "true")
        assert await at.faults() == []


async def test_a_file_that_is_not_toml_is_shown_as_text_with_what_is_wrong_at_its_line(
    browser: Browser, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    async with previewed(folder) as address, open_window(browser, address, viewport=WIDE) as at:
        await at.sees("maquillador gay")
        texts = folder / "en.toml"
        whole = texts.read_text()
        texts.write_text(whole.replace('\ntitle = "', "\ntitle: ", 1))
        await at.page.locator(".editor-tabs").get_by_role("button", name="Inglés").click()
        line = at.page.locator(".file-lines li", has=at.page.locator(".edit-failed"))
        await expect(line).to_contain_text("Expected '=' after a key")
        await expect(line).to_contain_text("title: ")
        assert await at.faults() == []
        texts.write_text(whole.replace('\ntitle = "', '\ntitle = "Again: ', 1))
        title = at.page.get_by_label("Título", exact=True)
        await expect(title).to_have_value(re.compile("^Again: "))
