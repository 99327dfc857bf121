from typing import Any

import aiohttp
import orjson
import pytest

from simulator import Person
from simulator.media_kinds import tiny_png
from tests.support.api_client import ApiClient
from tests.support.api_conformance import answer_faults


def item(kind: str, ana: Person, **more: Any) -> dict[str, Any]:
    """Returns an InputMedia with a file the bot has seen."""
    media = ana.send_kind(kind).media
    assert media is not None
    return {"type": kind, "media": media.file_id, **more}


async def test_an_album_is_sent_with_a_caption_each(api: ApiClient, ana: Person) -> None:
    media = [
        item("photo", ana, caption="<b>Uno</b>", parse_mode="HTML", has_spoiler=True),
        item("video", ana, caption="Dos"),
    ]
    photo, video = await api.result("sendMediaGroup", chat_id=ana.id, media=media)

    assert photo["media_group_id"] == video["media_group_id"]
    assert (photo["caption_entities"][0]["type"], video["caption"]) == ("bold", "Dos")
    assert photo["has_media_spoiler"]


async def test_an_album_can_bring_its_files(api: ApiClient, ana: Person) -> None:
    media = [{"type": "photo", "media": f"attach://f{number}"} for number in (1, 2)]
    form = aiohttp.FormData({"chat_id": str(ana.id), "media": orjson.dumps(media).decode()})
    for number in (1, 2):
        form.add_field(f"f{number}", tiny_png(10 * number, 10), filename="a.png")
    async with api.session.post(f"{api.url}/sendMediaGroup", data=form) as response:
        sent = (await response.json())["result"]

    assert answer_faults("sendMediaGroup", sent) == []
    assert [message["photo"][-1]["width"] for message in sent] == [10, 20]


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ([], "there are no messages to send"),
        (["photo"], "media must include 2-10 items"),
        (["photo"] * 11, "too many messages to send as an album"),
        (["photo", "document"], "document can't be mixed with other media types"),
        (["audio", "video"], "audio can't be mixed with other media types"),
        (
            ["photo", "animation"],
            "can't parse InputMedia: type \"animation\" can't be used in sendMediaGroup",
        ),
        (["photo", "voice"], 'can\'t parse InputMedia: type "voice" is unsupported'),
    ],
)
async def test_a_mixture_telegram_would_not_send(
    api: ApiClient, ana: Person, kinds: list[str], reason: str
) -> None:
    media = [item(kind, ana) for kind in kinds]
    refusal = await api.refusal("sendMediaGroup", chat_id=ana.id, media=media)

    assert refusal == (400, f"Bad Request: {reason}")


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (
            {"type": "photo", "media": "unknown"},
            'failed to send message #2 with the error message "Wrong file identifier/HTTP URL'
            ' specified"',
        ),
        ({"type": "photo", "media": "attach://x"}, "can't parse InputMedia: media not found"),
        ({"type": "photo"}, "can't parse InputMedia: media not found"),
        ({"media": "x"}, "can't parse InputMedia: can't find field \"type\""),
        ("x", "can't parse InputMedia: expected an Object"),
        ({"type": "photo", "media": "x", "caption": 5}, 'parameter "caption" must be a String'),
        (
            {"type": "video", "media": "x", "duration": "long"},
            'parameter "duration" must be an Integer',
        ),
        (
            {"type": "photo", "media": "x", "has_spoiler": "perhaps"},
            'parameter "has_spoiler" must be a Boolean',
        ),
        ({"type": "photo", "media": "x", "captoin": "y"}, 'unknown field "captoin" in media'),
        (
            {"type": "photo", "media": "x", "caption": "y", "show_caption_above_media": True},
            "parameter show_caption_above_media must be the same for all messages",
        ),
        ({"type": "photo", "media": "x", "caption": "a" * 1025}, "message caption is too long"),
    ],
)
async def test_a_description_telegram_would_not_take(
    api: ApiClient, ana: Person, second: Any, reason: str
) -> None:
    media = [item("photo", ana), second]
    refusal = await api.refusal("sendMediaGroup", chat_id=ana.id, media=media)

    assert refusal == (400, f"Bad Request: {reason}")
    assert [message for message in ana.messages if message.from_bot] == []


async def test_an_album_has_no_keyboard(api: ApiClient, ana: Person) -> None:
    media = [item("photo", ana), item("photo", ana)]
    refusal = await api.refusal("sendMediaGroup", chat_id=ana.id, media=media, reply_markup={})

    assert refusal == (400, 'Bad Request: unknown parameter "reply_markup" in sendMediaGroup')


async def test_a_file_in_an_album_stays_of_its_kind(api: ApiClient, ana: Person) -> None:
    media = [item("photo", ana), item("photo", ana)]
    first, _ = await api.result("sendMediaGroup", chat_id=ana.id, media=media)
    target = {"chat_id": ana.id, "message_id": first["message_id"]}
    await api.result("editMessageMedia", media=item("video", ana), **target)

    assert await api.refusal("editMessageMedia", media=item("document", ana), **target) == (
        400,
        "Bad Request: can't change media type in the album",
    )
