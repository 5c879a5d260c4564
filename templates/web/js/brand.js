// The brand while it is chosen: the sample mail and the contrast follow, as the server paints and counts them.

const form = document.querySelector("#brand-form");
const frame = document.querySelector("#specimen");
const contrast = document.querySelector("#contrast");
const REST = 250; // milliseconds without a change

let waiting, coming;

async function look() {
  const entered = new URLSearchParams(new FormData(form));
  frame.src = `${form.dataset.specimen}?${entered}`;
  coming?.abort(); // an answer to an earlier choice must not come over a later one
  coming = new AbortController();
  const answer = await fetch(`${form.dataset.contrast}?${entered}`, { signal: coming.signal }).catch(() => null);
  if (answer?.ok) contrast.innerHTML = await answer.text();
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, REST);
});
