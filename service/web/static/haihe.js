// Behaviours of our pages, chosen by data attributes. Every page works without them, but the camera.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const now = () => performance.now() / 1000;
  root.classList.add("js");

  // A polite voice for screen readers.
  const voice = document.createElement("p");
  voice.className = "visually-hidden";
  voice.setAttribute("role", "status");
  document.body.append(voice);
  const say = (text) => {
    voice.textContent = "";
    if (text) setTimeout(() => { voice.textContent = text; }, 100);
  };

  // Seconds until `end`, by the server's clock where the page tells it.
  const untilEnd = (end, element) => {
    const server = Number(element.dataset.now) || Date.now() / 1000;
    const due = now() + Number(end) - server;
    return () => due - now();
  };

  const countDown = (element) => {
    const left = untilEnd(element.dataset.countdown, element);
    const tick = () => {
      if (!element.isConnected) return;
      const seconds = Math.max(0, Math.ceil(left() - 0.01));
      element.textContent = seconds;
      const over = seconds === 0;
      element.closest("[data-live]")?.classList.toggle("over", over);
      if (!over) setTimeout(tick, 250);
    };
    tick();
  };

  // A form that posts itself when its time has come and replaces a part of the page.
  const renewLater = (form) => {
    const left = untilEnd(form.dataset.renew, form);
    const tick = () => {
      if (!form.isConnected) return;
      if (left() > 0 || document.hidden) setTimeout(tick, 250);
      else renew(form).catch(() => setTimeout(tick, 3000));
    };
    tick();
  };
  const renew = async (form) => {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const old = document.querySelector(form.dataset.renewInto);
    const fresh = page.querySelector(form.dataset.renewInto);
    if (!fresh) return location.assign(answer.redirected ? answer.url : location.href);
    old.replaceWith(fresh);
    start(fresh);
    say(form.dataset.announce);
  };

  const poll = (element) => {
    const every = Number(element.dataset.pollEvery) || 1500;
    const ask = async () => {
      if (!element.isConnected) return;
      const answer = document.hidden ? null : await fetch(element.dataset.poll).catch(() => null);
      if (answer?.status !== 200) return setTimeout(ask, every);
      element.innerHTML = await answer.text();
      element.removeAttribute("data-poll");
      start(element);
      say(element.dataset.announce || element.textContent.trim().replace(/\s+/g, " "));
    };
    setTimeout(ask, every);
  };

  // The camera: frames go to the server, which reads the code in them.
  const camera = (box) => {
    if (!navigator.mediaDevices?.getUserMedia) return;
    const [button, video, state] = ["[data-camera-start]", "video", "[data-camera-state]"].map((part) => box.querySelector(part));
    const canvas = document.createElement("canvas");
    const form = box.closest("form");
    box.hidden = false;
    video.hidden = true;
    const look = async () => {
      const shrink = Math.min(1, 960 / video.videoWidth);
      canvas.width = video.videoWidth * shrink;
      canvas.height = video.videoHeight * shrink;
      canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
      const picture = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.8); });
      const body = new FormData();
      body.append("csrf", form.elements.csrf.value);
      body.append("frame", picture, "frame.jpg");
      const answer = await fetch(box.dataset.camera, { method: "POST", body }).catch(() => null);
      return answer?.status === 200 ? (await answer.json()).code : null;
    };
    const stop = () => video.srcObject?.getTracks().forEach((track) => track.stop());
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      } catch {
        if (state) state.textContent = state.dataset.none || "";
        button.disabled = false;
        return;
      }
      video.hidden = false;
      await video.play();
      if (state) state.textContent = state.dataset.looking || "";
      let code = null;
      while (!code && box.isConnected) {
        code = await look();
        if (!code) await new Promise((done) => { setTimeout(done, 150); });
      }
      stop();
      document.querySelector(box.dataset.cameraField).value = code;
      form.requestSubmit();
    });
    addEventListener("pagehide", stop);
  };

  // A hand scanner types into the code field: the field gets the focus back.
  const scanner = (field) => {
    const back = () => { field.focus(); field.select(); };
    const first = field.form.querySelector("select:invalid, input:invalid") || field;
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") back(); });
    document.addEventListener("click", (event) => {
      const control = "a, button, input, select, textarea, label, summary, [tabindex='0']";
      if (!event.target.closest(control) && !String(getSelection())) back();
    });
    if (!document.querySelector("[role=alert], [autofocus]")) first.focus({ preventScroll: true });
  };

  const copy = (button) => button.addEventListener("click", async () => {
    const before = button.textContent;
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.copied || before;
    say(button.dataset.copied);
    setTimeout(() => { button.textContent = before; }, 2000);
  });

  const reveal = (button) => button.addEventListener("click", () => {
    for (const part of document.getElementById(button.dataset.reveal).children) part.hidden = !part.hidden;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  });

  const showPassword = (button) => {
    const shown = button.textContent;
    const field = document.querySelector(button.dataset.showPassword);
    field.form.addEventListener("submit", () => { field.type = "password"; });
    button.addEventListener("click", () => {
      const show = field.type === "password";
      field.type = show ? "text" : "password";
      button.textContent = show ? button.dataset.hide : shown;
      button.setAttribute("aria-pressed", String(show));
    });
  };

  // What was typed survives a change of language or view; passwords and tokens are never kept.
  const KEPT = "haihe typed";
  const typed = () => all("main input, main select, main textarea")
    .filter((field) => field.name && !["password", "hidden", "file", "submit"].includes(field.type)
      && !field.autocomplete.endsWith("-password"));
  const keepTyped = (form) => form.addEventListener("submit", () => {
    const values = typed().map((field) => [field.name, field.type, field.value, field.checked === true]);
    sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, values }));
  });
  const restoreTyped = () => {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    sessionStorage.removeItem(KEPT);
    if (kept?.path !== location.pathname) return;
    typed().forEach((field, place) => {
      const [name, type, value, checked] = kept.values[place] || [];
      if (name !== field.name || type !== field.type) return;
      if (type === "checkbox" || type === "radio") field.checked = checked;
      else field.value = value;
    });
  };

  // A second press within five seconds sends nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  const on = (event, act) => (element) => element.addEventListener(event, () => act(element));
  const BEHAVIOURS = {
    "[data-countdown]": countDown,
    "form[data-renew]": renewLater,
    "[data-poll]": poll,
    "[data-camera]": camera,
    "[data-scanner]": scanner,
    "[data-copy]": copy,
    "[data-reveal]": reveal,
    "[data-show-password]": showPassword,
    "[data-keep-typed]": keepTyped,
    "[data-print]": on("click", () => print()),
    "[data-auto-submit]": on("change", (field) => field.form.requestSubmit()),
    "[data-autofocus-next]": on("change", (field) => document.querySelector(field.dataset.autofocusNext)?.focus()),
  };
  const start = (within) => {
    for (const [selector, act] of Object.entries(BEHAVIOURS)) {
      if (within !== document && within.matches(selector)) act(within);
      all(selector, within).forEach(act);
    }
  };
  restoreTyped();
  start(document);
  document.querySelector(".error-summary")?.focus();
  say(document.querySelector(".verdict>*")?.textContent.trim().replace(/\s+/g, " "));
})();
