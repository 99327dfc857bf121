"""One person and one petition, from beginning to end, with the commands that people type."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from handlers.sent_files import erase_all_files
from simulator.person import Person
from storage.journal import Deed
from storage.personal_data import Held
from storage.petitions import petition_state
from storage.signatures import signature_statistics
from tests.features.test_changed_texts import checked, held_of, receipt_of
from tests.features.test_erasures import visits
from tests.features.test_my_data import file_of
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
        scene.leaves_screens = True  # of whom a backup knows nothing
        yield scene


async def typed(*words: object) -> str:
    """What the operator reads who types `petition-bot` and this."""
    arguments = [str(word) for word in words]
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


async def taps(scene: Scene, person: Person, *labels: str) -> None:
    await scene.taps(person, *labels)


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
    assert "con la tuya: 2" in await scene.signs(ana, with_name=False)
    ever = await sealed_of(scene, ana)
    receipt = await receipt_of(scene, ana)
    (consent,) = (await held_of(scene, ana)).consents
    assert checked(receipt) == [consent["text_sha256"].hex()]
    assert "Para que tu firma se entregue sin tu nombre." in receipt

    ana.send("/mydata")
    await taps(scene, ana, "Entregar mi firma con mi nombre")
    await taps(scene, ana, "Usar «Ana García»")
    await taps(scene, ana, "✍️ Consiento que se entregue")
    ever |= await sealed_of(scene, ana)
    await taps(scene, ana, "Corregir mi nombre")
    assert "tu firma lleva el nombre que has escrito" in await scene.says(ana, "Ana García Sol")
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
