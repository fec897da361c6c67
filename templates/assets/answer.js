// An answer as elements: sentences with their marks, what was withheld, how it was made.

import { fill, language, make, readable, words } from "./common.js";
import { chip } from "./sources.js";

const MARKS = {
  supported: "✓",
  partial: "◐",
  contradicted: "✗",
  unsupported: "✗",
  not_checkable: "",
  unverified: "?",
};

/** Whether the mark of a sentence says enough without words. */
function isPlain(claim) {
  return claim.verdict === "supported" || claim.verdict === "not_checkable";
}

/** A sentence, which is number `index` of its answer. */
export function sentence(claim, index) {
  const verdict = words[claim.verdict] ?? claim.verdict;
  const mark = MARKS[claim.verdict] ?? "?";
  const plain = isPlain(claim);
  const chips = claim.citations.map((_, at) => chip(claim, at));
  return make(
    "p",
    { class: `sentence ${claim.verdict}`, "data-sentence": String(index) },
    make("span", { class: "said" }, ...said(claim)),
    " ",
    make("span", { class: "chips" }, ...chips),
    mark ? make("span", { class: "verdict", title: verdict }, make("span", { "aria-hidden": "true" }, mark), make("span", { class: plain ? "hidden" : "verdict-words", lang: language }, " " + verdict)) : null,
    !plain && claim.reason ? make("span", { class: "reason" }, claim.reason.words) : null,
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

/** What was withheld: how much at once, and why when it is asked for. */
function withheld(body) {
  const reasons = body.withheld.reasons.map((reason) => make("li", {}, reason));
  return make(
    "details",
    { class: "withheld" },
    make("summary", {}, `${fill(words.withheld, { count: body.withheld.count })} ${words.withheld_why}`),
    make("ul", { lang: body.language }, ...reasons),
    make("p", { class: "hint" }, words.withheld_not_facts),
  );
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

/** What stands below the sentences of a whole answer. A kept one may lack some fields. */
export function notes(body) {
  const notes = [];
  if (body.abstained && body.message) notes.push(make("p", { class: "abstained", lang: body.language }, body.message));
  if (body.findable?.length > 0) {
    const links = body.findable.map((found) => make("li", {}, make("a", { href: `/documents/${encodeURIComponent(found.document)}` }, found.title)));
    notes.push(make("p", { class: "findable" }, words.findable), make("ul", { class: "findable" }, ...links));
  }
  for (const found of body.conflicts ?? []) notes.push(conflict(found, body));
  if (body.withheld?.count > 0) notes.push(withheld(body));
  if (body.truncated) notes.push(make("p", { class: "hint truncated" }, words.truncated));
  if (body.generator === "quote" && body.claims.some(isQuote)) notes.push(make("p", { class: "hint" }, words.quoted));
  if (body.ledger?.length > 0) notes.push(ledger(body));
  return notes;
}

/** The answer with its numbers, and under it what they stand for. */
export function asText(claims) {
  const quotes = new Map();
  const lines = claims.map((claim) => {
    const numbers = claim.citations.map((citation) => {
      const key = `[${citation.number}] ${citation.title}: “${readable(citation.quote)}”`;
      quotes.set(key, key);
      return `[${citation.number}]`;
    });
    const mark = isPlain(claim) ? "" : ` (${words[claim.verdict]})`;
    return readable(claim.text) + (numbers.length ? " " + [...new Set(numbers)].join("") : "") + mark;
  });
  return [lines.join("\n"), [...quotes.keys()].join("\n")].filter(Boolean).join("\n\n");
}
