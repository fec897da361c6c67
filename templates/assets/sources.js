// The sources of a sentence: a panel beside the answers, a sheet over them on narrow screens.

import { api, byId, fill, localLink, make, pageWords, readable, words } from "./common.js";

const panel = byId("sources");
const body = byId("sources-body");
const title = byId("sources-title");
const shade = byId("shade");
const talk = byId("content");
const narrow = matchMedia("(max-width: 899px)");

let opener = null;

/** Shows the quotes of `claim`, the one numbered by `chosen` first in view. */
export function showSources(claim, chosen, chip) {
  if (opener) opener.setAttribute("aria-expanded", "false");
  opener = chip;
  chip.setAttribute("aria-expanded", "true");
  const cards = claim.citations.map((citation, index) => card(citation, index === chosen));
  body.replaceChildren(
    make("p", { class: "claim-copy" }, make("span", { class: "hint" }, words.rests_on), readable(claim.text)),
    ...cards,
  );
  panel.classList.add("open");
  shade.hidden = !narrow.matches;
  talk.inert = narrow.matches;
  if (narrow.matches) {
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-modal", "true");
  }
  panel.scrollTop = 0;
  const first = cards[chosen];
  if (first && chosen > 0) first.scrollIntoView({ block: "nearest" });
  title.focus({ preventScroll: true });
  if (first) showPage(claim.citations[chosen], first);
}

/** Puts the page as it is printed into a card, with the quote marked, where there is such a page. */
async function showPage(citation, into) {
  let found;
  try {
    const response = await api("GET", localLink(citation.url), { headers: { accept: "text/html" } });
    // The server's own page, of which only the drawing is taken; nothing in it is run.
    found = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return; // The quote is there, and so is the link.
  }
  if (!into.isConnected) return;
  const pages = [...found.querySelectorAll("figure.page-picture")].slice(0, 2);
  for (const page of pages) into.append(document.importNode(page, true));
}

/** Closes the panel; the sentence that opened it has the focus again. False if it was closed. */
export function closeSources() {
  if (!panel.classList.contains("open")) return false;
  panel.classList.remove("open");
  panel.setAttribute("role", "complementary");
  panel.removeAttribute("aria-modal");
  shade.hidden = true;
  talk.inert = false;
  body.replaceChildren(make("p", { class: "hint" }, words.sources_hint));
  if (opener) {
    opener.setAttribute("aria-expanded", "false");
    opener.focus({ preventScroll: true });
    opener = null;
  }
  return true;
}

function card(citation, isChosen) {
  const place = [...citation.heading_path, pageWords(citation)].filter(Boolean).join(" › ");
  return make(
    "article",
    { class: isChosen ? "card chosen" : "card" },
    make("h3", {}, make("span", { class: "chip still", "aria-hidden": "true" }, String(citation.number)), citation.title),
    make("p", { class: "hint" }, citation.file_name),
    place ? make("p", { class: "path" }, place) : null,
    make(
      "blockquote",
      {},
      readable(citation.before),
      make("mark", {}, readable(citation.quote)),
      readable(citation.after),
    ),
    make(
      "p",
      { class: "card-links" },
      make("a", { href: localLink(citation.url), target: "_blank", rel: "noopener" }, words.open_source),
      make("a", { href: `/v1/documents/${encodeURIComponent(citation.document)}/original`, download: true }, words.open_original),
    ),
  );
}

let tips = 0;

/** The mark beside a sentence that opens one of its sources; its quote shows beside it. */
export function chip(claim, index) {
  const citation = claim.citations[index];
  const label = fill(words.citation, { number: citation.number, title: citation.title });
  const id = `tip-${++tips}`;
  const button = make(
    "button",
    {
      type: "button",
      class: "chip",
      "aria-controls": "sources",
      "aria-expanded": "false",
      "aria-label": label,
      "aria-describedby": id,
      onclick: (event) => showSources(claim, index, event.currentTarget),
    },
    String(citation.number),
  );
  const place = [citation.title, pageWords(citation)].filter(Boolean).join(", ");
  const tip = make("span", { class: "tip", role: "tooltip", id }, make("b", {}, place), " ", readable(citation.quote));
  const box = make("span", { class: "chip-box" }, button, tip);
  // Escape puts the quote away without moving the pointer.
  const again = () => box.classList.remove("put-away");
  box.addEventListener("pointerleave", again);
  button.addEventListener("blur", again);
  return box;
}

byId("sources-close").addEventListener("click", closeSources);
shade.addEventListener("click", closeSources);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const box of document.querySelectorAll(".chip-box:hover, .chip-box:focus-within")) box.classList.add("put-away");
  }
  if (event.key === "Tab" && narrow.matches && panel.classList.contains("open")) keepFocus(event);
});
narrow.addEventListener("change", closeSources);

// While the sheet covers the answers, the focus stays in it.
function keepFocus(event) {
  const stops = [...panel.querySelectorAll("button, a[href]")];
  const at = stops.indexOf(document.activeElement);
  if (event.shiftKey ? at <= 0 : at === stops.length - 1) {
    event.preventDefault();
    stops[event.shiftKey ? stops.length - 1 : 0].focus();
  }
}
