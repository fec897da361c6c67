// Questions and answers. Sentences arrive one by one, each already checked; what is not checked
// never reaches this page. The server keeps the conversation.
//
// Hooks for other scripts: an answer's element has `data-answer`, `data-conversation` and
// `data-turn`, each sentence `data-sentence`; the event `veracite:answer` comes from the element
// once the answer is complete, with `detail.answer`.

import { asText, notes, sentence } from "./answer.js";
import { api, byId, events, Failure, fill, make, words } from "./common.js";
import { showConversations, watchConversations } from "./conversations.js";
import { closeSources } from "./sources.js";

const form = byId("ask");
const box = byId("question");
const send = byId("send");
const stop = byId("stop");
const status = byId("status");
const offline = byId("offline");
const conversation = byId("conversation");
const filters = byId("filters");

let current = conversation.dataset.conversation;
let running = null;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = box.value.trim();
  if (!question || running) return;
  box.value = "";
  fitBox();
  ask(question);
});

box.addEventListener("keydown", (event) => {
  // While a Hangul syllable is being composed, Enter belongs to the input method.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  form.requestSubmit();
});
box.addEventListener("input", fitBox);
stop.addEventListener("click", () => running?.abort());
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  const menu = document.querySelector(".menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (!closeSources()) {
    running?.abort();
  }
});
filters.addEventListener("input", showFilters);
addEventListener("online", () => (offline.hidden = true));

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

/** What the question is narrowed to; nothing if it is not. */
function filter() {
  const data = new FormData(form);
  const collections = String(data.get("collections")).split(",").map((name) => name.trim()).filter(Boolean);
  const chosen = collections.length ? { collections } : {};
  for (const name of ["dated_from", "dated_until", "in_force"]) {
    if (data.get(name)) chosen[name] = data.get(name);
  }
  return Object.keys(chosen).length ? chosen : undefined;
}

function showFilters() {
  const isNarrowed = Boolean(filter());
  const summary = filters.querySelector("summary");
  summary.textContent = isNarrowed ? words.narrowed : words.narrow;
  summary.classList.toggle("on", isNarrowed);
}

let asked = 0;

/** The parts of one question and its answer, put in place of `before` or at the end. */
function turn(question, before) {
  byId("welcome")?.remove();
  const isKorean = /[\uac00-\ud7a3]/.test(question);
  const title = `asked-here-${++asked}`;
  const parts = {
    question,
    searched: make("p", { class: "searched hint", hidden: true }),
    progress: make("p", { class: "progress", "aria-hidden": "true" }, words.searching),
    sentences: make("div", { class: "sentences", lang: isKorean ? "ko" : "en" }),
    notes: make("div", { class: "notes" }),
    tools: make("div", { class: "tools" }),
    next: make("div", { class: "suggestions", role: "group", "aria-label": words.suggestions, hidden: true }),
    claims: [],
  };
  parts.answer = make(
    "section",
    { class: "answer", "aria-labelledby": title },
    parts.progress,
    parts.sentences,
    parts.notes,
    parts.tools,
    parts.next,
  );
  parts.element = make(
    "article",
    { class: "turn" },
    make("p", { class: "asked", id: title }, make("span", { class: "hidden" }, words.you_asked + ": "), question),
    parts.searched,
    parts.answer,
  );
  if (before) before.after(parts.element);
  else conversation.append(parts.element);
  return parts;
}

function named(parts, id) {
  parts.turn = id;
  parts.element.id = `turn-${id}`;
  parts.answer.dataset.conversation = current;
  parts.answer.dataset.turn = id;
  parts.answer.dataset.answer ??= id;
}

/** Shows how a follow-up was understood, and lets that be changed. */
function showSearched(parts, searched) {
  parts.searchedFor = searched;
  if (!searched) return;
  const askAgain = (searchFor) => ask(parts.question, { searchFor, replaces: parts });
  const edit = () => {
    const input = make("input", { type: "text", value: searched, maxlength: "4000", "aria-label": words.edit_search });
    const submit = (event) => {
      event.preventDefault();
      if (input.value.trim()) askAgain(input.value.trim());
    };
    parts.searched.replaceChildren(
      make("form", { class: "find", onsubmit: submit }, input, make("button", { class: "button", type: "submit" }, words.send)),
    );
    input.focus();
  };
  parts.searched.replaceChildren(
    fill(words.searched_for, { question: searched }),
    " ",
    make("button", { type: "button", class: "quiet", onclick: edit }, words.edit_search),
    make("button", { type: "button", class: "quiet", onclick: () => askAgain(parts.question) }, words.as_typed),
  );
  parts.searched.hidden = false;
}

function motion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

/** Shows the title of a conversation that has just begun, and what can be done with it. */
function showMenu(question) {
  const menu = byId("conversation-menu");
  if (!menu.hidden) return;
  const title = byId("conversation-title");
  title.textContent = question;
  title.classList.remove("hidden");
  const at = encodeURIComponent(current);
  byId("rename").action = `/conversations/${at}/rename`;
  byId("delete").action = `/conversations/${at}/delete`;
  byId("new-title").value = question;
  byId("delete-text").textContent = fill(words.delete_conversation_text, { title: question });
  for (const link of menu.querySelectorAll("a[download]")) {
    const format = new URL(link.href).searchParams.get("format");
    link.href = `/v1/conversations/${at}/export?format=${format}`;
  }
  menu.hidden = false;
}

/** The conversation that questions go to; made with the first one. */
async function conversationId(signal) {
  if (!current) {
    const response = await api("POST", "/v1/conversations", {
      body: "{}",
      headers: { "content-type": "application/json" },
      signal,
    });
    current = (await response.json()).id;
    conversation.dataset.conversation = current;
    form.elements.conversation.value = current;
    history.replaceState(null, "", `/conversations/${encodeURIComponent(current)}`);
  }
  return current;
}

async function ask(question, { searchFor, replaces } = {}) {
  if (running) return;
  const controller = new AbortController();
  setRunning(controller);
  closeSources();
  const parts = turn(question, replaces?.element);
  parts.replaces = replaces;
  if (replaces) replaces.element.hidden = true;
  parts.filter = replaces ? replaces.filter : filter();
  parts.element.scrollIntoView({ block: "start", behavior: motion() });
  say(words.searching);
  try {
    const request = {
      question,
      conversation: await conversationId(controller.signal),
      mode: new FormData(form).get("mode"),
      filter: parts.filter,
      search_for: searchFor,
      replaces: replaces?.turn,
      stream: true,
    };
    const response = await api("POST", "/v1/answers", {
      body: JSON.stringify(request),
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      signal: controller.signal,
    });
    await receive(response, parts);
  } catch (error) {
    if (error.name === "AbortError") halt(parts, words.stopped);
    else fail(parts, error instanceof Failure ? error.message : words.unreachable);
  } finally {
    parts.progress.remove();
    if (running === controller) setRunning(null);
    if (document.activeElement === document.body) box.focus({ preventScroll: true });
  }
}

async function receive(response, parts) {
  let isWhole = false;
  for await (const { name, data } of events(response)) {
    if (name === "turn") {
      named(parts, data.turn);
      showSearched(parts, data.searched_for);
    } else if (name === "retrieval") {
      const text = fill(words.checking, { count: data.passages.length });
      parts.progress.textContent = text;
    } else if (name === "sentence") {
      addSentence(parts, data);
    } else if (name === "final") {
      isWhole = true;
      finish(parts, data);
      // What may be asked next still comes; the next question need not wait for it.
      setRunning(null);
      showMenu(parts.question);
      showConversations(current);
    } else if (name === "suggestions") {
      suggest(parts, data.suggestions);
    } else if (name === "error") {
      throw new Failure(data.error.message);
    }
  }
  if (!isWhole) throw new Failure(parts.claims.length ? words.cut_short : words.unreachable);
}

function addSentence(parts, claim) {
  const follows = nearEnd();
  parts.sentences.append(sentence(claim, parts.claims.length));
  parts.claims.push(claim);
  if (follows) scrollBy({ top: document.documentElement.scrollHeight, behavior: motion() });
}

function nearEnd() {
  const page = document.documentElement;
  return page.scrollHeight - page.scrollTop - page.clientHeight < 120;
}

/** The last event holds the whole answer: what it says stands, whatever came before. */
function finish(parts, body) {
  const arrived = parts.claims.map((claim) => claim.text).join(" ");
  parts.progress.remove();
  parts.replaces?.element.remove();
  showAnswer(parts, body, arrived === body.text);
  // Read out once, when all of it is there.
  say(fill(words.answer_is_whole, { text: body.abstained ? (body.message ?? "") : body.text }));
}

/** Shows an answer as it is now, and tells other scripts. */
function showAnswer(parts, body, isShown) {
  parts.claims = body.claims;
  parts.sentences.lang = body.language;
  if (!isShown) parts.sentences.replaceChildren(...body.claims.map(sentence));
  parts.notes.append(...notes(body));
  tools(parts);
  const hash = body.proof?.answer_sha256;
  if (hash) parts.answer.dataset.answer = hash;
  const detail = { answer: body, conversation: current, turn: parts.turn };
  parts.answer.dispatchEvent(new CustomEvent("veracite:answer", { bubbles: true, detail }));
}

/** An answer that was stopped: what was released stays, unless it was to replace another. */
function halt(parts, text) {
  if (parts.replaces) {
    restore(parts);
    return;
  }
  parts.notes.append(make("p", { class: "hint" }, text));
  say(text);
  tools(parts);
}

function fail(parts, text) {
  if (parts.replaces) {
    restore(parts, text);
    return;
  }
  offline.hidden = text !== words.unreachable;
  parts.notes.append(make("p", { class: "notice bad", role: "alert" }, text));
  // A question that the server never saw is not lost.
  if (!parts.turn && !box.value) {
    box.value = parts.question;
    fitBox();
  }
  tools(parts);
}

function restore(parts, text) {
  const { element, notes: before } = parts.replaces;
  parts.element.remove();
  element.hidden = false;
  const told = [text, words.kept_before].filter(Boolean).join(" ");
  before.append(make("p", { class: "hint" }, told));
  say(told);
}

function tools(parts) {
  parts.tools.replaceChildren();
  if (parts.claims.length) parts.tools.append(copyButton(parts));
  const again = () => {
    if (parts.turn) ask(parts.question, { searchFor: parts.searchedFor ?? undefined, replaces: parts });
    else {
      parts.element.remove();
      ask(parts.question);
    }
  };
  parts.tools.append(make("button", { type: "button", class: "quiet", onclick: again }, parts.turn ? words.answer_again : words.ask_again));
}

function suggest(parts, suggestions) {
  // Only after the newest answer.
  for (const old of conversation.querySelectorAll(".suggestions")) {
    if (old !== parts.next) old.hidden = true;
  }
  const asks = (question) => () => ask(question, { searchFor: question });
  const buttons = suggestions.map((question) => make("button", { type: "button", class: "button", onclick: asks(question) }, question));
  parts.next.replaceChildren(make("p", { class: "hint" }, words.suggestions), ...buttons);
  parts.next.hidden = suggestions.length === 0;
}

function copyButton(parts) {
  const copy = async (event) => {
    const button = event.currentTarget;
    try {
      await navigator.clipboard.writeText(asText(parts.claims));
      button.textContent = words.copied;
    } catch {
      button.textContent = words.copy_failed;
    }
    say(button.textContent);
    setTimeout(() => (button.textContent = words.copy_cited), 2000);
  };
  return make("button", { type: "button", class: "quiet", onclick: copy }, words.copy_cited);
}

/** Shows the turns of the open conversation with all that scripts add to them. */
async function reopen() {
  if (!current) return;
  let body;
  try {
    body = await (await api("GET", `/v1/conversations/${encodeURIComponent(current)}`)).json();
  } catch {
    return; // What the server wrote into the page stays.
  }
  if (running) return;
  const place = location.hash;
  conversation.replaceChildren();
  for (const kept of body.turns) {
    const parts = turn(kept.question);
    parts.progress.remove();
    parts.filter = Object.keys(kept.filter).length ? kept.filter : undefined;
    named(parts, kept.id);
    showSearched(parts, kept.searched_for);
    if (kept.answer) showAnswer(parts, kept.answer, false);
    else tools(parts);
    const told = { stopped: words.stopped, failed: words.turn_failed, running: words.turn_running }[kept.state];
    for (const text of [kept.hidden.words, told].filter(Boolean)) {
      parts.notes.append(make("p", { class: "hint" }, text));
    }
    if (kept === body.turns.at(-1)) suggest(parts, kept.suggestions);
  }
  const shown = place.startsWith("#turn-") ? byId(place.slice(1)) : null;
  if (shown) shown.scrollIntoView({ block: "start" });
  else if (!place) conversation.lastElementChild?.scrollIntoView({ block: "start" });
}

watchConversations(() => current);
showFilters();
reopen();
