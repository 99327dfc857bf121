import aiohttp

from simulator import Simulator
from tests.support.api_client import TOKEN, ApiClient


async def test_parameters_come_in_each_encoding(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    params = {"chat_id": str(ana.id), "text": "uno", "protect_content": "true"}
    url = f"{api.url}/sendMESSAGE"  # Telegram ignores the case
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
    async with api.session.post(
        f"{api.url}/sendMessage", data={"chat_id": "1", "text": "a", "reply_markup": "{"}
    ) as response:
        body = await response.json()
    assert body["description"] == "Bad Request: can't parse reply_markup JSON object"


async def test_calls_are_remembered_with_what_came_of_them_up_to_a_number(
    sim: Simulator, api: ApiClient
) -> None:
    await api.result("getMe")
    await api.refusal("sendMessage", chat_id=5, text="a")
    assert [(call.method, call.status, call.chat_id) for call in sim.calls] == [
        ("getMe", 200, None),
        ("sendMessage", 400, 5),
    ]
    assert [call.error for call in sim.refused] == ["Bad Request: chat not found"]
    async with Simulator(token=TOKEN, keep_calls=10) as sim, ApiClient(sim.url) as api:
        for _ in range(30):
            await api.result("getMe")
        assert 10 <= len(sim.calls) <= 11
