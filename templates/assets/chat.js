// Questions and answers. Sentences arrive one by one, each already checked; what is not checked
// never reaches this page. The conversation lives in this page and nowhere else.

import { api, byId, events, Failure, fill, language, make, readable, words } from "./common.js";
import { chip, closeSources } from "./sources.js";

const form = byId("ask");
const box = byId("question");
const send = byId("send");
const stop = byId("stop");
const status = byId("status");
const conversation = byId("conversation");

const MARKS = {
  supported: "✓",
  partial: "◐",
  contradicted: "✗",
  unsupported: "✗",
  not_checkable: "",
  unverified: "?",
};

let running = null;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = box.value.trim();
  if (!question || running) return;
  box.value = "";
  fitBox();
  ask(question, new FormData(form).get("mode"));
});

box.addEventListener("keydown", (event) => {
  // While a Hangul syllable is being composed, Enter belongs to the input method.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  form.requestSubmit();
});
box.addEventListener("input", fitBox);
stop.addEventListener("click", () => running?.abort());

function fitBox() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 240)}px`;
}

function say(text) {
  status.textContent = text;
}

function setRunning(controller) {
  running = controller;
  stop.hidden = !controller;
  send.hidden = Boolean(controller);
}

/** The parts of one question and its answer. */
function turn(question) {
  byId("welcome")?.remove();
  const isKorean = /[\uac00-\ud7a3]/.test(question);
  const parts = {
    question,
    progress: make("p", { class: "progress", "aria-hidden": "true" }, words.searching),
    sentences: make("div", { class: "sentences", lang: isKorean ? "ko" : "en" }),
    notes: make("div", { class: "notes" }),
    tools: make("div", { class: "tools" }),
    claims: [],
    passages: [],
  };
  parts.element = make(
    "article",
    { class: "turn" },
    make("p", { class: "asked" }, make("span", { class: "hidden" }, words.you_asked + ": "), question),
    make("section", { class: "answer", "aria-label": words.answer }, parts.progress, parts.sentences, parts.notes, parts.tools),
  );
  conversation.append(parts.element);
  parts.element.scrollIntoView({ block: "start", behavior: motion() });
  return parts;
}

function motion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

async function ask(question, mode) {
  const controller = new AbortController();
  setRunning(controller);
  closeSources();
  const parts = turn(question);
  say(words.searching);
  try {
    const response = await api("POST", "/v1/answers", {
      body: JSON.stringify({ question, mode, stream: true }),
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      signal: controller.signal,
    });
    await receive(response, parts);
  } catch (error) {
    if (error.name === "AbortError") end(parts, words.stopped);
    else fail(parts, error instanceof Failure ? error.message : words.unreachable);
  } finally {
    parts.progress.remove();
    setRunning(null);
    if (document.activeElement === document.body) box.focus({ preventScroll: true });
  }
}

async function receive(response, parts) {
  for await (const { name, data } of events(response)) {
    if (name === "retrieval") {
      parts.passages = data.passages;
      const text = fill(words.checking, { count: data.passages.length });
      parts.progress.textContent = text;
      say(text);
    } else if (name === "sentence") {
      addSentence(parts, data);
    } else if (name === "final") {
      finish(parts, data);
      return;
    } else if (name === "error") {
      throw new Failure(data.error.message);
    }
  }
  throw new Failure(parts.claims.length ? words.cut_short : words.unreachable);
}

function addSentence(parts, claim) {
  const follows = nearEnd();
  parts.claims.push(claim);
  parts.sentences.append(sentence(claim));
  if (follows) scrollBy({ top: document.documentElement.scrollHeight, behavior: motion() });
}

function nearEnd() {
  const page = document.documentElement;
  return page.scrollHeight - page.scrollTop - page.clientHeight < 120;
}

function sentence(claim) {
  const verdict = words[claim.verdict] ?? claim.verdict;
  const mark = MARKS[claim.verdict] ?? "?";
  const isPlain = claim.verdict === "supported" || claim.verdict === "not_checkable";
  const chips = claim.citations.map((_, index) => chip(claim, index));
  return make(
    "p",
    { class: `sentence ${claim.verdict}` },
    make("span", { class: "said" }, ...said(claim)),
    " ",
    make("span", { class: "chips" }, ...chips),
    mark ? make("span", { class: "verdict", title: verdict }, make("span", { "aria-hidden": "true" }, mark), make("span", { class: isPlain ? "hidden" : "verdict-words", lang: language }, " " + verdict)) : null,
    !isPlain && claim.reason ? make("span", { class: "reason" }, claim.reason.words) : null,
    claim.rewritten ? make("span", { class: "hint rewritten", lang: language }, words.rewritten) : null,
  );
}

/** The sentence, with the part that fails marked. */
function said(claim) {
  const span = claim.failing;
  if (!span || claim.verdict === "supported") return [readable(claim.text)];
  const [start, end] = [span.start_utf16, span.end_utf16];
  const isWhole = start === 0 && end >= claim.text.trimEnd().length;
  if (isWhole) return [readable(claim.text)];
  return [
    readable(claim.text.slice(0, start)),
    make("mark", { class: "fails" }, readable(claim.text.slice(start, end))),
    readable(claim.text.slice(end)),
  ];
}

/** A year, month or day as ISO 8601 writes it, in words of the interface's language. */
function dated(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  const shown = { year: "numeric", month: month && "long", day: day && "numeric", timeZone: "UTC" };
  const locale = language === "en" ? "en-GB" : language;
  return new Intl.DateTimeFormat(locale, shown).format(new Date(Date.UTC(year, (month || 1) - 1, day || 1)));
}

/** Whether a sentence is a quote, and not what the checker corrected. */
function isQuote(claim) {
  const plain = (text) => text.replace(/\s+/g, "");
  return claim.citations.some((citation) => plain(citation.quote).includes(plain(claim.text)));
}

/** Two documents that give different figures, each with its quote. */
function conflict(found, body) {
  const side = ({ citation, effective }) =>
    make(
      "li",
      {},
      make("a", { href: citation.url }, citation.title),
      effective ? make("span", { class: "hint", lang: language }, ` (${fill(words.in_force, { date: dated(effective) })})`) : null,
      make("blockquote", {}, readable(citation.quote)),
    );
  return make(
    "section",
    { class: "conflict", "aria-label": words.conflict },
    make("p", { lang: body.language }, found.words),
    make("ul", {}, ...found.sides.map(side)),
  );
}

function finish(parts, body) {
  // The last event holds the whole answer: what it says stands, whatever came before.
  const arrived = parts.claims.map((claim) => claim.text).join(" ");
  parts.claims = body.claims;
  parts.sentences.lang = body.language;
  if (arrived !== body.text) parts.sentences.replaceChildren(...body.claims.map(sentence));
  if (body.abstained && body.message) {
    parts.notes.append(make("p", { class: "abstained", lang: body.language }, body.message));
  }
  if (body.findable) {
    const links = body.findable.map((found) => make("li", {}, make("a", { href: `/documents/${found.document}` }, found.title)));
    parts.notes.append(make("p", { class: "findable" }, words.findable), make("ul", { class: "findable" }, ...links));
  }
  for (const found of body.conflicts) parts.notes.append(conflict(found, body));
  if (body.withheld.count > 0) {
    parts.notes.append(make("p", { class: "withheld" }, fill(words.withheld, { count: body.withheld.count })));
    if (body.withheld.reasons.length > 0) {
      const reasons = body.withheld.reasons.map((reason) => make("li", {}, reason));
      parts.notes.append(make("ul", { class: "withheld", lang: body.language }, ...reasons));
    }
  }
  if (body.truncated) parts.notes.append(make("p", { class: "hint truncated" }, words.truncated));
  if (body.generator === "quote" && body.claims.some(isQuote)) parts.notes.append(make("p", { class: "hint" }, words.quoted));
  if (body.ledger.length > 0) parts.notes.append(ledger(body));
  end(parts, words.done, true);
}

function ledger(body) {
  const rows = body.ledger.map((entry) => {
    const outcome = entry.passage
      ? fill(words.ledger_used, { number: entry.passage })
      : (words[`ledger_${entry.left_out}`] ?? entry.left_out);
    return make("li", {}, entry.title, make("span", { class: "hint" }, ` — ${outcome}`));
  });
  return make(
    "details",
    { class: "ledger" },
    make("summary", {}, fill(words.ledger, { count: body.ledger.length })),
    make("ul", {}, ...rows),
    make("p", { class: "hint" }, fill(words.made_by, { generator: body.generator, checker: body.checker })),
  );
}

function end(parts, text, isWhole = false) {
  parts.progress.remove();
  if (!isWhole) parts.notes.append(make("p", { class: "hint" }, text));
  say(text);
  if (parts.claims.length) parts.tools.append(copyButton(parts));
  if (!isWhole) parts.tools.append(againButton(parts));
}

function fail(parts, text) {
  parts.progress.remove();
  parts.notes.append(make("p", { class: "notice bad", role: "alert" }, text));
  if (parts.claims.length) parts.tools.append(copyButton(parts));
  parts.tools.append(againButton(parts));
}

function againButton(parts) {
  const again = () => {
    box.value = parts.question;
    fitBox();
    box.focus();
  };
  return make("button", { type: "button", class: "quiet", onclick: again }, words.ask_again);
}

function copyButton(parts) {
  const copy = async (event) => {
    const button = event.currentTarget;
    try {
      await navigator.clipboard.writeText(asText(parts));
      button.textContent = words.copied;
    } catch {
      button.textContent = words.copy_failed;
    }
    say(button.textContent);
    setTimeout(() => (button.textContent = words.copy), 2000);
  };
  return make("button", { type: "button", class: "quiet", onclick: copy }, words.copy);
}

/** The answer with its numbers, and under it what they stand for. */
function asText(parts) {
  const quotes = new Map();
  const lines = parts.claims.map((claim) => {
    const numbers = claim.citations.map((citation) => {
      const key = `[${citation.number}] ${citation.title}: “${readable(citation.quote)}”`;
      quotes.set(key, key);
      return `[${citation.number}]`;
    });
    const isPlain = claim.verdict === "supported" || claim.verdict === "not_checkable";
    const mark = isPlain ? "" : ` (${words[claim.verdict]})`;
    return readable(claim.text) + (numbers.length ? " " + numbers.join("") : "") + mark;
  });
  return [lines.join("\n"), [...quotes.keys()].join("\n")].filter(Boolean).join("\n\n");
}
