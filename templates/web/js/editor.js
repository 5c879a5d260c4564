// The text in the middle is saved while somebody types, and nobody's words are lost: neither to a colleague who
// writes in it too, nor to a lost connection, nor to a browser that is closed.

import { liven, onShown, refresh, say } from "./live.js";
import { outline } from "./outline.js";
import { picture } from "./picture.js";
import { preview } from "./preview.js";
import { toolbar } from "./toolbar.js";

const PAUSE = 250; // after the last key
const LONGEST = 1400; // since the first key that is not saved: who never pauses loses no more than this
const AGAIN = 3000; // after the connection was lost
const HERE = 10000;

const desk = document.getElementById("editor");
const form = document.getElementById("writing");
const place = document.getElementById("saved");
const conflict = document.getElementById("conflict");
const fields = [...form.querySelectorAll("[name^='field-'], [name='small_edit']")];

let kept = words();
let unanswered = null; // what was sent and got no answer
let since = 0; // when the first unsaved change was made
let timer, sending, disputed;

document.documentElement.classList.add("scripted");

/** What stands in the form. */
function words() {
  return JSON.stringify(fields.map((field) => (field.type === "checkbox" ? field.checked : field.value)));
}

const isDirty = () => words() !== kept;

function tell(icon, sentence, lost = false) {
  place.classList.toggle("is-lost", lost);
  const drawn = `<svg class="icon" aria-hidden="true" focusable="false"><use href="#i-${icon}"/></svg><span></span>`;
  if (place.dataset.icon !== icon) place.innerHTML = drawn;
  place.dataset.icon = icon;
  place.lastElementChild.textContent = sentence;
}

function parcel() {
  const data = new FormData(form);
  if (unanswered) data.set("unanswered", JSON.stringify(unanswered));
  return data;
}

const texts = () =>
  Object.fromEntries(fields.filter((f) => f.type !== "checkbox").map((f) => [f.name.replace("field-", ""), f.value]));

/** Saves what stands in the form; one at a time. */
async function save(leaving = false) {
  clearTimeout(timer);
  if (!isDirty() || disputed || (sending && !leaving)) return sending;
  const sent = words(), data = parcel();
  unanswered = texts();
  const work = post(data, sent, leaving);
  if (leaving) return work;
  sending = work;
  await work;
  sending = null;
  if (isDirty() && !disputed && !place.classList.contains("is-lost")) later();
  return null;
}

async function post(data, sent, leaving) {
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" }, keepalive: leaving && size(data) < 60000 });
  } catch {
    tell("lost", "Not saved: no connection", true);
    timer = setTimeout(save, AGAIN);
    return;
  }
  if (answer.status === 409) return dispute(await answer.json());
  if (!answer.ok) return refused(answer);
  const said = await answer.json();
  form.elements.base.value = said.revision;
  showAs(said.revision);
  [kept, unanswered, since] = [sent, null, 0];
  document.getElementById("words").textContent = said.words;
  tell("saved", "Saved");
  look.saved();
  settle();
}

/** Whoever approves all that is shown has seen this text as it was just saved. */
function showAs(revision) {
  const shown = document.querySelector("#matrix [name='cells']"), { text, to } = desk.dataset;
  if (!shown) return;
  shown.value = shown.value.split(",").map((cell) => {
    const [key, language, , ...source] = cell.split(" ");
    return key === text && language === to ? [key, language, revision, ...source].join(" ") : cell;
  }).join(",");
}

async function refused(answer) {
  const problem = answer.headers.get("content-type")?.includes("json") ? (await answer.json()).problem : "";
  const known = { 401: "sign in again in another window", 403: "this text is not yours to change", 413: "it is too long" };
  tell("lost", `Not saved: ${problem || known[answer.status] || "it will be tried again"}`, true);
  if (answer.status >= 500 || answer.status === 401) timer = setTimeout(save, AGAIN);
}

const size = (data) => [...data.values()].reduce((sum, value) => sum + 3 * value.length, 0);

function later() {
  since ||= Date.now();
  clearTimeout(timer);
  timer = setTimeout(save, Math.max(0, Math.min(PAUSE, since + LONGEST - Date.now())));
}

// What stands around the text (its state, the matrix, the checks) follows when somebody rests.
let resting;
function settle() {
  clearTimeout(resting);
  resting = setTimeout(() => { if (!isDirty()) refresh(); }, 1200);
}

/** Somebody else wrote here too: both texts are shown, and one of the two buttons ends it. */
function dispute(said) {
  if (!said.theirs) return tell("lost", `Not saved: ${said.problem}`, true);
  disputed = said;
  conflict.querySelector("[data-who]").textContent = said.at ? `${said.by}, ${said.at},` : said.by;
  const theirs = conflict.querySelector("[data-theirs]");
  theirs.replaceChildren(...Object.values(said.theirs).map((text) => {
    const part = document.createElement("p");
    part.className = "prose";
    part.textContent = text;
    return part;
  }));
  conflict.hidden = false;
  conflict.focus();
  tell("lost", "Not saved: two people wrote", true);
}

function settleDispute(theirs) {
  form.elements.base.value = disputed.revision;
  unanswered = null;
  if (theirs) {
    for (const field of fields) {
      if (field.type !== "checkbox") write(field, disputed.theirs[field.name.replace("field-", "")] ?? "");
    }
    kept = words();
    tell("saved", "Saved");
  }
  disputed = null;
  conflict.hidden = true;
  if (!theirs) save();
  fields[0]?.focus();
}

/** Replaces a field's words so that undo brings them back. */
function write(field, text) {
  if (field.value === text) return;
  field.focus();
  field.select();
  if (!document.execCommand("insertText", false, text)) field.value = text;
}

async function presence() {
  if (document.hidden) return;
  const { text, to, base } = desk.dataset;
  const answer = await fetch(`${base}/presence?${new URLSearchParams({ text, to })}`).catch(() => null);
  if (answer?.redirected) return tell("lost", "You are signed out: sign in again in another window", true);
  if (!answer?.ok) return;
  const said = await answer.json();
  const names = said.here.length ? `${new Intl.ListFormat("en").format(said.here)} ${said.here.length > 1 ? "are" : "is"} here too` : "";
  const moved = said.revision !== Number(form.elements.base.value) && !isDirty() && !sending && !disputed;
  const here = document.getElementById("here");
  const sentence = moved ? `${names ? `${names}. ` : ""}This text was changed.` : names;
  if (here.dataset.sentence === sentence) return;
  here.dataset.sentence = here.textContent = sentence;
  if (moved) {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Show it";
    link.addEventListener("click", (event) => { event.preventDefault(); location.reload(); });
    here.append(" ", link);
  }
}

/** On to the next text that needs someone, in the order of the matrix. */
function next() {
  const open = [...document.querySelectorAll(".matrix a.cell:not(.approved)")];
  const here = open.findIndex((cell) => cell.getAttribute("aria-current"));
  const cell = open[here + 1] ?? open[0];
  if (cell) go(cell.href); else say("No other text needs someone.");
}

async function go(address) {
  await (sending ?? null);
  await save();
  if (address.split("#")[0] === location.href.split("#")[0]) location.hash = "text";
  else location.assign(address);
}

const look = preview(desk);
toolbar(form);
outline(desk, say);
const rest = async () => { await (sending ?? null); await save(); clearTimeout(resting); };
liven(rest); // the answer shows all that rests
picture(rest);
onShown(() => look.checks());

form.addEventListener("input", () => { if (!disputed) later(); });
form.addEventListener("focusout", () => save());
conflict.querySelector("[data-mine]").addEventListener("click", () => settleDispute(false));
conflict.querySelector("[data-take]").addEventListener("click", () => settleDispute(true));
addEventListener("online", () => save());
addEventListener("pagehide", () => save(true));
document.addEventListener("visibilitychange", () => { if (document.hidden) save(true); else presence(); });
addEventListener("beforeunload", (event) => { if (isDirty() && place.classList.contains("is-lost")) event.preventDefault(); });

// An approval saves first: its answer tells which revision the text is at.
onShown((fresh) => {
  if (isDirty() || sending) return;
  const theirs = [...fresh.querySelectorAll("#writing [name^='field-']")].map((field) => field.value.trim());
  const mine = fields.filter((field) => field.type !== "checkbox").map((field) => field.value.trim());
  if (JSON.stringify(theirs) === JSON.stringify(mine)) form.elements.base.value = fresh.querySelector("#writing [name='base']").value;
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || !isDirty()) return;
  event.preventDefault();
  go(link.href);
});

// A field of one line wraps so that all of it can be read; it holds no second line.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("textarea.line") && !event.ctrlKey && !event.metaKey) event.preventDefault();
});

const keys = document.getElementById("keys");
document.getElementById("show-keys").addEventListener("click", () => keys.showModal());
document.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "s") { event.preventDefault(); save(); }
  if (command && event.key === "Enter") { event.preventDefault(); next(); }
  if (event.key === "?" && !command && !event.target.closest("input, textarea, select")) keys.showModal();
});

// Whether the matrix is folded is remembered in this browser.
const FOLDED = "matrix-folded";
document.getElementById("fold").open = localStorage.getItem(FOLDED) !== "yes";
document.addEventListener("toggle", (event) => {
  if (event.target.id === "fold") localStorage.setItem(FOLDED, event.target.open ? "no" : "yes");
}, true);

// The drawer with the preview stays open from text to text, until Escape or its button closes it.
const drawer = document.getElementById("drawer");
drawer.checked = sessionStorage.getItem("drawer") === "open";
drawer.addEventListener("change", () => sessionStorage.setItem("drawer", drawer.checked ? "open" : ""));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drawer.checked && !keys.open) { drawer.click(); drawer.focus(); }
});

presence();
setInterval(presence, HERE);
look.checks();
