// The edition beside the text: a new one is loaded behind the one that shows, and stands where that one stood.

import { say } from "./live.js";
import { follow, trying } from "./trying.js";

/** `saved()` shows the edition anew; `checks()` what is to mend, and the sizes. */
export function preview(desk) {
  const switches = desk.querySelector(".switches");
  const frame = document.getElementById("frame");
  const { base } = desk.dataset;
  let coming = null;

  const address = () => {
    const chosen = new FormData(switches);
    const asked = new URLSearchParams({ language: chosen.get("p") });
    asked.set("scheme", chosen.get("scheme"));
    if (chosen.get("nameless")) asked.set("name", "");
    if (chosen.get("plain")) asked.set("text", "yes");
    return `${base}/preview?${asked}`;
  };

  const scrolled = (shown) => {
    try { return shown.contentDocument.scrollingElement.scrollTop; } catch { return 0; }
  };

  function load(keep) {
    coming?.remove();
    const shown = frame.querySelector("iframe:not(.is-coming)");
    const next = shown.cloneNode();
    coming = next;
    next.classList.add("is-coming");
    next.src = address();
    next.title = `Preview of the ${switches.querySelector("[name='p']:checked").closest("label").textContent.trim()} edition`;
    next.addEventListener("load", () => {
      if (keep) try { next.contentDocument.scrollingElement.scrollTop = scrolled(shown); } catch { /* it stands at its top */ }
      next.classList.remove("is-coming");
      shown.remove();
      if (coming === next) coming = null;
    }, { once: true });
    frame.append(next);
  }

  switches.addEventListener("change", (event) => {
    if (event.target.name !== "size") load(event.target.name !== "p");
  });
  switches.addEventListener("submit", (event) => event.preventDefault());

  let asking = null;
  async function checks() {
    asking?.abort();
    asking = new AbortController();
    const place = document.getElementById("checks");
    const answer = await fetch(place.dataset.from, { signal: asking.signal }).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("checks-found"), sizes = page.getElementById("sizes-found");
    if (!found || place.contains(document.activeElement) && document.activeElement.matches("input")) return;
    const before = place.querySelector("[data-trying]");
    const here = new URLSearchParams(location.search);
    for (const form of found.querySelectorAll("form")) {
      for (const name of ["text", "to"]) hidden(form, name, desk.dataset[name]);
      hidden(form, "show", here.get("show") ?? "");
    }
    if (place.innerHTML !== found.innerHTML) place.replaceChildren(...document.importNode(found, true).childNodes);
    if (sizes) document.getElementById("sizes").replaceChildren(document.importNode(sizes, true));
    document.getElementById("checks-count").textContent = found.dataset.open === "0" ? "" : found.dataset.open;
    follow(place, before, checks, say);
  }

  trying(checks, say);
  return { saved: () => load(true), checks };
}

function hidden(form, name, value) {
  const field = form.ownerDocument.createElement("input");
  field.type = "hidden";
  field.name = name;
  field.setAttribute("value", value);
  form.append(field);
}
