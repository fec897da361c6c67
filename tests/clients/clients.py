"""Asks a served handbook by the unmodified clients of OpenAI and Anthropic, streaming and not, in
Korean and English: texts, quotes, abstention and errors.

    VERACITE_TEST_KEY=... python tests/clients/clients.py http://127.0.0.1:8420
"""

import json
import os
import sys
import urllib.request

import anthropic
import openai

QUESTIONS = {
    "입사 1년 미만 직원의 연차는 며칠인가요?": "최대 11일이다",
    "How much is the daily meal allowance on overseas trips?": "USD 70",
    "How many quarter days may I take a month?": "up to four quarter days a month",
}
UNANSWERED = {
    "회사 주차장 요금은 얼마인가요?": "찾지 못했습니다",
    "How tall is the office building?": "No answer was found",
}


def main():
    address, key = sys.argv[1], os.environ["VERACITE_TEST_KEY"]
    with_openai(openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0), address, key)
    with_anthropic(anthropic.Anthropic(base_url=address, api_key=key, max_retries=0), address, key)
    print(f"openai {openai.__version__} and anthropic {anthropic.__version__} passed")


def post(address, headers, body):
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"content-type": "application/json", **headers}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as response:
        return json.load(response)


def must_be_valid(address, key, grounding):
    """What the client read of the whole answer is what was sealed, and its quotes stand."""
    report = post(f"{address}/v1/verify", {"authorization": f"Bearer {key}"}, grounding)
    assert report["verdict"] == "valid", report


def refused(error, call):
    try:
        call()
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


# OpenAI.


def user(question):
    return [{"role": "user", "content": question}]


def look_at_completion(content, annotations, grounding, words):
    assert words in content, content
    assert not grounding["abstained"]
    rest = content
    for claim in grounding["claims"]:
        assert rest.lstrip().startswith(claim["text"]), rest
        rest = rest.lstrip()[len(claim["text"]) :]
        for citation in claim["citations"]:
            rest = rest.replace(f"[{citation['number']}]", "", 1)
    assert not rest.strip(), f"sentences and numbers, nothing else: {rest}"
    assert annotations
    for annotation in annotations:
        assert annotation["type"] == "url_citation"
        at = annotation["url_citation"]
        citation = grounding["claims"][at["claim"]]["citations"][at["citation"]]
        assert content[at["start_index"] : at["end_index"]] == f"[{citation['number']}]"
        assert at["quote"] == citation["quote"] and at["title"] == citation["title"]
        assert at["url"].endswith(citation["url"])
        # In quote mode a sentence is its quote.
        assert at["quote"] in grounding["text"]


def with_openai(client, address, key):
    models = [model.id for model in client.models.list()]
    assert models[:2] == ["veracite", "veracite-marked"], models
    assert client.models.retrieve("veracite").owned_by == "veracite"

    for question, words in QUESTIONS.items():
        whole = client.chat.completions.create(model="veracite", messages=user(question))
        message = whole.choices[0].message
        assert whole.choices[0].finish_reason == "stop"
        assert message.role == "assistant" and message.refusal is None
        assert whole.usage.total_tokens == 0
        annotations = [annotation.model_dump() for annotation in message.annotations]
        look_at_completion(message.content, annotations, whole.grounding, words)
        must_be_valid(address, key, whole.grounding)

        content, annotations, grounding, usage, ended = "", [], None, None, None
        for chunk in client.chat.completions.create(
            model="veracite",
            messages=user(question),
            stream=True,
            stream_options={"include_usage": True},
            temperature=0.2,
            max_tokens=100,
        ):
            if chunk.usage:
                usage = chunk.usage
            for choice in chunk.choices:
                content += choice.delta.content or ""
                annotations += getattr(choice.delta, "annotations", None) or []
                ended = choice.finish_reason or ended
            grounding = getattr(chunk, "grounding", None) or grounding
        assert content == message.content
        assert ended == "stop" and usage.total_tokens == 0
        look_at_completion(content, annotations, grounding, words)
        must_be_valid(address, key, grounding)

        with client.chat.completions.stream(model="veracite", messages=user(question)) as stream:
            for _ in stream:
                pass
            assert stream.get_final_completion().choices[0].message.content == message.content

    for question, words in UNANSWERED.items():
        whole = client.chat.completions.create(model="veracite", messages=user(question))
        message = whole.choices[0].message
        assert words in message.content and message.annotations == [], message
        assert whole.grounding["abstained"] and message.content == whole.grounding["message"]
        chunks = list(
            client.chat.completions.create(model="veracite", messages=user(question), stream=True)
        )
        content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert content == message.content
        assert chunks[-1].grounding["abstained"]

    question = next(iter(QUESTIONS))
    narrowed = client.chat.completions.create(
        model="veracite",
        messages=user(question),
        extra_body={"filter": {"title": "Overseas"}, "language": "en"},
    )
    assert narrowed.grounding["abstained"] and "No answer" in narrowed.choices[0].message.content

    def asking(**fields):
        fields = {"model": "veracite", "messages": user(question), **fields}
        return lambda: client.chat.completions.create(**fields)

    error = refused(openai.NotFoundError, asking(model="gpt-4o"))
    assert (error.code, error.param) == ("model_not_found", "model")
    tool = {"type": "function", "function": {"name": "x", "parameters": {}}}
    error = refused(openai.BadRequestError, asking(tools=[tool]))
    assert (error.type, error.param) == ("invalid_request_error", "tools")
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    error = refused(openai.BadRequestError, asking(messages=[{"role": "user", "content": [image]}]))
    assert error.param == "messages[0].content[0].type"
    refused(openai.BadRequestError, asking(n=2))
    refused(openai.BadRequestError, asking(messages=user("")))
    error = refused(openai.UnprocessableEntityError, asking(messages=user("가" * 5_000)))
    assert error.code == "question_too_long"
    stranger = openai.OpenAI(base_url=f"{address}/v1", api_key="no-such-key-000000000", max_retries=0)
    refused(openai.AuthenticationError, stranger.models.list)


# Anthropic.


def look_at_blocks(blocks, grounding, words):
    text = "".join(block.text for block in blocks)
    assert text == grounding["text"] and words in text, text
    assert len(blocks) == len(grounding["claims"])
    documents = []
    for block, claim in zip(blocks, grounding["claims"]):
        assert len(block.citations or []) == len(claim["citations"])
        for cited, citation in zip(block.citations or [], claim["citations"]):
            assert cited.cited_text == citation["quote"]
            assert cited.cited_text in block.text, "in quote mode a sentence is its quote"
            assert cited.document_title == citation["title"]
            assert cited.file_id == citation["document"]
            if cited.file_id not in documents:
                documents.append(cited.file_id)
            assert documents[cited.document_index] == cited.file_id
            span = citation["span"]
            assert (cited.start_char_index, cited.end_char_index) == (span["start"], span["end"])
            assert span["end"] - span["start"] == len(cited.cited_text)
            if citation["file_name"].endswith(".pdf"):
                assert isinstance(cited, anthropic.types.CitationPageLocation), cited
                assert cited.start_page_number == citation["page"]
                assert cited.end_page_number == citation["last_page"] + 1
            else:
                assert isinstance(cited, anthropic.types.CitationCharLocation), cited
    assert documents


def with_anthropic(client, address, key):
    models = [model.id for model in client.models.list()]
    assert models[:2] == ["veracite", "veracite-marked"], models
    assert client.models.retrieve("veracite").display_name == "Veracite"

    for question, words in QUESTIONS.items():
        whole = client.messages.create(model="veracite", max_tokens=100, messages=user(question))
        assert whole.stop_reason == "end_turn" and whole.role == "assistant"
        assert whole.usage.output_tokens == 0
        look_at_blocks(whole.content, whole.grounding, words)
        must_be_valid(address, key, whole.grounding)

        events = list(
            client.messages.create(
                model="veracite",
                max_tokens=100,
                messages=user(question),
                system="Be brief.",
                stream=True,
            )
        )
        names = [event.type for event in events if event.type != "ping"]
        assert names[0] == "message_start", names
        assert names[1] == "content_block_start" and names[2] == "content_block_delta", names
        assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"], names
        grounding = events[-2].grounding
        must_be_valid(address, key, grounding)

        with client.messages.stream(model="veracite", max_tokens=100, messages=user(question)) as stream:
            text = "".join(stream.text_stream)
            message = stream.get_final_message()
        assert text == whole.grounding["text"]
        assert message.stop_reason == "end_turn"
        look_at_blocks(message.content, grounding, words)

    for question, words in UNANSWERED.items():
        whole = client.messages.create(model="veracite", max_tokens=100, messages=user(question))
        assert [block.text for block in whole.content] == [whole.grounding["message"]]
        assert words in whole.content[0].text and not whole.content[0].citations
        assert whole.grounding["abstained"]
        with client.messages.stream(model="veracite", max_tokens=100, messages=user(question)) as stream:
            assert "".join(stream.text_stream) == whole.content[0].text

    question = next(iter(QUESTIONS))
    narrowed = client.messages.create(
        model="veracite",
        max_tokens=100,
        messages=user(question),
        extra_body={"filter": {"title": "Overseas"}},
    )
    assert narrowed.grounding["abstained"]

    def asking(**fields):
        fields = {"model": "veracite", "max_tokens": 100, "messages": user(question), **fields}
        return lambda: client.messages.create(**fields)

    error = refused(anthropic.NotFoundError, asking(model="claude-x"))
    assert (error.type, error.error_code) == ("not_found_error", "model_not_found")
    tool = {"name": "x", "input_schema": {"type": "object"}}
    error = refused(anthropic.BadRequestError, asking(tools=[tool]))
    assert error.type == "invalid_request_error"
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
    refused(anthropic.BadRequestError, asking(messages=[{"role": "user", "content": [document]}]))
    refused(anthropic.BadRequestError, asking(messages=user("")))
    refused(anthropic.UnprocessableEntityError, asking(messages=user("가" * 5_000)))
    stranger = anthropic.Anthropic(base_url=address, api_key="no-such-key-000000000", max_retries=0)
    error = refused(anthropic.AuthenticationError, lambda: stranger.messages.create(
        model="veracite", max_tokens=1, messages=user(question)
    ))
    assert error.type == "authentication_error"
    # Older clients show their key in this header.
    plain = post(
        f"{address}/v1/messages",
        {"x-api-key": key, "anthropic-version": "2023-06-01"},
        {"model": "veracite", "max_tokens": 100, "messages": user(question)},
    )
    assert plain["content"][0]["citations"]


if __name__ == "__main__":
    main()
