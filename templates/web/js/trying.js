// Links are tried: the checks are shown anew while that goes on, and when it is over.

const EVERY = 1500; // milliseconds

/** Listens for the button in the checks; `again` shows these anew, and `say` tells a screen reader. */
export function trying(again, say) {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.id !== "try-links") return;
    event.preventDefault();
    form.querySelector("button").disabled = true;
    const asked = { method: "POST", headers: { Accept: "application/json" }, body: new FormData(form) };
    const answer = await fetch(form.action, asked).then((said) => said.json()).catch(() => ({}));
    const words = answer.words ?? answer.problem ?? "The links could not be tried.";
    form.querySelector("#links-said").textContent = words;
    say(words);
    again();
  });
}

/** Calls `again` in a while if links are being tried in `place`; else says what came of it, where they were before. */
export function follow(place, before, again, say) {
  if (place.querySelector("[data-trying]")) setTimeout(again, EVERY);
  else if (before) {
    say(place.querySelector("#links-said").textContent);
    if (document.activeElement === document.body) place.querySelector("#try-links button")?.focus({ preventScroll: true });
  }
}
