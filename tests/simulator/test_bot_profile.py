from simulator import Simulator
from tests.support.api_client import ApiClient


def command(name: str = "start", description: str = "Empezar") -> dict[str, str]:
    return {"command": name, "description": description}


async def test_commands_telegram_would_not_take(api: ApiClient) -> None:
    for commands, reason in (
        ([command("Start")], "BOT_COMMAND_INVALID"),
        ([command("a" * 33)], "BOT_COMMAND_INVALID"),
        ([command("mis-datos")], "BOT_COMMAND_INVALID"),
        ([command(description=" ")], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([command(description="a" * 257)], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([command(f"c{number}") for number in range(101)], "BOT_COMMANDS_TOO_MUCH"),
        (
            [{"command": "start"}],
            "can't parse BotCommand: command and description are required",
        ),
    ):
        assert await api.bad("setMyCommands", commands=commands) == f"{reason}"


async def test_commands_for_a_chat_need_the_chat(api: ApiClient) -> None:
    for scope, reason in (
        ({"type": "chat", "chat_id": 5}, "chat not found"),
        ({"type": "chat"}, "can't parse BotCommandScope: chat_id must be an Integer"),
        ({"type": "everybody"}, "can't parse BotCommandScope: Unsupported type specified"),
    ):
        assert await api.bad("setMyCommands", commands=[command()], scope=scope) == f"{reason}"


async def test_a_language_has_two_letters(api: ApiClient) -> None:
    for language in (
        "es-ES",
        "ESP",
        "e",
    ):
        assert (
            await api.bad("setMyDescription", description="a", language_code=language)
            == "invalid language code specified"
        )


async def test_texts_of_the_profile_have_their_lengths(api: ApiClient) -> None:
    for method, name, longest in (
        ("setMyDescription", "description", 512),
        ("setMyShortDescription", "short_description", 120),
    ):
        await api.result(method, **{name: "a" * longest})
        _, reason = await api.refusal(method, **{name: "a" * (longest + 1)})

        assert reason == f"Bad Request: {name.replace('_', ' ')} is too long"


async def test_an_empty_list_of_commands_takes_them_away(sim: Simulator, api: ApiClient) -> None:
    await api.result("setMyCommands", commands=[command()])
    await api.result("setMyCommands", commands=[])

    assert sim.world.profile.commands == {}
