// Forms that a passkey answers: the button asks for it, the account field offers it.
"use strict";
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const { passkey, make } = form.dataset;
  const parse = window.PublicKeyCredential?.[`parse${make ? "Creation" : "Request"}OptionsFromJSON`];
  if (!parse) { form.hidden = true; continue; }
  let waiting;
  const ask = async (mediation) => {
    waiting?.abort();
    waiting = new AbortController();
    const publicKey = parse.call(PublicKeyCredential, JSON.parse(passkey));
    const wish = { publicKey, mediation, signal: waiting.signal };
    form.elements.credential.value = JSON.stringify(await navigator.credentials[make ? "create" : "get"](wish));
    form.submit();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = form.querySelector("[role=status]");
    said.textContent = "";
    ask().catch(() => { said.textContent = said.dataset.none; });
  });
  if ("conditional" in form.dataset) {
    PublicKeyCredential.isConditionalMediationAvailable?.().then((yes) => yes && ask("conditional")).catch(() => {});
  }
}
