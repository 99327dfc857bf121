"""Methods that send text, files and chat actions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.chats import Chat, Media, Message, Shape
from simulator.errors import bad_request
from simulator.keyboard_checks import Markup, checked_markup
from simulator.parameters import Params, names
from simulator.text_checks import caption_of, text_of
from simulator.world import World
from telegram_text.markup import Rendered

_ACTIONS = names(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document"
    " choose_sticker find_location record_video_note upload_video_note"
)
_PREVIEW_FIELDS = names("is_disabled url prefer_small_media prefer_large_media show_above_text")
_REPLY_FIELDS = names(
    "message_id chat_id allow_sending_without_reply quote quote_parse_mode quote_entities"
    " quote_position checklist_task_id poll_option_id"
)


@dataclass(frozen=True, slots=True)
class UnsentMessage:
    """A message to be sent."""

    rendered: Rendered
    media: Media | None = None
    preview: Markup | None = None
    above: bool = False
    spoiler: bool = False
    group: str | None = None


def send_message(world: World, params: Params) -> Shape:
    """Serves sendMessage."""
    preview = checked_preview(params)
    (message,) = post_messages(world, params, [UnsentMessage(text_of(params), preview=preview)])
    return message.shape()


def sender(kind: str) -> Callable[[World, Params], Shape]:
    """Returns the function that serves sendPhoto or sendDocument; `kind` names the parameter."""

    def send(world: World, params: Params) -> Shape:
        draft = UnsentMessage(
            caption_of(params),
            world.files.media(kind, params[kind]),
            above=params.get("show_caption_above_media", False),
            spoiler=params.get("has_spoiler", False),
        )
        (message,) = post_messages(world, params, [draft])
        return message.shape()

    return send


def send_chat_action(world: World, params: Params) -> bool:
    """Serves sendChatAction."""
    if params["action"] not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = world.open_chat(params["chat_id"])
    world.publish("action", chat, None, {"action": params["action"]})
    return True


def post_messages(world: World, params: Params, drafts: Sequence[UnsentMessage]) -> list[Message]:
    """Checks the common parameters and the rate limits, then adds the messages to their chat."""
    markup = checked_markup(params.get("reply_markup"))
    chat = world.open_chat(params["chat_id"])
    if chat.person is not None and chat.person.forbids_voice_messages:
        for kind in ("voice", "video_note"):
            if any(draft.media is not None and draft.media.kind == kind for draft in drafts):
                name = "voice" if kind == "voice" else "video"
                raise bad_request(f"user restricted receiving of {name} messages")
    reply_to = _replied(chat, params)
    paid = params.get("allow_paid_broadcast", False)
    world.limits.count(chat.id, new=len(drafts), paid=paid)
    return [
        chat.post(
            world.bot,
            text=draft.rendered.text,
            entities=draft.rendered.entities,
            media=world.with_own_poll(draft.media),
            markup=markup,
            preview=draft.preview,
            caption_above=draft.above,
            spoiler=draft.spoiler,
            group=draft.group,
            reply_to=reply_to,
            protected=params.get("protect_content", False),
        )
        for draft in drafts
    ]


def checked_preview(params: Params) -> dict[str, Any] | None:
    """Returns the link preview options; `disable_web_page_preview` is their older form."""
    options: dict[str, Any] | None = params.get("link_preview_options")
    if options and (unknown := set(options) - _PREVIEW_FIELDS):
        raise bad_request(f'unknown field "{min(unknown)}" in link_preview_options')
    if options is None and params.get("disable_web_page_preview"):
        return {"is_disabled": True}
    return options


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
