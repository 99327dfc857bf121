"""Tests that a campaigner who reads Spanish meets no English sentence in the shell."""

import io
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
import structlog
from babel.messages.pofile import read_po
from typer.main import get_command
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.run import said_of_event
from bot.logs import configure_logging
from bot.text.translations import catalog_file
from storage.broadcast_types import Outcome
from storage.signatures import withdraw_signature
from tests.cli.petition_database import PetitionDatabase
from tests.support.supporters import NOON

_ENGLISH = re.compile(
    r"\b(the|of|is|are|and|not|was|have|with|for|from|this|that|it|its|to|be|as|by|which|who"
    r"|usage|options|missing|invalid|error|aborted|signatures?|left|people|already|nothing"
    r"|str|int|path|file|text|range|in use|permission|denied|no such)\b",
    re.IGNORECASE,
)
# What is typed, and what is somebody's: options, commands, paths, names of files and of settings.
_TYPED = re.compile(
    r"--?[a-z][\w-]*|petition-bot( [a-z]+)*|age(-keygen)? .*|GRANT .*|/\S+|\S+\.\w+"
    r"|\b[A-Z_]{4,}\b|\{\w+\}"
)


@pytest.fixture(autouse=True)
def _in_spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")


def says(*arguments: str, typed: str = "") -> str:
    """What a command prints, in which no word is English but what is typed."""
    said = CliRunner().invoke(app, arguments, input=typed).output
    lines = [line for line in said.splitlines() if _ENGLISH.search(_TYPED.sub("", line))]
    assert (arguments, lines) == (arguments, [])
    return said


def commands(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name in getattr(command, "commands", ()):
        yield from commands(command.get_command(None, name), *path, name)


# Also what is checked beside the database, before it is opened or when it is copied.
WHERE = ("storage/", "bot/high_water_mark.py", "bot/database_copy.py", "bot/restore.py")


def test_every_error_of_the_storage_has_spanish_words() -> None:
    """Its messages are English in the source, so a new one would be English in Spanish too."""
    with catalog_file("es").open("rb") as file:
        found = [message for message in read_po(file) if message.id]
    of_storage = [
        str(each.string)
        for each in found
        if any(place.startswith(WHERE) for place, _ in each.locations)
    ]
    assert len(of_storage) > 60
    assert [said for said in of_storage if _ENGLISH.search(_TYPED.sub("", said))] == []


@pytest.mark.parametrize(
    ("setting", "value", "answer"),
    [
        ("PETITION_LOG_LEVEL", "LOUD", "PETITION_LOG_LEVEL no vale."),
        ("PETITION_KEY_FILE", "/nada/petition.key", "No hay ninguna clave en /nada/petition.key."),
        ("PETITION_KEY_FILE", "/etc/hosts", "/etc/hosts no es una clave de este bot, y se ha"),
        ("PETITION_DATABASE_URL", "sqlite+aiosqlite:///nada.db", "No hay ninguna base de datos"),
        (
            "PETITION_DATABASE_URL",
            "postgresql+asyncpg://bot:hunter2@127.0.0.1:9/petition",
            "No se puede llegar a PostgreSQL en postgresql+asyncpg://127.0.0.1:9/petition (la "
            "conexión se rechaza). ¿Está en marcha?",
        ),
        ("PETITION_FOLDER", "/nada", "PETITION_FOLDER no vale. Se espera: una carpeta"),
    ],
)
@pytest.mark.usefixtures("petition")
def test_what_is_wrong_with_settings_or_storage_is_said_in_spanish(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, answer: str
) -> None:
    monkeypatch.setenv(setting, value)
    assert answer in says("notices")
    asked = says("person", "1", "show", typed="abcd\n")
    assert answer in asked
    assert "código" not in asked
    assert "hunter2" not in asked


@pytest.mark.usefixtures("petition")
def test_a_backup_is_made_checked_and_tried_without_an_english_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = pyrage.x25519.Identity.generate()
    monkeypatch.setenv("PETITION_AGE_RECIPIENTS", str(key.to_public()))
    (tmp_path / "key.txt").write_text(str(key))
    copy = str(tmp_path / "copia.age")
    assert "La copia está en" in says("backup", copy)
    assert "Se hizo aquí, con el archivo de clave" in says("restore", "--check", copy)
    assert "No se ha cambiado nada." in says("restore", copy, "-i", "key.txt", "--drill")
    assert "ya existe" in says("backup", copy)
    assert "no se puede leer: No existe." in says("restore", copy, "-i", "nada")
    assert "no se puede leer: Es una carpeta." in says("restore", str(tmp_path))
    says("restore", copy, "-i", "key.txt", typed="no\n")
    says("restore", str(tmp_path / "key.txt"))
    with Path(copy).open("r+b") as file:
        file.truncate(4096 + 1234)
    assert "bytes cifrados, y tiene 1.234." in says("restore", copy)


@pytest.mark.usefixtures("petition")
def test_letters_waves_and_the_end_are_answered_without_an_english_sentence() -> None:
    otherwise = ("--verified-otherwise", "enseñó su pasaporte en la oficina")
    assert "¿Limito su uso?" in says("person", "2", "restrict", *otherwise, typed="s\n")
    says("person", "2", "object", "--code", "nada", typed="n\n")
    says("person", "2", "lift", *otherwise, "--yes")
    says("person", "2", "correct", *otherwise, typed="Núria Sol\nn\n")
    says("invalidate", "--from", "2026-01-01", "--reason", "prueba", typed="7\n")
    says("invalidate", "--from", "ayer", "--dry-run")
    says("invalidate", "--list")
    says("purge", "--dry-run")
    assert "con la que todo se cifra otra vez" in says("keys", "rotate", typed="n\n")
    says("check")


@pytest.mark.parametrize("command", ["simulator --api-port", "demo --port"])
def test_a_taken_port_is_refused_in_spanish(petition: PetitionDatabase, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        option = command.split()[1]
        assert f"El puerto {taken} ya está en uso: elige otro con {option}." in says(
            *command.split(), str(taken)
        )


def test_a_terminal_says_in_spanish_what_the_log_has_in_english() -> None:
    """In it the bot said "telegram unavailable", in English and with each try."""
    stream = io.StringIO()
    configure_logging("WARNING", stream=stream, said=said_of_event)
    silent = ("petition_not_ready", "no_connection", "telegram_unavailable", "too_many_requests")
    for event in (
        *silent,
        "no_backup",
        "part_waits_for_database",
        "lease_lost_records_first",
        "token_denied",
        "unknown_setting",
        "petition_folder_refused",
        "picture_not_read",
    ):
        structlog.get_logger().warning(event, reason="The server is not found by its name.")
    assert [line[10:] for line in stream.getvalue().splitlines()] == [
        "No consta ninguna copia de seguridad reciente: petition-bot backup",
        "La base de datos no contesta. El bot espera y lo intenta otra vez.",
        "El bot ha perdido su turno. Antes de empezar de nuevo, anota lo que ya había enviado.",
        "Telegram no acepta ahora el token. El bot lo intenta otra vez.",
        "El bot no conoce un ajuste que empieza por PETITION_. ¿Está bien escrito?",
        "La carpeta de la petición no se puede usar tal como está, y siguen los textos de antes. "
        "Para ver por qué: petition-bot check",
        "Algo no ha salido bien, y el bot sigue. Más, en el registro: picture_not_read",
    ]


def test_help_is_in_spanish() -> None:
    for path in commands(get_command(app)):
        assert "Muestra esta ayuda." in says(*path, "--help")


def test_help_lists_the_commands_by_what_they_are_for_in_the_order_of_use() -> None:
    said = says("--help")
    order = ("Preparar y probar", "init", "En marcha", "run", "Entregar las firmas", "dossier")
    places = [said.index(f" {each} ") for each in order]
    assert places == sorted(places)
    assert re.fullmatch(r"petition-bot \d+\.\d+\.\d+\n", says("--version"))


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("exprot", "No existe la orden 'exprot'. ¿Quizá 'export'?"),
        ("export", "Falta '--output'."),
        ("export --output", "Falta el valor detrás de '--output'."),
        ("export --output x --format csv", "'--format' no puede ser 'csv', sino 'xlsx', 'json'."),
        ("notices --told=1", "La opción '--told' no lleva ningún valor."),
        ("notices uno", "Sobra esto: uno."),
        ("notices --csv", "No existe la opción --csv."),
        ("rehearse --people 0", "'--people' es 1 como mínimo."),
        ("rehearse --people x", "'--people' tiene que ser un número entero."),
        ("person x show", "'NÚMERO': pon el número de una firma, y después qué hacer: 12 show."),
        ("delivered --on ayer --without-list", "ayer no es un día."),
    ],
)
@pytest.mark.usefixtures("petition")
def test_what_was_mistyped_is_refused_in_spanish(typed: str, answer: str) -> None:
    assert answer in says(*typed.split())


def test_the_signatures_are_handed_over_without_an_english_sentence(
    petition: PetitionDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Marta writes the list, records the handover, and passes on who withdrew since."""
    monkeypatch.setattr("bot.cli.context.utc_now", lambda: NOON + timedelta(days=9))
    file = str(tmp_path / "lista.json.age")
    assert "age-keygen" in says("export", "--output", file)
    key = pyrage.x25519.Identity.generate()
    monkeypatch.setenv("PETITION_AGE_RECIPIENTS", str(key.to_public()))
    written = says("export", "--output", file)
    assert "6 firmas: 6 con su nombre y 0 sin él." in written
    listed = written.partition("Lista ")[2][:32]
    order = ("delivered", "--on", "2026-03-10", "--manifest", "0f" * 32, "--export", listed)
    assert "No se ha cambiado nada." in says(*order, typed="no\n")
    assert "Queda anotado que la petición se entregó" in says(*order, typed="sí\n")
    says("delivered")
    assert "no hay nada que comunicar" in says("notices")
    petition.write(withdraw_signature, petition.supporter(2), NOON + timedelta(days=9))
    assert "borrarla: se ha retirado la firma" in says("notices")
    sheet = str(tmp_path / "cambios.xlsx.age")
    assert "una hoja xlsx, cifrada" in says("notices", "--output", sheet)
    told = says("notices", "--told", typed="y\n")
    assert "Queda anotado que se ha comunicado." in told
    assert "notices --told" not in told
    says("delivered", "--undo", typed="s\n")


def test_a_broadcast_is_watched_and_cancelled_in_spanish(petition: PetitionDatabase) -> None:
    says("broadcasts", "show")
    says("broadcasts", "list")
    broadcast = petition.begins()
    petition.tells(broadcast, 2, Outcome.DELIVERED)
    assert "enviándose" in says("broadcasts", "list")
    says("broadcasts", "show")
    assert "Entregados: 2" in says("broadcasts", "pause", typed="n\n")
    assert "ahora así: en pausa. Van 2. Sin enviar: 4." in says(
        "broadcasts", "pause", typed="sí\n"
    )
    says("broadcasts", "pause", "-y")
    says("broadcasts", "resume", typed="qué\ns\n")
    assert "ahora así: cancelado. Van 2. Sin enviar: 4." in says("broadcasts", "cancel", "--yes")
    says("broadcasts", "show", "latest")
    says("broadcasts", "resume", "77")
