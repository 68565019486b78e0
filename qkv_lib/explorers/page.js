// What every explorer shares: making nodes, writing numbers, and the element they extend.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat());
  return node;
}
const h = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const s = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

const write = (x, digits = 4) => {
  if (x === -Infinity) return "−∞";
  const text = x.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
};
const short = (x) => String(Number(x.toFixed(4))).replace("-", "−");
// Whole numbers are written as such, where the whole matrix is whole.
const digitsOf = (rows) => (rows.flat().every(Number.isInteger) ? 0 : 4);

// A large number in three digits and a word.
const THOUSANDS = ["", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"];
const BYTES = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
function spoken(x, unit = 1000, units = THOUSANDS) {
  const found = units.findIndex((_, i) => x < unit ** (i + 1));
  const power = found < 0 ? units.length - 1 : found;
  return `${Number((x / unit ** power).toPrecision(3))} ${units[power]}`.trimEnd();
}

// Chinese is to be spoken as Chinese.
const lang = (text) => (/\p{Script=Han}/u.test(text) ? "zh" : undefined);

// A matrix with named rows and columns. `cell(i, j)` may return a node in place of the number.
function table(caption, rows, { rowNames, columnNames, corner = "", selected, look, cell }) {
  const digits = digitsOf(rows);
  const head = columnNames.map((name) => h("th", { scope: "col", lang: lang(name) }, name));
  const body = rows.map((row, i) =>
    h("tr", { class: i === selected && "selected", "data-row": i },
      h("th", { scope: "row", lang: lang(rowNames[i]) }, rowNames[i]),
      row.map((x, j) => h("td", look?.(x, i, j) ?? {}, cell ? cell(i, j) : write(x, digits)))));
  return h("div", { class: "scroll" },
    h("table", {}, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, h("td", { class: "corner" }, corner), head)),
      h("tbody", {}, body)));
}

// A number field that hands on only what it accepts; until then the last number stands.
function numberField(label, value, accept, limits = {}) {
  const take = ({ target }) => {
    const valid = target.checkValidity();
    target.setAttribute("aria-invalid", String(!valid));
    target.getRootNode().host.tellLimits();
    if (valid) accept(target.valueAsNumber);
  };
  return h("input", {
    type: "number", step: "any", min: -LIMIT, max: LIMIT, ...limits, required: "",
    "aria-label": label, value, oninput: take,
  });
}

// Text in which Q, K and V have the colours that they have in the book.
const COLOURS = { Q: "q", K: "k", V: "v" };
const inked = (text) => text.split(/\b([QKV])(?![a-z])/).map((part) =>
  (COLOURS[part] ? h("span", { class: COLOURS[part] }, part) : part));
// What rows and columns of scores are.
const corner = () => [h("span", { class: "q" }, "query ↓"), "\n", h("span", { class: "k" }, "key →")];

// A slider that shows, and speaks, what its place means.
function slider(label, { value, meaning = short, ...limits }, accept) {
  const shown = h("span", { class: "shown", "aria-hidden": "true" });
  const tell = () => {
    shown.textContent = meaning(input.valueAsNumber);
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  const input = h("input", {
    type: "range", step: 1, ...limits, value, "aria-label": label,
    oninput: () => { accept(input.valueAsNumber); tell(); },
  });
  const set = (x) => { input.value = x; tell(); };
  tell();
  return Object.assign(h("label", { class: "dial" }, h("span", {}, label), input, shown), { set });
}

function choice(legend, name, options, chosen, accept) {
  const labels = options.map(([value, label]) =>
    h("label", { lang: lang(label) }, h("input", {
      type: "radio", name, value, checked: value === chosen && "", onchange: () => accept(value),
    }), label));
  return h("fieldset", {}, h("legend", {}, legend), h("div", { class: "options" }, labels));
}

// Dragging by mouse or finger. A finger on the node drags it, not the page; touch-action does not
// reach inside drawings.
const dragging = (move) => ({
  onpointerdown: (event) => event.currentTarget.setPointerCapture(event.pointerId),
  ontouchstart: (event) => event.preventDefault(),
  onpointermove: (event) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) move(event);
  },
});

// Where on a drawing, in its own units, an event was.
function place(drawing, event) {
  const { x, y } = new DOMPoint(event.clientX, event.clientY)
    .matrixTransform(drawing.getScreenCTM().inverse());
  return [x, y];
}

// The element: its light children are the static page, for print and where no script runs; a
// shadow root, out of reach of the page's styles, holds the live figure.
class Explorer extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    this.status = h("p", { role: "status", class: "unseen" });
    this.live = h("div", { class: "live" });
    root.append(h("style", {}, CSS), h("slot"), this.live, this.status);
    // Keys typed here are meant for the figure, not for JupyterLab's or the page's shortcuts.
    this.dataset.lmSuppressShortcuts = "true";
    root.addEventListener("keydown", (event) => event.stopPropagation());
    this.begin();
    new ResizeObserver(() => this.reach()).observe(this.live);
    clearTimeout(this.pause); // a page that opens has nothing to announce yet
  }

  begin() {
    this.limits = h("p", { class: "limits" });
    this.live.replaceChildren(...this.build(JSON.parse(this.dataset.explorer)), this.limits);
    this.update();
  }

  // Everything as it was when the page opened.
  reset() {
    return h("button", { type: "button", class: "reset", onclick: () => {
      this.begin();
      this.live.querySelector(".reset").focus();
    } }, "Reset");
  }

  // A number that is not taken says what would be.
  tellLimits() {
    this.limits.textContent = [...this.live.querySelectorAll("input")]
      .filter((field) => field.getAttribute("aria-invalid") === "true")
      .map(({ ariaLabel, min, max, step }) => `${ariaLabel}: ${step === "1" ? "a whole number" : "a number"} ` +
        `from ${short(Number(min))} to ${short(Number(max))}.`).join(" ");
    if (this.limits.textContent) this.say(this.limits.textContent);
  }

  // Boxes wider than the page scroll; those without a field inside must take the focus to do so.
  reach() {
    for (const box of this.live.querySelectorAll(".scroll")) {
      const wide = box.scrollWidth > box.clientWidth;
      box.classList.toggle("wide", wide); // which says so
      if (wide && !box.querySelector("input")) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  // Speak once the numbers rest, so that a drag is not read out point by point.
  say(text) {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => { this.status.textContent = text; }, 400);
  }
}
