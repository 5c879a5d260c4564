// The outline by mouse and by keyboard. Both post what the buttons Up and Down post.

import { send } from "./live.js";

/** Lets passages be dragged by their grips, and moved with Alt and the arrows. */
export function outline(desk, say) {
  const post = async (key, before) => {
    const data = new FormData();
    const { text, to } = desk.dataset;
    data.set("before", before);
    data.set("text", text);
    data.set("to", to);
    data.set("show", new URLSearchParams(location.search).get("show") ?? "");
    return send(`${desk.dataset.base}/passages/${key}/move`, data);
  };

  desk.addEventListener("keydown", async (event) => {
    const leaf = event.target.closest(".leaf");
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!leaf || !way || !event.altKey) return;
    event.preventDefault();
    if (!event.target.closest(".grip, a, button")) return;
    const { key } = leaf.dataset, focused = event.target.id || `o-${key}`;
    if (!(way in leaf.dataset)) return say(way === "up" ? "It stands first." : "It stands last.");
    if (!(await post(key, leaf.dataset[way]))) return;
    document.getElementById(focused)?.focus();
    say(where(key));
  });

  dragging(desk, async (key, before) => { if (await post(key, before)) say(where(key)); });
}

/** `A second chance: 3 of 12.` */
function where(key) {
  const leaves = [...document.querySelectorAll(".outline .leaf")];
  const at = leaves.findIndex((leaf) => leaf.dataset.key === key);
  return at < 0 ? "" : `${leaves[at].querySelector("bdi").textContent}: ${at + 1} of ${leaves.length}.`;
}

function dragging(desk, drop) {
  let dragged = null;
  const target = (event) => event.target.closest?.(".outline .leaf");
  const clear = () => document.querySelectorAll(".leaf.is-target").forEach((leaf) => leaf.classList.remove("is-target"));

  // Only a grip begins a drag: elsewhere in the row the mouse selects words and follows links.
  desk.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".grip");
    if (grip) grip.closest(".leaf").draggable = true;
  });
  desk.addEventListener("dragstart", (event) => {
    dragged = target(event);
    if (!dragged?.draggable) return;
    dragged.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.key);
  });
  desk.addEventListener("dragover", (event) => {
    const leaf = target(event);
    if (!dragged || !leaf) return;
    event.preventDefault();
    clear();
    leaf.classList.add("is-target");
  });
  desk.addEventListener("drop", (event) => {
    const leaf = target(event);
    if (!dragged || !leaf) return;
    event.preventDefault();
    if (leaf !== dragged) drop(dragged.dataset.key, leaf.dataset.key);
  });
  desk.addEventListener("dragend", () => {
    clear();
    dragged?.classList.remove("is-dragged");
    if (dragged) dragged.draggable = false;
    dragged = null;
  });
}
