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

// A matrix with named rows and columns. `cell(i, j)` may return a node in place of the number.
function table(caption, rows, { rowNames, columnNames, corner = "", selected, look, cell }) {
  const digits = digitsOf(rows);
  const head = columnNames.map((name) => h("th", { scope: "col" }, name));
  const body = rows.map((row, i) =>
    h("tr", { class: i === selected && "selected", "data-row": i },
      h("th", { scope: "row" }, rowNames[i]),
      row.map((x, j) => h("td", look?.(x, i, j) ?? {}, cell ? cell(i, j) : write(x, digits)))));
  return h("div", { class: "scroll" },
    h("table", {}, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, h("td", { class: "corner" }, corner), head)),
      h("tbody", {}, body)));
}

// A number field that hands on only what it accepts; until then the last number stands.
function numberField(label, value, accept, limit = LIMIT) {
  const take = ({ target }) => {
    const valid = target.checkValidity();
    target.setAttribute("aria-invalid", String(!valid));
    if (valid) accept(target.valueAsNumber);
  };
  return h("input", {
    type: "number", step: "any", min: -limit, max: limit, required: "",
    "aria-label": label, value, oninput: take,
  });
}

function choice(legend, name, options, chosen, accept) {
  return h("fieldset", {}, h("legend", {}, legend), options.map(([value, label]) =>
    h("label", {}, h("input", {
      type: "radio", name, value, checked: value === chosen && "", onchange: () => accept(value),
    }), label)));
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
    this.live.append(...this.build(JSON.parse(this.dataset.explorer)));
    new ResizeObserver(() => this.reach()).observe(this.live);
    this.update();
  }

  // Boxes wider than the page scroll; those without a field inside must take the focus to do so.
  reach() {
    for (const box of this.live.querySelectorAll(".scroll")) {
      const wide = box.scrollWidth > box.clientWidth;
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
