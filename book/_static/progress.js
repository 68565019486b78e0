// What a reader has done: pages read, questions answered, exercises passed. It is kept in this
// browser (`localStorage`) and goes nowhere else.
(() => {
  const KEY = "qkv-progress";
  const ROOT = new URL(document.documentElement.dataset.content_root || "./", location.href).href;
  const nameOf = (url) => url.slice(ROOT.length).split(/[?#]/)[0].replace(/\.html$/, "");
  const HERE = nameOf(location.href);

  const load = () => {
    try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
  };
  const pageOf = (all, name) => ({ read: false, quiz: {}, passed: {}, ...all[name] });
  const change = (act) => {
    const all = load();
    const page = pageOf(all, HERE);
    act(page);
    localStorage.setItem(KEY, JSON.stringify({ ...all, [HERE]: page }));
    show();
  };

  // Like `document.createElement`, with attributes and children.
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  const tick = (text, on, act) => {
    const box = make("input", { type: "checkbox", onchange: () => act(box.checked) });
    box.checked = on;
    return make("label", { class: "progress-tick" }, box, text);
  };

  // On a chapter: a tick under each exercise and at the end; the first option opened is the answer.
  const isChapter = () => document.querySelector(".cell") !== null;

  // Where an exercise runs in the page, its tick is set by `check` and not by hand.
  const ticks = {};
  window.qkvProgress = {
    pass(id) {
      if (ticks[id]) ticks[id].checked = true;
      change((now) => { now.passed[id] = true; });
    },
  };

  const followExercises = (page) => {
    const inPage = (heading) => heading.parentElement.querySelector(".run-bar[data-yours]");
    const headings = document.querySelectorAll(".bd-article section.exercise > h3");
    for (const heading of headings) {
      const { id } = heading.parentElement;
      const label = tick(qkvSay("I passed this exercise"), Boolean(page.passed[id]), (on) =>
        change((now) => { if (on) now.passed[id] = true; else delete now.passed[id]; }));
      heading.after(label);
      if (!inPage(heading)) continue;
      const box = label.querySelector("input");
      label.lastChild.data = qkvSay("Passed (Check sets this tick)");
      box.disabled = true;
      ticks[id] = box;
    }
  };

  const followQuiz = () => {
    for (const [place, question] of document.querySelectorAll(".quiz-question").entries()) {
      for (const option of question.querySelectorAll("details.quiz-option")) {
        const right = option.classList.contains("right");
        option.addEventListener("toggle", () => {
          if (option.open) change((now) => { now.quiz[place + 1] ??= right; });
        });
      }
    }
  };

  const followReading = (page) => {
    const end = document.querySelector(".prev-next-footer");
    if (!end) return;
    const box = tick(qkvSay("I have read this page"), page.read, (on) => change((now) => { now.read = on; }));
    document.querySelector(".bd-article").append(box); // in the column of the text
    if (page.read) return;
    const watcher = new IntersectionObserver((seen) => {
      // Who jumps to the end has not read the page: a minute must have passed.
      if (!seen.some((each) => each.isIntersecting) || performance.now() < 60_000) return;
      watcher.disconnect();
      box.querySelector("input").checked = true;
      change((now) => { now.read = true; });
    });
    watcher.observe(box);
  };

  // In the table of contents: which pages are read. On the home page: all of it.
  const count = (found) => Object.values(found).filter(Boolean).length;

  const showContents = (all) => {
    for (const link of document.querySelectorAll(".bd-docs-nav a.reference.internal")) {
      link.querySelector(".progress-read")?.remove();
      if (!pageOf(all, nameOf(link.href)).read) continue;
      link.append(make("span", { class: "progress-read" },
        make("span", { "aria-hidden": "true" }, " ✓"), make("span", { class: "unseen" }, qkvSay(" (read)"))));
    }
  };

  const showMap = (all) => {
    for (const place of document.querySelectorAll(".course-progress")) {
      const page = pageOf(all, place.dataset.page);
      const parts = [
        [page.read, qkvSay("✓ read")],
        [count(page.passed), qkvSay("exercises passed: {n} of {all}",
          { n: count(page.passed), all: place.dataset.exercises })],
        [Object.keys(page.quiz).length, qkvSay("quiz: {n} right of {all} answered",
          { n: count(page.quiz), all: Object.keys(page.quiz).length })],
      ];
      place.textContent = parts.filter(([done]) => done).map(([, text]) => text).join(" · ");
    }
  };

  const showReset = (all) => {
    const place = document.querySelector(".course-reset");
    if (!place) return;
    const reset = () => {
      localStorage.removeItem(KEY);
      show();
      place.textContent = qkvSay("Your progress is forgotten.");
    };
    place.replaceChildren(...(Object.keys(all).length
      ? [qkvSay("Your progress is kept in this browser only. "),
        make("button", { type: "button", onclick: reset }, qkvSay("Forget it"))]
      : [qkvSay("What you have read and passed will be marked here, in this browser only.")]));
  };

  const show = () => {
    const all = load();
    showContents(all);
    showMap(all);
    showReset(all);
  };

  const start = () => {
    if (isChapter()) {
      const page = pageOf(load(), HERE);
      followExercises(page);
      followQuiz();
      followReading(page);
    }
    show();
    window.addEventListener("storage", show);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
