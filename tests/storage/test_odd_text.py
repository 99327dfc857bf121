"""Tests that both databases store any text that Telegram may pass on."""

import pytest

from bot.transport.lenient_json import read_json
from storage import Storage
from storage.conversations import Conversation, conversation_of, save_conversation
from storage.signatures import sign_petition, signature_of
from tests.support.supporters import NOON, Supporter, a_supporter

ODD = [
    rb'"a\u0000b"',
    rb'"\ud83d\ud800"',
    b'"\xff\xc3 \xed\xa0\x80"',
    '"\N{SNOWMAN}\uffff\ufffe\u202e😀"'.encode(),
    b'"%b"' % ("ñ" * 65_536).encode(),
]


@pytest.mark.parametrize("raw", ODD, ids=["nul", "half", "bytes", "signs", "64 KiB"])
async def test_a_name_and_a_source_of_anybodys_making_read_back_as_they_were(
    storage: Storage, raw: bytes
) -> None:
    text = read_json(raw)
    ana = a_supporter(storage.keyring, 1, text)
    stored = Conversation(ana.supporter, stage="consent", name=text, source=text, version=1)
    await storage.write(save_conversation, stored, was=None, at=NOON)
    assert await storage.read(conversation_of, ana.supporter) == stored
    await signs(storage, ana, text)
    signature = await storage.read(signature_of, ana.supporter)
    assert signature is not None
    assert (signature.name, signature.source) == (text, text)


async def signs(storage: Storage, who: Supporter, source: str) -> None:
    await storage.write(
        sign_petition,
        who.signature(source=source),
        Conversation(who.supporter, stage="thanks", version=2),
        1,
    )
