"""The bot gets exactly what a person writes or picks on the page, and nothing of it is lost."""

from pathlib import Path

import pytest
from playwright.async_api import FilePayload, expect

from tests.page.chromium import OpenChat, Window
from tests.support.pictures import tiny_png

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="session")]


WRITTEN = {
    "hola": ("hola", []),
    "  **a** y __b__ ": ("a y b", [("bold", 0, 1), ("italic", 4, 1)]),
    "**a __b__ c** d": ("a b c d", [("bold", 0, 5), ("italic", 2, 1)]),
    "😀 ||x|| `2*3`": ("😀 x 2*3", [("spoiler", 3, 1), ("code", 5, 3)]),
    "[web](https://a.example/b) y más": ("web y más", [("text_link", 0, 3)]),
    "[web](javascript:alert(1))": ("[web](javascript:alert(1))", []),
    "2 ** 3 ** 4": ("2 ** 3 ** 4", []),
    "<b>no</b>": ("<b>no</b>", []),
}


async def test_marks_become_formatting_as_in_telegrams_own_clients(chat: OpenChat) -> None:
    at, _, ana = chat
    read = """async (typed) => {
      const { parseMarkdown } = await import("./markdown.js");
      const { text, entities } = parseMarkdown(typed);
      return [text, entities.map(({ type, offset, length }) => [type, offset, length])];
    }"""
    for typed, (text, entities) in WRITTEN.items():
        expected = [text, [list(entity) for entity in entities]]
        assert await at.page.evaluate(read, typed) == expected
        back = """async (typed) => {
          const { parseMarkdown, toMarkdown } = await import("./markdown.js");
          const first = parseMarkdown(typed);
          const again = parseMarkdown(toMarkdown(first.text, first.entities));
          return [again.text, again.entities.length];
        }"""
        assert await at.page.evaluate(back, typed) == [text, len(entities)]
    await at.write("**Hola** a todos")
    await at.sees("Hola a todos")
    assert [entity.type for entity in ana.messages[-1].entities] == ["bold"]


async def test_a_changed_message_keeps_its_formatting_and_the_draft(chat: OpenChat) -> None:
    at, _, ana = chat
    area = at.page.locator(".writing")
    await at.write("**Hola** a todos")
    await at.sees("Hola a todos")
    await area.press("ArrowUp")
    await expect(area).to_have_value("**Hola** a todos")
    await area.fill("**Hola**")
    await area.press("Shift+Enter")
    await area.press_sequentially("a todas")
    await area.press("Enter")
    await at.sees("Hola\na todas")
    assert [entity.type for entity in ana.messages[-1].entities] == ["bold"]
    await area.fill("a medias")
    await at.page.locator(".mine .bubble-options").last.press("Enter")
    await at.page.get_by_role("menuitem", name="Editar").click()
    await expect(area).to_have_value("**Hola**\na todas")
    await area.press("Escape")
    await expect(area).to_have_value("a medias")
    await area.press("Escape")
    await expect(area).to_have_value("a medias")
    await at.page.locator(".mine .bubble-options").last.press("Enter")
    await at.page.get_by_role("menuitem", name="Editar").click()
    await at.write("Adiós")
    await at.sees("Adiós")
    await expect(area).to_have_value("a medias")


async def test_what_is_sent_twice_in_haste_arrives_once(chat: OpenChat) -> None:
    at, _, ana = chat
    await at.page.locator(".writing").fill("Hola")
    twice = "document.querySelectorAll('.send').forEach((b) => { b.click(); b.click(); })"
    await at.page.evaluate(twice)
    await at.sees("Hola")
    await at.write("Adiós")
    await at.sees("Adiós")
    assert [message.text for message in ana.messages[1:]] == ["Hola", "Adiós"]


async def test_what_cannot_be_sent_comes_back(chat: OpenChat) -> None:
    at, _, _ = chat
    await at.page.route("**/act", lambda route: route.abort())
    await at.write("No te pierdas")
    await at.page.locator(".toast").wait_for()
    await expect(at.page.locator(".writing")).to_have_value("No te pierdas")
    at.console_errors.clear()  # the browser logs what was refused


async def test_a_text_too_long_is_refused_and_stays_to_be_cut(chat: OpenChat) -> None:
    at, _, ana = chat
    writing, words = at.page.locator(".writing"), "**" + "😀" * 2048 + "**"
    await at.write(f"{words}x")
    refused = "No se ha podido: un mensaje tiene como mucho 4096 caracteres"
    await expect(at.page.locator(".toast")).to_have_text(refused)
    await expect(writing).to_have_value(f"{words}x")
    assert ana.messages[1:] == []
    await at.write(words)
    await at.page.locator(".mine").nth(1).wait_for()
    assert [len(message.text) for message in ana.messages[1:]] == [2048]
    at.console_errors.clear()  # the browser logs what was refused


async def test_a_command_from_the_menu_leaves_what_is_being_written(chat: OpenChat) -> None:
    at, api, ana = chat
    await api.answer("setMyCommands", commands=[{"command": "help", "description": "Ayuda"}])
    await at.page.reload()
    area = at.page.locator(".writing")
    await area.fill("a medias")
    menu = at.page.get_by_role("button", name="Menú de comandos")
    await menu.press("Enter")
    await expect(at.page.get_by_role("menuitem", name="/help")).to_be_focused()
    await at.page.keyboard.press("Escape")
    await expect(menu).to_be_focused()
    await menu.click()
    await at.page.get_by_role("menuitem", name="/help").click()
    await at.sees("/help")
    await expect(area).to_have_value("a medias")
    assert [message.text for message in ana.messages[1:]] == ["/help"]


async def test_a_message_has_a_second_tick_once_the_bot_has_got_it(chat: OpenChat) -> None:
    at, api, ana = chat
    ana.send_album(["photo", "photo"], "Así fue")
    sent = at.page.get_by_role("img", name="Enviado", exact=True)
    await expect(sent).to_have_count(2)
    await at.page.locator(".mine .album").evaluate("(album) => album.before('kept')")
    given = (await api.answer("getUpdates"))["result"]
    await api.answer("getUpdates", offset=given[-1]["update_id"] + 1)
    await expect(at.page.get_by_role("img", name="Recibido por el bot")).to_have_count(2)
    await expect(sent).to_have_count(0)
    # The same bubble stays, so its pictures need not load again.
    await expect(at.page.locator(".mine", has_text="kept")).to_have_count(1)


async def test_a_refusal_is_said_in_the_language_of_the_page(chat: OpenChat) -> None:
    at, _, ana = chat
    ana.block()
    send = """async (person) => {
      const { act } = await import("./server_connection.js");
      await act("send", { person, text: "x" });
    }"""
    await at.page.evaluate(send, ana.id)
    await at.page.locator(".toast", has_text="Ana ha bloqueado el bot").wait_for()
    at.console_errors.clear()  # the browser logs what was refused


PHOTO = FilePayload(name="foto.png", mimeType="image/png", buffer=tiny_png(60, 50))
LIST = FilePayload(name="lista <b>.csv", mimeType="text/csv", buffer=b"a;b")


async def pick(at: Window, item: str, file: FilePayload | Path) -> None:
    """Picks a file from the menu of the chat."""
    await at.page.get_by_role("button", name="Adjuntar").click()
    async with at.page.expect_file_chooser() as chooser:
        await at.page.get_by_role("menuitem", name=f"{item} de este ordenador").click()
    await (await chooser.value).set_files(file)


async def test_a_file_is_looked_at_and_goes_with_what_is_written(chat: OpenChat) -> None:
    at, _, ana = chat
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


async def test_a_caption_that_is_too_long_is_said_and_nothing_is_lost(chat: OpenChat) -> None:
    at, _, ana = chat
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


async def test_what_could_not_be_sent_stays_to_be_sent_again(chat: OpenChat) -> None:
    at, _, ana = chat
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
    at.console_errors.clear()  # the browser logs what was refused


async def test_a_file_telegram_refuses_is_not_sent(chat: OpenChat, tmp_path: Path) -> None:
    at, _, ana = chat
    for length, said in ((0, "vacío"), (20 * 1024 * 1024 + 1, "20 MB")):
        with (tmp_path / f"{said}.txt").open("wb") as file:
            file.truncate(length)
        await pick(at, "Archivo", tmp_path / f"{said}.txt")
        await at.page.locator(".toast", has_text=said).last.wait_for()
        assert await at.page.locator(".attachment").count() == 0
    assert len(ana.messages) == 1
