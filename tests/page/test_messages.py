"""Everything a bot can send is drawn as Telegram would show it."""

import asyncio
import time

import pytest
from playwright.async_api import Browser, Route

from simulator.page import SimulatorPage
from simulator.parameters import UploadedFile
from tests.page.chromium import OpenChat, open_chat
from tests.support.pictures import tiny_png

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="session")]

RICH = (
    "<b>negrita <i>y cursiva</i></b> <u>subrayado</u> <s>tachado</s> <code>código</code> "
    '<a href="https://example.org/a">enlace</a> <tg-spoiler>secreto</tg-spoiler> /help\n'
    "<blockquote>una cita</blockquote><pre>texto\ntal cual</pre>"
    "<blockquote expandable>una cita larga</blockquote>"
)


async def test_formatting_is_drawn_and_marked_up_for_everybody(chat: OpenChat) -> None:
    at, api, ana = chat
    await api.answer("sendMessage", chat_id=ana.id, text=RICH, parse_mode="HTML")
    text = at.page.locator(".theirs .text")
    await text.wait_for()
    for tag in ("strong em", "u", "s", "code", "pre", "blockquote"):
        assert await text.locator(tag).count() >= 1, tag
    link = text.get_by_role("link", name="enlace")
    assert await link.get_attribute("href") == "https://example.org/a"
    assert await link.get_attribute("rel") == "noopener noreferrer"
    secret = text.locator(".spoiler-text")
    assert not await secret.is_visible()
    await text.get_by_role("button", name="Texto oculto").press("Enter")
    await secret.wait_for()
    await text.get_by_role("button", name="/help").click()
    await at.page.locator(".mine", has_text="/help").wait_for()
    assert await at.faults() == []


async def test_messages_change_and_go_while_one_looks(chat: OpenChat) -> None:
    at, api, ana = chat
    keyboard = {"inline_keyboard": [[{"text": "Sí", "callback_data": "yes"}]]}
    sent = await api.answer("sendMessage", chat_id=ana.id, text="uno", reply_markup=keyboard)
    number = sent["result"]["message_id"]
    message = at.page.locator(f'[data-id="{number}"]')
    await message.get_by_role("button", name="Sí").focus()
    keyboard["inline_keyboard"][0][0]["text"] = "No"
    changed = {"text": "dos", "reply_markup": keyboard}
    await api.answer("editMessageText", chat_id=ana.id, message_id=number, **changed)
    await message.get_by_role("button", name="No").wait_for()
    assert "editado" in await message.inner_text()
    assert await at.page.evaluate("document.activeElement.textContent") == "No"
    await api.answer("deleteMessage", chat_id=ana.id, message_id=number)
    await message.wait_for(state="detached")


async def test_a_time_is_drawn_in_the_zone_of_who_looks(browser: Browser) -> None:
    async with open_chat(browser, timezone_id="America/Bogota") as (at, api, ana):
        noon = '<tg-time unix="1795690800" format="{}">26 de noviembre, 12:00</tg-time>'
        for form in ("Dt", "wdT", ""):
            text = noon.format(form)
            await api.answer("sendMessage", chat_id=ana.id, text=text, parse_mode="HTML")
        times = at.page.locator(".theirs .text time")
        await times.nth(2).wait_for()
        # Some versions of the browser write "a las" where others have a comma.
        shown = [each.replace(" a las ", ", ") for each in await times.all_inner_texts()]
        assert shown == [
            "26 de noviembre de 2026, 06:00",
            "jueves, 26/11/26, 06:00:00",
            "26 de noviembre, 12:00",
        ]
        assert await times.first.get_attribute("title") == "26 de noviembre, 12:00"
        hour = int(time.time()) + 3600 + 20
        text = f'<tg-time unix="{hour}" format="r">luego</tg-time>'
        await api.answer("sendMessage", chat_id=ana.id, text=text, parse_mode="HTML")
        await at.sees("dentro de 1 hora")
        assert await at.faults() == []
        assert at.console_errors == []


async def test_buttons_have_their_colour_and_can_be_read_in_each_theme(chat: OpenChat) -> None:
    at, api, ana = chat
    styles = ("success", "danger", "primary")
    row = [{"text": each, "callback_data": each, "style": each} for each in styles]
    keyboard = {"inline_keyboard": [[*row, {"text": "none", "callback_data": "none"}]]}
    await api.answer("sendMessage", chat_id=ana.id, text="¿?", reply_markup=keyboard)
    await at.page.locator(".key", has_text="none").wait_for()
    colours = set()
    for label in (*styles, "none"):
        key = at.page.locator(".key", has_text=label)
        colours.add(await key.evaluate("(key) => getComputedStyle(key).backgroundColor"))
    assert len(colours) == 4
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await at.page.evaluate(ground)
    await at.page.emulate_media(color_scheme="dark")
    assert await at.page.evaluate(ground) != light
    assert await at.faults() == []


async def test_a_button_copies_its_text(chat: OpenChat) -> None:
    at, api, ana = chat
    await at.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = "https://t.me/test_bot?start=share"
    keyboard = {"inline_keyboard": [[{"text": "Copiar", "copy_text": {"text": link}}]]}
    await api.answer("sendMessage", chat_id=ana.id, text="¿?", reply_markup=keyboard)
    await at.press("Copiar")
    await at.page.locator(".toast", has_text="Copiado").wait_for()
    assert await at.page.evaluate("navigator.clipboard.readText()") == link


async def test_a_tap_is_answered_with_a_window_or_a_passing_line(chat: OpenChat) -> None:
    at, api, ana = chat
    keyboard = {"inline_keyboard": [[{"text": "Firmar", "callback_data": "sign"}]]}
    await api.answer("sendMessage", chat_id=ana.id, text="¿?", reply_markup=keyboard)
    for text, alert in (("Ya está", False), ("Lee esto <b>antes</b>", True)):
        await at.press("Firmar")
        await at.page.locator(".key.waiting").wait_for()
        (query,) = ana.world.taps
        said = {"text": text, "show_alert": alert}
        await api.answer("answerCallbackQuery", callback_query_id=query, **said)
        await at.page.locator(".alert-text" if alert else ".toast", has_text=text).wait_for()
        await at.page.locator(".key.waiting").wait_for(state="detached", timeout=5_000)
    assert await at.faults() == []
    await at.page.keyboard.press("Enter")
    await at.page.get_by_role("alertdialog").wait_for(state="detached")


async def test_pictures_are_seen_and_albums_stand_together(chat: OpenChat) -> None:
    at, api, ana = chat
    files = ana.world.files
    ana.send_album(["photo", "photo", "photo"], "Así fue")
    document = ana.send_file("document", "firmas <1>.csv", b"a;b", "").document
    assert document is not None
    album = at.page.locator(".album")
    await album.wait_for()
    assert await album.locator("img").count() == 3
    shown = "() => [...document.querySelectorAll('.album img')].every((i) => i.complete)"
    await at.page.wait_for_function(shown)
    async with at.page.expect_popup() as popup:  # where the browser shows it whole
        await album.get_by_role("link", name="Así fue").first.click()
    large = await popup.value
    assert await large.locator("img").evaluate("(i) => i.naturalWidth") > 0
    await large.close()
    async with at.page.expect_download() as download:
        await at.page.get_by_role("link", name="Descargar firmas <1>.csv").click()
    kept = await (await download.value).path()
    assert kept.read_bytes() == b"a;b"
    photo = files.add("photo", UploadedFile("foto.png", tiny_png(600, 400)))
    await api.answer("sendPhoto", chat_id=ana.id, photo=photo.file_id, caption="<i>pie</i>")
    await at.sees("<i>pie</i>")
    assert await at.faults() == []


async def test_who_blocks_the_bot_or_is_gone_cannot_write(chat: OpenChat) -> None:
    at, _, ana = chat
    await at.choose("Bloquear el bot")
    await at.page.get_by_role("button", name="Desbloquear el bot").click()
    await at.page.locator(".writing").wait_for()
    await at.choose("Eliminar la cuenta")
    await at.page.get_by_role("button", name="Eliminar la cuenta").click()
    await at.page.locator(".foot-note", has_text="Cuenta eliminada").wait_for()
    assert ana.deactivated
    assert not await at.page.locator(".writing").is_visible()


async def test_a_page_that_was_cut_off_says_so_and_catches_up(browser: Browser) -> None:
    page = SimulatorPage()
    async with open_chat(browser, page) as (at, api, ana):
        port = int(at.page.url.rstrip("/").rpartition(":")[2])
        await page.stop()
        await at.page.locator(".notice.bad").wait_for()
        await api.answer("sendMessage", chat_id=ana.id, text="mientras tanto")
        await page.start(port=port)
        await at.sees("mientras tanto")
        await at.page.locator(".notice.bad").wait_for(state="detached")


async def test_a_page_that_is_back_says_so_though_nothing_has_happened(chat: OpenChat) -> None:
    at, _, _ = chat
    await at.page.evaluate(_CUT_OFF_AND_BACK)
    await at.page.locator(".notice.bad").wait_for(state="detached")


async def test_a_page_that_nobody_sees_holds_no_connection(chat: OpenChat) -> None:
    at, api, ana = chat
    assert await at.page.evaluate(_SEEN, False) == "closed"
    await api.answer("sendMessage", chat_id=ana.id, text="mientras tanto")
    assert await at.page.locator(".theirs").count() == 0
    await at.page.evaluate(_SEEN, True)
    await at.sees("mientras tanto")


_SEEN = """(seen) => {
  let stream = "open";
  const { close } = EventSource.prototype;
  EventSource.prototype.close = function () {
    close.call(this);
    stream = "closed";
  };
  Object.defineProperty(document, "hidden", { configurable: true, value: !seen });
  document.dispatchEvent(new Event("visibilitychange"));
  EventSource.prototype.close = close;
  return stream;
}"""


_CUT_OFF_AND_BACK = """async () => {
  const opened = [];
  window.EventSource = class {
    static CLOSED = 2;
    constructor() { opened.push(this); }
    close() {}
  };
  const { follow } = await import("./server_connection.js");
  follow();
  opened[0].onerror();
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  if (!document.querySelector(".notice.bad")) throw Error("it does not say that it is cut off");
  opened[0].onopen?.();
}"""


async def test_a_chat_stays_at_its_end_whatever_comes_late(chat: OpenChat) -> None:
    at, _, ana = chat
    for number in range(30):
        ana.send(f"mensaje {number}")
    await at.sees("mensaje 29")
    await at.page.evaluate(_GROWN)
    await at.page.wait_for_function(_AT_THE_END)
    assert not await at.page.locator(".to-bottom").is_visible()


async def test_a_picture_has_its_room_before_it_has_come(chat: OpenChat) -> None:
    at, _, ana = chat
    may_come = asyncio.Event()

    async def late(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await at.page.route("**/file/*", late)
    for width, height in ((600, 400), (400, 900), (2, 2)):
        upload = UploadedFile("foto.png", tiny_png(width, height))
        ana.send_media(ana.world.files.add("photo", upload))
    pictures = at.page.locator(".photo img")
    await pictures.nth(2).wait_for()
    measure = "[...document.querySelectorAll('.photo img')].map((i) => i.offsetHeight)"
    heights = await at.page.evaluate(measure)
    may_come.set()
    await at.page.wait_for_function("() => [...document.images].every((i) => i.complete)")
    assert await at.page.evaluate(measure) == heights
    assert heights[1] > heights[0] > heights[2] > 100


async def test_an_album_leaves_no_place_empty(chat: OpenChat) -> None:
    at, _, ana = chat
    for number in (2, 3, 10):
        ana.send_album(["photo"] * number)
    await at.page.locator(".album").nth(2).wait_for()
    ends = """(albums) => albums.map((album) => {
      const last = album.lastElementChild.getBoundingClientRect();
      return album.getBoundingClientRect().right - last.right;
    })"""
    assert await at.page.locator(".album").evaluate_all(ends) == [0, 0, 0]


async def test_who_sends_sees_it_and_who_reads_stays_where_they_are(chat: OpenChat) -> None:
    at, api, ana = chat
    for number in range(40):
        ana.send(f"mensaje {number}")
    await at.sees("mensaje 39")
    await at.page.wait_for_function(_AT_THE_END)
    await at.page.locator(".log").press("Home")
    top = "document.querySelector('.rows').getBoundingClientRect().top"
    # The way to the end is offered once the scrolling has ended, in a row of its own.
    await at.page.locator(".to-bottom").wait_for()
    before = await at.page.evaluate(top)
    await api.answer("sendMessage", chat_id=ana.id, text="nuevo")
    await at.page.locator(".theirs", has_text="nuevo").wait_for()
    assert await at.page.evaluate(top) == before
    area = at.page.locator(".writing")
    await area.fill("a medias")
    await area.evaluate("(area) => area.setSelectionRange(1, 3)")
    await api.answer("sendMessage", chat_id=ana.id, text="otro")
    await at.page.locator(".theirs", has_text="otro").wait_for()
    assert await at.page.evaluate(_WRITTEN) == ["writing", "a medias", 1, 3]
    await at.write("mío")
    await at.page.wait_for_function(_AT_THE_END)


async def test_the_way_to_the_end_has_its_place_and_moves_nobody(chat: OpenChat) -> None:
    at, _, ana = chat
    for number in range(40):
        ana.send(f"mensaje {number}")
    await at.sees("mensaje 39")
    await at.page.wait_for_function(_AT_THE_END)
    way = at.page.get_by_role("button", name="Ir al último mensaje")
    assert not await way.is_visible()
    assert await at.page.evaluate(_GONE_UP, 400) == {"shown": True, "moved": 0}
    assert await at.page.evaluate(_GONE_UP, 100) == {"shown": True, "moved": 0}
    assert await at.page.evaluate(_GONE_UP, 40) == {"shown": False, "moved": 0}
    await at.page.wait_for_function(_AT_THE_END)
    await at.page.evaluate(_GONE_UP, 400)
    assert await at.covered() == []
    await way.click()
    await way.wait_for(state="hidden")
    await at.page.wait_for_function(_AT_THE_END)


_WRITTEN = """() => {
  const { className, value, selectionStart, selectionEnd } = document.activeElement;
  return [className, value, selectionStart, selectionEnd];
}"""

_GONE_UP = """async (left) => {
  const log = document.querySelector(".log");
  const first = document.querySelector(".message");
  log.scrollTop = -left;
  const before = first.getBoundingClientRect().top;
  await new Promise((heard) => requestAnimationFrame(() => requestAnimationFrame(heard)));
  const shown = !document.querySelector(".to-bottom").hidden;
  return { shown, moved: Math.round(first.getBoundingClientRect().top - before) };
}"""

_AT_THE_END = """() => {
  const [log, rows] = document.querySelectorAll(".log, .rows");
  return Math.abs(log.getBoundingClientRect().bottom - rows.getBoundingClientRect().bottom) < 20;
}"""

_GROWN = """() => {
  const late = document.createElement("div");
  late.style.height = "400px";
  document.querySelector(".rows").append(late);
}"""


async def test_a_tree_is_drawn_right_and_the_focus_stays(chat: OpenChat) -> None:
    at, _, _ = chat
    wrong = await at.page.evaluate(_MANY_TREES)
    assert wrong == []


_MANY_TREES = """async () => {
  const { h, patch } = await import("./dom.js");
  const root = document.createElement("div");
  const fresh = document.createElement("div");
  document.body.append(root);
  let seed = 7;
  const below = (n) => (seed = (seed * 48271) % 2147483647) % n;
  const row = ({ n }) => h("li", { title: n }, `row ${n}`);
  const wrong = [];
  for (let round = 0; round < 300; round += 1) {
    const keys = [...Array(8).keys()].filter(() => below(3)).sort(() => below(3) - 1);
    const tree = () => [
      round % 2 === 0 && h("p"),
      h("ul", {}, keys.map((key) => (key % 2
        ? h(row, { key, n: round % 3 })
        : h(round % 5 ? "li" : "p", { key, class: round % 3 ? "a" : null }, key, [h("b")], "x")))),
      h("input", { value: String(round) }),
    ];
    patch(root, ...tree());
    fresh.replaceChildren();
    patch(fresh, ...tree());
    if (root.innerHTML !== fresh.innerHTML) wrong.push([root.innerHTML, fresh.innerHTML]);
    const input = root.querySelector("input");
    if (round && document.activeElement !== input) wrong.push(`${round}: the focus is lost`);
    if (input.value !== String(round)) wrong.push(`${round}: ${input.value}`);
    input.focus();
    input.value = "typed";
  }
  const buttons = (...keys) => patch(root, keys.map((key) => h("button", { key }, key)));
  buttons(1, 2, 3);
  root.lastChild.focus();
  buttons(1, 2);
  if (document.activeElement.textContent !== "2") wrong.push("the focus of what has gone is lost");
  root.remove();
  return wrong;
}"""
