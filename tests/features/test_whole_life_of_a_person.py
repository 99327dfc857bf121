"""One person and one petition, from beginning to end, with the commands that people type."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pyrage
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from bot.age_encryption import parse_recipients
from bot.cli.context import CliContext
from bot.cli.export import write_list
from bot.cli.main import app
from bot.settings import load_petition_settings
from handlers.due_notices import look
from handlers.person_notices import send_notices
from handlers.sent_files import erase_all_files
from simulator.person import Person
from storage.database import Database, open_database
from storage.journal import Deed
from storage.personal_data import Held
from storage.petitions import petition_state
from storage.signature_counts import signature_statistics
from storage.tables import metadata
from tests.features.test_changed_texts import checked, held_of, receipt_of
from tests.features.test_erasures import Time, visits
from tests.features.test_letters import code_for
from tests.features.test_my_data import file_of
from tests.storage.test_key_rotation import opened
from tests.support.raw_sql import read_sql
from tests.support.scene import Scene, a_scene

NAMES = {"Ana García".encode(), "García Sol".encode()}
SEALED_BYTES = 64  # no sealed value is shorter, and no name that is looked for is longer


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """A petition whose bot sends what waits when a test says so, and a shell beside it."""
    monkeypatch.setattr("handlers.person_notices.LOOK_SECONDS", 3_600.0)
    # The bot of this process logs on when a command has ended.
    monkeypatch.setattr("bot.cli.context.configure_logging", lambda _level: None)
    async with a_scene(tmp_path) as scene:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PETITION_DATABASE_URL", scene.settings.database_url)
        monkeypatch.setenv("PETITION_KEY_FILE", str(scene.settings.key_file))
        yield scene


async def typed(*words: object) -> str:
    """What the operator reads who types `petition-bot` and this."""
    arguments = [str(word) for word in words]
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


async def exported(scene: Scene, file: Path) -> None:
    """The list is written beside the bot, as `petition-bot export` does."""
    recipients = load_petition_settings().age_recipients
    services = scene.services
    context = CliContext(scene.petition, services.storage, scene.english, services.clock)
    await write_list(context, file, parse_recipients(recipients))


def decrypts(file: Path, key: Path, opened: Path) -> None:
    """What the organisation does on its own computer."""
    identity = pyrage.x25519.Identity.from_str(key.read_text().strip())
    opened.write_bytes(pyrage.decrypt(file.read_bytes(), [identity]))


async def taps(scene: Scene, person: Person, *labels: str) -> None:
    for label in labels:
        await scene.taps(person, scene.words.label(label))


def is_unknown(held: Held) -> bool:
    return held.signature is None and not (held.consents or held.files or held.deliveries)


async def sealed_of(scene: Scene, person: Person) -> set[bytes]:
    """What is stored of somebody, as it is on the disk now, and the whole journal."""
    services = scene.services
    asked = "SELECT name_sealed, chat_sealed FROM signatures WHERE supporter = :supporter"
    known = services.keyring.reference("andry", person.id)
    (row,) = await read_sql(services.storage.database, asked, supporter=known)
    journal = services.storage.journal.path.read_bytes()
    sealed = {value for value in row.values() if value is not None}
    return {*sealed, *(journal[at : at + 512] for at in range(512, len(journal), 512))}


def where(scene: Scene, values: set[bytes]) -> set[str]:
    """The files beside the database and the key in which one of these is, or its middle."""
    assert scene.settings.key_file is not None
    database = Path(scene.settings.database_url.partition(":///")[2])
    middles = {
        each if len(each) < SEALED_BYTES else each[len(each) // 3 : -len(each) // 3]
        for each in values
    }
    return {
        file.name
        for folder in {database.parent, scene.settings.key_file.parent}
        for file in folder.iterdir()
        if file.is_file() and any(middle in file.read_bytes() for middle in middles)
    }


async def test_ana_signs_corrects_reads_and_withdraws_and_no_backup_brings_her_back(
    scene: Scene, tmp_path: Path, key: Path
) -> None:
    ana = scene.ana
    await scene.signs(scene.sean)
    await scene.signs(ana, with_name=False)
    assert "con la tuya: 2" in scene.screen(ana).text
    ever = await sealed_of(scene, ana)
    receipt = await receipt_of(scene, ana)
    (consent,) = (await held_of(scene, ana)).consents
    assert await asyncio.to_thread(checked, receipt, tmp_path) == [consent["text_sha256"].hex()]
    assert "Para que tu firma se entregue sin tu nombre." in receipt

    ana.send("/mydata")
    await taps(scene, ana, "Entregar mi firma con mi nombre")
    await taps(scene, ana, "Usar «Ana García»")
    await taps(scene, ana, "✍️ Consiento que se entregue")
    ever |= await sealed_of(scene, ana)
    await taps(scene, ana, "Corregir mi nombre")
    await scene.says(ana, "Ana García Sol")
    assert "tu firma lleva el nombre que has escrito" in scene.screen(ana).text
    given = await file_of(scene, ana)
    assert given["signature"]["name"] == "Ana García Sol"
    ever |= await sealed_of(scene, ana)
    found = await asyncio.to_thread(where, scene, ever)
    assert "petition.key.andry.journal" in found
    assert found & {"petition.db", "petition.db-wal"}
    await typed("backup", tmp_path / "today.backup")

    ana.send("/withdraw")
    await taps(scene, ana, "Retirar mi firma y borrar mis datos")
    assert "Tu firma está retirada y tus datos, borrados." in scene.screen(ana).text
    assert not any(message.document for message in ana.messages)
    assert is_unknown(await held_of(scene, ana))

    await scene.stop_bot()
    told = await typed("restore", tmp_path / "today.backup", "--identity", key, "--yes")
    assert "Done again from the journal, as people asked for it afterwards: 1." in told
    app = await scene.start_bot()
    services, now = app.services, app.services.clock()
    await erase_all_files(services, now)
    assert is_unknown(await held_of(scene, ana))
    assert (await services.storage.read(petition_state)).signatures == 1
    assert (await services.storage.read(signature_statistics, now)).total == 1
    (left,) = await read_sql(services.storage.database, "SELECT supporter FROM signatures")
    assert left["supporter"] == services.keyring.reference("andry", scene.sean.id)
    assert "1 persona ha firmado." in await visits(scene, ana)
    assert "✍️ Firmar con mi nombre" in ana.messages[-1].labels
    assert "García" not in ana.chat.transcript()
    await app.retention.tidy_journal()
    noted = services.storage.journal.read().entries
    assert [(each.deed, each.value) for each in noted] == [(Deed.WITHDRAWAL, "")]
    await scene.stop_bot()
    # Nothing of hers is in any file, as it is stored or as she wrote it: also not beside the key,
    # and not in the database whose place the backup took.
    assert any("before-restore" in each.name for each in (tmp_path / "data").iterdir())
    assert await asyncio.to_thread(where, scene, ever | NAMES) == set()


async def test_a_petition_is_signed_handed_over_answered_for_and_forgotten(
    scene: Scene, tmp_path: Path, key: Path
) -> None:
    ana, sean, jordi = scene.ana, scene.sean, scene.jordi
    rosa = scene.world.person("Rosa", language="es")
    await scene.signs(ana)
    await scene.signs(sean)
    await scene.signs(jordi, with_name=False)
    sean.send("/mydata")
    await taps(scene, sean, scene.english.label("Corregir mi nombre"))
    await scene.says(sean, "Seán O'Brien")
    await scene.closes()

    listed = tmp_path / "list.json"
    await exported(scene, Path(f"{listed}.age"))
    await asyncio.to_thread(decrypts, Path(f"{listed}.age"), key, listed)
    opened = json.loads(listed.read_text("utf-8"))
    assert [each["name"] for each in opened["signatures"]] == ["Ana García", "Seán O'Brien"]
    counts = {name: opened["counts"][name] for name in ("counted", "with_name", "without_name")}
    assert counts == {"counted": 3, "with_name": 2, "without_name": 1}
    letter = ("--reference", "AI-ES/2026/1", "--output", tmp_path / "dossier")
    await typed("dossier", listed, *letter)
    manifest = hashlib.sha256((tmp_path / "dossier" / "manifest.txt").read_bytes()).hexdigest()
    assert (tmp_path / "dossier" / "andry - expediente.pdf").read_bytes().startswith(b"%PDF-")

    time = Time(scene)
    day = time.today
    order = ("delivered", "--on", day, "--export", opened["id"], "--manifest", manifest)
    said = await typed(*order, "--yes")
    assert manifest[:8] in said
    assert "Tu nombre está en la lista que se entregó el " in await visits(scene, ana)
    assert "tu firma se contó sin tu nombre" in await visits(scene, jordi)
    assert "Se entregaron 3 firmas, 2 con nombre y 1 sin él" in await visits(scene, rosa)

    code = await code_for(scene, ana)
    await typed("person", "1", "erase", "--code", code, "--yes")
    await send_notices(time.services)
    assert ana.messages[-1].text.startswith("Hecho, como pedías en tu carta o tu correo")
    told = await typed("notices", "--told", "--yes")
    assert "erase it: the person asked for that" in told
    assert "erase it" not in await typed("notices")
    await look(time.services)

    await scene.broadcasts(2)
    assert [scene.told(person) for person in (ana, sean, jordi)] == [0, 1, 1]
    assert any(each.has_name for each in time.storage.journal.read().entries), "Seán's"
    await time.goes_to(time.later(2))
    await time.passes(2)
    assert not await time.any_left()
    assert is_unknown(await held_of(scene, sean))
    await time.app.retention.tidy_journal()
    assert not any(each.has_name for each in time.storage.journal.read().entries)
    late = await visits(scene, rosa)
    assert "Ya no guardamos ninguna firma" in late
    assert "Reunió la firma de 3 personas" in late
    stats = await time.storage.read(signature_statistics, time.now)
    assert (stats.total, stats.with_name, stats.erased) == (2, 1, 2)


async def readable(database: Database, scene: Scene) -> list[str]:
    """Every value of every table, with the key in hand."""
    found = []
    for table in metadata.sorted_tables:
        rows = await read_sql(database, f"SELECT * FROM {table.name}")  # noqa: S608
        found.append(repr([dict(row) for row in rows]))
    return [*found, repr(await opened(database, scene.services.keyring))]


async def test_who_signs_without_a_name_has_it_nowhere_with_every_key_in_hand(
    scene: Scene, tmp_path: Path, key: Path
) -> None:
    """Telegram tells the bot what Jordi is called, with everything that he sends or taps."""
    jordi, storage = scene.jordi, scene.storage
    await scene.signs(scene.sean)
    with capture_logs() as logs:
        await scene.signs(jordi, with_name=False, updates=True)
        given = await file_of(scene, jordi)
        receipt = await receipt_of(scene, jordi)
    assert (given["signature"]["name"], given["signature"]["with_name"]) == (None, 0)
    await scene.closes()
    await exported(scene, tmp_path / "list.age")
    decrypts(tmp_path / "list.age", key, tmp_path / "list.json")
    backup, copy = tmp_path / "today.backup", tmp_path / "copy.db"
    await typed("backup", backup)
    backup.write_bytes(backup.read_bytes()[4096:])  # behind the line that anybody can read
    decrypts(backup, key, copy)
    restored = await open_database(f"sqlite+aiosqlite:///{copy}")
    try:
        stored = [*await readable(storage.database, scene), *await readable(restored, scene)]
    finally:
        await restored.close()
    everything = (
        *(repr(logs), json.dumps(given), receipt, (tmp_path / "list.json").read_text("utf-8")),
        *(*stored, repr([each.value for each in storage.journal.read().entries])),
    )
    assert any("Seán O'Brien" in each for each in everything), "whose name is stored"
    for name in ("Jordi", "Puig"):
        assert [each for each in everything if name in each] == []
    assert await asyncio.to_thread(where, scene, {b"Jordi", b"Puig"}) == set()
