"""Takes the pictures of the demo's page and of a dossier: `pytest --screenshots tests/page`."""

import asyncio
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import typst
from PIL import Image

from bot.dossier import contents
from bot.dossier.contents import Edition
from bot.dossier.opened_list import open_list
from bot.dossier.typesetting import TEMPLATES, Fonts
from bot.text.translations import Catalogs
from tests.page.chromium import PHONE, Window, chromium, open_window, running_session
from tests.page.test_editing_by_hand import previewed
from tests.support.opened_lists import write_list

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 200_000
GAP = 36
_COMMON, _STRIKING = 176, 80
BACKDROP = (226, 232, 239)


async def taken(at: Window) -> Image.Image:
    await at.page.mouse.move(0, 0)
    await at.page.wait_for_timeout(400)
    return Image.open(io.BytesIO(await at.page.screenshot())).convert("RGB")


def keep(name: str, picture: Image.Image) -> None:
    """Saves the picture with few colours: the most common ones and the most distinct ones."""
    common = picture.quantize(_COMMON, Image.Quantize.MEDIANCUT).getpalette() or []
    striking = picture.quantize(_STRIKING, Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(common[: 3 * _COMMON] + striking[: 3 * _STRIKING])
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / name
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(file, optimize=True)
    assert file.stat().st_size <= MOST_BYTES


async def test_signing() -> None:
    async with chromium() as browser, running_session() as (show, _, address):
        await show.start()
        async with open_window(browser, address) as at:
            await at.person("Ana García")
            await at.sign()
            await at.person("Rubén")
            await at.start()
            await at.press("Firmar la petición")
            await at.press("Usar «")
            await at.sees("firmo esta petición")
            keep("signing.png", await taken(at))


async def test_phones() -> None:
    async with chromium() as browser, running_session() as (show, _, address):
        await show.start()
        phone = {"viewport": PHONE, "device_scale_factor": 1.5, "has_touch": True}
        pictures = []
        async with open_window(browser, address, **phone) as at:
            await at.page.locator(".person", has_text="Ana").click()
            await at.page.locator(".wide-button").wait_for()
            await at.start()
            signing = ("Firmar la petición", "Usar «", "Con mi", "Consiento y firmo", "Ver mi")
            for step in signing:
                await at.page.locator(".key", has_text=step).last.wait_for()
                if step != "Consiento y firmo":  # the consent is taken before the choice
                    pictures.append(await taken(at))
                await at.press(step)
        keep("signing-on-a-phone.png", side_by_side(pictures))


async def test_broadcasting() -> None:
    """Takes a minute and a half: a thousand people sign first, at Telegram's rate."""
    async with chromium() as browser, running_session() as (show, _, address):
        await show.start()
        async with open_window(browser, address, color_scheme="dark") as at:
            for name in ("Ana García", "Jordi Puig"):
                await at.person(name)
                await at.sign("Español" if name == "Jordi Puig" else None)
            await at.page.get_by_role("button", name="Mil personas firman").click()
            await at.page.get_by_text("1.000 de 1.000 han firmado").wait_for(timeout=200_000)
            for name in ("Pau", "Marta"):
                await at.person(name)
                await at.start()
                await at.sees("Ni una expulsión")
            await at.write("/close")
            await at.press("Sí, cerrar la petición")
            await at.sees("La petición está cerrada.")
            await at.write("/broadcast")
            await at.press("El mensaje final")
            await at.press("Continuar")
            await at.press("Pedir la aprobación, para 1.002 personas")
            await at.sees("Espera la aprobación")
            await at.person("Pau")
            await at.press("Aprobar y enviar a 1.002 personas")
            await at.person("Marta")
            await asyncio.sleep(24)
            keep("broadcasting.png", await taken(at))


async def test_previewing(tmp_path: Path) -> None:
    async with (
        chromium() as browser,
        previewed(tmp_path / "mi-peticion") as address,
        open_window(browser, address) as at,
    ):
        await at.page.locator(".light.running").wait_for(state="attached")
        await at.start()
        await at.sees("Ni una expulsión")
        title = at.page.get_by_label("Título", exact=True)
        await title.fill("Que vuelvan Andry y los demás")
        await title.press("Control+s")
        await at.sees("Que vuelvan Andry y los demás")
        summary = at.page.get_by_label("Resumen", exact=True)
        await summary.fill(f"{await summary.input_value()}\n\n<b>Firma</b> con {{nombre}}.")
        await summary.press("Control+s")
        await at.page.locator(".field-problems .bad").first.wait_for()
        keep("previewing.png", await taken(at))


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) + 1)
    whole = Image.new("RGB", (width, pictures[0].height + 2 * GAP), BACKDROP)
    left = GAP
    for picture in pictures:
        whole.paste(picture, (left, GAP))
        left += picture.width + GAP
    return whole.resize((whole.width * 2 // 3, whole.height * 2 // 3), Image.Resampling.LANCZOS)


def test_dossier(tmp_path: Path) -> None:
    read = open_list(write_list(tmp_path / "list.json", 1412))
    day = date(2027, 2, 16)
    english = Edition(Catalogs.load().words("en"), day, "AI-ES/2027/014", "Lucía Prado, campaigns")
    spanish = Edition(Catalogs.load().words("es"), day, "", "", public=True)
    volume = contents.Volume("andry - list of signatures.pdf", 1412, 1, 2096, "")
    pages = dossier_pages("dossier.typ", contents.dossier(read.head, english, [volume]))
    public = dossier_pages("dossier.typ", contents.dossier(read.head, spanish, []))
    # Its first page has the names in other scripts, which stand far apart in the list itself.
    few = open_list(write_list(tmp_path / "few.json", 130))
    people = [*few.signatures(), *list(read.signatures())[130:]]
    title = contents.volume_title(1, 1, english.words)
    names = contents.volume(read.head, english, title, people)
    beside("dossier.png", [pages[0], pages[1], pages[4]])
    beside("dossier-list.png", [*dossier_pages("volume.typ", names)[:1], pages[2], public[0]])


def dossier_pages(template: str, data: Any) -> list[Image.Image]:
    """Returns the pages as pictures, set as in the PDF."""
    found: Any = typst.compile(
        str(TEMPLATES / template),
        root=str(TEMPLATES),
        sys_inputs={"data": json.dumps(data)},
        font_paths=Fonts().found,
        ignore_system_fonts=True,
        format="png",
        ppi=76,
    )
    return [Image.open(io.BytesIO(page)).convert("RGB") for page in found]


def beside(name: str, pages: list[Image.Image]) -> None:
    width, height = pages[0].size
    row = Image.new("RGB", (len(pages) * (width + GAP) + GAP, height + 2 * GAP), BACKDROP)
    for place, page in enumerate(pages):
        row.paste(page, (GAP + place * (width + GAP), GAP))
    keep(name, row)
