"""Copies of messages, without a link to the original."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from simulator.chats import Message, Shape
from simulator.errors import bad_request
from simulator.media_kinds import CAPTIONED
from simulator.methods.sending import UnsentMessage, post_messages
from simulator.parameters import Params
from simulator.text_checks import caption_of
from simulator.world import World
from telegram_text.markup import Rendered

_MOST = 100


def copy_message(world: World, params: Params) -> Shape:
    """Serves copyMessage; protected messages can be copied too."""
    caption = caption_of(params) if "caption" in params else None
    source = world.known_chat(params["from_chat_id"]).messages.get(params["message_id"])
    if source is None:
        raise bad_request("message to copy not found")
    if caption is not None and source.media is not None and source.media.kind in CAPTIONED:
        above = params.get("show_caption_above_media", False)
        draft = replace(_copy(source), rendered=caption, above=above)
    else:
        draft = _copy(source)
    (copy,) = post_messages(world, params, [replace(draft, group=None)])
    return {"message_id": copy.id}


def copy_messages(world: World, params: Params) -> list[Shape]:
    """Serves copyMessages; skips messages that are gone."""
    drafts = [_copy(source) for source in _sources(world, params)]
    if params.get("remove_caption", False):
        drafts = [d if d.media is None else replace(d, rendered=Rendered("")) for d in drafts]
    copies = post_messages(world, params, _in_new_albums(world, drafts))
    return [{"message_id": copy.id} for copy in copies]


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


def _copy(source: Message) -> UnsentMessage:
    """Returns a draft of the content only, without keyboard and origin."""
    return UnsentMessage(
        Rendered(source.text, source.entities),
        source.media,
        preview=source.preview,
        above=source.caption_above,
        spoiler=source.spoiler,
        group=source.group,
    )


def _in_new_albums(world: World, drafts: Sequence[UnsentMessage]) -> Sequence[UnsentMessage]:
    """Puts the messages of each album into a new album, unless only one is left of it."""
    groups = [draft.group for draft in drafts]
    new = {
        group: next(world.album_ids) if groups.count(group) > 1 else None
        for group in dict.fromkeys(groups)
        if group is not None
    }
    return [replace(d, group=new[d.group]) if d.group is not None else d for d in drafts]
