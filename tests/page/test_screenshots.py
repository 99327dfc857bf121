"""Takes the pictures of the demo's page and of a dossier: `pytest --screenshots tests/page`.

Those in English stand in `docs/screenshots`, those in Spanish in `es` below it.
"""

import asyncio
import io
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typst
from PIL import Image

from bot.charts.delivery import delivery_chart
from bot.dossier import contents
from bot.dossier.contents import Edition
from bot.dossier.opened_list import open_list
from bot.dossier.typesetting import TEMPLATES, fonts
from bot.text.translations import Catalogs, Words
from tests.charts.deliveries import delivery
from tests.page.chromium import PHONE, Window, chromium, open_window, running_session
from tests.support.opened_lists import write_list
from tests.tryout.test_editing_by_hand import previewed

pytestmark = pytest.mark.processes

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 200_000
GAP = 36
THERE = {"timezone_id": "Europe/Madrid"}  # the petition's, so that page and bot agree on the time
HAND: dict[str, Any] = {"viewport": PHONE, "device_scale_factor": 1.5, "has_touch": True, **THERE}
_COMMON, _STRIKING = 176, 80
BACKDROP = (226, 232, 239)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the pictures: in which language, and as whom of the demo's people they sign."""

    language: str
    locale: str
    signer: str
    folder: Path

    @property
    def words(self) -> Words:
        return Catalogs.load().words(self.language)

    def label(self, source: str, **values: object) -> str:
        return self.words.label(source, **values)


SPANISH = Reader("es", "es-ES", "Ana García", FOLDER / "es")
ENGLISH = Reader("en", "en-GB", "Seán O'Brien", FOLDER)
both = pytest.mark.parametrize("reader", [SPANISH, ENGLISH], ids=["es", "en"])


async def taken(at: Window) -> Image.Image:
    await at.page.mouse.move(0, 0)
    await at.page.wait_for_timeout(400)
    return Image.open(io.BytesIO(await at.page.screenshot())).convert("RGB")


def keep(file: Path, picture: Image.Image) -> None:
    """Saves the picture with few colours: the most common ones and the most distinct ones."""
    common = picture.quantize(_COMMON, Image.Quantize.MEDIANCUT).getpalette() or []
    striking = picture.quantize(_STRIKING, Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(common[: 3 * _COMMON] + striking[: 3 * _STRIKING])
    file.parent.mkdir(exist_ok=True)
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(file, optimize=True)
    assert file.stat().st_size <= MOST_BYTES


async def start_in(at: Window, name: str, reader: Reader) -> None:
    """Presses Start on somebody's phone, and chooses the reader's language there."""
    await at.person(name)
    await at.start()
    await at.page.locator(".key").first.wait_for()
    await at.write("/language")
    await at.press(reader.words.language_name(reader.language).capitalize())
    await at.page.locator(".key", has_text=reader.label("✍️ Firmar con mi nombre")).wait_for()


@both
async def test_signing(reader: Reader) -> None:
    async with chromium() as browser, running_session() as (show, _, address):
        await show.start()
        async with open_window(browser, address, locale=reader.locale, **THERE) as at:
            await at.person("Rubén")
            await at.sign()
            await at.person(reader.signer)
            await at.start()
            await at.press(reader.label("✍️ Firmar con mi nombre"))
            await at.press(reader.label("Usar «{name}»", name=reader.signer))
            await at.page.locator(".key", has_text=reader.label("✍️ Consiento y firmo")).wait_for()
            keep(reader.folder / "signing.png", await taken(at))


@both
async def test_phones(reader: Reader) -> None:
    async with chromium() as browser, running_session() as (show, _, address):
        await show.start()
        pictures = []
        async with open_window(browser, address, locale=reader.locale, **HAND) as at:
            await at.page.locator(".person", has_text=reader.signer).click()
            await at.page.locator(".wide-button").wait_for()
            await at.start()
            signing = (
                reader.label("✍️ Firmar con mi nombre"),
                reader.label("Usar «{name}»", name=reader.signer),
                reader.label("✍️ Consiento y firmo"),
                reader.label("Ver mi firma"),
            )
            for step in signing:
                await at.page.locator(".key", has_text=step).last.wait_for()
                pictures.append(await taken(at))
                await at.press(step)
        keep(reader.folder / "signing-on-a-phone.png", side_by_side(pictures))


@both
async def test_broadcasting(reader: Reader) -> None:
    """Takes three minutes: a thousand people sign first, at Telegram's rate, and all are told."""
    async with chromium() as browser, running_session() as (show, page, address):
        await show.start()
        assert page.state is not None
        async with (
            open_window(
                browser, address, locale=reader.locale, color_scheme="dark", **THERE
            ) as at,
            open_window(browser, address, locale=reader.locale, **HAND) as hand,
        ):
            for name in ("Ana García", "Jordi Puig"):
                await at.person(name)
                await at.sign("Español" if name == "Jordi Puig" else None)
            page.state.crowd.start(1_000)
            while page.state.crowd.progress["signing"]:  # noqa: ASYNC110 - the page asks in the same way
                await asyncio.sleep(0.5)
            for name in ("Pau", "Marta"):
                await start_in(at, name, reader)
            await hand.page.locator(".person", has_text="Marta").click()
            await hand.write("/close")
            await hand.press(reader.label("Sí, cerrar la petición"))
            await hand.page.locator(".message", has_text="/reopen").last.wait_for()
            people = reader.words.people(1002)
            ask = reader.words.label("Pedir la aprobación, para {people}", people=people)
            approve = reader.words.label("Aprobar y enviar a {people}", people=people)
            await hand.write("/broadcast")
            pictures = []
            for step in (reader.label("El mensaje final"), reader.label("Continuar"), ask):
                await hand.page.locator(".key", has_text=step).last.wait_for()
                if step != reader.label("Continuar"):
                    pictures.append(await taken(hand))
                await hand.press(step)
            await at.person("Pau")
            await at.press(approve)
            await at.person("Marta")
            await asyncio.sleep(24)
            keep(reader.folder / "broadcasting.png", await taken(at))
            pictures.append(await taken(hand))
            await hand.page.locator(
                ".key", has_text=reader.label("Retirar los mensajes")
            ).wait_for(timeout=60_000)
            await hand.page.locator(".photo").last.wait_for()
            pictures.append(await taken(hand))
        keep(reader.folder / "sending-on-a-phone.png", side_by_side(pictures))


@both
async def test_previewing(reader: Reader, tmp_path: Path) -> None:
    name, title, summary, shorter, addition = {
        "es": (
            *("mi-peticion", "Título", "Resumen", "Que vuelvan Andry y los demás"),
            "<b>Firma</b> con {nombre}.",
        ),
        "en": (
            *("my-petition", "Title", "Summary", "Bring Andry and the others back"),
            "<b>Sign</b> with {nom}.",
        ),
    }[reader.language]
    async with (
        chromium() as browser,
        previewed(tmp_path / name) as address,
        open_window(browser, address, locale=reader.locale, **THERE) as at,
    ):
        await at.page.locator(".light.running").wait_for(state="attached")
        await at.person(reader.signer)
        await at.page.locator(".key", has_text=reader.label("✍️ Firmar con mi nombre")).wait_for()
        await at.page.locator("#editor").locator("nav button").nth(int(reader is ENGLISH)).click()
        for label, change in ((title, shorter), (summary, addition)):
            field = at.page.get_by_label(label, exact=True)
            before = f"{await field.input_value()}\n\n" if label == summary else ""
            await field.fill(before + change)
            await field.press("Control+s")
            if label == title:
                await at.sees(shorter)
        await at.page.locator(".field-problems .bad").first.wait_for()
        keep(reader.folder / "previewing.png", await taken(at))


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) + 1)
    whole = Image.new("RGB", (width, pictures[0].height + 2 * GAP), BACKDROP)
    left = GAP
    for picture in pictures:
        whole.paste(picture, (left, GAP))
        left += picture.width + GAP
    return whole.resize((whole.width * 2 // 3, whole.height * 2 // 3), Image.Resampling.LANCZOS)


@both
def test_chart(reader: Reader) -> None:
    """A broadcast to 15,300 people, with a pause of a minute and a half."""
    a_pause = [0] * 9
    delivered = [279] * 25 + a_pause + [279] * 29 + [59]
    parts = delivery(delivered, 10 * len(delivered), unreachable=3)
    drawn = delivery_chart(parts, reader.words)
    keep(reader.folder / "delivery.png", Image.open(io.BytesIO(drawn)).convert("RGB"))


@both
def test_dossier(reader: Reader, tmp_path: Path) -> None:
    read = open_list(write_list(tmp_path / "list.json", 1412))
    day = date(2027, 2, 16)
    contact = {"es": "Lucía Prado, campañas", "en": "Lucía Prado, campaigns"}[reader.language]
    edition = Edition(reader.words, day, "AI-ES/2027/014", contact)
    volume = contents.Volume(f"andry - {reader.label('lista de firmas')}.pdf", 1412, 1, 2096, "")
    pages = dossier_pages("dossier.typ", contents.dossier(read, edition, [volume]))
    keep(reader.folder / "dossier.png", beside(pages[:2]))
    if reader is SPANISH:
        return
    public = Edition(SPANISH.words, day, "", "", public=True)
    in_public = dossier_pages("dossier.typ", contents.dossier(read, public, []))
    # Its first page has the names in other scripts, which stand far apart in the list itself.
    few = open_list(write_list(tmp_path / "few.json", 130))
    people = [*few.signatures, *read.signatures[130:]]
    title = contents.volume_title(1, 1, edition.words)
    names = dossier_pages("volume.typ", contents.volume(read, edition, title, people))
    keep(FOLDER / "dossier-list.png", beside([names[0], pages[2], in_public[0]]))


def dossier_pages(template: str, data: Any) -> list[Image.Image]:
    """Returns the pages as pictures, set as in the PDF."""
    found: Any = typst.compile(
        str(TEMPLATES / template),
        root=str(TEMPLATES),
        sys_inputs={"data": json.dumps(data)},
        font_paths=fonts(of_machine=False),
        ignore_system_fonts=True,
        format="png",
        ppi=76,
    )
    return [Image.open(io.BytesIO(page)).convert("RGB") for page in found]


def beside(pages: list[Image.Image]) -> Image.Image:
    width, height = pages[0].size
    row = Image.new("RGB", (len(pages) * (width + GAP) + GAP, height + 2 * GAP), BACKDROP)
    for place, page in enumerate(pages):
        row.paste(page, (GAP + place * (width + GAP), GAP))
    return row
