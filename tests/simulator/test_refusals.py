"""What Telegram refuses is refused, for its reason."""

import zlib
from typing import Any

import pytest

from simulator import Person, Simulator
from simulator.errors import Refused
from simulator.files import Files
from simulator.keyboard_checks import checked_markup
from simulator.parameters import UploadedFile
from tests.support.api_client import TOKEN, ApiClient
from tests.support.pictures import tiny_png

ANA = 6_100_000_001
# What is in Ana's chat: her /start, a text of the bot's, and copies that it made.
START, TEXT, PHOTO, STICKER = 1, 2, 4, 6
COMMAND = {"command": "start", "description": "Empezar"}
NO_ENTITY = "can't parse entities: entity at UTF-16 offset {} does not fit the text"
NO_FIELD = 'can\'t parse MessageEntity: Field "{}" is invalid'
NO_MEMBER = "can't parse InputMedia: {}"
NO_TAG = "can't parse entities: {}"
NO_NUMBER = 'can\'t parse reply parameters: Field "message_id" must be a Number'
NO_COMMAND = "can't parse BotCommand: command and description are required"
NO_SCOPE = "can't parse BotCommandScope: {}"
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
HOOK = {"url": "https://example.org"}


@pytest.fixture
async def telegram(sim: Simulator, api: ApiClient) -> Simulator:
    ana = sim.person("Ana")
    ana.start()
    await api.result("sendMessage", chat_id=ANA, text="a")
    for kind in ("photo", "sticker"):
        ids = {"from_chat_id": ANA, "message_id": ana.send_kind(kind).id}
        await api.result("copyMessage", chat_id=ANA, **ids)
    return sim


def entity(**changes: Any) -> dict[str, Any]:
    return {"entities": [{"type": "bold", "offset": 0, "length": 1, **changes}]}


def moment(**changes: Any) -> dict[str, Any]:
    return entity(type="date_time", **changes)


def reply(**given: Any) -> dict[str, Any]:
    return {"reply_parameters": given}


def media(**changes: Any) -> dict[str, Any]:
    return {"media": {"type": "photo", "media": "x", **changes}}


def scope(**given: Any) -> dict[str, Any]:
    return {"scope": given}


def html(text: str) -> dict[str, str]:
    return {"text": text, "parse_mode": "HTML"}


def command(name: str = "start", description: str = "Empezar") -> dict[str, Any]:
    return {"commands": [{"command": name, "description": description}]}


GIVEN: dict[str, dict[str, Any]] = {
    "sendMessage": {"chat_id": ANA, "text": "a"},
    "copyMessage": {"chat_id": ANA, "from_chat_id": ANA, "message_id": TEXT},
    "copyMessages": {"chat_id": ANA, "from_chat_id": ANA},
    "editMessageText": {"chat_id": ANA, "text": "b"},
    "editMessageMedia": {"chat_id": ANA, "message_id": TEXT},
    "deleteMessages": {"chat_id": ANA},
    "setMyCommands": {"commands": [COMMAND]},
}
REFUSED: dict[str, list[tuple[dict[str, Any], str]]] = {
    "sendMessage": [
        ({"text": ""}, "message text is empty"),
        (html("  \n "), "text must be non-empty"),
        (html("a" * 4097), "message is too long"),
        (html("😀" * 2049), "message is too long"),
        (html("<b>a"), NO_TAG.format('Can\'t find end tag corresponding to start tag "b"')),
        (html("a <3 b"), NO_TAG.format('Unsupported start tag "3" at byte offset 2')),
        ({"parse_mode": "MarkdownV2"}, "unsupported parse_mode"),
        (html("a") | entity(), "parse_mode and entities exclude each other"),
        (entity(length=99), NO_ENTITY.format(0)),
        ({"text": "😀"} | entity(offset=1), NO_ENTITY.format(1)),
        (entity(type="loud"), "can't parse MessageEntity: Unsupported type specified"),
        (entity(offset=-1), NO_FIELD.format('offset" or "length')),
        (entity(lenght=1), 'unknown field "lenght" in MessageEntity'),
        ({"entities": ["bold"]}, "can't parse MessageEntity: expected an Object"),
        (moment(), NO_FIELD.format("unix_time")),
        (moment(unix_time=0), NO_FIELD.format("unix_time")),
        (moment(unix_time=5, date_time_format="x"), NO_FIELD.format("date_time_format")),
        (moment(unix_time=5, date_time_format=5), NO_FIELD.format("date_time_format")),
        (reply(message_id=1, quotation="x"), 'unknown field "quotation" in reply_parameters'),
        (reply(message_id="1"), NO_NUMBER),
        (reply(message_id=99), "message to be replied not found"),
        ({"chat_id": 5}, "chat not found"),
    ],
    "sendPhoto": [
        ({"chat_id": ANA, "photo": "https://example.org/a.png"}, "failed to get HTTP URL content"),
        ({"chat_id": ANA, "photo": "AgAC"}, "wrong file identifier/HTTP URL specified"),
        ({"chat_id": ANA, "photo": "x", "caption": "a" * 1025}, "message caption is too long"),
    ],
    "copyMessage": [
        ({"from_chat_id": 5}, "chat not found"),
        ({"message_id": 99}, "message to copy not found"),
    ],
    "copyMessages": [
        ({"message_ids": []}, "message identifiers are not specified"),
        ({"message_ids": list(range(1, 102))}, "too many message identifiers specified"),
        ({"message_ids": [1, 1]}, "message identifiers must be in a strictly increasing order"),
        ({"message_ids": [0, 1]}, "invalid message identifier specified"),
        ({"message_ids": ["uno"]}, "message identifier must be a Number"),
        ({"message_ids": [99]}, "there are no messages to forward"),
        ({"message_ids": [1], "paid": True}, 'unknown parameter "paid" in copyMessages'),
    ],
    "editMessageText": [
        ({"message_id": START}, "message can't be edited"),
        ({"message_id": 99}, "message to edit not found"),
        ({"message_id": PHOTO}, "there is no text in the message to edit"),
    ],
    "editMessageMedia": [
        ({"message_id": STICKER} | media(), "message can't be edited"),
        ({"media": {"media": "x"}}, NO_MEMBER.format('can\'t find field "type"')),
        ({"media": {"type": "photo"}}, NO_MEMBER.format("media not found")),
        (media(type="poll"), NO_MEMBER.format('type "poll" is unsupported')),
        (media(a=1), 'unknown field "a" in media'),
    ],
    "deleteMessage": [
        ({"message_id": "x", "chat_id": 1}, 'parameter "message_id" must be an Integer'),
        ({"chat_id": 1}, "message identifier is not specified"),
        ({"message_id": 1}, "chat_id is empty"),
        ({"message_id": 99, "chat_id": ANA}, "message to delete not found"),
    ],
    "deleteMessages": [({"message_ids": []}, "message identifiers are not specified")],
    "setMyCommands": [
        (command("Start"), "BOT_COMMAND_INVALID"),
        (command("a" * 33), "BOT_COMMAND_INVALID"),
        (command(description=" "), "BOT_COMMAND_DESCRIPTION_INVALID"),
        (command(description="a" * 257), "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"commands": [COMMAND] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": [{"command": "start"}]}, NO_COMMAND),
        (scope(type="chat", chat_id=5), "chat not found"),
        (scope(type="chat"), NO_SCOPE.format("chat_id must be an Integer")),
        (scope(chat_id=1), NO_SCOPE.format("Unsupported type specified")),
        (scope(type="default", chat_id=1), 'unknown field "chat_id" in BotCommandScope'),
    ],
    "setMyDescription": [
        ({"description": "a" * 513}, "description is too long"),
        ({"language_code": "es-ES"}, "invalid language code specified"),
    ],
    "setMyShortDescription": [({"short_description": "a" * 121}, "short description is too long")],
    "answerCallbackQuery": [
        ({"callback_query_id": "17"}, TOO_OLD),
        ({"callback_query_id": "17", "text": "a" * 201}, "MESSAGE_TOO_LONG"),
    ],
    "getUpdates": [
        ({"ofset": 1}, 'unknown parameter "ofset" in getUpdates'),
        ({"allowed_updates": ["mesage"]}, 'unknown update type "mesage" in allowed_updates'),
    ],
    "setWebhook": [
        ({"url": "http://a.b"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (HOOK | {"secret_token": "ñ"}, "secret token contains unallowed characters"),
        (HOOK | {"max_connections": 101}, "max_connections must be between 1 and 100"),
    ],
}


@pytest.mark.parametrize("method", REFUSED)
async def test_each_wrong_call_is_named(telegram: Simulator, api: ApiClient, method: str) -> None:
    before = telegram.world.event_count
    for params, reason in REFUSED[method]:
        assert await api.bad(method, **GIVEN.get(method, {}) | params) == reason
    assert telegram.world.event_count == before


async def test_the_longest_text_is_taken(telegram: Simulator, api: ApiClient) -> None:
    link = f'<a href="https://example.org/{"x" * 900}">{"😀" * 2048}</a>'
    await api.result("sendMessage", chat_id=ANA, text=link, parse_mode="html")
    photo = {"photo": telegram.world.files.sample("photo").file_id, "caption": "a" * 1024}
    await api.result("sendPhoto", chat_id=ANA, **photo)
    await api.result("setMyDescription", description="a" * 512)
    await api.result("setMyShortDescription", short_description="a" * 120)


async def test_who_never_started_or_stopped_the_bot_cannot_be_written_to(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    nuria = sim.person("Nuria")
    group = sim.world.group("Vecinas", members=[nuria])

    async def answer(chat: int) -> str:
        return (await api.refusal("sendMessage", chat_id=chat, text="a"))[1]

    assert await answer(sim.person("Rubén").id) == "Bad Request: chat not found"
    assert await answer(nuria.id) == "Forbidden: bot can't initiate conversation with a user"
    assert (await api.result("getChat", chat_id=group.id))["title"] == "Vecinas"
    for status, reason in (("left", "is not a member of"), ("kicked", "was kicked from")):
        sim.world.membership(group, nuria.user, "member", status)
        assert await answer(group.id) == f"Forbidden: bot {reason} the supergroup chat"
    ana.block()
    assert await answer(ana.id) == "Forbidden: bot was blocked by the user"
    ana.start()
    await api.result("sendMessage", chat_id=ana.id, text="a")
    ana.deactivate()
    assert await answer(ana.id) == "Forbidden: user is deactivated"


async def test_another_token_or_no_method_is_refused(sim: Simulator, api: ApiClient) -> None:
    async with ApiClient(sim.url, TOKEN[:-1] + "2") as stranger:
        assert await stranger.refusal("getMe") == (401, "Unauthorized")
    async with ApiClient(sim.url, "nonsense") as stranger:
        assert await stranger.refusal("getMe") == (404, "Not Found")
    assert await api.refusal("sendMesage") == (404, "Not Found: method not found")


async def test_a_web_page_cannot_drive_it_with_the_token_either(api: ApiClient) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ):
        url = f"{api.url}/setWebhook?url=http://127.0.0.1:9/"
        async with api.session.get(url, headers=headers) as response:
            assert response.status == 403
        assert (await api.result("getWebhookInfo"))["url"] == ""


def button(label: Any = "a", **does: Any) -> dict[str, Any]:
    return {"text": label, **(does or {"callback_data": "b"})}


def keyboard(*buttons: Any) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


UNPARSED = "can't parse inline keyboard button: "
NO_STRING = UNPARSED + 'Field "{}" must be of type String'
NO_URL = "inline keyboard button URL '{}' is invalid: "
NO_BUTTONS = [
    (button(callback_data=""), "BUTTON_DATA_INVALID"),
    (button(callback_data="ñ" * 33), "BUTTON_DATA_INVALID"),
    (button(callback_data=5), NO_STRING.format("callback_data")),
    (button(" "), "inline keyboard button text must be non-empty"),
    (button(5), NO_STRING.format("text")),
    ("a", UNPARSED + "InlineKeyboardButton must be an Object"),
    ({"text": "a"}, UNPARSED + "Text buttons are unallowed in the inline keyboard"),
    (button(calback_data="b"), UNPARSED + 'unknown field "calback_data"'),
    (button() | {"url": "https://example.org"}, UNPARSED + "exactly one action is allowed"),
    (button(url="javascript://x"), NO_URL.format("javascript://x") + "Unsupported URL protocol"),
    (button(url="https://nowhere"), NO_URL.format("https://nowhere") + "Wrong URL"),
    (button(url=5), NO_STRING.format("url")),
    (button() | {"style": ["danger"]}, UNPARSED + "invalid button style specified"),
    (button(copy_text="x"), UNPARSED + 'Field "copy_text" must be a CopyTextButton'),
    (button(copy_text={"text": "x", "y": 1}), UNPARSED + 'unknown field "y" in CopyTextButton'),
    (button(copy_text={"text": ""}), "BUTTON_COPY_TEXT_INVALID"),
    (button(copy_text={"text": "ñ" * 257}), "BUTTON_COPY_TEXT_INVALID"),
]
NO_KEYBOARDS = [
    *((keyboard(each), reason) for each, reason in NO_BUTTONS),
    (keyboard(*[button()] * 9), "reply markup row is too long; 8 buttons are the most"),
    ({"inline_keyboard": [[button()]] * 101}, "reply markup is too long"),
    ({"inline_keyboard": [button()]}, 'field "inline_keyboard" must be an Array of Arrays'),
    ({"keyboard": [["a"]]}, "inline keyboard expected"),
    (keyboard() | {"a": 1}, 'unknown field "a" in the reply markup'),
]


def test_a_keyboard_telegram_would_not_show() -> None:
    for markup, reason in NO_KEYBOARDS:
        with pytest.raises(Refused) as refused:
            checked_markup(markup)
        assert refused.value.description == f"Bad Request: {reason}"


def test_a_keyboard_telegram_shows() -> None:
    for markup in (
        keyboard(button(callback_data="ñ" * 32)),
        {"inline_keyboard": [[button()] * 8, *[[button()] * 4] * 23]},
        keyboard(button(url="https://t.me/share/url?url=x&text=y")),
        keyboard(*(button() | {"style": style} for style in ("danger", "success", "primary"))),
        keyboard(button(copy_text={"text": "ñ" * 256})),
        keyboard(button(url="tg://resolve?domain=test_bot")),
    ):
        assert checked_markup(markup) == markup
    assert checked_markup({}) is checked_markup({"inline_keyboard": []}) is None
    assert checked_markup({"inline_keyboard": [[]]}) is None
    # A button may spell out what it does not do.
    assert checked_markup(keyboard(button() | {"url": None})) == keyboard(button())


def huge_png() -> bytes:
    """Returns the beginning of a picture of more pixels than can be unpacked."""
    header = b"IHDR" + (20_000).to_bytes(4, "big") * 2 + tiny_png()[24:29]
    return tiny_png()[:12] + header + zlib.crc32(header).to_bytes(4, "big") + tiny_png()[33:]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "file must be non-empty"),
        (b"not an image", "IMAGE_PROCESS_FAILED"),
        (tiny_png()[:20], "IMAGE_PROCESS_FAILED"),
        (tiny_png(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
        (huge_png(), "PHOTO_INVALID_DIMENSIONS"),
        (
            tiny_png() + b"0" * (10 * 1024 * 1024),
            f"file of size {len(tiny_png()) + 10485760} bytes is too big for a photo;"
            " the maximum size is 10485760 bytes",
        ),
    ],
    ids=["empty", "text", "cut off", "narrow", "too many pixels", "too large"],
)
def test_a_photo_telegram_would_not_take(content: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        Files().media("photo", UploadedFile("a.png", content))
    assert refused.value.description == f"Bad Request: {reason}"


def test_a_file_is_at_most_fifty_megabytes_and_is_sent_as_what_it_is() -> None:
    files = Files()
    with pytest.raises(Refused, match="413 Request Entity Too Large"):
        files.media("document", UploadedFile("a", b"0" * (50 * 1024 * 1024 + 1)))
    photo = files.add("photo", UploadedFile("a.png", tiny_png()))
    assert photo.file_id is not None
    assert files.media("photo", photo.file_id) == photo
    with pytest.raises(Refused, match="can't use file of type Photo as Document"):
        files.media("document", photo.file_id)
