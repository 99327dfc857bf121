"""The commands `petition-bot person NUMBER`: what a letter or an e-mail asks of one signature."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import CliContext, run_with_context
from bot.console import CannotDo, Yes, agrees, in_sentences, say
from bot.petition.names import NameProblem, NameRefused, clean_name
from bot.text.translations import Words
from storage import (
    NOTICES_KEPT_FOR,
    CheckedCode,
    CodeState,
    PersonRequests,
    Proof,
    Signer,
    by_code,
    output_file,
    verified_otherwise,
)

person = typer.Typer(name="person", no_args_is_help=True)

Code = Annotated[
    str | None,
    typer.Option(
        "--code",
        metavar="CODE",
        help="The code in the letter. Left out, it is asked for, and stays out of the shell's "
        "history.",
    ),
]
Otherwise = Annotated[
    str | None,
    typer.Option(
        "--verified-otherwise",
        metavar="REASON",
        help="Without a code: how you know whose signature it is. The audit keeps it: write "
        "nothing personal.",
    ),
]


# Alone, or in groups of three as /mydata shows it in each language.
_NUMBER = re.compile(r"[0-9]{1,18}|[0-9]{1,3}(?:[\s.,'’][0-9]{3}){1,5}")


def read_number(typed: str) -> int:
    """Reads a number as people write it: 1530, 1.530, 1,530."""
    bare = re.sub(r"\D", "", typed)
    if not _NUMBER.fullmatch(typed.strip()) or int(bare) == 0:
        raise typer.BadParameter("give the number of a signature, then what to do: 12 show")
    return int(bare)


_MOST_REASON = 300
_LONG_NUMBER = re.compile(r"\d(?:[\s.-]?\d){5,}")  # of a telephone or of a passport
_OF_A_NAME = re.compile(r"\w{3,}")  # a shorter word, like "de", is in many sentences

_NAME_REFUSALS: Mapping[NameProblem, str] = {
    NameProblem.NOT_TEXT: "The name is empty.",
    NameProblem.TOO_SHORT: "The name is too short: it needs two letters at least.",
    NameProblem.TOO_LONG: "The name is too long: a hundred characters at most.",
    NameProblem.LINE_BREAK: "A name stands on one line.",
    NameProblem.CONTROL: "The name has characters that cannot be seen; type it, do not paste it.",
    NameProblem.LEADING_SIGN: "A name cannot begin with that sign.",
    NameProblem.LINK: "That looks like a link or an address, not like a name.",
    NameProblem.STACKED_MARKS: "The name has too many accents on one letter.",
    NameProblem.FEW_LETTERS: "A name has two letters at least.",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request whose proof fits: whose signature it is, in a sentence, and what is asked."""

    signer: Signer
    proof: Proof
    whose: str
    question: str
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that an operator can answer; the question and the outcome are sentences.

    `do` returns False if it has no effect any more.
    """

    question: str
    outcome: str
    do: Callable[[PersonRequests, Prepared, datetime], Awaitable[bool]]


def _only_stored(signer: Signer, words: Words) -> str | None:
    """Returns since when the use is restricted or objected to, as a sentence."""
    if signer.restricted_at is not None:
        return f"restricted since {words.plain_moment(signer.restricted_at)}"
    if signer.objected_at is not None:
        return f"objected to since {words.plain_moment(signer.objected_at)}"
    return None


_ONLY_STORED = (
    "stored and counted without its name, it is in no list with its name from now on, and its "
    "owner gets no message but of a breach"
)
SHOW = Request(
    "Show everything that is stored of them?",
    "That is everything.",
    lambda requests, it, at: requests.record_shown(it.signer, it.proof, at),
)
CORRECT = Request(
    "Give the signature the name “{name}”?",
    "The signature has its new name, and the former one is erased.",
    lambda requests, it, at: requests.correct(it.signer, it.name, it.proof, at),
)
ERASE = Request(
    "Erase the signature, with name, chat and consent, for good?",
    "The signature is erased.",
    lambda requests, it, at: requests.erase(it.signer, it.proof, at),
)
RESTRICT = Request(
    f"Restrict its use? (It stays {_ONLY_STORED})",
    f"The use is restricted: the signature is {_ONLY_STORED}.",
    lambda requests, it, at: requests.restrict(it.signer, it.proof, at),
)
OBJECT = Request(
    f"Record the objection? (The signature stays {_ONLY_STORED})",
    f"The objection is recorded: the signature is {_ONLY_STORED}.",
    lambda requests, it, at: requests.object(it.signer, it.proof, at),
)
LIFT = Request(
    "Use the signature like any other again? (Its owner has to be told before)",
    "The signature is used like any other again.",
    lambda requests, it, at: requests.lift(it.signer, it.proof, at),
)


@person.callback()
def of(
    ctx: typer.Context,
    number: Annotated[
        int,
        typer.Argument(
            parser=read_number,
            metavar="NUMBER",
            help="The number of the signature, which its owner reads in /mydata.",
        ),
    ],
) -> None:
    """Answer a letter or an e-mail about one signature, beside the bot that runs.

    The letter has the number of the signature and a code, both from /mydata. The person is told
    in the chat what was done.
    """
    ctx.obj = number


@person.command()
@in_sentences
def show(
    ctx: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write a JSON file that only you can read."
        ),
    ] = None,
    code: Code = None,
    verified_otherwise: Otherwise = None,
    yes: Yes = False,
) -> None:
    """Show everything that is stored of the person (GDPR arts 15 and 20)."""
    _answer(ctx, SHOW, code, verified_otherwise, yes=yes, output=output)


@person.command()
@in_sentences
def correct(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The name. Left out, it is asked for, and stays out of the shell's history.",
            show_default=False,
        ),
    ] = None,
    code: Code = None,
    verified_otherwise: Otherwise = None,
    yes: Yes = False,
) -> None:
    """Give the signature another name (art. 16)."""
    typed = name if name is not None else typer.prompt("The new name")
    _answer(ctx, CORRECT, code, verified_otherwise, yes=yes, name=typed)


def _add_command(name: str, request: Request, purpose: str) -> None:
    @person.command(name, help=purpose)
    @in_sentences
    def answer(
        ctx: typer.Context,
        code: Code = None,
        verified_otherwise: Otherwise = None,
        yes: Yes = False,
    ) -> None:
        _answer(ctx, request, code, verified_otherwise, yes=yes)


for _name, _request, _purpose in (
    (
        "erase",
        ERASE,
        "Erase the signature and all that is stored with it, as /withdraw does (art. 17).",
    ),
    (
        "restrict",
        RESTRICT,
        "Store the signature and count it without its name, and use it for nothing else"
        " (art. 18).",
    ),
    (
        "object",
        OBJECT,
        "The same as restrict, since the person objects to the use of their data (art. 21).",
    ),
    ("lift", LIFT, "End a restriction or an objection; tell the person before (art. 18(3))."),
):
    _add_command(_name, _request, _purpose)


def _answer(
    ctx: typer.Context,
    request: Request,
    code: str | None,
    reason: str | None,
    *,
    yes: bool,
    name: str | None = None,
    output: Path | None = None,
) -> None:
    if code is not None and reason is not None:
        raise CannotDo("Give the code or --verified-otherwise, not both.")
    if output is not None and output.exists():
        raise CannotDo(f"{output} is there already, and is left as it is: name another file.")
    typed = code
    if reason is None and typed is None:
        typed = typer.prompt("The code in the letter")
    number: int = ctx.obj
    prepared = run_with_context(
        lambda context: prepare(context, request, number, typed, reason, name)
    )
    say(prepared.whose)
    otherwise = "Nothing was done, and the code can still be used."
    if agrees(prepared.question, yes=yes, otherwise=otherwise):
        say(run_with_context(lambda context: carry_out(context, request, prepared, output)))


async def prepare(
    context: CliContext,
    request: Request,
    number: int,
    code: str | None,
    reason: str | None,
    name: str | None,
) -> Prepared:
    """Checks the proof, and returns what is to be asked before; a wrong code is counted."""
    new_name = "" if name is None else _checked_name(name)
    signer, proof = await _proved(context, number, code, reason, new_name)
    words = context.words
    state = _only_stored(signer, words)
    if request is RESTRICT and signer.restricted_at is not None:
        since = words.plain_moment(signer.restricted_at)
        raise CannotDo(f"Its use is restricted already, since {since}. Nothing was done.")
    if request is OBJECT and signer.objected_at is not None:
        since = words.plain_moment(signer.objected_at)
        raise CannotDo(f"They object to its use already, since {since}. Nothing was done.")
    if request is LIFT and state is None:
        raise CannotDo("Its use is neither restricted nor objected to. Nothing was done.")
    whose = (
        f"Signature {words.number(signer.number)}: {signer.name or 'a damaged name'}, signed on "
        f"{words.plain_moment(signer.signed_at)}, reads {signer.language}"
        f"{f', {state}' if state else ''}."
    )
    return Prepared(signer, proof, whose, request.question.format(name=new_name), new_name)


async def carry_out(
    context: CliContext, request: Request, prepared: Prepared, output: Path | None
) -> str:
    """Does what was asked for; returns the result as sentences."""
    signer, shown = prepared.signer, ""
    if request is SHOW:
        shown = await _show(context, prepared, output)
    else:
        await _do(context, request, prepared)
    if request is LIFT:
        # They get what they missed, like whoever unmutes the bot.
        await context.storage.signatures.mark_reachable(signer.supporter, context.clock())
    return f"{shown}{request.outcome} {_told(request, signer)}"


async def _do(context: CliContext, request: Request, prepared: Prepared) -> None:
    if not await request.do(context.storage.person_requests, prepared, context.clock()):
        raise CannotDo(
            "Meanwhile the code was used, or the signature was withdrawn: nothing was done."
        )


async def _show(context: CliContext, prepared: Prepared, output: Path | None) -> str:
    """Writes what is stored into a file, or returns it for the terminal."""
    content = await _stored(context, prepared.signer)
    if output is None:
        await _do(context, SHOW, prepared)
        return f"{content}\n"
    # The file is not left behind where the code turns out to be used.
    with output_file(output) as file:
        file.write(f"{content}\n".encode())
        await _do(context, SHOW, prepared)
    return f"It is in {output}, which only you can read. "


def check_reason(reason: str, *names: str | None) -> str:
    """Returns a reason as the audit keeps it; `names` are the person's, and not to be in it."""
    said = " ".join(reason.split())
    if not said:
        raise CannotDo("Say with --verified-otherwise how you know whose signature it is.")
    if len(said) > _MOST_REASON:
        raise CannotDo(f"The reason is too long: {_MOST_REASON} characters at most.")
    in_names = _OF_A_NAME.findall(" ".join(name or "" for name in names).casefold())
    is_named = not {*in_names}.isdisjoint(re.findall(r"\w+", said.casefold()))
    if "@" in said or _LONG_NUMBER.search(said) or is_named:
        raise CannotDo(
            "The audit keeps the reason for good, so it must not say who the person is: no name, "
            "address or number. Something like: passport shown at the office on 3 May."
        )
    return said


def _checked_name(typed: str) -> str:
    try:
        return clean_name(typed)
    except NameRefused as refused:
        raise CannotDo(_NAME_REFUSALS[refused.problem]) from None


async def _proved(
    context: CliContext, number: int, code: str | None, reason: str | None, new_name: str
) -> tuple[Signer, Proof]:
    """Returns whose signature it is, and the proof of it."""
    requests = context.storage.person_requests
    if code is None:
        signer = await requests.find(number)
        if signer is not None:
            # Nobody agreed to this look, and it shows a name before anything is done.
            await context.storage.audit.record("person_look", actor=None, at=context.clock())
        said = check_reason(reason or "", signer.name if signer else None, new_name)
        if signer is None:
            raise CannotDo("No signature has this number; it may have been withdrawn.")
        return signer, verified_otherwise(said)
    found, checked = await requests.check(number, code, context.clock())
    if found is None:
        raise CannotDo(_no_fit(checked, context.words))
    return found, by_code(code)


def _no_fit(checked: CheckedCode, words: Words) -> str:
    since = "" if checked.since is None else words.plain_moment(checked.since)
    ask = "Ask for a new one, which /mydata shows"
    otherwise = "if they no longer have Telegram, --verified-otherwise says how else you know them"
    if checked.state is CodeState.USED:
        return f"This code was used on {since}, and each serves once. {ask}; {otherwise}."
    if checked.state is CodeState.ENDED:
        return f"This code ended on {since}. {ask}; {otherwise}."
    if checked.state is CodeState.VOID:
        return f"This code is void, as wrong ones were typed too often. {ask}; {otherwise}."
    return (
        "The number and the code do not belong together. Compare both with the letter; after five "
        f"wrong codes the right one is void. {ask}; {otherwise}."
    )


async def _stored(context: CliContext, signer: Signer) -> str:
    if signer.chat_id is None:
        raise CannotDo(
            "What is stored of them cannot be found: the number of their chat is damaged. Nothing "
            "was done."
        )
    # Imported here: Telegram's library takes a moment to load, which --help does not need.
    from handlers.my_data import everything_stored

    storage = context.storage
    held = await storage.personal_data.of(signer.chat_id)
    handover = await storage.handovers.known_to(signer.supporter)
    return everything_stored(context.petition.slug, held, handover)


def _told(request: Request, signer: Signer) -> str:
    if signer.chat_id is None:
        return "The bot cannot tell them: the number of their chat is damaged."
    told = "The bot tells them in the chat, within seconds if it runs"
    if request is not ERASE:
        return f"{told}."
    days = NOTICES_KEPT_FOR.days
    return (
        f"{told}; until then, for {days} days at most, it keeps the number of the chat, encrypted."
    )
