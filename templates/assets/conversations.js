// The conversations beside the answers: searched as one types, renamed, opened over the page on
// narrow screens. Everything here also works as plain links and forms.

import { api, byId, make, words } from "./common.js";

const list = byId("conversation-list");
const none = byId("conversation-none");
const form = byId("find");
const box = byId("find-words");
const aside = byId("conversations");

let waiting = 0;
let latest = 0;

function entry(conversation, current) {
  const link = make(
    "a",
    { href: `/conversations/${encodeURIComponent(conversation.id)}`, "aria-current": conversation.id === current ? "page" : null },
    conversation.title,
  );
  return make("li", {}, link);
}

/** Shows the conversations that have the words that are typed; `current` is the one that is open. */
export async function showConversations(current, cursor) {
  const own = ++latest;
  const query = box.value.trim();
  const parameters = new URLSearchParams({ query });
  if (cursor) parameters.set("cursor", cursor);
  let body;
  try {
    body = await (await api("GET", `/v1/conversations?${parameters}`)).json();
  } catch {
    return; // What is shown stays.
  }
  if (own !== latest) return;
  const entries = body.conversations.filter((conversation) => conversation.title).map((conversation) => entry(conversation, current));
  if (cursor) list.append(...entries);
  else list.replaceChildren(...entries);
  none.textContent = query ? words.no_conversation_found : words.no_conversations;
  none.hidden = list.children.length > 0;
  byId("conversation-more")?.remove();
  if (body.next) {
    const more = (event) => {
      event.preventDefault();
      showConversations(current, body.next);
    };
    list.after(make("button", { type: "button", id: "conversation-more", class: "button", onclick: more }, words.more));
  }
}

/** Makes the list follow what is typed. `current` tells which conversation is open. */
export function watchConversations(current) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    showConversations(current());
  });
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => showConversations(current()), 250);
  });
  const more = byId("conversation-more");
  more?.addEventListener("click", (event) => {
    event.preventDefault();
    showConversations(current(), more.dataset.next);
  });
  // The list lies over the page while the address names it.
  addEventListener("hashchange", () => {
    if (location.hash === "#conversations") aside.focus();
  });
  aside.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || location.hash !== "#conversations") return;
    event.stopPropagation();
    location.hash = "#content";
    byId("conversations-open").focus();
  });
}
