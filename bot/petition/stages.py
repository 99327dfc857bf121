"""A person's way through the petition: the stages, and which action is allowed at which stage.

Pure functions: from a place, the present status and an action they compute the next place. This
file decides whether an action is allowed; the handlers write what it stores (a name, a signature).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """Every screen that a person can be on."""

    HOME = "home"
    APPEAL = "appeal"
    NAME = "name"
    CONSENT = "consent"
    THANKS = "thanks"
    PRIVACY = "privacy"
    LANGUAGE = "language"
    HELP = "help"
    MY_DATA = "my_data"
    NEW_NAME = "new_name"
    OTHER_RIGHTS = "other_rights"
    NAME_CONSENT = "name_consent"
    NEW_TEXTS = "new_texts"
    WITHDRAW = "withdraw"
    WITHDRAWN = "withdrawn"
    MUTED = "muted"


class Action(StrEnum):
    """Everything a button can do. The value is part of the button's callback data."""

    HOME = "home"
    READ = "read"
    SIGN = "sign"
    PROFILE_NAME = "profile"
    UPDATES = "updates"
    NEWS = "news"
    WITH_NAME = "named"
    WITHOUT_NAME = "unnamed"
    CONFIRM = "confirm"
    PRIVACY = "privacy"
    LANGUAGES = "languages"
    SET_LANGUAGE = "speak"
    HELP = "help"
    BACK = "back"
    MY_DATA = "data"
    DATA_FILE = "file"
    CORRECT_NAME = "rename"
    OTHER_RIGHTS = "rights"
    RECEIPT = "receipt"
    LETTER_CODE = "code"
    RESTRICT = "restrict"
    LIFT = "lift"
    ASK_NAME_CONSENT = "name?"
    GIVE_NAME = "give"
    REMOVE_NAME = "noname"
    NEW_TEXTS = "texts"
    ACCEPT_TEXTS = "accept"
    KEEP_TEXTS = "keeptexts"
    WITHDRAW = "withdraw"
    ERASE = "erase"
    REFUSE_UPDATES = "noupdates"
    REFUSE_NEWS = "nonews"
    MUTE = "mute"
    UNMUTE = "unmute"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is: the stage, its page from 0, and where a side trip goes back to."""

    stage: Stage = Stage.HOME
    page: int = 0
    return_stage: Stage | None = None


@dataclass(frozen=True, slots=True)
class SupporterStatus:
    """The present state of the petition for this person; page counts are at least 1.

    A signature that is not `counted` was invalidated. Of one that is `asked_again`, the texts have
    changed in a way of which its owner is asked.

    Attributes:
        named: whether the form has a name.
        privacy_pages: counts the pages, which takes longer than all the rest.
        with_name: whether it is one of a signature with a name; None: not chosen yet.
        has_name: whether a signature is there that has one.
        may_give_name: whether one is there that has none and can still get one.
    """

    closed: bool
    signed: bool
    named: bool
    appeal_pages: int
    privacy_pages: Callable[[], int]
    with_name: bool | None = None
    has_name: bool = False
    may_give_name: bool = False
    counted: bool = True
    asked_again: bool = False


AGAIN = 1
"""The page of a form's stage on which somebody stands again.

That of the name only asks: who is asked again has read the privacy notice. That of either consent
begins with the notice, which has changed meanwhile.
"""

# Side trips from /mydata, which go back to it.
_FROM_MY_DATA = frozenset({Stage.NEW_NAME, Stage.OTHER_RIGHTS, Stage.NAME_CONSENT})
_SIDE_TRIPS = _FROM_MY_DATA | {Stage.PRIVACY, Stage.LANGUAGE, Stage.HELP, Stage.MY_DATA}
_NEEDS_SIGNATURE = _FROM_MY_DATA | {Stage.THANKS, Stage.WITHDRAW, Stage.MUTED, Stage.NEW_TEXTS}
KEPT_STAGES = frozenset({Stage.THANKS, Stage.MUTED, Stage.WITHDRAWN})
"""The stages whose message stays in the chat: the next screen comes below it."""

_BEFORE_SIGNING = frozenset({Stage.NAME, Stage.CONSENT})

_ONLY_AT: Mapping[Stage, Sequence[Action]] = {
    Stage.HOME: (Action.WITH_NAME, Action.WITHOUT_NAME, Action.NEW_TEXTS),
    Stage.APPEAL: (Action.WITH_NAME, Action.WITHOUT_NAME),
    Stage.NAME: (Action.PROFILE_NAME,),
    Stage.CONSENT: (
        *(Action.WITH_NAME, Action.WITHOUT_NAME),
        *(Action.UPDATES, Action.NEWS, Action.CONFIRM),
    ),
    Stage.LANGUAGE: (Action.SET_LANGUAGE,),
    Stage.MY_DATA: (
        *(Action.DATA_FILE, Action.CORRECT_NAME, Action.ASK_NAME_CONSENT, Action.REMOVE_NAME),
        *(Action.OTHER_RIGHTS, Action.REFUSE_UPDATES, Action.REFUSE_NEWS),
        *(Action.MUTE, Action.UNMUTE),
    ),
    Stage.OTHER_RIGHTS: (Action.RECEIPT, Action.LETTER_CODE, Action.RESTRICT, Action.LIFT),
    Stage.NAME_CONSENT: (Action.PROFILE_NAME, Action.ASK_NAME_CONSENT, Action.GIVE_NAME),
    Stage.NEW_TEXTS: (Action.ACCEPT_TEXTS, Action.KEEP_TEXTS),
    Stage.WITHDRAW: (Action.ERASE,),
    Stage.MUTED: (Action.UNMUTE,),
}
"""What only some screens have a button for; every other action is allowed everywhere."""
_BOUND = frozenset(action for actions in _ONLY_AT.values() for action in actions)


def nearest_valid_stage(place: Place, status: SupporterStatus) -> Place:
    """Returns the place itself, or the nearest one that is possible now.

    The stored place may have become impossible: the petition was closed, the signature was
    withdrawn, a text lost a page.
    """
    if place.stage in _BEFORE_SIGNING and status.closed and not status.signed:
        # Remembered, since a name for the form may still arrive.
        return Place(return_stage=place.stage)
    impossible = {
        # It was reopened: what is typed here is no longer taken for a name.
        Stage.HOME: place.return_stage in _BEFORE_SIGNING and not status.closed,
        # Home asks whether it is to be with a name.
        **dict.fromkeys(_BEFORE_SIGNING, status.signed or status.with_name is None),
        Stage.THANKS: status.closed or not status.counted,
        Stage.NEW_TEXTS: not status.asked_again,
        Stage.WITHDRAWN: status.signed,
    }
    if impossible.get(place.stage) or (place.stage in _NEEDS_SIGNATURE and not status.signed):
        return Place()
    if place.stage is Stage.NAME and not status.with_name:
        return Place(Stage.CONSENT)
    if place.stage is Stage.CONSENT and status.with_name and not status.named:
        return Place(Stage.NAME)
    needs = {Stage.NEW_NAME: status.has_name, Stage.NAME_CONSENT: status.may_give_name}
    if not needs.get(place.stage, True):
        place = replace(place, stage=Stage.MY_DATA)
    return replace(place, page=_clamp(place, status))


def in_form(place: Place) -> bool:
    """Returns whether the person is in the form, or on a side trip that goes back to it."""
    return place.stage in _BEFORE_SIGNING or (
        place.stage in _SIDE_TRIPS and place.return_stage in _BEFORE_SIGNING
    )


def expects_name(place: Place) -> bool:
    """Returns whether what is typed here is likely a name, which must not stay in the chat.

    True in the form, where a name is corrected or given later, and on the first screen after the
    petition was closed during the form.
    """
    return place.stage in (*_BEFORE_SIGNING, Stage.NEW_NAME, Stage.NAME_CONSENT) or (
        place.stage is Stage.HOME and place.return_stage in _BEFORE_SIGNING
    )


def keeps_form(place: Place) -> bool:
    """Returns whether what was filled in is kept here: in the form, or for a name given later."""
    return in_form(place) or place.stage is Stage.NAME_CONSENT


def allowed(action: Action, place: Place) -> bool:
    """Returns whether a button with this action can be on the person's present screen."""
    return action not in _BOUND or action in _ONLY_AT.get(place.stage, ())


def go(action: Action, place: Place, status: SupporterStatus, *, page: int = 0) -> Place:
    """Returns the place that an action leads to; actions that only write change no place."""
    move = _MOVES.get(action)
    if move is None:
        return place
    return nearest_valid_stage(move(place, page), status)


def _clamp(place: Place, status: SupporterStatus) -> int:
    if place.stage is Stage.PRIVACY:
        return max(0, min(place.page, status.privacy_pages() - 1))
    pages = {
        Stage.APPEAL: status.appeal_pages,
        Stage.NAME: AGAIN + 1,
        Stage.CONSENT: AGAIN + 1,
        Stage.NAME_CONSENT: AGAIN + 1,
    }
    return max(0, min(place.page, pages.get(place.stage, 1) - 1))


def _aside(stage: Stage) -> Callable[[Place, int], Place]:
    """Returns a move to a side trip, which goes back to the stage before all side trips."""

    def move(place: Place, page: int) -> Place:
        # Home has one only for a form that the closing took away. What stays in the chat is not
        # shown a second time.
        origin = Stage.HOME if place.stage in KEPT_STAGES else place.stage
        return Place(stage, page, place.return_stage or origin)

    return move


def _to(stage: Stage) -> Callable[[Place, int], Place]:
    return lambda _place, page: Place(stage, page)


def _sign(place: Place, _page: int) -> Place:
    return Place(Stage.NAME, AGAIN if place.stage is Stage.CONSENT else 0)


def _back(place: Place, page: int) -> Place:
    if place.stage in _FROM_MY_DATA:
        return _aside(Stage.MY_DATA)(place, page)
    return Place(place.return_stage or Stage.HOME)


_MOVES: Mapping[Action, Callable[[Place, int], Place]] = {
    Action.HOME: _to(Stage.HOME),
    Action.READ: _to(Stage.APPEAL),
    Action.SIGN: _sign,
    Action.PRIVACY: _aside(Stage.PRIVACY),
    Action.LANGUAGES: _aside(Stage.LANGUAGE),
    Action.HELP: _aside(Stage.HELP),
    Action.MY_DATA: _aside(Stage.MY_DATA),
    Action.CORRECT_NAME: _aside(Stage.NEW_NAME),
    Action.OTHER_RIGHTS: _aside(Stage.OTHER_RIGHTS),
    Action.ASK_NAME_CONSENT: _aside(Stage.NAME_CONSENT),
    Action.NEW_TEXTS: _to(Stage.NEW_TEXTS),
    Action.WITHDRAW: _to(Stage.WITHDRAW),
    Action.SET_LANGUAGE: _back,
    Action.BACK: _back,
}
