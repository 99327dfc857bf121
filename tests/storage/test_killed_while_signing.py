"""Tests that a process killed while people sign loses no signature that was confirmed."""

import asyncio
import sys
from pathlib import Path

from storage import open_storage
from storage.conversations import conversation_of
from storage.keyring import Keyring
from storage.petitions import petition_state
from storage.signatures import signature_of
from tests.support.raw_sql import read_sql
from tests.support.supporters import a_supporter

PEOPLE = 400

SIGN_AND_TELL = """
import asyncio, sys
from pathlib import Path
from storage import open_storage
from storage.keyring import Keyring
from tests.support.supporters import a_supporter

async def main(url, key_file, people):
    keyring = Keyring.load(Path(key_file))
    storage = await open_storage(url, keyring, "andry")

    async def sign(user_id):
        someone = a_supporter(keyring, user_id)
        outcome = await someone.sign(storage, was=0)
        assert outcome is True
        print(user_id, flush=True)

    waiting = iter(range(1, int(people) + 1))

    async def sign_on():
        for user_id in waiting:
            await sign(user_id)

    await asyncio.gather(*[sign_on() for _ in range(20)])

asyncio.run(main(*sys.argv[1:]))
"""


async def test_everyone_told_before_the_kill_is_stored_and_counted(
    database_url: str, tmp_path: Path
) -> None:
    key_file = tmp_path / "petition.key"
    keyring = Keyring.generate(key_file)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SIGN_AND_TELL,
        database_url,
        str(key_file),
        str(PEOPLE),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told = [int(await process.stdout.readline()) for _ in range(60)]
    process.kill()
    rest, _ = await process.communicate()
    # A line cut short by the kill told nobody anything.
    told += [int(line) for line in rest.split(b"\n")[:-1]]
    assert len(told) < PEOPLE

    storage = await open_storage(database_url, keyring, "andry")
    try:
        for user_id in told:
            supporter = a_supporter(keyring, user_id).supporter
            assert await storage.read(signature_of, supporter) is not None
            conversation = await storage.read(conversation_of, supporter)
            assert conversation is not None
            assert conversation.stage == "thanks"
        rows = await read_sql(
            storage.database,
            "SELECT (SELECT COUNT(*) FROM signatures) AS signed,"
            " (SELECT COUNT(*) FROM consents) AS consented",
        )
        count = (await storage.read(petition_state)).signatures
        assert dict(rows[0]) == {"signed": count, "consented": count}
        assert count >= len(told)
    finally:
        await storage.close()
