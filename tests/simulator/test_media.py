from typing import Any

import aiohttp

from simulator import Person
from tests.support.api_client import ApiClient, ManualClock
from tests.support.api_conformance import answer_faults
from tests.support.pictures import tiny_png


async def uploaded(
    api: ApiClient, method: str, kind: str, content: bytes, name: str, **params: Any
) -> Any:
    """Uploads a file and returns the result of the call."""
    form = aiohttp.FormData({key: str(value) for key, value in params.items()})
    form.add_field(kind, content, filename=name)
    async with api.session.post(f"{api.url}/{method}", data=form) as response:
        answer = await response.json()
    assert answer["ok"], answer
    assert answer_faults(method, answer["result"]) == []
    return answer["result"]


async def test_a_picture_drawn_by_the_bot_is_sent(api: ApiClient, ana: Person) -> None:
    sent = await uploaded(
        api, "sendPhoto", "photo", tiny_png(1000, 500), "a.png", chat_id=ana.id, caption="Así fue"
    )

    assert (sent["photo"][-1]["width"], sent["caption"]) == (1000, "Así fue")


async def test_a_text_becomes_a_file_and_a_file_another(api: ApiClient, ana: Person) -> None:
    sent = await api.result("sendMessage", chat_id=ana.id, text="Hola")
    target = {"chat_id": ana.id, "message_id": sent["message_id"]}
    for kind in ("photo", "document"):
        media = ana.send_kind(kind).media
        assert media
        described = {"type": kind, "media": media.file_id, "caption": kind}
        edited = await api.result("editMessageMedia", media=described, **target)
        assert (kind in edited, edited["caption"]) == (True, kind)


async def test_a_sticker_stays_what_it_is(api: ApiClient, ana: Person) -> None:
    sticker, photo = ana.send_kind("sticker"), ana.send_photo().media
    assert photo
    source = {"from_chat_id": ana.id, "message_id": sticker.id}
    sent = await api.result("copyMessage", chat_id=ana.id, **source)
    described = {"type": "photo", "media": photo.file_id}

    assert (
        await api.bad(
            "editMessageMedia", media=described, chat_id=ana.id, message_id=sent["message_id"]
        )
        == "message can't be edited"
    )


async def test_one_message_that_is_too_old_keeps_all_from_being_deleted(
    api: ApiClient, ana: Person, clock: ManualClock
) -> None:
    old = await api.result("sendMessage", chat_id=ana.id, text="a")
    clock.now += 48 * 3600 + 1
    new = await api.result("sendMessage", chat_id=ana.id, text="b")
    numbers = [old["message_id"], new["message_id"]]

    assert (
        await api.bad("deleteMessages", chat_id=ana.id, message_ids=numbers)
        == "message can't be deleted for everyone"
    )
    assert [message.text for message in ana.messages] == ["/start", "a", "b"]
    assert await api.result("deleteMessages", chat_id=ana.id, message_ids=numbers[1:])
    assert await api.result("deleteMessages", chat_id=ana.id, message_ids=[998, 999])
