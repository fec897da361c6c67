// What every page needs. Data from the server only ever becomes text: elements are built here,
// never parsed from strings.

export const words = JSON.parse(document.body.dataset.words);
export const language = document.documentElement.lang;

/** An element with attributes and children; strings become text, nothing is parsed. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Words with their `{name}`s filled in. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function byId(id) {
  return document.getElementById(id);
}

/** The page, slide, cells or paragraph of a citation in words, or nothing where none is known. */
export function pageWords(citation) {
  if (citation.paragraph) {
    return citation.last_paragraph !== citation.paragraph
      ? fill(words.paragraphs, { first: citation.paragraph, last: citation.last_paragraph })
      : fill(words.paragraph, { first: citation.paragraph });
  }
  if (!citation.page) return "";
  const { kind = "page", name, cells } = citation.location ?? {};
  if (kind === "sheet") {
    const sheet = fill(words.sheet, { name: name ?? citation.page });
    return cells ? `${sheet}, ${cells}` : sheet;
  }
  if (kind === "slide") return fill(words.slide, { page: citation.page });
  const page = citation.last_page && citation.last_page !== citation.page
    ? fill(words.pages, { page: citation.page, last: citation.last_page })
    : fill(words.page, { page: citation.page });
  return citation.location?.recognized ? `${page} (${words.recognized})` : page;
}

/** Cells of a table row stand between tabs; people see a bar. */
export function readable(text) {
  return text.replace(/\t+/g, " | ");
}

/** Where a link may lead: this server, nowhere else. */
export function localLink(url) {
  return typeof url === "string" && /^\/(?![/\\])/.test(url) ? url : "/";
}

/** A failure with a sentence for people. */
export class Failure extends Error {}

/** Asks the API; a failure carries the server's sentence. */
export async function api(method, path, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      ...options,
      headers: { "accept-language": language, ...options.headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(words.unreachable);
  }
  if (response.status === 401) {
    location.assign("/sign-in?next=" + encodeURIComponent(location.pathname));
  }
  if (!response.ok) throw new Failure(await failureWords(response));
  return response;
}

async function failureWords(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return words.unreachable;
  }
}

/** Reads server-sent events off a response: yields `{name, data}`. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += value;
      let end;
      while ((end = buffer.indexOf("\n\n")) >= 0) {
        const event = parseEvent(buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function parseEvent(block) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}

// Changing the language keeps the rest of the address, such as the quote that is shown.
const other = byId("other-language");
if (other) {
  other.addEventListener("click", () => {
    const url = new URL(location.href);
    url.searchParams.set("lang", other.hreflang);
    other.href = url.pathname + url.search + url.hash;
  });
}
