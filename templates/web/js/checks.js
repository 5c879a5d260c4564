// The checks as a page of their own. In the editor, preview.js shows them.

import { follow, trying } from "./trying.js";

const place = document.getElementById("checks-found");
const spoken = document.getElementById("spoken");
const say = (words) => { spoken.textContent = words; };

async function again() {
  const answer = await fetch(location.href.split("#")[0]).catch(() => null);
  const fresh = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("checks-found") : null;
  if (!fresh) return setTimeout(again, 5000);
  const before = place.querySelector("[data-trying]");
  place.replaceChildren(...document.importNode(fresh, true).childNodes);
  return follow(place, before, again, say);
}

trying(again, say);
follow(place, null, again, say);
