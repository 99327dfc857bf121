"""The session that everything shares is built as settings and environment say."""

import functools
import shutil
import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import SettingsInvalid
from bot.telegram_session import shared_session
from bot.transport.errors import NotSent
from tests.support.proxies import http_proxy, running
from tests.support.scripted_server import TOKEN
from tests.transport.hostile_server import hostile, saying, whole
from tests.transport.test_tls import certificate, serving


@pytest.fixture(autouse=True)
def an_environment_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    # The tests read once whom the machine trusts; here it is read anew.
    anew = functools.partial(ssl.create_default_context, ssl.Purpose.SERVER_AUTH)
    monkeypatch.setattr(ssl, "create_default_context", anew)


async def call(api_url: str) -> tuple[int, bytes]:
    async with shared_session(api_url) as session:
        return await session.post(f"{api_url}/bot{TOKEN}/getMe", {"a": 1})


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
async def test_the_proxy_of_the_environment_is_used(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "api.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        running(http_proxy, known={"api.example": ("127.0.0.1", server.port)}) as proxy,
    ):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await call("https://api.example") == (200, b"yes")
    assert proxy.asked == [("api.example", 443)]


async def test_a_server_on_this_machine_is_reached_though_the_environment_has_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with hostile(saying(whole())) as server:
        at = f"http://127.0.0.1:{server.port}"
        assert await call(at) == (200, b"yes")


def test_an_unusable_proxy_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "https://canary:canary@proxy.example:443")
    with pytest.raises(SettingsInvalid, match="never https://; or give PETITION_PROXY=none") as no:
        shared_session("https://api.telegram.org")
    assert "canary" not in str(no.value)
    assert no.value.__context__ is None
    shared_session("https://api.telegram.org", SecretStr("none"))


# What `openssl rehash` calls a certificate of the subject that those of the tests have.
HASHED = "4979de80.0"


@pytest.mark.parametrize("by", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_certificates_of_ones_own_are_trusted(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    async with hostile(saying(whole()), tls=serving(file)) as server:
        at = f"https://127.0.0.1:{server.port}"
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await call(at)
        if by == "SSL_CERT_DIR":
            shutil.copy(file, tmp_path / HASHED)
        given = {"SSL_CERT_FILE": file, "SSL_CERT_DIR": f"{tmp_path / 'nothing'}:{tmp_path}"}
        monkeypatch.setenv(by, str(given[by]))
        assert await call(at) == (200, b"yes")
