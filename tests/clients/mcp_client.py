"""Searches, asks, checks and reads in a served handbook by the unmodified MCP client, over HTTP and over
standard input and output, in Korean and English. The client looks whether results are what the
tools' schemas say.

    VERACITE_TEST_KEY=... VERACITE_TEST_FORBIDDEN=ID python tests/clients/mcp_client.py \\
        http://127.0.0.1:8420 VERACITE CONFIG DATA

CONFIG and DATA are those of another installation with the same documents, which nobody serves. ID is that
of a document which the client may not read.
"""

import asyncio
import os
import sys
from importlib.metadata import version

from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

QUESTIONS = {
    "입사 1년 미만 직원의 연차는 며칠인가요?": "최대 11일이다",
    "How much is the daily meal allowance on overseas trips?": "USD 70",
}
UNANSWERED = {
    "회사 주차장 요금은 얼마인가요?": "찾지 못했습니다",
    "How tall is the office building?": "No answer was found",
}


async def main():
    address, veracite, config, data = sys.argv[1:]
    key = os.environ["VERACITE_TEST_KEY"]
    http = create_mcp_http_client(headers={"authorization": f"Bearer {key}"})
    async with http, Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client:
        await use(client)
    arguments = ["--config", config, "--data", data, "mcp"]
    for more in [[], ["--key", key]]:
        server = StdioServerParameters(command=veracite, args=arguments + more)
        async with Client(server) as client:
            await use(client)
    await strangers(address, veracite, arguments)
    print(f"mcp {version('mcp')} passed")


async def use(client):
    assert client.server_info.name == "veracite", client.server_info
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert sorted(tools) == ["ask", "check", "search"], tools
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    for question, words in QUESTIONS.items():
        found = await call(client, "search", query=question)
        passage = next(one for one in found["passages"] if words in one["quote"])
        assert passage["document"] and passage["version"] and passage["span"]["end"] > 0
        answer = await call(client, "ask", question=question)
        assert words in answer["text"] and not answer["abstained"]
        for claim in answer["claims"]:
            assert claim["verdict"] in ("supported", "not_checkable") and claim["citations"]
        said = (await client.call_tool("ask", {"question": question})).content[0].text
        assert words in said and "[1]" in said, said
        claim = answer["claims"][0]["text"]
        by_documents = await call(client, "check", text=claim)
        assert by_documents["verdicts"] == {"supported": 1}, by_documents
        assert by_documents["claims"][0]["citations"][0]["document"]
        passages = [{"title": passage["title"], "text": passage["quote"]}]
        by_passages = await call(client, "check", text=claim, passages=passages)
        assert by_passages["claims"][0]["verdict"] == "supported", by_passages
    for question, words in UNANSWERED.items():
        answer = await call(client, "ask", question=question)
        assert answer["abstained"] and words in answer["message"], answer
    wrong = await call(client, "check", text="입사 1년 미만 직원의 연차휴가는 최대 20일이다.")
    assert "supported" not in wrong["verdicts"], wrong
    for name, arguments in [
        ("ask", {"question": ""}),
        ("ask", {"question": "가" * 5_000}),
        ("search", {"query": "?", "limits": 3}),
        ("check", {"text": "a", "passages": []}),
    ]:
        result = await client.call_tool(name, arguments)
        assert result.is_error and result.content[0].text, (name, result)
    try:
        await client.call_tool("delete", {})
    except MCPError as error:
        assert error.code == -32602, error
    else:
        raise AssertionError("there is no tool of this name")
    await read(client)


async def read(client):
    """What is listed is read; what is not there, or is cut wrongly, is an error."""
    resources, cursor = [], None
    while True:
        listed = await client.list_resources(cursor=cursor)
        resources += listed.resources
        cursor = listed.next_cursor
        if cursor is None:
            break
    assert len(resources) == 3, resources
    templates = (await client.list_resource_templates()).resource_templates
    assert any(one.uri_template.endswith("/pages/{page}{?version}") for one in templates), templates
    for words in QUESTIONS.values():
        texts = [(await client.read_resource(one.uri)).contents[0].text for one in resources]
        assert any(words in " ".join(text.split()) for text in texts), words
    resource = next(one for one in resources if one.name.endswith(".pdf"))
    assert resource.mime_type == "text/plain" and resource.annotations.last_modified, resource
    uri = str(resource.uri)
    whole = (await client.read_resource(uri)).contents[0].text
    first = (await client.read_resource(f"{uri}/pages/1")).contents[0].text
    assert first and first in whole, first
    forbidden = os.environ["VERACITE_TEST_FORBIDDEN"]
    documents = "veracite://documents/"
    for wrong in [documents + "0" * 32, documents + forbidden, f"{uri}/pages/999", f"{uri}?version={'0' * 64}"]:
        await missing(client, wrong)


async def missing(client, uri):
    try:
        await client.read_resource(uri)
    except MCPError as error:
        # -32602 since the version of 2026-07-28.
        assert error.code in (-32002, -32602) and "no such resource" in str(error), error
    else:
        raise AssertionError(f"{uri} is read")


async def call(client, name, **arguments):
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result
    return result.structured_content


async def strangers(address, veracite, arguments):
    """Who shows a wrong key, or none where one is needed, is let in nowhere."""
    for headers in [{}, {"authorization": "Bearer no-such-key-000000000"}]:
        http = create_mcp_http_client(headers=headers)
        await refused(http, streamable_http_client(f"{address}/mcp", http_client=http))
    server = [veracite, *arguments, "--key", "no-such-key-000000000"]
    process = await asyncio.create_subprocess_exec(
        *server, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    assert process.returncode == 1 and b"there is no such key" in told, told


async def refused(http, transport):
    try:
        async with http, Client(transport) as client:
            await client.list_tools()
    # The client wraps what went wrong in groups, which differ between versions.
    except BaseException as error:  # noqa: BLE001
        assert not isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)), error
        return
    raise AssertionError("a stranger was let in")


if __name__ == "__main__":
    asyncio.run(main())
