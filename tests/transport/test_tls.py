"""The token is sent only to a server with a trusted certificate for its own name."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.transport import SharedSession
from bot.transport.errors import NotSent, ResponseLost
from bot.transport.http1.address import Body
from bot.transport.http1.response import HttpResponse, TimeLimits
from tests.support.scripted_server import TOKEN
from tests.transport.hostile_server import Caller, HostileServer, hostile, saying, whole


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(folder: Path, address: str) -> Path:
    """Writes a self-signed certificate and its key into one file, and returns its path."""
    try:
        name_of_server: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        name_of_server = x509.DNSName(address)
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name("Made up"))
        .issuer_name(name("Made up"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name_of_server]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(made.public_bytes(pem) + secret)
    return file


def serving(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def trusting(file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(file))


async def call(session: SharedSession, server: HostileServer) -> HttpResponse:
    return await session.post(
        f"https://127.0.0.1:{server.port}/bot{TOKEN}/getMe", Body(b"a=1"), TimeLimits()
    )


async def test_a_trusted_server_is_called_again_and_again_on_one_connection(
    tmp_path: Path,
) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        SharedSession(tls=trusting(file)) as session,
    ):
        assert [await call(session, server) for _ in range(3)] == [HttpResponse(200, b"yes")] * 3
        assert server.connections == 1


async def test_an_answer_that_breaks_off_is_an_unknown_outcome(tmp_path: Path) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    cut = saying(whole()[:-1], then=Caller.hang_up)
    async with (
        hostile(cut, tls=serving(file)) as server,
        SharedSession(tls=trusting(file)) as session,
    ):
        with pytest.raises(ResponseLost):
            await call(session, server)


async def test_a_server_that_nobody_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        SharedSession() as session,
    ):
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await call(session, server)
        assert not server.requests


async def test_a_certificate_of_another_server_is_not_accepted(tmp_path: Path) -> None:
    file = certificate(tmp_path, "127.0.0.2")
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        SharedSession(tls=trusting(file)) as session,
    ):
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await call(session, server)
        assert not server.requests
