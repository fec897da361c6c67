// Documents: adding many at once, and where each of those on this page stands, live. Lists, filters
// and pages are links and forms, and need no script.

import { api, byId, Failure, fill, language, make, words } from "./common.js";

const page = byId("content");
const office = JSON.parse(page.dataset.office);
const mayUpload = page.dataset.mayUpload === "true";
const maxFile = Number(page.dataset.maxFile);
const rows = byId("list").tBodies[0];
const WATCHED = 500;
const known = new Map();
const added = new Set();
const removed = new Set();
const time = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const total = Number(page.dataset.total);

// Live states.

let live = null;
let reopening = 0;

function shownIds() {
  return [...rows.rows].map((row) => row.dataset.id);
}

function watch() {
  live?.close();
  const ids = shownIds().slice(0, WATCHED).join(",");
  live = new EventSource(`/v1/documents/events?ids=${ids}`);
  live.addEventListener("documents", ({ data }) => {
    byId("live").hidden = true;
    for (const body of JSON.parse(data).documents) draw(body);
  });
  live.addEventListener("changes", ({ data }) => {
    const { changed, gone, counts } = JSON.parse(data);
    for (const body of changed) draw(body);
    for (const id of gone) take(id);
    count(counts);
  });
  live.addEventListener("error", () => {
    // The server's own error event, or a lost connection, which the browser takes up again; a refused one,
    // as where too many are open, it does not.
    byId("live").textContent = words.live_lost;
    byId("live").hidden = false;
    if (live.readyState === EventSource.CLOSED) {
      clearTimeout(reopening);
      reopening = setTimeout(watch, 10_000);
    }
  });
}

/** Watches rows that came just now too, all of a moment together. */
function watchAgain() {
  clearTimeout(reopening);
  reopening = setTimeout(watch, 300);
}

function count(counts) {
  const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
  // What is on the page is left in its place: nothing jumps under a pointer.
  byId("stale").hidden = all === total + added.size - removed.size;
  byId("summary").textContent = fill(words.count, { count: all.toLocaleString(language) });
}

function rowOf(id) {
  return rows.querySelector(`tr[data-id="${CSS.escape(id)}"]`);
}

function take(id) {
  rowOf(id)?.remove();
  known.delete(id);
  if (!added.delete(id)) removed.add(id);
  showSelected();
}

function draw(body) {
  const text = JSON.stringify(body);
  if (known.get(body.id) === text) return;
  known.set(body.id, text);
  const old = rowOf(body.id);
  const row = drawRow(body, old?.querySelector('input[name="id"]')?.checked);
  if (!old) {
    rows.prepend(row);
    return;
  }
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset?.key : null;
  const isOpen = old.querySelector("details")?.open;
  old.replaceWith(row);
  if (isOpen) row.querySelector("details")?.setAttribute("open", "");
  if (focused) row.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function drawRow(body, isPicked) {
  const hint = [
    body.title === body.file_name ? "" : body.file_name,
    body.collection ?? "",
    ...body.tags.map((tag) => `#${tag}`),
    ...validity(body),
    body.duplicates.length ? `${office.same_content} (${body.duplicates.length})` : "",
  ].filter(Boolean);
  const picker = mayUpload
    ? make("td", { class: "pick" }, make("input", { type: "checkbox", name: "id", value: body.id, form: "selected", checked: isPicked, "data-key": `pick:${body.id}`, "aria-label": fill(office.select, { title: body.title }) }))
    : null;
  return make(
    "tr",
    { "data-id": body.id, "data-state": body.state },
    picker,
    make("td", { class: "name" }, make("a", { href: `/documents/${encodeURIComponent(body.id)}`, "data-key": `open:${body.id}` }, body.title), hint.length ? make("span", { class: "hint" }, hint.join(" · ")) : null),
    make("td", { class: "state" }, ...state(body)),
    make("td", { class: "size" }, size(body.size_bytes)),
    make("td", { class: "changed" }, time.format(new Date(body.updated_at))),
    make("td", { class: "actions" }, ...actions(body)),
  );
}

/** Since when and until when it is in force, as far as that is known. */
function validity(body) {
  const { effective_from: from, effective_until: until } = body;
  const told = [];
  if (from && until) told.push(fill(words.in_force_between, { from, until }));
  else if (from) told.push(fill(words.in_force_from, { from }));
  else if (until) told.push(fill(words.in_force_until, { until }));
  if (body.retired_on) told.push(fill(words.retired, { day: body.retired_on }));
  if (body.old_versions) told.push(fill(words.old_versions, { count: body.old_versions }));
  return told;
}

/** How long it takes until it is done, in words. */
function left(seconds) {
  if (seconds < 60) return fill(words.seconds_left, { count: Math.max(1, seconds) });
  return fill(words.minutes_left, { count: Math.ceil(seconds / 60) });
}

function state(body) {
  const label = fill(words[body.state] ?? body.state, { count: body.problems.length });
  const parts = [make("span", { class: `badge ${body.state}` }, label)];
  const [done, all] = body.state === "embedding" ? [body.chunks_embedded, body.chunks] : [body.pages_done, body.pages_total];
  if (!body.is_final && all) {
    parts.push(
      make("span", { class: "bar-box" }, make("progress", { max: all, value: Math.min(done, all), "aria-label": label }), make("span", { class: "hint" }, fill(words.progress, { done, total: all }))),
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
  const key = (what) => `${what}:${body.id}`;
  const about = make("a", { class: "quiet", href: `/documents/${encodeURIComponent(body.id)}/about`, "data-key": key("about"), "aria-label": fill(office.about_title, { title: body.title }) }, office.about);
  const mayChange = mayUpload && (body.level ?? "download") === "download";
  if (!mayChange || body.state === "deleting") return [about];
  const button = (what, act, kind = "quiet") =>
    make("button", { type: "button", class: kind, "data-key": key(what), "data-action": what, "aria-label": `${words[what]}: ${body.title}`, onclick: act }, words[what]);
  const post = (what) => () => attempt(() => api("POST", `/v1/documents/${encodeURIComponent(body.id)}/${what}`));
  const buttons = [about];
  if (!body.is_final) buttons.push(button("cancel", post("cancel")));
  if (["failed", "cancelled", "ready_with_warnings"].includes(body.state)) buttons.push(button("retry", post("retry")));
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

function ask(text, act) {
  byId("sure-text").textContent = text;
  sure.returnValue = "keep";
  sure.onclose = () => {
    if (sure.returnValue === "delete") act();
  };
  sure.showModal();
}

function remove(body) {
  ask(fill(words.delete_text, { title: body.title }), async () => {
    if (await attempt(() => api("DELETE", `/v1/documents/${encodeURIComponent(body.id)}`))) {
      take(body.id);
      note(fill(words.deleted, { title: body.title }));
    }
  });
}

// Many at once: the form does it; here its boxes are counted, and deleting asks first.

const many = byId("selected");

function picked() {
  return [...rows.querySelectorAll('input[name="id"]:checked')];
}

function showSelected() {
  if (!many) return;
  const count = picked().length;
  many.hidden = count === 0;
  byId("selected-count").textContent = fill(office.selected_count, { count });
}

if (many) {
  const what = byId("what");
  const show = () => {
    const isDeletion = what.value === "delete";
    byId("value").hidden = isDeletion || what.value === "retry";
    byId("sure-many-box").hidden = true;
  };
  what.addEventListener("change", show);
  show();
  const all = byId("all");
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of rows.querySelectorAll('input[name="id"]')) box.checked = all.checked;
    showSelected();
  });
  rows.addEventListener("change", showSelected);
  showSelected();
  many.addEventListener("submit", (event) => {
    const box = byId("sure-many");
    if (what.value !== "delete" || box.checked) return;
    event.preventDefault();
    ask(fill(office.delete_many_text, { count: picked().length }), () => {
      box.checked = true;
      many.submit();
    });
  });
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
  const folder = byId("folder");
  byId("drop-text").hidden = false;
  byId("plain-text").hidden = true;
  drop.addEventListener("submit", (event) => event.preventDefault());
  byId("choose").addEventListener("click", () => input.click());
  byId("choose-folder").addEventListener("click", () => folder.click());
  for (const chooser of [input, folder]) {
    chooser.addEventListener("change", () => {
      add([...chooser.files].filter((file) => !file.name.startsWith(".")));
      chooser.value = "";
    });
  }
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
  for (const name of ["readers", "collection", "tags", "effective_from", "effective_until"]) {
    const value = byId(name.replace("_", "-")).value.trim();
    if (value) form.append(name, value);
  }
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
    else await arrived(one, file.id);
  } else {
    refuse(one, file?.error?.message ?? body?.error?.message ?? words.unreachable);
  }
}

/** Shows a document that came just now at the top, whatever the list is narrowed to. */
async function arrived(one, id) {
  try {
    const response = await api("GET", `/v1/documents/${encodeURIComponent(id)}`);
    if (!rowOf(id)) added.add(id);
    draw(await response.json());
    const none = byId("none");
    if (none) none.hidden = true;
    one.item.remove();
    watchAgain();
  } catch (error) {
    refuse(one, error instanceof Failure ? error.message : words.unreachable);
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

watch();
