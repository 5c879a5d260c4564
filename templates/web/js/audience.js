// Who would get it: counted anew whenever the choice changes. Without this file the button "Count them" does it.

const choice = document.querySelector("#choose");
const who = document.querySelector("#who");
const REST = 250; // milliseconds without a change

let waiting, coming;

async function count() {
  const chosen = new URLSearchParams(new FormData(choice.closest("form")));
  coming?.abort(); // an answer to an earlier choice must not come over a later one
  coming = new AbortController();
  const answer = await fetch(`${choice.dataset.count}?${chosen}`, { signal: coming.signal }).catch(() => null);
  if (!answer?.ok) return;
  who.innerHTML = await answer.text();
  who.removeAttribute("aria-busy");
}

choice.querySelector("[value=count]").remove();
choice.addEventListener("change", () => {
  clearTimeout(waiting);
  who.setAttribute("aria-busy", "true");
  waiting = setTimeout(count, REST);
});
