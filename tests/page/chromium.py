"""A real browser for the tests: the machine's Chromium, if there is one."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, ConsoleMessage, async_playwright, expect
from playwright.async_api import Page as Tab

from bot.petition.petition import BUNDLED
from bot.tryout.demo_session import DemoSession
from bot.tryout.page import TryoutPage
from simulator import Person, Simulator
from simulator.page import PageState, SimulatorPage
from tests.support.api_client import TOKEN, ApiClient

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
COVERED = (Path(__file__).parent / "covered.js").read_text()
WIDE = {"width": 1440, "height": 900}
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# The shell draws no window, and a test takes a third of the work in it.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_PATIENCE_MILLISECONDS = 30_000
expect.set_options(timeout=_PATIENCE_MILLISECONDS)
# All rules, and the one that axe leaves out until it is asked: WCAG 2.2, 2.5.8.
_AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Runs the browser; skips the test on a machine without one."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("there is no Chromium here: apt-get install chromium-headless-shell")
    # Chromium's sandbox does not work for root, the usual user in containers.
    unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=unboxed)
        try:
            yield browser
        finally:
            await browser.close()


def _violation(found: dict[str, Any]) -> str:
    where = "; ".join(str(node["target"]) for node in found["nodes"])
    return f"{found['id']}: {found['help']}: {where}"


class Window:
    """A browser window on the page at an address; keeps the errors that the page logs."""

    def __init__(self, page: Tab) -> None:
        self.page = page
        self.console_errors: list[str] = []
        page.set_default_timeout(_PATIENCE_MILLISECONDS)
        page.on("console", self._keep_error)
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))

    def _keep_error(self, message: ConsoleMessage) -> None:
        self.console_errors.append(f"{message.type}: {message.text}")

    async def person(self, name: str) -> None:
        """Opens somebody's phone."""
        await self.page.locator(".person", has_text=name).click()
        await self.page.locator(f'.person[aria-current="true"]:has-text("{name}")').wait_for()

    async def start(self) -> None:
        """Presses Start on the open phone, in whichever language the page is."""
        await self.page.locator(".wide-button").click()

    async def press(self, label: str) -> None:
        """Presses the newest button under a message whose label has this in it.

        Of a choice it waits until it shows as made: the buttons of the screen before are stale.
        """
        key = self.page.locator(".key", has_text=re.compile(re.escape(label))).last
        choice = re.match("⬜(.*)", await key.inner_text())
        await key.click()
        if choice is not None:
            await self.page.locator(".key", has_text=f"✅{choice[1]}").last.wait_for()

    async def choose(self, item: str) -> None:
        """Chooses from the menu of the person whose phone is open."""
        await self.page.get_by_role("button", name="Más opciones").click()
        await self.page.get_by_role("menuitem", name=item).click()

    async def write(self, text: str) -> None:
        """Writes into the chat and sends it with the keyboard."""
        await self.page.locator(".writing").fill(text)
        await self.page.locator(".writing").press("Enter")

    async def sees(self, text: str) -> None:
        """Waits until a message in the chat contains this."""
        await self.page.locator(".message", has_text=text).last.wait_for()

    async def sign(self, language: str | None = None) -> None:
        """Signs on the open phone, from the first start to the thanks.

        Somebody whose language the petition lacks is asked for one first.
        """
        await self.start()
        if language is not None:
            await self.press(language)
        await self.press("Firmar con mi nombre")
        await self.press("Usar «")
        await self.press("Consiento y firmo")
        await self.sees("Tu firma está registrada.")

    async def covered(self) -> list[str]:
        """Returns the controls that are covered by something else."""
        found: list[str] = await self.page.locator("body").evaluate(COVERED)
        return found

    async def overflow(self) -> float:
        """Returns how many pixels of the newest message and its buttons need scrolling."""
        hidden: float = await self.page.evaluate(
            """() => {
              const log = document.querySelector(".log").getBoundingClientRect();
              const newest = [...document.querySelectorAll(".message")].at(-1);
              return Math.max(0, newest.getBoundingClientRect().height - log.height);
            }"""
        )
        return hidden

    async def faults(self) -> list[str]:
        """Returns what breaks an accessibility rule in the present state, in either theme."""
        found = await self.covered()
        for theme in ("light", "dark"):
            await self.page.emulate_media(color_scheme=theme)
            found += await self.page.evaluate(CONTRAST)
            found += map(
                _violation, (await Axe().run(self.page, options=_AXE)).response["violations"]
            )
        return found


@asynccontextmanager
async def running_session(
    petition: Path = BUNDLED, *, name: str | None = None, opens_petition: bool = False
) -> AsyncIterator[tuple[DemoSession, TryoutPage, str]]:
    """Runs a bot in an empty world with its page, and yields them with the page's address.

    `name` is that of the petition's folder on a page that previews it.
    """
    page = TryoutPage(folder=name)
    address = await page.start(port=0)
    try:
        session = DemoSession(page, petition=petition, opens_petition=opens_petition)
        async with session.open() as show:
            yield show, page, address
    finally:
        await page.stop()


@asynccontextmanager
async def open_window(browser: Browser, address: str, **look: Any) -> AsyncIterator[Window]:
    """Opens a window; `look` are options of Playwright's contexts, such as `color_scheme`."""
    look = {"viewport": WIDE, "locale": "es-ES", "reduced_motion": "reduce", **look}
    context = await browser.new_context(**look)
    try:
        opened = Window(await context.new_page())
        await opened.page.goto(address)
        await opened.page.locator(".person").first.wait_for(state="attached")
        yield opened
    finally:
        await context.close()


OpenChat = tuple[Window, ApiClient, Person]


@asynccontextmanager
async def open_chat(
    browser: Browser, page: SimulatorPage | None = None, **look: Any
) -> AsyncIterator[OpenChat]:
    """Shows Ana's phone on the page; the test makes the bot's calls itself."""
    page = page or SimulatorPage()
    try:
        async with (
            Simulator(token=TOKEN) as sim,
            ApiClient(sim.url) as api,
            PageState(sim, page.feed, frozenset()).open() as view,
        ):
            ana = view.world.person("Ana")
            view.phones.add(ana)
            ana.start()
            page.show(view)
            async with open_window(browser, await page.start(port=0), **look) as at:
                yield at, api, ana
    finally:
        await page.stop()
