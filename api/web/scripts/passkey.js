// Asks a device for a passkey: to sign in, or to add one. The server decides; here bytes only change their form.
"use strict";

const bytes = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
};

const text = (buffer) => {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const post = async (path, body, headers = {}) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "accept-language": document.documentElement.lang, ...headers },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error([said.title, said.detail, said.action].filter(Boolean).join(" "));
  return said;
};

const withIds = (list) => (list ?? []).map((it) => ({ ...it, id: bytes(it.id) }));

const signIn = async (form) => {
  const { publicKey } = await post("/login/passkey/options", {});
  publicKey.challenge = bytes(publicKey.challenge);
  publicKey.allowCredentials = withIds(publicKey.allowCredentials);
  const made = await navigator.credentials.get({ publicKey });
  const { response } = made;
  const answer = {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      authenticatorData: text(response.authenticatorData),
      clientDataJSON: text(response.clientDataJSON),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
    extensions: {},
  };
  const body = { answer };
  const { role, institution, returnTo } = form.dataset;
  if (role) body.role = role;
  if (institution) body.institution = Number(institution);
  if (returnTo) body.return_to = returnTo;
  const { to } = await post("/login/passkey", body);
  location.assign(to);
};

const add = async (form) => {
  const sessions = await (await fetch("/v1/sessions")).json();
  const headers = { "x-csrf-token": sessions.csrf_token ?? "" };
  const { publicKey } = await post("/v1/passkeys/registration", {}, headers);
  publicKey.challenge = bytes(publicKey.challenge);
  publicKey.user.id = bytes(publicKey.user.id);
  publicKey.excludeCredentials = withIds(publicKey.excludeCredentials);
  const made = await navigator.credentials.create({ publicKey });
  const answer = {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      attestationObject: text(made.response.attestationObject),
      clientDataJSON: text(made.response.clientDataJSON),
    },
    extensions: {},
  };
  const body = { answer };
  const invitation = form.querySelector("input").value.trim();
  if (invitation) body.invitation = invitation;
  await post("/v1/passkeys", body, headers);
  return form.dataset.done;
};

const works = { "passkey-sign-in": signIn, "passkey-add": add };

// By a number instead of a name no device knows us.
const named = !/^[\d.]+$|:/.test(location.hostname);

if (window.PublicKeyCredential && named) {
  for (const [id, work] of Object.entries(works)) {
    const form = document.getElementById(id);
    if (!form) continue;
    form.hidden = false;
    const button = form.querySelector("button");
    const said = form.querySelector("[role=status]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      said.textContent = "";
      try {
        said.textContent = (await work(form)) ?? "";
      } catch (error) {
        // What the browser itself refuses, or the person: its own words are in no language of ours.
        said.textContent = error instanceof DOMException ? form.dataset.failed : error.message;
      }
      button.disabled = false;
    });
  }
}
