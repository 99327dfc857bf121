"""Methods that send text, files and copies."""

from collections.abc import Callable, Iterable
from typing import Any

from simulator.chats import Chat, Content, Message, Shape
from simulator.errors import bad_request
from simulator.keyboard_checks import checked_markup
from simulator.media_kinds import CAPTIONED
from simulator.parameters import Params, names
from simulator.text_checks import caption_of, text_of
from simulator.world import World

_PREVIEW_FIELDS = names("is_disabled url prefer_small_media prefer_large_media show_above_text")
_REPLY_FIELDS = names(
    "message_id chat_id allow_sending_without_reply quote quote_parse_mode quote_entities"
    " quote_position checklist_task_id poll_option_id"
)
_NO_VOICE = {"voice": "voice", "video_note": "video"}
_MOST = 100


def send_message(world: World, params: Params) -> Shape:
    """Serves sendMessage."""
    content = {"preview": checked_preview(params), **text_of(params)}
    return _post(world, params, [content])[0].shape()


def sender(kind: str) -> Callable[[World, Params], Shape]:
    """Returns the function that serves sendPhoto or sendDocument; `kind` names the parameter."""

    def send(world: World, params: Params) -> Shape:
        content = caption_of(params) | {"media": world.files.media(kind, params[kind])}
        return _post(world, params, [content])[0].shape()

    return send


def copy_message(world: World, params: Params) -> Shape:
    """Serves copyMessage; protected messages can be copied too."""
    caption = caption_of(params) if "caption" in params else {}
    source = world.known_chat(params["from_chat_id"]).messages.get(params["message_id"])
    if source is None:
        raise bad_request("message to copy not found")
    content = source.content | {"preview": source.preview}
    if caption and source.media is not None and source.media.kind in CAPTIONED:
        content |= caption | {"spoiler": source.spoiler}
    return {"message_id": _post(world, params, [content])[0].id}


def copy_messages(world: World, params: Params) -> list[Shape]:
    """Serves copyMessages; skips messages that are gone."""
    sources = _sources(world, params)
    groups = [source.group for source in sources]
    # An album becomes a new album, unless only one message is left of it.
    albums = {
        group: next(world.album_ids)
        for group in dict.fromkeys(groups)
        if group is not None and groups.count(group) > 1
    }
    bare = {"text": "", "entities": ()} if params.get("remove_caption") else {}
    contents = [
        source.content
        | {"preview": source.preview, "group": albums.get(source.group or "")}
        | (bare if source.media is not None else {})
        for source in sources
    ]
    return [{"message_id": copy.id} for copy in _post(world, params, contents)]


def checked_ids(numbers: list[Any]) -> list[int]:
    """Returns the message identifiers; refuses a list that Telegram would not take."""
    if not numbers:
        raise bad_request("message identifiers are not specified")
    if len(numbers) > _MOST:
        raise bad_request("too many message identifiers specified")
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        raise bad_request("message identifier must be a Number")
    if min(numbers) <= 0:
        raise bad_request("invalid message identifier specified")
    return numbers


def checked_preview(params: Params) -> dict[str, Any] | None:
    """Returns the link preview options; `disable_web_page_preview` is their older form."""
    options: dict[str, Any] | None = params.get("link_preview_options")
    if options and (unknown := set(options) - _PREVIEW_FIELDS):
        raise bad_request(f'unknown field "{min(unknown)}" in link_preview_options')
    if options is None and params.get("disable_web_page_preview"):
        return {"is_disabled": True}
    return options


def _sources(world: World, params: Params) -> list[Message]:
    numbers = checked_ids(params["message_ids"])
    if numbers != sorted(set(numbers)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    there = world.known_chat(params["from_chat_id"]).messages
    found = [there[number] for number in numbers if number in there]
    if not found:
        # Telegram says "forward" for copies too.
        raise bad_request("there are no messages to forward")
    return found


def _post(world: World, params: Params, contents: list[Content]) -> list[Message]:
    """Checks the common parameters and the rate limits, then adds the messages to their chat."""
    markup = checked_markup(params.get("reply_markup"))
    chat = world.open_chat(params["chat_id"])
    _check_accepted(chat, contents)
    more = {"markup": markup, "reply_to": _replied(chat, params)}
    more["protected"] = params.get("protect_content", False)
    world.limits.count(chat.id, new=len(contents))
    return [chat.post(world.bot, **content, **more) for content in contents]


def _check_accepted(chat: Chat, contents: Iterable[Content]) -> None:
    if chat.person is None or not chat.person.forbids_voice_messages:
        return
    for content in contents:
        if (media := content.get("media")) is not None and media.kind in _NO_VOICE:
            raise bad_request(f"user restricted receiving of {_NO_VOICE[media.kind]} messages")


def _replied(chat: Chat, params: Params) -> int | None:
    wanted = params.get("reply_parameters") or {}
    if unknown := set(wanted) - _REPLY_FIELDS:
        raise bad_request(f'unknown field "{min(unknown)}" in reply_parameters')
    if wanted and not isinstance(wanted.get("message_id"), int):
        raise bad_request('can\'t parse reply parameters: Field "message_id" must be a Number')
    message_id = wanted.get("message_id", params.get("reply_to_message_id"))
    if message_id is None or message_id in chat.messages:
        return message_id
    if wanted.get("allow_sending_without_reply", params.get("allow_sending_without_reply")):
        return None
    raise bad_request("message to be replied not found")
