// Passkeys: a form with data-passkey asks for options, has the browser make ("create") or use ("get") one, and posts
// what it answers. Without passkeys in the browser the form stays hidden.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const SAID = {
    NotAllowedError: "Nothing was chosen, or it took too long. Please try again.",
    InvalidStateError: "This device has a passkey for your account already.",
    NotSupportedError: "This device makes no passkeys of the kind that is needed: one that asks who you are.",
    ConstraintError: "This device makes no passkeys of the kind that is needed: one that asks who you are.",
    SecurityError: "Passkeys do not work at this address.",
  };

  function bytes(text) {
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  }

  function text(buffer) {
    const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function read(options) {
    const ids = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
    const read = { ...options, challenge: bytes(options.challenge) };
    if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
    read.excludeCredentials = ids(options.excludeCredentials);
    read.allowCredentials = ids(options.allowCredentials);
    return read;
  }

  function written(credential) {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    const id = text(credential.rawId);
    return JSON.stringify({ id, rawId: id, type: credential.type, response });
  }

  async function asked(form) {
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    const answer = await fetch(form.dataset.options, { method: "POST", body });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.problem || "That did not work. Please load this page anew, and try again.");
    return said;
  }

  async function send(form) {
    const said = await asked(form);
    const publicKey = read(JSON.parse(said.options));
    const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
    form.elements.token.value = said.token;
    form.elements.credential.value = written(credential);
    form.submit();
  }

  function complain(form, error) {
    const line = form.querySelector("[data-said]");
    const ours = error instanceof DOMException || error instanceof TypeError ? undefined : error.message;
    line.textContent = SAID[error.name] || ours || "That did not work. Please try again.";
    line.hidden = false;
  }

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const button = form.querySelector("button");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      form.querySelector("[data-said]").hidden = true;
      button.disabled = true;
      try {
        await send(form);
      } catch (error) {
        complain(form, error);
      } finally {
        button.disabled = false;
      }
    });
  });
  document.querySelectorAll("[data-without-passkeys]").forEach((line) => { line.hidden = true; });
})();
