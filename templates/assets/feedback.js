// What people say of answers: right or wrong, sentence by sentence, with a correction. Whoever shows an
// answer says when it is whole by the event `veracite:answer` on its element (`data-answer`; its
// sentences have `data-sentence`); `detail.answer` is the answer as the server gave it, with its proof.

import { api, Failure, fill, make, words } from "./common.js";

const OF_SENTENCES = ["right", "wrong", "wrong_source", "outdated"];
const OF_ANSWERS = ["right", "wrong", "outdated", "missing"];

let count = 0;

document.addEventListener("veracite:answer", (event) => {
  const { target, detail: { answer } } = event;
  if (!answer?.proof || target.querySelector(":scope > .judge")) return;
  for (const sentence of target.querySelectorAll("[data-sentence]")) {
    const index = Number(sentence.dataset.sentence);
    if (!Number.isInteger(index)) continue;
    const label = fill(words.feedback_sentence, { number: index + 1 });
    const opens = opener(label, "…");
    opens.classList.add("judge-open");
    sentence.append(" ", opens);
    sentence.after(panel(opens, { answer, sentence: index, kinds: OF_SENTENCES, title: label }));
  }
  target.append(bar(answer));
});

/** A button that shows and hides a form. */
function opener(label, text) {
  return make("button", { type: "button", class: "quiet", "aria-expanded": "false", "aria-label": label, "aria-live": "off", title: label }, text);
}

/** What is asked of the whole answer. */
function bar(answer) {
  const title = words.feedback_answer;
  const opens = opener(words.feedback_more, words.feedback_more);
  const about = { answer, kinds: OF_ANSWERS, title };
  const form = panel(opens, about);
  const right = make("button", { type: "button", class: "quiet", onclick: () => form.send("right") }, words.feedback_right);
  return make("div", { class: "judge", role: "group", "aria-label": title, "aria-live": "off" }, make("span", { class: "hint" }, title), right, opens, form);
}

/** A form about an answer or a sentence of it. It is filled when it is first opened. */
function panel(opens, about) {
  const id = `judge-${++count}`;
  const said = make("p", { class: "hint", role: "status" });
  const form = make("form", { class: "judge-form", id, hidden: true, "aria-label": about.title });
  const state = { saved: null };
  opens.setAttribute("aria-controls", id);
  const show = (open) => {
    if (open && !form.elements.length) build(form, about, said, show);
    form.hidden = !open;
    opens.setAttribute("aria-expanded", String(open));
    if (open) (form.querySelector("input:checked") ?? form.querySelector("input")).focus();
    else opens.focus();
  };
  opens.addEventListener("click", () => show(form.hidden));
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    show(false);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    holder.send(fields.get("kind"), fields.get("correction"), fields.get("note"));
  });
  const takeBack = make("button", { type: "button", class: "quiet", hidden: true, onclick: () => holder.takeBack() }, words.feedback_take_back);
  const holder = make("div", { class: "judge-holder", "aria-live": "off" }, form, said, takeBack);

  holder.send = (kind, correction, note) =>
    doing(said, async () => {
      const body = { answer: about.answer, kind };
      if (about.sentence !== undefined) body.sentence = about.sentence;
      if (correction?.trim() && kind !== "right") body.correction = correction;
      if (note?.trim()) body.note = note;
      const response = await api("POST", "/v1/feedback", {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
      state.saved = await response.json();
      takeBack.hidden = false;
      if (!form.hidden) show(false);
      return [words.feedback_saved, checked(state.saved)].filter(Boolean).join(" ");
    });

  holder.takeBack = () =>
    doing(said, async () => {
      await api("DELETE", `/v1/feedback/${encodeURIComponent(state.saved.id)}`);
      state.saved = null;
      takeBack.hidden = true;
      opens.focus();
      return words.feedback_taken_back;
    });
  return holder;
}

/** What the checker made of a correction. */
function checked(saved) {
  if (!saved.corrected.length) return "";
  const holds = saved.corrected.every(({ verdict }) => verdict === "supported" || verdict === "not_checkable");
  return holds ? words.feedback_supported : words.feedback_unsupported;
}

/** Does something once, and says what came of it. */
async function doing(said, work) {
  if (said.dataset.busy) return;
  said.dataset.busy = "yes";
  said.classList.remove("bad");
  try {
    said.textContent = await work();
  } catch (error) {
    said.classList.add("bad");
    said.textContent = error instanceof Failure ? error.message : words.unreachable;
  } finally {
    delete said.dataset.busy;
  }
}

function build(form, about, said, show) {
  const kinds = about.kinds.map((kind, index) =>
    make("label", {}, make("input", { type: "radio", name: "kind", value: kind, required: true, checked: index === 1 }), " ", words[`feedback_${kind}`]),
  );
  const correction = make("textarea", { name: "correction", rows: "2", maxlength: "4000" });
  const correctionWords = make("span", {}, words.feedback_correction);
  const corrects = make("label", { class: "judge-text" }, correctionWords, correction);
  const note = make("label", { class: "judge-text" }, words.feedback_note, make("textarea", { name: "note", rows: "2", maxlength: "2000" }));
  const claim = about.sentence === undefined ? null : about.answer.claims[about.sentence];
  if (claim) correction.placeholder = claim.text;
  form.addEventListener("change", () => {
    const kind = new FormData(form).get("kind");
    corrects.hidden = kind === "right";
    correctionWords.textContent = kind === "missing" ? words.feedback_addition : words.feedback_correction;
  });
  form.append(
    make("fieldset", { class: "judge-kinds" }, make("legend", {}, words.feedback_kind), ...kinds),
    corrects,
    note,
    make(
      "div",
      { class: "judge-buttons" },
      make("button", { type: "submit", class: "button main" }, words.feedback_save),
      make("button", { type: "button", class: "button", onclick: () => show(false) }, words.close),
    ),
  );
  said.textContent = "";
}
