// Injected into a page under test. Each function returns a list of faults.
globalThis.haiheLooking = (() => {
  const HAN = /[\u3400-\u9fff\uf900-\ufaff]/;
  const PHRASE = /[A-Za-z]{3,}(\s+[A-Za-z]{2,}){2,}/;
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 60);
  const name = (element) => short(element.outerHTML).slice(0, 90);
  const visible = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && !element.closest(".visually-hidden, .skip");
  const inkedNodes = function* () {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (walker.currentNode.data.trim() && !parent.closest("script, style, svg")) yield [walker.currentNode.data, parent];
    }
  };
  const wrongIn = (text, parent, lang) => {
    if (lang === "en") return HAN.test(text) && parent.closest("[lang]").lang === "en" && !parent.closest(".data");
    return PHRASE.test(text) && parent.closest("[lang]").lang !== "en" && !parent.closest(".data, .mono, pre, code");
  };

  const language = (lang) => {
    const faults = [];
    if (document.documentElement.lang !== lang) faults.push(`lang is ${document.documentElement.lang}`);
    if (lang === "en" && HAN.test(document.title)) faults.push(`title not translated: ${document.title}`);
    for (const [text, parent] of inkedNodes()) {
      if (wrongIn(text, parent, lang)) faults.push(`not translated: ${short(text)}`);
    }
    for (const attribute of ["aria-label", "placeholder", "title", "alt", "data-label", "data-announce", "data-copied"]) {
      for (const element of document.querySelectorAll(`[${attribute}]`)) {
        const text = element.getAttribute(attribute);
        if (wrongIn(text, element, lang)) faults.push(`${attribute} not translated: ${short(text)}`);
      }
    }
    return faults;
  };

  const sideways = () => {
    const wide = document.documentElement.scrollWidth;
    if (wide <= innerWidth) return [];
    const widest = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
    return [`${wide} px wide: ${widest.slice(0, 2).map(name).join(" ")}`];
  };

  const inSentence = (element) => {
    if (element.tagName !== "A" || getComputedStyle(element).display !== "inline") return false;
    return short(element.parentElement.textContent) !== short(element.textContent);
  };
  const target = (element) => {
    const label = element.matches("[type=checkbox], [type=radio]") ? element.closest("label") : null;
    return (label || element).getBoundingClientRect();
  };
  const targets = (least) => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((element) => visible(element) && element.type !== "hidden" && !inSentence(element))
    .filter((element) => { const box = target(element); return box.width < least - 0.5 || box.height < least - 0.5; })
    .map((element) => { const box = target(element); return `target ${Math.round(box.width)}×${Math.round(box.height)}: ${name(element)}`; });

  const texts = (least, read) => {
    const faults = [];
    for (const [text, parent] of inkedNodes()) {
      if (!visible(parent)) continue;
      const style = getComputedStyle(parent);
      const size = parseFloat(style.fontSize);
      if (size < least) faults.push(`text of ${size} px: ${short(text)}`);
      const height = parseFloat(style.lineHeight) / size;
      if (height < 1.3) faults.push(`line height ${height.toFixed(2)}: ${short(text)}`);
    }
    const size = parseFloat(getComputedStyle(document.querySelector("main")).fontSize);
    if (size < read) faults.push(`text to read has ${size} px`);
    for (const code of document.querySelectorAll(".qr svg, .qr img")) {
      if (code.getBoundingClientRect().width < 240) faults.push("QR code below 240 px");
    }
    return faults;
  };

  const sizes = (least, text, read) => [...targets(least), ...texts(text, read)];
  return { language, sideways, sizes };
})();
