"""Copies of messages, without a link to the original, and forwards, with one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from simulator.chats import Message, Shape
from simulator.errors import bad_request
from simulator.forward_origins import origin_of
from simulator.keyboard_checks import forwarded_markup
from simulator.media_kinds import CAPTIONED
from simulator.methods.sending import UnsentMessage, post_messages
from simulator.parameters import Params
from simulator.text_checks import CAPTION_UNITS, caption_of
from simulator.world import World
from telegram_text.markup import Rendered, length

_MOST = 100


def copy_message(world: World, params: Params) -> Shape:
    """Serves copyMessage; a bot can copy protected messages, but not forward them."""
    caption = caption_of(params) if "caption" in params else None
    source = _source(world, params, "copy")
    if not _can_be_copied(source):
        raise bad_request("the message can't be copied")
    if caption is not None and source.media is not None and source.media.kind in CAPTIONED:
        above = params.get("show_caption_above_media", False)
        draft = replace(_same(source), rendered=caption, above=above)
    else:
        draft = _copy(source)
    (copy,) = post_messages(world, params, [replace(draft, group=None)])
    return {"message_id": copy.id}


def copy_messages(world: World, params: Params) -> list[Shape]:
    """Serves copyMessages; skips messages that are gone or cannot be copied."""
    drafts = [_copy(source) for source in _sources(world, params) if _can_be_copied(source)]
    if params.get("remove_caption", False):
        drafts = [d if d.media is None else replace(d, rendered=Rendered("")) for d in drafts]
    copies = post_messages(world, params, _in_new_albums(world, drafts))
    return [{"message_id": copy.id} for copy in copies]


def forward_message(world: World, params: Params) -> Shape:
    """Serves forwardMessage."""
    source = _source(world, params, "forward")
    if source.is_service or source.protected:
        raise bad_request("the message can't be forwarded")
    (forward,) = post_messages(world, params, [replace(_forward(source), group=None)])
    return forward.shape()


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


def _source(world: World, params: Params, purpose: str) -> Message:
    found = world.known_chat(params["from_chat_id"]).messages.get(params["message_id"])
    if found is None:
        raise bad_request(f"message to {purpose} not found")
    return found


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


def _can_be_copied(source: Message) -> bool:
    """Returns False for service messages, and for quizzes whose answer the bot does not know."""
    if source.media is not None and source.media.kind == "poll":
        quiz = source.media.payload["type"] == "quiz"
        return not quiz or "correct_option_ids" in source.media.payload
    return not source.is_service


def _copy(source: Message) -> UnsentMessage:
    """Returns a draft of the content only, without keyboard and origin.

    Premium allows longer captions than a bot may write. Whether a bot may copy them is not
    documented; it is refused here.
    """
    if source.media is not None and length(source.text) > CAPTION_UNITS:
        raise bad_request("message caption is too long")
    return _same(source)


def _same(source: Message) -> UnsentMessage:
    return UnsentMessage(
        Rendered(source.text, source.entities),
        source.media,
        preview=source.preview,
        above=source.caption_above,
        spoiler=source.spoiler,
        group=source.group,
    )


def _forward(source: Message) -> UnsentMessage:
    return replace(
        _same(source),
        markup=forwarded_markup(source.markup),
        about={"forward_origin": origin_of(source)},
    )


def _in_new_albums(world: World, drafts: Sequence[UnsentMessage]) -> Sequence[UnsentMessage]:
    """Puts the messages of each album into a new album, unless only one is left of it."""
    if not drafts:
        raise bad_request("messages can't be forwarded")
    groups = [draft.group for draft in drafts]
    new = {
        group: next(world.album_ids) if groups.count(group) > 1 else None
        for group in dict.fromkeys(groups)
        if group is not None
    }
    return [replace(d, group=new[d.group]) if d.group is not None else d for d in drafts]
