// A mailing's figures as they change. The server sends what the page itself would show.

const figures = document.querySelector("#figures");
const heading = document.querySelector("#heading");
const spoken = document.querySelector("#spoken");
const SPEAK_EVERY = 30_000; // milliseconds: a screen reader that hears each second hears nothing else

let lastSpoken = performance.now();

function show(event) {
  const { state, heading: words, html } = JSON.parse(event.data);
  if (state !== figures.dataset.state) {
    events.close();
    location.reload(); // other buttons, or the report
    return;
  }
  heading.textContent = words;
  figures.innerHTML = html;
  if (performance.now() - lastSpoken > SPEAK_EVERY) {
    lastSpoken = performance.now();
    spoken.textContent = figures.querySelector(".lede").textContent;
  }
}

const events = new EventSource(figures.dataset.events);
events.addEventListener("message", show);
