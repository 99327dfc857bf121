"""Nothing covers a control, whatever the fonts and the width of the page."""

from typing import Any

import pytest
from playwright.async_api import Browser

from simulator import Person
from simulator.parameters import UploadedFile
from tests.page.chromium import COVERED, Window, open_chat
from tests.support.api_client import ApiClient
from tests.support.pictures import tiny_png

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="session")]

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
WIDTHS = {"desktop": (1440, 1183, 760), "phone": (430, 390, 280)}
FONTS = ("15px sans-serif", "22px monospace", "13px serif")
# Whatever the fonts, one of these is in each corner that a line of text reaches.
COMMANDS = "/a " * 60
# Leaves so many pixels of a picture to be seen, at the foot of the chat.
SCROLLED = """(seen) => {
  const log = document.querySelector(".log");
  const picture = [...document.querySelectorAll(".mine .photo")][0];
  log.scrollTop += picture.getBoundingClientRect().top - log.getBoundingClientRect().bottom + seen;
}"""
ADDRESS = f"https://example.org/{'x' * 150}"


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_nothing_lies_over_what_can_be_pressed(
    browser: Browser, look: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    async with open_chat(browser, **look) as (at, api, ana):
        await everything(api, ana)
        await at.page.locator(".person").click()
        await at.sees("lo último")
        for width, font in zip(WIDTHS[request.node.callspec.id], FONTS, strict=True):
            height = look["viewport"]["height"]
            await at.page.set_viewport_size({"width": width, "height": height})
            await at.page.evaluate("(font) => (document.body.style.font = font)", font)
            assert await covered(at) == [], (width, font)


async def test_a_picture_scrolled_to_its_corners_is_not_covered(browser: Browser) -> None:
    async with open_chat(browser, **PHONE) as (at, api, ana):
        await everything(api, ana)
        await at.page.locator(".person").click()
        await at.sees("lo último")
        for seen in (2.25, 3, 6, 12, 24):
            await at.page.evaluate(SCROLLED, seen)
            assert await at.covered() == [], seen


async def covered(at: Window) -> list[str]:
    """Returns the covered controls, with the pointer over each message in turn."""
    found = await at.covered()
    for message in await at.page.locator(".message").all():
        await message.locator(".bubble").hover(force=True)
        found += await message.evaluate(COVERED)
    return found


async def everything(api: ApiClient, ana: Person) -> None:
    """Sends messages with every kind of control, in each corner of a bubble, from both sides."""
    world = ana.world
    keys = {
        "inline_keyboard": [
            [{"text": "Sí", "callback_data": "y"}],
            [{"text": "No", "url": ADDRESS}],
        ]
    }
    picture = world.files.add("photo", UploadedFile("foto.png", tiny_png(600, 400)))
    document = world.files.add("document", UploadedFile("firmas.csv", b"a;b"))
    to = {"chat_id": ana.id}
    await api.answer("sendMessage", **to, text=COMMANDS)
    await api.answer("sendMessage", **to, text=ADDRESS)
    await api.answer("sendMessage", **to, text="/b", reply_markup=keys)
    await api.answer(
        "sendMessage", **to, text="<tg-spoiler>oculto</tg-spoiler>", parse_mode="HTML"
    )
    await api.answer("sendPhoto", **to, photo=picture.file_id)
    await api.answer("sendPhoto", **to, photo=picture.file_id, caption=ADDRESS)
    await api.answer("sendDocument", **to, document=document.file_id)
    await api.answer("sendDocument", **to, document=document.file_id, caption=COMMANDS)
    ana.send(ADDRESS)
    ana.send_media(picture)
    ana.send_media(document)
    ana.send_album(["photo"] * 3)
    ana.send_album(["photo"] * 2, ADDRESS)
    ana.send_album(["document"] * 2)
    ana.send("lo último")
