"""The page in a real browser, with the real bot."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.page.chromium import PHONE, WIDE, open_chat, open_window, running_session

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="session")]

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def petition(browser: Browser) -> AsyncIterator[str]:
    """The address of a page with an open petition."""
    async with running_session() as (show, _, address):
        await show.start()
        yield address


async def test_a_petition_is_lived_through_by_hand(browser: Browser) -> None:
    async with running_session() as (show, _, address), open_window(browser, address) as at:
        await show.start()
        await at.person("Ana García")
        await at.sign()
        await at.person("Marta")
        await at.start()
        await at.sees("Ni una expulsión")
        await at.write("/close")
        await at.press("Sí, cerrar la petición")
        await at.sees("La petición está cerrada.")
        await at.write("/broadcast")
        await at.press("El mensaje final")
        await at.press("Continuar")
        await at.press("Enviar a 1 persona")
        await at.sees("Entregados: 1")
        badge = at.page.locator(".person", has_text="Ana García").locator(".badge")
        assert await badge.inner_text() == "1"
        await at.person("Ana García")
        await at.sees("El 18 de julio de 2025")
        assert at.console_errors == []


async def test_a_stranger_signs_on_a_phone_and_can_be_the_admin(browser: Browser) -> None:
    async with (
        running_session(opens_petition=True) as (show, _, address),
        open_window(browser, address, viewport=PHONE, has_touch=True) as at,
    ):
        await show.start()
        hint = at.page.locator(".hint-of-demo")
        await expect(hint).to_contain_text("Firma aquí la petición.")
        assert await at.faults() == []
        for step in ("Firmar con mi nombre", "Usar «Ana", "Consiento y firmo"):
            await at.press(step)
        await at.sees("Tu firma está registrada.")
        await hint.get_by_role("button", name="Ser Marta").click()
        await expect(at.page.locator(".chat")).to_contain_text("así lo ve Marta")
        await at.write("/close")
        await at.sees("¿Cerrar la petición?")
        await at.press("Sí, cerrar")
        await expect(hint.get_by_role("button", name="Ser Marta")).to_have_count(0)
        await hint.get_by_role("button", name="Cerrar este consejo").click()
        await expect(hint).to_be_hidden()
        wide = await at.page.evaluate("document.documentElement.scrollWidth")
        assert wide == PHONE["width"]
        await expect(at.page.locator(".people")).to_be_hidden()
        await at.page.get_by_role("button", name="Volver a la lista").click()
        await expect(at.page.locator(".people")).to_be_visible()
        assert at.console_errors == []


async def test_a_crowd_signs_and_the_panel_counts_it(browser: Browser) -> None:
    async with running_session() as (show, page, address), open_window(browser, address) as at:
        await show.start()
        assert page.state is not None
        page.state.crowd.looks = (0.0, 0.0)
        await at.page.get_by_role("button", name="Mil personas firman").click()
        signed = re.compile(r"[1-9]\d* de 1\.000 han firmado")
        await expect(at.page.locator(".of-crowd")).to_contain_text(signed)
        assert at.console_errors == []


async def test_a_new_petition_says_what_it_erases_and_asks(browser: Browser) -> None:
    async with running_session() as (show, page, address), open_window(browser, address) as at:
        await show.start()
        await at.person("Ana García")
        await at.sign()
        before = page.state
        await at.page.get_by_role("button", name="Petición nueva").click()
        dialog = at.page.get_by_role("dialog")
        for erased in ("conversaciones", "firmas", "envíos", "personas que hayas añadido"):
            await expect(dialog).to_contain_text(erased)
        await dialog.get_by_role("button", name="Cancelar").click()
        assert page.state is before
        await at.page.get_by_role("button", name="Petición nueva").click()
        await dialog.get_by_role("button", name="Empezar").click()
        await at.page.locator(".wide-button").wait_for()
        assert page.state is not before


async def test_a_hostile_name_or_text_stays_text(browser: Browser, petition: str) -> None:
    async with open_window(browser, petition) as at:
        await at.page.get_by_role("button", name="Añadir una persona").click()
        await at.page.get_by_label("Nombre", exact=True).fill(HOSTILE)
        await at.page.get_by_role("button", name="Añadir", exact=True).click()
        await at.person(HOSTILE)
        await at.start()
        await at.sees("Ni una expulsión")
        await at.write(HOSTILE + "\n</div><script>document.title='x'</script> javascript:alert(1)")
        await at.sees(HOSTILE)
        assert (
            await at.page.locator("img[src=x], .message script, a[href^=javascript]").count() == 0
        )
        assert await at.page.title() == "Telegram"
        assert at.console_errors == []


# A font that is not there is replaced by the one after it, whose letters all are as wide.
_HAS_FONT_OF_A_PHONE = """() => {
  const context = document.createElement("canvas").getContext("2d");
  const width = (font) => { context.font = font; return context.measureText("iiii").width; };
  return ["Roboto", "Noto Sans", "Arial", "Inter"].some(
    (name) => width(`15px "${name}", monospace`) < width("15px monospace"));
}"""


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("Ana", ("Firmar con mi nombre", "Usar «", "Consiento y firmo", "Ver mi firma")),
        ("Ana", ("Firmar sin dar mi nombre", "Consiento y firmo", "Ver mi firma")),
        ("Seán", ("Sign with my name", "Use “", "I consent and sign", "See my signature")),
        ("Seán", ("Sign without giving my name", "I consent and sign", "See my signature")),
    ],
)
async def test_each_screen_of_signing_is_seen_whole_on_the_page_of_a_phone(
    browser: Browser, name: str, steps: tuple[str, ...]
) -> None:
    async with running_session() as (show, _, address):
        await show.start()
        async with open_window(browser, address, viewport=PHONE, has_touch=True) as at:
            if not await at.page.evaluate(_HAS_FONT_OF_A_PHONE):
                pytest.skip("no phone's font is here: apt-get install fonts-roboto-unhinted")
            await at.page.locator(".person", has_text=name).click()
            await at.start()
            for step in steps:
                await at.page.locator(".key", has_text=step).last.wait_for()
                assert await at.overflow() == 0, step
                await at.press(step)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
async def test_everybody_can_use_the_page(
    browser: Browser, petition: str, viewport: dict[str, int]
) -> None:
    touch = viewport is PHONE
    async with open_window(browser, petition, viewport=viewport, has_touch=touch) as at:
        faults = await at.faults()
        await at.page.locator(".person", has_text="Marta").click()
        await at.page.locator(".foot > *").wait_for()
        if await at.page.locator(".wide-button").is_visible():
            await at.start()
        await at.sees("Ni una expulsión")
        await at.page.get_by_role("button", name="Menú de comandos").click()
        faults += await at.faults()
        await at.page.keyboard.press("Escape")
        await at.page.get_by_role("button", name="Adjuntar").click()
        faults += await at.faults()
        await at.page.get_by_role("menuitem", name="Una foto").click()
        await at.page.locator(".mine .photo").first.wait_for()
        await at.page.get_by_role("button", name="Más opciones").click()
        await at.page.get_by_role("menuitem", name="Abrir un enlace de inicio").click()
        faults += await at.faults()
        await at.page.get_by_label("Marca de procedencia").fill("plaza")
        await at.page.get_by_role("button", name="Abrir", exact=True).click()
        await at.sees("/start plaza")
        if not await at.page.locator("#panel").is_visible():
            await at.page.get_by_role("button", name="Entre bastidores").click()
        await at.page.locator(".call summary").last.click()
        await at.page.locator(".call pre:visible").first.wait_for()  # others may come below it
        faults += await at.faults()
        assert sorted(set(faults)) == []
        assert at.console_errors == []


async def test_who_uses_a_keyboard_sees_the_focus(browser: Browser, petition: str) -> None:
    async with open_window(browser, petition) as at:
        await at.page.locator(".light.running").wait_for()
        widths: dict[str, float] = {}
        for _ in range(24):
            await at.page.keyboard.press("Tab")
            widths |= await at.page.evaluate(_FOCUS)
        assert len(widths) > 18
        assert [said for said, width in widths.items() if width < 2] == []


_FOCUS = """() => {
  const node = document.activeElement;
  const shown = node.matches(".switch input") ? node.nextElementSibling : node;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const said = node.getAttribute("aria-label") ?? node.textContent ?? node.id;
  const width = outlineStyle === "none" ? 0 : parseFloat(outlineWidth);
  return node === document.body ? {} : { [`${node.localName} ${said.slice(0, 60)}`]: width };
}"""


async def test_the_bot_is_started_anew_and_carries_on(browser: Browser) -> None:
    async with running_session() as (show, _, address), open_window(browser, address) as at:
        await show.start()
        await at.person("Ana García")
        await at.start()
        await at.press("Firmar con mi nombre")
        await at.sees("¿Con qué nombre quieres firmar?")
        await at.page.get_by_role("button", name="Reiniciar el bot").click()
        await at.page.locator(".call .method", has_text="getMe").nth(1).wait_for()
        await at.page.locator(".light.running").wait_for()
        await at.press("Usar «Ana García»")
        await at.press("Consiento y firmo")
        await at.sees("Tu firma está registrada.")


async def test_who_signs_with_the_keyboard_is_never_sent_back(browser: Browser) -> None:
    async with running_session() as (show, _, address), open_window(browser, address) as at:
        await show.start()
        focused = at.page.locator(":focus")
        await at.person("Ana García")
        await at.page.locator(".wide-button").press("Enter")
        await expect(focused).to_have_class("writing")
        await at.page.locator(".key", has_text="Firmar con mi nombre").press("Enter")
        await expect(focused).to_contain_text("Usar «Ana García»")
        await at.page.keyboard.press("Enter")
        await expect(focused).to_contain_text("⬜ Novedades de esta petición")
        await at.page.keyboard.press("Enter")
        await expect(focused).to_contain_text("✅ Novedades de esta petición")
        await at.page.keyboard.press("Tab")
        await expect(focused).to_contain_text("tras acciones")
        await at.page.keyboard.press("Tab")
        await expect(focused).to_contain_text("Consiento y firmo")
        await at.page.keyboard.press("Enter")
        await expect(focused).to_contain_text("Ver mi firma")
        assert at.console_errors == []


async def test_who_sets_colours_sees_what_can_be_pressed(browser: Browser, petition: str) -> None:
    async with open_window(browser, petition, forced_colors="active") as at:
        running_session = "(node) => Number(getComputedStyle(node).opacity)"
        assert await at.page.get_by_role("switch").first.evaluate(running_session) == 1
        borders = "(nodes) => nodes.map((node) => getComputedStyle(node).borderTopStyle)"
        for pressed in (".button", ".avatar"):
            styles = await at.page.locator(pressed).evaluate_all(borders)
            assert set(styles) == {"solid"}, pressed


async def test_a_long_button_is_cut_as_on_a_phone_and_its_emoji_is_drawn(browser: Browser) -> None:
    async with open_chat(browser, viewport=PHONE) as (at, api, ana):
        label = "📖 Novedades de esta petición, que como mucho serán tres"
        markup = {"inline_keyboard": [[{"text": label, "callback_data": "a"}]]}
        await api.result("sendMessage", chat_id=ana.id, text="Elige", reply_markup=markup)
        await at.page.locator(".person").click()
        words = at.page.locator(".key-words")
        await expect(words).to_have_text(label)
        high = await words.evaluate("words => words.getBoundingClientRect().height")
        assert high < 30  # one line
        assert await words.evaluate("words => words.scrollWidth > words.clientWidth")
        await at.page.evaluate("document.fonts.ready")
        drawn = "[...document.fonts].find((font) => font.family.includes('Bot emoji')).status"
        assert await at.page.evaluate(drawn) == "loaded"
        assert at.console_errors == []
