"""The token is sent only to a server with a trusted certificate for its own name."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.text.problems import Sentence
from bot.transport.errors import NotSent
from bot.transport.session import SharedSession
from tests.support.scripted_server import TOKEN
from tests.transport.hostile_server import HostileServer, hostile, saying, whole


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def signed(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    *extensions: tuple[x509.ExtensionType, bool],
) -> bytes:
    """Returns a certificate; an extension comes with whether it is critical."""
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )
    for extension, is_critical in extensions:
        made = made.add_extension(extension, is_critical)
    return made.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def secret(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(*form, serialization.NoEncryption())


def named(address: str) -> tuple[x509.SubjectAlternativeName, bool]:
    try:
        server: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(address))
    except ValueError:
        server = x509.DNSName(address)
    return x509.SubjectAlternativeName([server]), False


def certificate(folder: Path, address: str) -> Path:
    """Writes a self-signed certificate and its key into one file, and returns its path."""
    key = ec.generate_private_key(ec.SECP256R1())
    is_authority = x509.BasicConstraints(ca=True, path_length=None), True
    own = signed("Made up", key, "Made up", key, named(address), is_authority)
    file = folder / "server.pem"
    file.write_bytes(own + secret(key))
    return file


def by_an_authority_that_breaks_rules(folder: Path) -> Path:
    """Writes a chain of the kind that some networks' proxies make, its authority's own last."""
    above, below = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    may, may_not = ((x509.BasicConstraints(each, None), False) for each in (True, False))
    leaf = signed("Made up server", below, "Its authority", above, may_not, named("127.0.0.1"))
    file = folder / "chain.pem"
    top = signed("Its authority", above, "Its authority", above, may)
    file.write_bytes(leaf + top + secret(below))
    return file


def serving(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def trusting(file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(file))


async def call(session: SharedSession, server: HostileServer) -> tuple[int, bytes]:
    return await session.post(f"https://127.0.0.1:{server.port}/bot{TOKEN}/getMe", {"a": 1})


async def test_a_trusted_server_is_called_again_and_again_on_one_connection(
    tmp_path: Path,
) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        SharedSession(tls=trusting(file)) as session,
    ):
        assert [await call(session, server) for _ in range(3)] == [(200, b"yes")] * 3
        assert server.connections == 1


async def test_a_server_that_nobody_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    told: list[Sentence] = []
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        SharedSession(tell=told.append) as session,
    ):
        for _ in range(2):
            with pytest.raises(NotSent, match="SSLCertVerificationError"):
                await call(session, server)
        assert not server.requests
    (reason,) = map(str, told)
    assert "that can be trusted (self-signed certificate)" in reason
    assert "in SSL_CERT_FILE" in reason


async def test_a_certificate_that_breaks_the_rules_is_said_to(tmp_path: Path) -> None:
    file, told = by_an_authority_that_breaks_rules(tmp_path), list[Sentence]()
    trusted = trusting(file)
    trusted.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python does by itself since 3.13
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        SharedSession(tls=trusted, tell=told.append) as session,
    ):
        with pytest.raises(NotSent):
            await call(session, server)
    assert ["Missing Authority Key Identifier" in str(reason) for reason in told] == [True]


async def test_a_server_without_encryption_where_it_is_expected_is_said_to_have_none() -> None:
    told: list[Sentence] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with (
        await asyncio.start_server(refuse, "127.0.0.1", 0) as server,
        SharedSession(tell=told.append) as session,
    ):
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot{TOKEN}/getMe"
        with pytest.raises(NotSent):
            await session.post(url, {"a": 1})
    assert ["PETITION_API_URL has to begin with http://" in str(reason) for reason in told] == [
        True
    ]


async def test_a_certificate_of_another_server_is_not_accepted(tmp_path: Path) -> None:
    file = certificate(tmp_path, "127.0.0.2")
    async with (
        hostile(saying(whole()), tls=serving(file)) as server,
        SharedSession(tls=trusting(file)) as session,
    ):
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await call(session, server)
        assert not server.requests
