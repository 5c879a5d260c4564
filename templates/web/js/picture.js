// A picture is sent as soon as it is chosen or dropped. What was typed is saved first, since the page is opened anew.

import { open } from "./live.js";

const LARGEST = 20 * 1024 * 1024;

/** `before` saves what was typed. */
export function picture(before) {
  const form = document.getElementById("picture-form");
  if (!form) return;
  const box = document.getElementById("picture"), said = document.getElementById("picture-said");
  const tell = (words, wrong = true) => {
    said.textContent = words;
    said.classList.toggle("is-wrong", wrong);
  };

  async function send(file) {
    if (file.size > LARGEST) return tell(`This file has ${(file.size / 1024 ** 2).toFixed(1)} MB, and 20 are the most: save it smaller.`);
    tell("On its way…", false);
    await before();
    const data = new FormData(form);
    data.set("file", file);
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } }).catch(() => null);
    const told = answer?.headers.get("content-type")?.includes("json") ? await answer.json() : {};
    if (answer?.ok && told.to) return open(told.to);
    form.reset();
    return tell(told.problem ? sentence(told.problem) : answer ? "That did not work: try again, or reload the page." : "No connection: try again in a moment.");
  }

  form.elements.file.addEventListener("change", (event) => { if (event.target.files[0]) send(event.target.files[0]); });
  form.addEventListener("submit", (event) => { event.preventDefault(); if (form.elements.file.files[0]) send(form.elements.file.files[0]); });

  const holdsFile = (event) => event.dataTransfer?.types.includes("Files");
  for (const kind of ["dragover", "dragleave", "drop"]) {
    box.addEventListener(kind, (event) => {
      if (!holdsFile(event)) return;
      event.preventDefault();
      box.classList.toggle("is-target", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
    });
  }
}

const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
