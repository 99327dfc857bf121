import aiohttp

from simulator import Simulator
from tests.support.api_client import TOKEN, ApiClient
from tests.support.pictures import tiny_png


async def test_a_wrong_token_is_401_and_a_malformed_one_404(sim: Simulator) -> None:
    async with ApiClient(sim.url, TOKEN[:-1] + "2") as stranger:
        assert await stranger.answer("getMe") == {
            "ok": False,
            "error_code": 401,
            "description": "Unauthorized",
        }
    async with ApiClient(sim.url, "nonsense") as stranger:
        assert await stranger.refusal("getMe") == (404, "Not Found")


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


async def test_an_unknown_method_is_404(api: ApiClient) -> None:
    assert await api.refusal("sendMesage") == (404, "Not Found: method not found")


async def test_the_case_of_a_method_does_not_matter(api: ApiClient) -> None:
    assert (await api.answer("GETME"))["result"]["username"] == "test_bot"


async def test_parameters_come_by_query_form_multipart_or_json(
    sim: Simulator, api: ApiClient
) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    params = {"chat_id": str(ana.id), "text": "uno", "protect_content": "true"}
    url = f"{api.url}/sendMessage"
    form = aiohttp.FormData(params)
    form.add_field("reply_markup", '{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}')
    multipart = aiohttp.MultipartWriter("form-data")
    for name, value in params.items():
        multipart.append(value).set_content_disposition("form-data", name=name)
    async with api.session.get(url, params=params) as response:
        assert response.status == 200
    for body in (form, multipart):
        async with api.session.post(url, data=body) as response:
            assert response.status == 200
    await api.result("sendMessage", chat_id=ana.id, text="uno", protect_content=True)

    assert [(m.text, m.protected) for m in ana.messages[1:]] == [("uno", True)] * 4
    assert ana.messages[2].labels == ["a"]


async def test_an_unknown_parameter_is_named(api: ApiClient) -> None:
    refusal = await api.refusal("getUpdates", ofset=1)

    assert refusal == (400, 'Bad Request: unknown parameter "ofset" in getUpdates')


async def test_a_wrong_kind_of_value_is_refused(api: ApiClient) -> None:
    for params, reason in (
        ({"message_id": "x", "chat_id": 1}, 'parameter "message_id" must be an Integer'),
        ({"chat_id": 1}, "message identifier is not specified"),
        ({"message_id": 1}, "chat_id is empty"),
        ({"message_id": 1, "chat_id": "@ana"}, 'parameter "chat_id" must be an Integer'),
    ):
        assert await api.bad("deleteMessage", **params) == f"{reason}"


async def test_json_inside_a_parameter_must_be_json(api: ApiClient) -> None:
    async with api.session.post(
        f"{api.url}/sendMessage", data={"chat_id": "1", "text": "a", "reply_markup": "{"}
    ) as response:
        body = await response.json()

    assert body["description"] == "Bad Request: can't parse reply_markup JSON object"


async def test_a_file_comes_attached_under_any_name(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    form = aiohttp.FormData({"chat_id": str(ana.id), "photo": "attach://f1"})
    form.add_field("f1", tiny_png(), filename="a.png")
    async with api.session.post(f"{api.url}/sendPhoto", data=form) as response:
        sent = (await response.json())["result"]

    assert [(size["width"], size["height"]) for size in sent["photo"]] == [(64, 48)]


async def test_calls_are_remembered_with_what_came_of_them(sim: Simulator, api: ApiClient) -> None:
    await api.result("getMe")
    await api.refusal("sendMessage", chat_id=5, text="a")

    assert [(call.method, call.status, call.chat_id) for call in sim.calls] == [
        ("getMe", 200, None),
        ("sendMessage", 400, 5),
    ]
    assert [call.error for call in sim.refused] == ["Bad Request: chat not found"]


async def test_the_memory_of_calls_is_bounded() -> None:
    async with Simulator(token=TOKEN, keep_calls=10) as sim, ApiClient(sim.url) as api:
        for _ in range(30):
            await api.result("getMe")

        assert 10 <= len(sim.calls) <= 11
