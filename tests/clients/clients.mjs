// Asks a served handbook by the unmodified JavaScript client of OpenAI, streaming and not, in Korean
// and English: texts, quotes, abstention and errors.
//
//     VERACITE_TEST_KEY=... node clients.mjs http://127.0.0.1:8420
import assert from "node:assert/strict";
import OpenAI from "openai";
import { VERSION } from "openai/version";

const QUESTIONS = {
  "입사 1년 미만 직원의 연차는 며칠인가요?": "최대 11일이다",
  "How much is the daily meal allowance on overseas trips?": "USD 70",
};
const UNANSWERED = {
  "회사 주차장 요금은 얼마인가요?": "찾지 못했습니다",
  "How tall is the office building?": "No answer was found",
};

const [address] = process.argv.slice(2);
const key = process.env.VERACITE_TEST_KEY;
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: key, maxRetries: 0 });
const user = (content) => [{ role: "user", content }];
const asking = (fields) => client.chat.completions.create({ model: "veracite", ...fields });

// What the client read of the whole answer is what was sealed, and its quotes stand.
async function mustBeValid(grounding) {
  const response = await fetch(`${address}/v1/verify`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(grounding),
  });
  const report = await response.json();
  assert.equal(report.verdict, "valid", JSON.stringify(report));
}

function lookAt(content, annotations, grounding, words) {
  assert.ok(content.includes(words), content);
  assert.equal(grounding.abstained, false);
  assert.ok(annotations.length > 0);
  const characters = [...content]; // indices count code points
  for (const { type, url_citation: at } of annotations) {
    assert.equal(type, "url_citation");
    const citation = grounding.claims[at.claim].citations[at.citation];
    assert.equal(characters.slice(at.start_index, at.end_index).join(""), `[${citation.number}]`);
    assert.equal(at.quote, citation.quote);
    assert.ok(at.url.endsWith(citation.url));
    assert.ok(grounding.text.includes(at.quote));
  }
}

const models = (await client.models.list()).data.map((model) => model.id);
assert.deepEqual(models.slice(0, 2), ["veracite", "veracite-marked"]);

for (const [question, words] of Object.entries(QUESTIONS)) {
  const whole = await asking({ messages: user(question) });
  const { message, finish_reason: reason } = whole.choices[0];
  assert.equal(reason, "stop");
  lookAt(message.content, message.annotations, whole.grounding, words);
  await mustBeValid(whole.grounding);

  let [content, annotations, grounding, ended] = ["", [], null, null];
  for await (const chunk of await asking({ messages: user(question), stream: true })) {
    for (const choice of chunk.choices) {
      content += choice.delta.content ?? "";
      annotations.push(...(choice.delta.annotations ?? []));
      ended = choice.finish_reason ?? ended;
    }
    grounding = chunk.grounding ?? grounding;
  }
  assert.equal(content, message.content);
  assert.equal(ended, "stop");
  lookAt(content, annotations, grounding, words);
  await mustBeValid(grounding);

  const runner = client.chat.completions.stream({ model: "veracite", messages: user(question) });
  assert.equal(await runner.finalContent(), message.content);
}

for (const [question, words] of Object.entries(UNANSWERED)) {
  const whole = await asking({ messages: user(question) });
  assert.ok(whole.choices[0].message.content.includes(words));
  assert.ok(whole.grounding.abstained);
}

await assert.rejects(asking({ model: "gpt-4o", messages: user("?") }), (error) => {
  assert.ok(error instanceof OpenAI.NotFoundError);
  return error.code === "model_not_found" && error.param === "model";
});
await assert.rejects(asking({ n: 2, messages: user("?") }), OpenAI.BadRequestError);
const stranger = new OpenAI({ baseURL: `${address}/v1`, apiKey: "no-such-key-000000000", maxRetries: 0 });
await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
console.log(`openai ${VERSION} for JavaScript passed`);
