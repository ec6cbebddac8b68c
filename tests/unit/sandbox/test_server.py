"""The server keeps other sites out, hands out files safely, and obeys its machinery."""

from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.seed import BEN, GENERAL, STUDIO


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8090", "127.0.0.1.evil.example"])
async def test_foreign_host_is_refused(http: aiohttp.ClientSession, host: str) -> None:
    async with http.get("/human/members", headers={"Host": host}) as response:
        assert response.status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_foreign_origin_is_refused(http: aiohttp.ClientSession, origin: str) -> None:
    async with http.post("/human/say", json={}, headers={"Origin": origin}) as response:
        assert response.status == 403


async def test_own_origin_is_welcome(http: aiohttp.ClientSession, box: Sandbox) -> None:
    async with http.get("/human/members", headers={"Origin": box.url}) as response:
        assert response.status == 200
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]


async def test_page_is_served_at_the_root(http: aiohttp.ClientSession) -> None:
    async with http.get("/") as response:
        assert response.status == 200
        assert response.content_type == "text/html"


async def test_form_of_another_site_cannot_act(http: aiohttp.ClientSession) -> None:
    async with http.post("/human/say", data="x", headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 415


@pytest.mark.parametrize(
    ("name", "kind", "inline"),
    [("a.png", "image/png", True), ("a.html", "text/html", False), ("a.svg", "image/svg+xml", False)],
)
async def test_only_harmless_files_open_in_the_browser(
    http: aiohttp.ClientSession, box: Sandbox, name: str, kind: str, inline: bool
) -> None:
    sent = await box.member("ben").say("x", files=[Upload(filename=name, content=b"<b>", content_type=kind)])
    async with http.get(sent["attachments"][0]["url"]) as response:
        assert ("Content-Disposition" not in response.headers) == inline
        assert response.content_type == (kind if inline else "application/octet-stream")


async def test_part_of_a_file(http: aiohttp.ClientSession, box: Sandbox) -> None:
    sent = await box.member("ben").say("x", files=[Upload(filename="a.ogg", content=b"0123456789")])
    url = sent["attachments"][0]["url"]
    for wanted, status, content in (("bytes=2-4", 206, b"234"), ("bytes=-3", 206, b"789"), ("bytes=20-", 416, b"")):
        async with http.get(url, headers={"Range": wanted}) as response:
            assert (response.status, await response.read()) == (status, content)


@pytest.mark.parametrize("change", [("hm=", "hm=0"), ("ex=", "ex=f"), ("is=", "is=0")])
async def test_changed_address_is_refused(http: aiohttp.ClientSession, box: Sandbox, change: tuple[str, str]) -> None:
    sent = await box.member("ben").say("x", files=[Upload(filename="a.txt", content=b"1")])
    async with http.get(sent["attachments"][0]["url"].replace(*change)) as response:
        assert response.status == 404


async def test_deleted_messages_file_is_gone(http: aiohttp.ClientSession, box: Sandbox) -> None:
    sent = await box.member("ben").say("x", files=[Upload(filename="a.txt", content=b"1")])
    await box.member("ben").do("delete", message_id=sent["id"])
    async with http.get(sent["attachments"][0]["url"]) as response:
        assert response.status == 404


async def machine(http: aiohttp.ClientSession, method: str, path: str, status: int = 200, **body: Any) -> Any:
    async with http.request(method, f"/sandbox/{path}", json=body) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def test_clock_is_moved_over_http(http: aiohttp.ClientSession) -> None:
    before = (await machine(http, "GET", "clock"))["now_ms"]
    after = await machine(http, "POST", "clock", advance_s=960)
    assert 960_000 <= after["now_ms"] - before < 970_000
    await machine(http, "POST", "clock", 400, advance_s=-1)


async def test_every_fault_can_be_armed_and_disarmed_over_http(http: aiohttp.ClientSession, box: Sandbox) -> None:
    for kind in ("rate_limit", "error", "lose_reply", "hold", "lose_interactions", "hold_interactions", "zombie"):
        await machine(http, "POST", "faults", kind=kind, route="GET /gateway", times=2)
    armed = (await machine(http, "GET", "faults"))["faults"]
    assert len(armed) == 7
    for kind in ("release", "expire_tokens", "expire_urls", "drop_gateway", "reconnect", "invalid_session", "replay"):
        await machine(http, "POST", "faults", kind=kind)
    await machine(http, "POST", "faults", 400, kind="meteor")
    assert (await machine(http, "DELETE", "faults"))["faults"] == []


async def test_world_is_changed_over_http(http: aiohttp.ClientSession, box: Sandbox) -> None:
    role = (await machine(http, "POST", "world", do="role", guild_id=STUDIO, name="Heroes", permissions=32))["role"]
    await machine(http, "POST", "world", do="roles", guild_id=STUDIO, user_id=BEN, roles=[role["id"]])
    assert box.member("ben").state()["me"]["sandbox"]["operator"]
    await machine(http, "POST", "world", do="deny", channel_id=GENERAL, permissions=2048)
    await machine(http, "POST", "world", do="close_dms", user_id=BEN)
    await machine(http, "POST", "world", do="upload_limit", guild_id=STUDIO, bytes=5)
    await machine(http, "POST", "world", do="message_content", enabled=False)
    await machine(http, "POST", "world", do="delete_channel", channel_id=GENERAL)
    assert GENERAL not in box.world.channels
    await machine(http, "POST", "world", 400, do="roles", guild_id=STUDIO, user_id=BEN, roles=["1"])
    await machine(http, "POST", "world", 400, do="nothing")


async def test_log_tells_what_the_bot_asked_for(
    http: aiohttp.ClientSession, api: aiohttp.ClientSession, box: Sandbox
) -> None:
    async with api.get("users/@me") as response:
        assert response.headers["Content-Type"] == "application/json"
        assert int(response.headers["X-RateLimit-Remaining"]) > 0
    async with api.get("nothing/here") as response:
        assert response.status == 501
    log = await machine(http, "GET", "log")
    assert [(r["route"], r["status"]) for r in log["requests"]] == [("/users/@me", 200)]
    assert log["unimplemented"] == ["GET /nothing/here"]


async def test_token_is_required_of_the_bot(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v10/users/@me", headers={"Authorization": "Bot wrong"}) as response:
        assert response.status == 401


async def test_rate_limit_answer_is_discords(api: aiohttp.ClientSession, box: Sandbox) -> None:
    box.faults.rate_limit("GET /users/@me", retry_after_s=1.5, everywhere=True)
    async with api.get("users/@me") as response:
        assert response.status == 429
        assert response.headers["Via"]
        assert response.headers["X-RateLimit-Scope"] == "global"
        assert (await response.json()) == {"message": "You are being rate limited.", "retry_after": 1.5, "global": True}


async def test_message_is_posted_twice_without_a_nonce_when_the_reply_is_an_error(
    api: aiohttp.ClientSession, box: Sandbox
) -> None:
    box.faults.error(f"POST /channels/{GENERAL}/messages", status=504, when="after")
    for status in (504, 200):
        async with api.post(f"channels/{GENERAL}/messages", json={"content": "x"}) as response:
            assert response.status == status
    assert len(box.messages) == 2


async def test_replaced_file_can_be_loaded_for_a_minute(http: aiohttp.ClientSession, box: Sandbox) -> None:
    message = box.container.message_writer.create(
        box.world.channel(GENERAL), box.world.bot_id, {}, {0: Upload(filename="a.png", content=b"1")}
    )
    url = box.container.attachments.signed_url(message.attachments[0])
    box.container.message_writer.edit(message, {"attachments": [], "content": "no more"}, {})
    assert message.attachments == []
    async with http.get(url) as response:
        assert response.status == 200
    box.clock.advance(61)
    async with http.get(url) as response:
        assert response.status == 404
