// Forms that a passkey answers: by their button, or from the account field.
"use strict";
for (const form of document.forms) {
  const { passkey, make } = form.dataset, api = window.PublicKeyCredential;
  if (!passkey) continue;
  const parse = `parse${make ? "Creation" : "Request"}OptionsFromJSON`, said = form.querySelector("[role=status]");
  let last;
  const ask = async (mediation) => {
    last?.abort();
    last = new AbortController();
    const wish = { publicKey: api[parse](JSON.parse(passkey)), mediation, signal: last.signal };
    form.credential.value = JSON.stringify(await navigator.credentials[make ? "create" : "get"](wish));
    form.submit();
  };
  form.hidden = !api?.[parse];
  form.onsubmit = () => {
    said.textContent = "";
    ask().catch(() => { said.textContent = said.dataset.none; });
    return false;
  };
  if (form.matches("[data-conditional]")) api?.isConditionalMediationAvailable?.().then((yes) => yes && ask("conditional")).catch(() => {});
}
