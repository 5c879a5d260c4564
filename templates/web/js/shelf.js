// The shelf: a filter is looked up as soon as it is chosen, and a button that waits for the network says so.
// Without this file the button "Look" does the first, and the page does the second.

const filters = document.getElementById("filters");
filters?.addEventListener("change", () => filters.requestSubmit());

for (const button of document.querySelectorAll("[data-busy]")) {
  button.form.addEventListener("submit", () => {
    button.setAttribute("aria-busy", "true");
    button.textContent = button.dataset.busy;
  });
}
