// How far the reading of the sources is. The page itself leads on when it is over.

const EVERY = 1000; // milliseconds

async function look() {
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.redirected) return location.replace(answer.url);
  const fresh = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("reading") : null;
  const place = document.getElementById("reading");
  if (fresh && fresh.innerHTML !== place.innerHTML) place.replaceChildren(...document.importNode(fresh, true).childNodes);
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
