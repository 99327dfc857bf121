"""No other site can read the page or act through it."""

import re
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from bot.petition.petition import BUNDLED
from bot.text.translations import LOCALES
from simulator import Person
from simulator.page import LOOPBACK, PageState
from simulator.page.other_sites import listen
from tests.page.page_client import PageClient


async def test_nothing_runs_or_loads_but_what_the_page_brings(at: PageClient) -> None:
    async with at.session.get(at.address) as response:
        policy = response.headers["Content-Security-Policy"]
        page = await response.text()
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert " style=" not in page
    assert "://" not in page


async def test_a_name_that_is_made_to_point_here_is_refused(at: PageClient) -> None:
    for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.0.2.7:8080"):
        for path in ("", "events", "people_list.js"):
            headers = {"Host": host}
            async with at.session.get(f"{at.address}{path}", headers=headers) as response:
                assert response.status == 403
    for host in ("localhost", "localhost:9000", "127.0.0.1:9000"):  # through `ssh -L` as well
        async with at.session.get(at.address, headers={"Host": host}) as response:
            assert response.status == 200


async def test_another_site_cannot_act_through_the_browser(at: PageClient, ana: Person) -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", None):
        headers = {} if origin is None else {"Origin": origin}
        url, act = f"{at.address}act", {"act": "start", "person": ana.id}
        async with at.session.post(url, json=act, headers=headers) as response:
            assert response.status == 403
            assert "Access-Control-Allow-Origin" not in response.headers
        assert ana.messages == []


async def test_only_the_pages_own_files_are_served(at: PageClient) -> None:
    for path in ("../server.py", "..%2fserver.py", "nothing.js", "%2e%2e/page/server.py", "web"):
        async with at.session.get(f"{at.address}{path}") as response:
            assert response.status == 404


async def test_documents_are_kept_pictures_seen(
    at: PageClient, ana: Person, view: PageState
) -> None:
    page = b"<script>alert(1)</script>"
    document = ana.send_file("document", "á.html", page).document
    photo = ana.send_photo().photo
    assert document is not None
    assert photo is not None
    async with at.session.get(f"{at.address}file/{document.file_id}") as response:
        assert await response.read() == page
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    async with at.session.get(f"{at.address}file/{photo.file_id}") as response:
        assert response.content_type == "image/jpeg"
    async with at.session.get(f"{at.address}file/none") as response:
        assert response.status == 404


async def test_the_page_brings_every_emoji_that_the_bot_says(at: PageClient) -> None:
    """A machine without a font for emoji draws boxes on the buttons."""
    said = "".join(file.read_text() for file in LOCALES.rglob("*.po"))
    said += "".join(file.read_text() for file in BUNDLED.parent.rglob("*.toml"))
    wanted = {ord(each) for each in re.findall(r"[⌚-⏿☀-✒✔-➿⬀-⯿\U0001f000-\U0001faff]", said)}
    async with at.session.get(f"{at.address}theme.css") as response:
        ranges = re.findall(r"U\+([0-9A-F]+)", await response.text())
    assert {int(each, 16) for each in ranges} >= wanted
    async with at.session.get(f"{at.address}emoji.woff2") as response:
        assert (response.status, response.content_type) == (200, "font/woff2")
        assert len(await response.read()) < 20_000


@pytest.fixture
async def runner() -> AsyncIterator[web.AppRunner]:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    yield runner
    await runner.cleanup()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something else listens."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield int(server.getsockname()[1])


async def test_without_a_wish_a_free_port_is_found(
    runner: web.AppRunner, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.page.other_sites._NEAR", (taken,))
    port = await listen(runner, None)
    assert port not in (0, taken)
    assert runner.addresses == [(LOOPBACK, port)]
