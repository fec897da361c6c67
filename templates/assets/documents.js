// Documents: adding many at once, and where each of them stands, live.

import { api, byId, Failure, fill, language, make, words } from "./common.js";

const page = byId("content");
const mayUpload = page.dataset.mayUpload === "true";
const maxFile = Number(page.dataset.maxFile);
const rows = byId("list").tBodies[0];
const filter = byId("filter");
const documents = new Map();
const shown = new Map();
const time = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

// Live states.

const live = new EventSource("/v1/documents/events");
live.addEventListener("documents", ({ data }) => {
  byId("live").hidden = true;
  documents.clear();
  for (const body of JSON.parse(data).documents) documents.set(body.id, body);
  draw();
});
live.addEventListener("changes", ({ data }) => {
  const { changed, gone } = JSON.parse(data);
  for (const body of changed) documents.set(body.id, body);
  for (const id of gone) documents.delete(id);
  draw();
});
live.addEventListener("error", () => {
  // The server's own error event, or a lost connection, which the browser takes up again.
  byId("live").textContent = words.live_lost;
  byId("live").hidden = false;
});
filter.addEventListener("input", draw);

function draw() {
  const sought = filter.value.trim().toLocaleLowerCase();
  const all = [...documents.values()].sort((one, other) => other.created_at.localeCompare(one.created_at) || one.title.localeCompare(other.title));
  const matching = all.filter((body) => !sought || `${body.title}\n${body.file_name}`.toLocaleLowerCase().includes(sought));
  const wanted = matching.map((body) => {
    const known = shown.get(body.id);
    const text = JSON.stringify(body);
    if (known?.text === text) return known.row;
    const row = drawRow(body);
    shown.set(body.id, { text, row });
    return row;
  });
  for (const id of [...shown.keys()]) if (!documents.has(id)) shown.delete(id);
  replaceRows(wanted);
  const none = byId("none");
  none.hidden = matching.length > 0;
  none.textContent = all.length ? words.none_match : words.none_yet;
  byId("list").hidden = matching.length === 0;
  const working = all.filter((body) => !body.is_final).length;
  byId("summary").textContent = [fill(words.count, { count: all.length }), working ? fill(words.working, { count: working }) : ""].filter(Boolean).join(" · ");
}

// Rows that stay are not moved, so that the focus stays where it is.
function replaceRows(wanted) {
  const focused = document.activeElement?.dataset?.key;
  let at = rows.firstElementChild;
  for (const row of wanted) {
    if (row === at) at = at.nextElementSibling;
    else rows.insertBefore(row, at);
  }
  while (at) {
    const next = at.nextElementSibling;
    at.remove();
    at = next;
  }
  if (focused && document.activeElement === document.body) {
    rows.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }
}

function drawRow(body) {
  const parent = body.parent && documents.get(body.parent);
  const hint = [
    body.title === body.file_name ? "" : body.file_name,
    parent ? fill(words.inside, { name: parent.file_name }) : "",
    body.collection ?? "",
    ...body.tags.map((tag) => `#${tag}`),
    ...validity(body),
    ...duplicates(body),
  ];
  const name = hint.some(Boolean) ? make("span", { class: "hint" }, hint.filter(Boolean).join(" · ")) : null;
  return make(
    "tr",
    { "data-id": body.id, "data-state": body.state },
    make("td", { class: "name" }, make("a", { href: `/documents/${encodeURIComponent(body.id)}` }, body.title), name),
    make("td", { class: "state" }, ...state(body)),
    make("td", { class: "size" }, size(body.size_bytes)),
    make("td", { class: "changed" }, time.format(new Date(body.updated_at))),
    make("td", { class: "actions" }, ...actions(body)),
  );
}

/** Since when and until when it is in force, as far as that is known. */
function validity(body) {
  const { effective_from: from, effective_until: until, superseded_by: other } = body;
  const told = [];
  if (from && until) told.push(fill(words.in_force_between, { from, until }));
  else if (from) told.push(fill(words.in_force_from, { from }));
  else if (until) told.push(fill(words.in_force_until, { until }));
  const successor = other && documents.get(other);
  if (successor) told.push(fill(words.superseded, { title: successor.title }));
  if (body.retired_on) told.push(fill(words.retired, { day: body.retired_on }));
  if (body.old_versions) told.push(fill(words.old_versions, { count: body.old_versions }));
  return told;
}

/** Other documents with the very same content. */
function duplicates(body) {
  return body.duplicates
    .map((id) => documents.get(id))
    .filter(Boolean)
    .slice(0, 3)
    .map((other) => fill(words.duplicate_of, { name: other.file_name }));
}

/** How long it takes until it is done, in words. */
function left(seconds) {
  if (seconds < 60) return fill(words.seconds_left, { count: Math.max(1, seconds) });
  return fill(words.minutes_left, { count: Math.ceil(seconds / 60) });
}

function state(body) {
  const label = fill(words[body.state] ?? body.state, { count: body.problems.length });
  const parts = [make("span", { class: `badge ${body.state}` }, label)];
  const [done, total] = body.state === "embedding" ? [body.chunks_embedded, body.chunks] : [body.pages_done, body.pages_total];
  if (!body.is_final && total) {
    parts.push(
      make("span", { class: "bar-box" }, make("progress", { max: total, value: Math.min(done, total), "aria-label": label }), make("span", { class: "hint" }, fill(words.progress, { done, total }))),
    );
  }
  if (!body.is_final && body.seconds_left !== null) parts.push(make("span", { class: "hint" }, left(body.seconds_left)));
  if (body.error) parts.push(make("p", { class: "why" }, body.error));
  if (body.problems.length) {
    const items = body.problems.map((problem) => make("li", {}, [problem.page ? fill(words.page, { page: problem.page }) : "", problem.message].filter(Boolean).join(": ")));
    parts.push(make("details", {}, make("summary", {}, `${words.problems} (${body.problems.length})`), make("ul", {}, ...items)));
  }
  return parts;
}

function actions(body) {
  const buttons = [];
  const button = (what, act, kind = "quiet") =>
    make("button", { type: "button", class: kind, "data-key": `${what}:${body.id}`, "data-action": what, "aria-label": `${words[what]}: ${body.title}`, onclick: act }, words[what]);
  if (!mayUpload || body.state === "deleting") return buttons;
  const post = (what) => () => attempt(() => api("POST", `/v1/documents/${encodeURIComponent(body.id)}/${what}`));
  if (!body.is_final) buttons.push(button("cancel", post("cancel")));
  if (body.state === "failed" || body.state === "cancelled") buttons.push(button("retry", post("retry")));
  buttons.push(button("delete", () => remove(body), "quiet bad"));
  return buttons;
}

async function attempt(act) {
  try {
    await act();
    return true;
  } catch (error) {
    note(error instanceof Failure ? error.message : words.unreachable);
    return false;
  }
}

function note(text) {
  byId("summary").textContent = text;
}

// Deleting asks first.

const sure = byId("sure");
function remove(body) {
  byId("sure-text").textContent = fill(words.delete_text, { title: body.title });
  sure.returnValue = "keep";
  sure.onclose = async () => {
    if (sure.returnValue !== "delete") return;
    if (await attempt(() => api("DELETE", `/v1/documents/${encodeURIComponent(body.id)}`))) {
      documents.delete(body.id);
      draw();
      note(fill(words.deleted, { title: body.title }));
    }
  };
  sure.showModal();
}

function size(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString(language, { maximumFractionDigits: unit && value < 10 ? 1 : 0 })} ${units[unit]}`;
}

// Adding files: each is a request of its own, so that each has its own progress and problem.

const AT_ONCE = 2;
const waiting = [];
let sending = 0;

if (mayUpload) {
  const drop = byId("drop");
  const input = byId("files");
  byId("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    add(await dropped(event.dataTransfer));
  });
}

/** The files of a drop, those in folders too. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const files = [];
  const walk = async (entry) => {
    if (entry.isFile) {
      files.push(await new Promise((found, failed) => entry.file(found, failed)));
    } else if (entry.isDirectory) {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((found, failed) => reader.readEntries(found, failed));
        if (!some.length) break;
        for (const inner of some) await walk(inner);
      }
    }
  };
  for (const entry of entries) await walk(entry);
  return files.filter((file) => !file.name.startsWith("."));
}

function add(files) {
  for (const file of files) {
    const line = make("span", { class: "hint" }, words.upload_waiting);
    const bar = make("progress", { max: 1, value: 0, "aria-label": file.name });
    const item = make("li", {}, make("span", { class: "upload-name" }, file.name), bar, line);
    byId("uploads").append(item);
    waiting.push({ file, line, bar, item });
  }
  pump();
}

function pump() {
  while (sending < AT_ONCE && waiting.length) {
    sending += 1;
    upload(waiting.shift()).finally(() => {
      sending -= 1;
      pump();
    });
  }
}

async function upload(one) {
  if (one.file.size > maxFile) {
    // The server would say so too, after all of it was sent.
    return refuse(one, `${words.upload_failed} (${size(one.file.size)})`);
  }
  const form = new FormData();
  const readers = byId("readers").value.trim();
  if (readers) form.append("readers", readers);
  form.append("file", one.file, one.file.name);
  const { status, body } = await transmit(form, (share) => {
    one.bar.value = share;
    one.line.textContent = fill(words.uploading, { percent: Math.floor(share * 100) });
  });
  const file = body?.files?.[0];
  if (status === 401) {
    location.assign("/sign-in?next=/documents");
  } else if (file?.id) {
    if (file.unchanged) finishLine(one, words.unchanged);
    else one.item.remove();
  } else {
    refuse(one, file?.error?.message ?? body?.error?.message ?? words.unreachable);
  }
}

function transmit(form, progressed) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/documents");
    request.setRequestHeader("accept-language", language);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable && event.total) progressed(event.loaded / event.total);
    });
    request.addEventListener("load", () => resolve({ status: request.status, body: request.response }));
    request.addEventListener("error", () => resolve({ status: 0, body: null }));
    request.send(form);
  });
}

function refuse(one, text) {
  one.item.classList.add("refused");
  finishLine(one, text);
}

function finishLine(one, text) {
  one.bar.remove();
  one.line.textContent = text;
  one.item.append(make("button", { type: "button", class: "quiet", "aria-label": `${words.dismiss}: ${one.file.name}`, onclick: () => one.item.remove() }, words.dismiss));
}
