// The sources of a sentence: a panel beside the answers, a sheet over them on narrow screens.

import { byId, fill, localLink, make, pageWords, readable, words } from "./common.js";

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
}

/** Closes the panel; the sentence that opened it has the focus again. */
export function closeSources() {
  if (!panel.classList.contains("open")) return;
  panel.classList.remove("open");
  panel.removeAttribute("role");
  panel.removeAttribute("aria-modal");
  shade.hidden = true;
  talk.inert = false;
  body.replaceChildren(make("p", { class: "hint" }, words.sources_hint));
  if (opener) {
    opener.setAttribute("aria-expanded", "false");
    opener.focus({ preventScroll: true });
    opener = null;
  }
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

/** The mark beside a sentence that opens one of its sources. */
export function chip(claim, index) {
  const citation = claim.citations[index];
  return make(
    "button",
    {
      type: "button",
      class: "chip",
      "aria-controls": "sources",
      "aria-expanded": "false",
      "aria-label": fill(words.citation, { number: citation.number, title: citation.title }),
      title: [citation.title, pageWords(citation)].filter(Boolean).join(", "),
      onclick: (event) => showSources(claim, index, event.currentTarget),
    },
    String(citation.number),
  );
}

byId("sources-close").addEventListener("click", closeSources);
shade.addEventListener("click", closeSources);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSources();
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
