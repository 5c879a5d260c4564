// A form is sent without leaving the page: the answer is the whole page again, of which the living parts are taken.
// So there is one way that a page is made, on the server, and without this script the forms work as forms.

const listeners = new Set();
let sent = 0; // forms, so that a page that was asked for before one does not come over its answer

/** Calls `heard` each time that the page shows something new. */
export const onShown = (heard) => listeners.add(heard);

/** Says something to screen readers. */
export const say = (words) => {
  const place = document.getElementById("spoken");
  place.textContent = "";
  setTimeout(() => { place.textContent = words; }, 50);
};

/** Takes the living parts of a page that came in place of those here; the focus stays where it was. */
export function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  if (!fresh.getElementById("editor")) return null;
  const focused = document.activeElement?.id;
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || next.outerHTML === part.outerHTML) continue;
    const folds = [...part.querySelectorAll("details")].map((fold) => fold.open);
    [...next.querySelectorAll("details")].forEach((fold, i) => { fold.open = folds[i] ?? fold.open; });
    part.replaceWith(document.importNode(next, true));
  }
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
  listeners.forEach((heard) => heard(fresh));
  return fresh;
}

/** Opens a page of ours, also where it is the one that shows. */
export function open(address) {
  const there = new URL(address, location.href);
  const same = there.pathname + there.search === location.pathname + location.search;
  location.assign(there);
  if (same) location.reload();
}

/** Asks for the page anew. */
export async function refresh() {
  const before = sent;
  const answer = await fetch(location.href.split("#")[0]).catch(() => null);
  const html = answer?.ok ? await answer.text() : "";
  if (html && sent === before) show(html);
}

/** Sends a form. Nothing where its answer is a page of another kind; `gone` where it shows another text, now opened. */
export async function send(action, data) {
  sent += 1;
  const answer = await fetch(action, { method: "POST", body: data });
  const fresh = answer.ok ? show(await answer.text()) : null;
  if (!fresh) return null;
  const there = fresh.getElementById("editor").dataset, here = document.getElementById("editor").dataset;
  if (["text", "to", "picture"].some((name) => there[name] !== here[name])) {
    open(`${answer.url.split("#")[0]}#text`);
    return "gone";
  }
  const words = document.querySelector("#toast .toast span")?.textContent;
  if (words) say(words);
  return fresh;
}

/** Listens for the forms of the living parts. `before` may hold one back, until what was typed is saved. */
export function liven(before) {
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    const living = form.matches("[data-live-form]") || form.closest(".toast");
    if (!living || form.dataset.asIs) return;
    event.preventDefault();
    sent += 1;
    await before();
    const data = new FormData(form, button);
    const action = button?.getAttribute("formaction") || form.getAttribute("action");
    const done = await send(action, data).catch(() => null);
    if (!done) asIs(form, button);
  });
}

/** The plain way, for an answer that is another page: two texts that are in conflict, or why something was refused. */
function asIs(form, button) {
  form.dataset.asIs = "yes";
  form.requestSubmit(button?.isConnected ? button : undefined);
}
