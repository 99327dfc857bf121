"""Albums: sendMediaGroup."""

from collections.abc import Sequence

from bot.simulator.api import Api
from bot.simulator.chats import Media, Shape
from bot.simulator.errors import Refused, bad_request
from bot.simulator.input_media import InputMedia, read_input_media
from bot.simulator.methods.sending import UnsentMessage, post_messages
from bot.simulator.parameters import Params

_MOST = 10
_ALONE = ("document", "audio")


def send_media_group(api: Api, params: Params) -> list[Shape]:
    """Serves sendMediaGroup."""
    inputs = _inputs(params["media"])
    media = [_found(api, place, item) for place, item in enumerate(inputs, start=1)]
    group = api.world.next_album_id()
    drafts = [
        UnsentMessage(item.caption, held, above=item.above, spoiler=item.spoiler, group=group)
        for item, held in zip(inputs, media, strict=True)
    ]
    return [message.shape() for message in post_messages(api, params, drafts)]


def _inputs(shapes: object) -> list[InputMedia]:
    if not isinstance(shapes, list):
        raise bad_request("expected an Array of InputMedia")
    if any(isinstance(shape, dict) and shape.get("type") == "animation" for shape in shapes):
        reason = 'type "animation" can\'t be used in sendMediaGroup'
        raise bad_request(f"can't parse InputMedia: {reason}")
    inputs = [read_input_media(shape) for shape in shapes]
    if not inputs:
        raise bad_request("there are no messages to send")
    if len(inputs) > _MOST:
        raise bad_request("too many messages to send as an album")
    if len(inputs) == 1:
        # Telegram accepts one item, although its documentation requires two.
        raise bad_request("media must include 2-10 items")
    _check_mixture(inputs)
    return inputs


def _check_mixture(inputs: Sequence[InputMedia]) -> None:
    kinds = {item.kind for item in inputs}
    for kind in _ALONE:
        if kind in kinds and len(kinds) > 1:
            raise bad_request(f"{kind} can't be mixed with other media types")
    if len({item.above for item in inputs}) > 1:
        raise bad_request("parameter show_caption_above_media must be the same for all messages")


def _found(api: Api, place: int, item: InputMedia) -> Media:
    try:
        return item.media(api.world.files)
    except Refused as refusal:
        reason = refusal.description.removeprefix("Bad Request: ")
        raise bad_request(
            f'failed to send message #{place} with the error message "{_capital(reason)}"'
        ) from refusal


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
