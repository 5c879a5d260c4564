// Passkeys: sign in at the door without typing, and add one on the account page.
// Without this script, or in a browser that knows no passkeys, the password does the same.

const sorry = "The passkey was not used. Try again, or take the password.";

async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.problem || sorry);
  return said;
}

const ceremonies = {
  async get(form) {
    const options = await ask(form.dataset.options, {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({ publicKey });
    return ask(form.action, { credential: credential.toJSON() });
  },
  async create(form) {
    const options = await ask(form.dataset.options, {});
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = await navigator.credentials.create({ publicKey });
    return ask(form.action, { credential: credential.toJSON(), name: new FormData(form).get("name") });
  },
};

function understood(error) {
  // What the browser itself says is for programmers; our own sentences come as plain Errors.
  return error.constructor === Error ? error.message : sorry;
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON && window.isSecureContext) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const said = form.querySelector("[role=status]");
    form.closest("[data-with-passkeys]").hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      said.textContent = "";
      try {
        location.assign((await ceremonies[form.dataset.passkey](form)).to);
      } catch (error) {
        said.textContent = understood(error);
      }
    });
  }
}
