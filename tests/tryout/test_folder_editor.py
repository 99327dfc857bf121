"""Texts are changed in the page of the preview, by nobody but whoever opened it."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.cli.preview import closed_for
from bot.petition.petition import BUNDLED
from bot.petition_folder.read import read_folder
from bot.tryout.folder_editor import FolderEditor, Refusal
from bot.tryout.page import TryoutPage
from tests.page.page_client import PageClient


@dataclass
class Desk:
    """A folder, the page that changes it, and a client with the token of the terminal."""

    folder: Path
    editor: FolderEditor
    client: PageClient

    def says(self, name: str) -> dict[str, Any]:
        return tomllib.loads((self.folder / name).read_text())

    def contents(self) -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in self.folder.iterdir()}

    async def edit(self, name: str, **parts: Any) -> tuple[int, dict[str, Any]]:
        return await self.client.edit(name, self.editor.token, **parts)

    def field(self, file: str, key: str) -> dict[str, Any]:
        """Returns what the form says of a value, if it is there."""
        fields = self.editor.snapshot()["fields"]
        found = [each for each in fields if (each["file"], each["key"]) == (file, key)]
        return dict(found[0]) if found else {"text": None}

    async def save(self, file: str, key: str, text: Any, **more: Any) -> tuple[int, Any]:
        """Saves as a page that knows the present state of the file."""
        parts = {"file": file, "key": key, "text": text, **more}
        parts.setdefault("base", self.field(file, key)["text"])
        return await self.edit("save", **parts)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    folder = tmp_path / "mine"
    shutil.copytree(BUNDLED, folder)
    editor = FolderEditor(folder)
    page = TryoutPage(folder="mine", editor=editor)
    address = await page.start(port=0)
    async with aiohttp.ClientSession() as session:
        yield Desk(folder, editor, PageClient(session, address))
    await page.stop()


async def test_a_text_is_saved_with_all_around_it_and_shown_everywhere(desk: Desk) -> None:
    before = (desk.folder / "es.toml").read_text()
    async with desk.client.stream() as stream:
        await stream.next_of("all")
        assert desk.field("es.toml", "title")["text"].startswith("Ni una expulsión")
        status, body = await desk.save("es.toml", "title", "Que vuelvan")
        assert (status, body["ok"]) == (200, True)
        other_tab = (await stream.next_of("editor"))["editor"]
    assert other_tab == body["editor"] == desk.editor.snapshot()
    assert desk.field("es.toml", "title")["text"] == "Que vuelvan"
    former = tomllib.loads(before)["title"]
    assert (desk.folder / "es.toml").read_text() == before.replace(
        f'title = "{former}"', 'title = "Que vuelvan"'
    )


async def test_what_another_wrote_meanwhile_is_not_overwritten(desk: Desk) -> None:
    seen = desk.field("es.toml", "title")["text"]
    await desk.save("es.toml", "title", "De la primera pestaña")
    assert (await desk.save("es.toml", "summary", "De la segunda"))[0] == 200
    status, body = await desk.save("es.toml", "title", "De la segunda", base=seen)
    assert (status, body["error"]) == (409, "changed")
    assert desk.field("es.toml", "title")["text"] == "De la primera pestaña"


async def test_without_the_token_of_the_terminal_nothing_is_changed(desk: Desk) -> None:
    before = desk.contents()
    known = desk.field("es.toml", "title")["text"]
    asked = {"file": "es.toml", "key": "title", "text": "No", "base": known}
    for token in ("", "x" * 32):
        status, body = await desk.client.edit("save", token, **asked)
        assert (status, body["error"], set(body)) == (403, "token", {"ok", "error", "why"})
        assert await desk.client.may_edit(token) == (403, body)
    # Another site cannot write even with the token.
    url, edit = f"{desk.client.address}edit", b'{"edit": "language", "language": "fr"}'
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {},
        {"Host": "evil.example"},
    ):
        asked_by = {"X-Edit-Token": desk.editor.token, **headers}
        async with desk.client.session.post(url, data=edit, headers=asked_by) as answer:
            assert answer.status == 403
    assert desk.contents() == before
    async with desk.client.session.get(desk.client.address) as page:
        assert desk.editor.token not in await page.text()
    # With it, one can ask whether it is right.
    assert await desk.client.may_edit(desk.editor.token) == (200, {"ok": True})
    desk.editor.closed_for = Refusal.BUNDLED
    status, body = await desk.client.may_edit(desk.editor.token)
    assert (status, body["error"]) == (403, "bundled")


async def test_only_known_values_of_known_files_are_written(desk: Desk) -> None:
    before = desk.contents()
    for file, key, why in (
        ("../mine/es.toml", "title", "gone"),
        ("/etc/passwd", "title", "gone"),
        ("fr.toml", "title", "gone"),
        ("card.es.png", "title", "gone"),
        (None, "title", "gone"),
        ("es.toml", "slug", "unknown"),
        ("petition.toml", "slug", "unknown"),
        ("petition.toml", "controller", "unknown"),
        ("petition.toml", "addressee.fr", "unknown"),
        ("es.toml", ["title"], "unknown"),
    ):
        status, body = await desk.edit("save", file=file, key=key, text="x", base="x")
        assert (status, body["error"]) == (409, why)
    for file, key, text in (
        ("es.toml", "title", 3),
        ("es.toml", "title", None),
        ("es.toml", "appeal", "one text"),
        ("es.toml", "appeal", []),
        ("es.toml", "appeal", [["x"]]),
        ("petition.toml", "goals", [1]),
        ("petition.toml", "goals", "1, dos"),
        ("petition.toml", "closing_is_draft", "yes"),
        ("petition.toml", "updates_at_most", True),
        ("petition.toml", "version", None),
    ):
        status, body = await desk.save(file, key, text)
        assert (status, body["error"]) == (409, "form")
    for language in ("es", "ES", "", "../x", "petition", "fr.toml", None, 7):
        status, body = await desk.edit("language", language=language)
        assert (status, body["error"]) == (409, "language")
    # More than a petition can hold is not even read.
    status, body = await desk.save("es.toml", "appeal", ["x" * 19_000] * 20)
    assert (status, body["error"]) == (409, "form")
    assert desk.contents() == before


async def test_a_file_with_a_mistake_in_its_toml_alone_is_left_alone(desk: Desk) -> None:
    broken = 'title = "sin cerrar'
    (desk.folder / "en.toml").write_text(broken)
    shown = desk.editor.snapshot()
    assert shown["files"]["en.toml"] == {"language": "en", "broken": True, "lines": [broken]}
    assert shown["files"]["es.toml"]["lines"] is None
    assert not [field for field in shown["fields"] if field["file"] == "en.toml"]
    assert (await desk.save("en.toml", "title", "x"))[0] == 409
    assert (desk.folder / "en.toml").read_text() == broken
    assert (await desk.save("es.toml", "title", "Sí"))[0] == 200


@pytest.mark.parametrize("name", ["es.toml", "petition.toml"])
async def test_a_file_in_another_encoding_is_left_alone(desk: Desk, name: str) -> None:
    """She saved it with an editor of long ago: what it says is read, and cannot be written."""
    file = desk.folder / name
    file.write_bytes(file.read_text().encode("cp1252", errors="replace"))
    before = file.read_bytes()
    shown = desk.editor.snapshot()
    assert (shown["files"][name]["broken"], shown["files"][name]["lines"]) == (True, None)
    assert {field["file"] for field in shown["fields"]} == {
        "es.toml",
        "en.toml",
        "petition.toml",
    } - {name}
    assert any("UTF-8" in str(each) for each in read_folder(desk.folder).problems)
    key = "title" if name == "es.toml" else "controller.email"
    assert (await desk.save(name, key, "x", base=""))[1]["error"] == "unknown"
    assert file.read_bytes() == before
    assert (await desk.save("en.toml", "title", "Yes"))[0] == 200


@pytest.mark.parametrize("name", ["ES.toml", "es.toml.txt"])
async def test_a_file_with_another_name_is_no_form(desk: Desk, name: str) -> None:
    (desk.folder / "es.toml").rename(desk.folder / name)
    shown = desk.editor.snapshot()
    assert sorted(shown["files"]) == ["en.toml", "petition.toml"]
    assert "es.toml" not in {field["file"] for field in shown["fields"]}
    assert any("es.toml" in str(each) for each in read_folder(desk.folder).problems)
    assert (await desk.save("es.toml", "title", "x", base=""))[1]["error"] == "gone"
    assert (await desk.save("en.toml", "title", "Yes"))[0] == 200


async def test_a_file_keeps_its_permissions_its_links_and_its_mark(desk: Desk) -> None:
    real, link = desk.folder / "versions" / "es.toml", desk.folder / "es.toml"
    real.parent.mkdir()
    link.rename(real)
    real.write_bytes(b"\xef\xbb\xbf" + real.read_bytes())
    real.chmod(0o640)
    link.symlink_to(real)
    assert (await desk.save("es.toml", "title", "Sí"))[0] == 200
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_bytes().startswith(b"\xef\xbb\xbf#")
    assert [each.name for each in real.parent.iterdir()] == ["es.toml"]


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("name", "done"), [("os.fsync", full), ("os.access", lambda *_: False)], ids=["full", "marked"]
)
async def test_where_nothing_can_be_written_nothing_is_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, done: Callable[..., object]
) -> None:
    before = sorted(each.name for each in desk.folder.iterdir())
    monkeypatch.setattr(name, done)
    status, body = await desk.save("es.toml", "title", "Sí")
    assert (status, body["error"]) == (409, "folder")
    assert sorted(each.name for each in desk.folder.iterdir()) == before


async def test_a_language_begins_as_a_copy(desk: Desk) -> None:
    assert (await desk.edit("language", language="pt-br"))[0] == 200
    source, copied = desk.says("es.toml"), desk.says("pt-br.toml")
    assert copied == source | {"language_name": "Português (Brasil)"}
    facts = desk.says("petition.toml")
    assert facts["demands"]["pt-br"] == facts["demands"]["es"]
    assert facts["controller"]["name"]["pt-br"] == facts["controller"]["name"]["es"]
    assert facts["image"]["file"]["pt-br"] == facts["image"]["file"]["es"]
    said = [earlier["changed"] for earlier in facts["earlier_versions"]]
    assert [each["pt-br"] for each in said] == [each["es"] for each in said]
    # What is wrong with it says that the bot itself does not speak it, and nothing is missing.
    problems = [str(each) for each in read_folder(desk.folder).problems]
    assert [each for each in problems if "{people}" not in each] == []


async def test_two_files_are_changed_or_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.contents()
    written = iter((True, True, False))  # a file, its folder, and the other file

    def full_at_the_second(_: int) -> None:
        if not next(written):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_at_the_second)
    assert (await desk.edit("language", language="fr"))[1]["error"] == "folder"
    assert desk.contents() == before


async def test_a_folder_with_anything_in_it_is_shown(desk: Desk) -> None:
    (desk.folder / "petition.toml").write_text(
        "slug = 3\ngoals = [99999999999999999999]\naddressee = 07:30:00\ndemands = []\n"
        "closes_on = 2026-12-31\ncontroller = [1]\nretention = {months_at_most = inf}\n"
    )
    (desk.folder / "es.toml").write_text("title = {a = 1979-05-27T07:32:00Z}\nappeal = [[]]\n")
    (desk.folder / "fr.toml").write_bytes(b"\xff")
    (desk.folder / "de.toml").mkdir()
    async with desk.client.stream() as stream:
        files = (await stream.next_of("all"))["editor"]["files"]
    assert desk.field("petition.toml", "closes_on")["text"] == "2026-12-31"
    assert desk.field("petition.toml", "addressee.es")["text"] == ""
    assert (files["fr.toml"]["broken"], files["es.toml"]["broken"]) == (True, False)


async def test_the_petition_inside_the_program_is_only_read(desk: Desk) -> None:
    assert closed_for(BUNDLED) is Refusal.BUNDLED
    (desk.folder.parent / "link").symlink_to(BUNDLED)
    assert closed_for(desk.folder.parent / "link") is Refusal.BUNDLED
    assert closed_for(desk.folder) is None
    desk.editor.closed_for = Refusal.BUNDLED
    assert (await desk.save("es.toml", "title", "x"))[1]["why"].startswith("Solo lectura: esta")


async def test_the_page_of_the_demo_has_no_editor() -> None:
    page = TryoutPage()
    async with aiohttp.ClientSession() as session:
        at = PageClient(session, await page.start(port=0))
        async with at.stream() as stream:
            assert (await stream.next_of("all"))["editor"] is None
        async with session.post(f"{at.address}edit", headers={"Origin": at.origin}) as answer:
            assert answer.status == 405
    await page.stop()


async def test_what_the_page_says_of_a_petition_is_in_english_too(desk: Desk) -> None:
    async with desk.client.session.get(f"{desk.client.address}words.js") as answer:
        words = json.loads((await answer.text()).removeprefix("export const WORDS = ")[:-1])
    fields = desk.editor.snapshot()["fields"]
    said = {each[part] for each in fields for part in ("group", "title", "why")}
    said |= {name for each in fields for name in each["fillable"].values()}
    said |= {name for each in fields for name in each["choices"].values()} | {*Refusal}
    assert said - words.keys() == set()
    assert words["Título"] == ["Título", "Title"]


@pytest.mark.processes
@pytest.mark.parametrize("name", ["petition.toml", "fr.toml", "card.es.png"])
def test_a_strangers_folder_with_a_pipe_keeps_nobody_waiting(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "strangers"
    shutil.copytree(BUNDLED, folder)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    looking = "from bot.cli.main import app; app()"
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", looking, "check", str(folder)],
        capture_output=True,
        timeout=20,
        check=False,
        text=True,
        env={**os.environ, "LC_ALL": "es_ES.UTF-8"},
    )
    if name != "fr.toml":  # which is no file of the petition's
        assert "no es un archivo corriente" in told.stdout
    editing = "import sys, pathlib; from bot.tryout.folder_editor import FolderEditor as E; "
    editing += "E(pathlib.Path(sys.argv[1])).snapshot()"
    subprocess.run([sys.executable, "-c", editing, str(folder)], timeout=20, check=True)  # noqa: S603


async def test_a_link_out_of_a_strangers_folder_is_no_way_to_write_there(desk: Desk) -> None:
    outside = desk.folder.parent / "mine-too.toml"
    shutil.move(desk.folder / "es.toml", outside)
    (desk.folder / "es.toml").symlink_to(outside)
    before = outside.read_bytes()
    status, body = await desk.save("es.toml", "title", "Otro")
    assert (status, body["error"]) == (409, "link")
    assert outside.read_bytes() == before


async def test_no_language_is_half_added_where_a_file_is_such_a_link(desk: Desk) -> None:
    outside = desk.folder.parent / "mine-too.toml"
    shutil.move(desk.folder / "petition.toml", outside)
    (desk.folder / "petition.toml").symlink_to(outside)
    before = desk.contents()
    for _ in range(2):
        assert (await desk.edit("language", language="fr"))[1]["error"] == "link"
    assert desk.contents() == before
