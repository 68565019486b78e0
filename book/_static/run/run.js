// Cells run in the page: no server, no account, also from a disk. Nothing is loaded before the first
// press. What a piece of Python is comes by `qkvRun.take`, from scripts beside this one.
(() => {
  const WORDS = window.qkvRunWords;
  const LANGUAGE = document.documentElement.lang === "zh-CN" ? "zh_CN" : ""; // of verdicts
  const ROOT = new URL(document.documentElement.dataset.content_root || "./", location.href).href;
  // What is the same in every language lies beside the English pages.
  const SHARED = new URL(document.documentElement.dataset.shared_root || ROOT, location.href).href;
  const HERE = location.href.slice(ROOT.length).split(/[?#]/)[0].replace(/\.html$/, "");
  const KEY = "qkv-written";
  const PATIENCE = 15_000; // milliseconds, until a cell that still runs is asked about

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  const button = (text, label, onclick) =>
    make("button", { type: "button", class: "run-button", "aria-label": label, onclick }, text);

  // --- What is loaded: scripts that hand over what is in them.

  const pieces = {};
  const loads = {};
  const pages = {};
  let page; // what the book knows of the cells of this page
  const load = (path) => {
    loads[path] ??= new Promise((done, failed) => {
      const script = make("script", { src: `${path.startsWith("pages/") ? ROOT : SHARED}_static/run/${path}.js` });
      script.onload = () => { script.remove(); done(); };
      script.onerror = () => { delete loads[path]; failed(new Error(`${path} is missing`)); };
      document.head.append(script);
    });
    return loads[path];
  };
  const open = async (name = HERE.replaceAll("/", "-")) => {
    await load(`pages/${name}`);
    page = pages[name];
    return page;
  };

  // --- Python: a process of its own, which can be ended at any time.

  const python = {
    worker: null, step: "", compiled: undefined, done: [], asked: new Map(), count: 0, tell: null,

    ask(act, more = {}) {
      this.count += 1;
      const id = this.count;
      return new Promise((done, failed) => {
        this.asked.set(id, { done, failed });
        this.worker.postMessage({ act, id, ...more });
      });
    },
    hear({ kind, id, value, message, ...more }) {
      if (kind === "out") this.tell?.(more.name, more.text);
      else if (kind === "progress") strip.part(more.part);
      else {
        const asked = this.asked.get(id);
        this.asked.delete(id);
        if (kind === "done") asked?.done(value);
        else asked?.failed(new Error(message));
      }
    },
    async bring(step) {
      const names = page.steps[step];
      const all = names.reduce((sum, [, size]) => sum + size, 0);
      let sum = 0;
      for (const [name, size] of names) {
        await load(`pieces/${name}`);
        sum += size;
        strip.progress(sum / all);
      }
      return Object.fromEntries(names.map(([name]) => [name, pieces[name]]));
    },
    async need(step) {
      if (!this.worker) {
        strip.say(WORDS.loading);
        const found = await this.bring("numpy");
        await load("worker");
        const source = new Blob([pieces["worker.js"]], { type: "text/javascript" });
        const address = URL.createObjectURL(source);
        this.worker = new Worker(address);
        URL.revokeObjectURL(address);
        this.worker.onmessage = ({ data }) => this.hear(data);
        this.worker.onerror = (event) => {
          event.preventDefault();
          this.end(new Error(event.message || "ended"));
        };
        const { compiled } = await this.ask("start", { pieces: found, compiled: this.compiled, language: LANGUAGE });
        this.compiled = compiled;
        this.step = "numpy";
        this.done = [];
      }
      if (step === "matplotlib" && this.step === "numpy") {
        strip.say(WORDS.loadingFigures);
        await this.ask("load", { pieces: await this.bring("matplotlib") });
        this.step = "matplotlib";
        this.done = [];
      }
      strip.progress(null);
    },
    async fresh() {
      await this.ask("fresh");
      this.done = [];
    },
    end(error) {
      this.worker?.terminate();
      Object.assign(this, { worker: null, step: "", done: [] });
      for (const { failed } of this.asked.values()) failed(error);
      this.asked.clear();
      strip.progress(null);
    },
  };
  class Stopped extends Error {}

  // --- The strip at the foot of the window, there since the first press.

  const strip = {
    element: null,
    build() {
      if (this.element) return;
      this.text = make("span", { role: "status", class: "run-status" });
      this.bar = make("progress", { max: 1, "aria-label": WORDS.strip });
      this.stop = button(WORDS.stop, undefined, () => stop());
      this.again = button(WORDS.startAgain, undefined, () => startAgain());
      this.element = make("section", { class: "run-strip", "aria-label": WORDS.strip },
        this.bar, this.text, this.stop, this.again,
        button(WORDS.download, undefined, () => download()),
        button("×", WORDS.close, () => { this.element.hidden = true; }));
      this.stop.hidden = true;
      this.bar.hidden = true;
      document.body.append(this.element);
    },
    say(text, more) {
      this.build();
      this.element.hidden = false;
      this.text.replaceChildren(text, ...(more ? [" ", more] : []));
    },
    progress(share) {
      this.bar.hidden = share === null;
      if (share !== null) this.bar.value = share * 0.7;
    },
    part(name) {
      this.say(WORDS.parts[name]);
      this.bar.hidden = false;
      this.bar.value = { python: 0.75, numpy: 0.85, library: 0.95 }[name];
    },
    busy(on) { this.stop.hidden = !on; this.again.disabled = on; },
  };

  // --- The cells of the page.

  const kept = {
    all() { try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; } },
    get(id) { return this.all()[HERE]?.[id]; },
    set(id, text) {
      const all = this.all();
      const here = { ...all[HERE] };
      if (text === undefined) delete here[id];
      else here[id] = text;
      localStorage.setItem(KEY, JSON.stringify({ ...all, [HERE]: here }));
    },
  };

  class Cell {
    constructor(bar, n) {
      this.bar = bar;
      this.n = n;
      this.element = bar.closest(".cell");
      this.id = bar.dataset.cell;
      this.needs = bar.dataset.needs;
      this.yours = "yours" in bar.dataset;
      this.input = this.element.querySelector(".cell_input");
      this.pre = this.input.querySelector("pre");
      this.original = this.pre.textContent.replace(/\n$/, "");
      this.text = this.original;
      this.stored = null;
      this.title = this.element.closest("section")?.querySelector("h2, h3, h4")?.firstChild?.textContent;
      if (this.needs) this.build();
      else this.tellWhere();
    }

    build() {
      this.runs = this.yours
        ? button(WORDS.check, WORDS.checkLabel(this.title), () => this.press())
        : button(WORDS.run, WORDS.runLabel(this.n), () => this.press());
      this.edits = button(this.yours ? WORDS.write : WORDS.edit,
        this.yours ? undefined : WORDS.editLabel(this.n), () => this.edit());
      this.back = button(WORDS.asItWas, WORDS.asItWasLabel(this.n), () => this.restore());
      this.mark = make("span", { class: "run-mark" }, WORDS.changed);
      this.bar.append(...(this.yours ? [this.edits, this.runs] : [this.runs, this.edits]),
        this.back, this.mark);
      const mine = kept.get(this.id);
      if (mine !== undefined && mine !== this.original) this.change(mine, true);
      this.show();
    }

    tellWhere() {
      if (document.querySelector(".run-bar[data-needs='']") !== this.bar) {
        this.bar.remove();  // the first says it for all
        return;
      }
      const link = make("a", { href: `${ROOT}book/appendix/run.html#elsewhere` }, WORDS.elsewhereMore);
      this.bar.append(WORDS.elsewhere, " ", link, ...elsewhere());
    }

    show() {
      this.mark.hidden = this.text === this.original;
      this.back.hidden = this.mark.hidden && !this.stored;
    }

    change(text, shown = false) {
      this.text = text;
      if (shown) this.pre.textContent = `${text}\n`;
      this.show();
    }

    async edit() {
      if (this.editor) { this.editor.focus(); return; }
      this.edits.disabled = true;
      await load("editor");
      const parent = make("div", { class: "run-editor" });
      this.input.after(parent);
      this.input.hidden = true;
      this.editor = window.qkvEditor(parent, {
        text: this.text,
        label: WORDS.editor(this.n),
        onChange: (text) => {
          this.change(text);
          clearTimeout(this.pause);
          this.pause = setTimeout(() => this.save(), 300);
        },
        onRun: () => this.press(),
      });
      this.edits.hidden = true;
      this.edits.disabled = false;
      this.editor.focus();
    }

    // Keep what was typed now, if it is not kept yet.
    save() {
      if (this.pause === undefined) return;
      clearTimeout(this.pause);
      this.pause = undefined;
      kept.set(this.id, this.mark.hidden ? undefined : this.text);
    }

    restore() {
      clearTimeout(this.pause);
      this.pause = undefined;
      kept.set(this.id, undefined);
      this.change(this.original, true);
      this.editor?.destroy();
      this.element.querySelector(".run-editor")?.remove();
      this.editor = null;
      this.input.hidden = false;
      this.edits.hidden = false;
      if (this.stored) {
        this.output.replaceChildren(...this.stored);
        if (!this.stored.length) this.output.remove();
        this.stored = null;
      }
      this.help?.remove();
      this.show();
      (this.yours ? this.edits : this.runs).focus();
    }

    press() { return press(this); }

    // The place for what the cell shows; what the book shows there is kept.
    open() {
      this.output = this.element.querySelector(".cell_output");
      if (!this.output) {
        this.output = make("div", { class: "cell_output docutils container" });
        (this.element.querySelector(":scope > details") ?? this.bar).after(this.output);
        this.stored = [];
      }
      this.stored ??= [...this.output.childNodes];
      this.output.replaceChildren();
      this.streams = {};
      this.show();
    }

    stream(name, text) {
      if (!this.streams[name]) {
        this.streams[name] = make("pre");
        const kind = name === "stderr" ? "stderr" : "stream";
        const wrap = this.yours ? " run-verdict" : "";
        this.output.append(make("div", { class: `output ${kind}${wrap} highlight-myst-ansi notranslate` },
          make("div", { class: "highlight" }, this.streams[name])));
      }
      this.streams[name].append(text);
    }

    render({ outputs }) {
      for (const each of outputs) {
        if (each.kind === "stream") continue; // has been shown as it came
        this.output.append(this.rendered(each));
      }
    }

    rendered({ kind, text, page: picture }) {
      if (kind === "html") {
        const box = make("div", { class: "output text_html" });
        box.innerHTML = text;
        for (const old of box.querySelectorAll("script")) {
          const script = make("script");
          script.textContent = old.textContent;
          old.replaceWith(script);
        }
        return box;
      }
      if (kind === "svg") {
        const alt = (this.text === this.original && this.alt()) || WORDS.strip;
        const box = make("div");
        box.innerHTML = (picture ?? text).replaceAll("@alt@", make("a", {}, alt).innerHTML
          .replaceAll('"', "&quot;"));
        const frame = this.stored.find((node) => node.matches?.("figure"))?.cloneNode(true);
        const place = frame?.querySelector(".qkv-picture");
        if (!place || !box.firstElementChild) return box;
        place.replaceWith(box.firstElementChild);
        for (const table of frame.querySelectorAll("details")) table.remove(); // of the old numbers
        return frame;
      }
      const look = kind === "error" ? "error" : "text_plain";
      return make("div", { class: `output ${look} highlight-myst-ansi notranslate` },
        make("div", { class: "highlight" }, make("pre", {}, text)));
    }

    alt() { return this.stored.map((node) => node.querySelector?.("svg[aria-label]"))
      .find(Boolean)?.getAttribute("aria-label"); }

    // What `check` found: the tick, and help by stages.
    judge(verdicts) {
      this.help?.remove();
      const [verdict] = verdicts;
      if (!verdict) return;
      const section = this.element.closest("section").id;
      if (verdict.status === "right") window.qkvProgress?.pass(section);
      if (verdict.status !== "wrong") return;
      const more = verdict.stages.map((text, i) => [text, i]).filter(([text]) => text);
      this.help = make("div", { class: "run-help" });
      const next = () => {
        const stage = more.shift();
        if (!stage) return;
        const [text, i] = stage;
        const reveal = button(WORDS.stages[i], undefined, () => {
          const shown = i === 2
            ? make("pre", {}, text.trim()) : make("p", { tabindex: "-1" }, text);
          const box = make("div", { class: "run-stage", tabindex: "-1" },
            make("strong", {}, `${WORDS.stageTitles[i]}: `), shown);
          reveal.replaceWith(box);
          box.focus();
          next();
        });
        this.help.append(reveal);
      };
      next();
      this.output.after(this.help);
    }
  }

  const elsewhere = () => [...document.querySelectorAll("a[href*='mybinder.org'], a[href*='colab.research']")]
    .map((link) => make("a", { href: link.href, class: "run-launch" }, link.textContent.trim()));

  // --- A press: the cells above first, in order, then the cell itself.

  let cells = [];
  let busy = false;
  const textOf = (id) => cells.find((cell) => cell.id === id)?.text ?? page.cells[id].source;
  const runsWith = (step, needs) => needs === "numpy" || (needs && step === "matplotlib");

  // The names are those of the cells above, as they are now, or everything begins anew.
  async function goBefore(id, step) {
    const above = page.cells[id].before.map(([each, runs]) =>
      [each, runs ? textOf(each) : page.cells[each].source, runs]);
    const same = (a, b) => a.every((part, i) => part === b?.[i]);
    if (!python.done.every((each, i) => same(each, above[i]))) await python.fresh();
    const left = above.slice(python.done.length);
    for (const [i, [each, source, runs]] of left.entries()) {
      strip.say(WORDS.above(i + 1, left.length));
      if (runs && runsWith(step, page.cells[each].needs)) {
        const changed = source !== page.cells[each].source;
        const result = await show(each, source, changed);
        if (result.missing === "matplotlib" && step === "numpy") return { missing: "matplotlib" };
        if (result.outputs.some(({ kind }) => kind === "error")) return { ...result, at: each };
      } else await python.ask("imports", { source: page.cells[each].source });
      python.done.push([each, source, runs]);
    }
    return null;
  }

  async function show(id, source, loud) {
    const cell = loud ? cells.find((each) => each.id === id) : undefined; // a page may hide its code
    cell?.open();
    python.tell = cell ? (name, text) => cell.stream(name, text) : null;
    const result = await python.ask("run", { source, name: id, show: loud });
    cell?.render(result);
    if (!loud && result.outputs.some(({ kind }) => kind === "error")) {
      const shown = cells.find((each) => each.id === id);
      shown?.open();
      for (const each of result.outputs) if (each.kind === "stream") shown?.stream(each.name, each.text);
      shown?.render(result);
    }
    return result;
  }

  async function run(id) {
    if (!page) await open();
    const { needs, yours } = page.cells[id];
    for (let step = python.step === "matplotlib" ? "matplotlib" : needs; ; step = "matplotlib") {
      await python.need(step);
      const above = await goBefore(id, step);
      if (above?.missing === "matplotlib" && step === "numpy") continue;
      if (above) return above;
      strip.say(WORDS.running);
      const source = textOf(id);
      const result = await show(id, source, true);
      if (result.missing === "matplotlib" && step === "numpy") continue;
      if (!yours) python.done.push([id, source, true]);
      return result;
    }
  }

  async function press(cell) {
    if (busy) return;
    busy = true;
    strip.build();
    strip.busy(true);
    cell.element.setAttribute("aria-busy", "true");
    const waiting = setTimeout(() => strip.say(WORDS.long), PATIENCE);
    try {
      tell(cell, await run(cell.id));
    } catch (error) {
      if (error instanceof Stopped) strip.say(WORDS.stopped);
      else if (python.worker) {
        python.end(error);
        strip.say(WORDS.crashed);
      } else strip.say(WORDS.noStart(error.message));
    } finally {
      clearTimeout(waiting);
      cell.element.removeAttribute("aria-busy");
      strip.busy(false);
      strip.progress(null);
      busy = false;
    }
  }

  function tell(cell, { outputs = [], verdicts = [], missing, at }) {
    if (at) {
      strip.say(WORDS.failedAbove, make("a", { href: `#${at}` }, WORDS.toIt));
      return;
    }
    cell.judge(verdicts);
    const error = outputs.find(({ kind }) => kind === "error");
    const shown = outputs.filter(({ kind }) => kind === "stream" || kind === "text")
      .map(({ text }) => text).join(" ").trim().slice(0, 300);
    if (error && missing) {
      cell.output.append(make("p", { class: "run-missing" }, WORDS.missing(missing), " ",
        make("a", { href: `${ROOT}book/appendix/run.html#elsewhere` }, WORDS.elsewhereMore)));
    }
    if (error) strip.say(`${WORDS.failed} ${error.text.split("\n").pop()}`);
    else strip.say(outputs.length ? `${WORDS.ran} ${shown}` : WORDS.nothing);
  }

  function stop() {
    python.end(new Stopped());
    strip.say(WORDS.stopped);
  }

  async function startAgain() {
    if (busy) return;
    if (python.worker) await python.fresh();
    strip.say(WORDS.fresh);
  }

  // The chapter as a notebook, with what the reader has written.
  async function download() {
    if (!page) await open();
    const notebook = structuredClone(page.notebook);
    for (const cell of notebook.cells) {
      if (cell.id in page.cells) cell.source = textOf(cell.id);
    }
    const file = new Blob([JSON.stringify(notebook, null, 1)], { type: "application/x-ipynb+json" });
    const address = URL.createObjectURL(file);
    make("a", { href: address, download: `${HERE.split("/").pop()}.ipynb` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  window.qkvRun = {
    take: (name, text) => { pieces[name] = text; },
    page: (name, found) => { pages[name] = found; },
    run, python, open, // what the tests drive
  };

  const start = () => {
    const bars = [...document.querySelectorAll(".run-bar")];
    cells = bars.map((bar, i) => new Cell(bar, i + 1));
    window.addEventListener("pagehide", () => { for (const cell of cells) cell.save(); });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
