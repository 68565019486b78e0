// Softmax with and without the root of the width, on one row of scores.

// The size of diag(p) - p pᵀ. Where p_i is close to 1, 1 - p_i is what the other weights sum to.
function jacobianSize(p) {
  const products = p.map((a, i) => p.map((b, j) => (i === j ? 0 : a * b)));
  return Math.hypot(...products.flat(), ...products.map(sum));
}
const deviation = (row) => {
  const mean = sum(row) / row.length;
  return Math.sqrt(sum(row.map((x) => (x - mean) ** 2)) / row.length);
};

function answer(scores) {
  const weights = softmax(scores);
  return { scores, weights, spread: deviation(scores), size: jacobianSize(weights) };
}

function small(x) {
  if (x === 0 || x >= 1e-3) return write(x);
  const [digits, exponent] = x.toExponential(1).split("e");
  return `${digits} × ${power(Number(exponent))}`;
}

// A table that keeps its place while its numbers change.
function steady(box, { width = "100%", columns = "fixed" } = {}) {
  box.style.width = width;
  box.firstChild.style.cssText = `width: 100%; table-layout: ${columns}`;
  return box;
}

const WAYS = { divided: "divided by √dₖ", raw: "not divided" };
const LOWEST = -20; // the chart's floor, in powers of ten

class Scaling extends Explorer {
  build({ tokens, scores, width, spread }) {
    Object.assign(this, { tokens, scores, data: { width, spread } });
    this.panel = h("div", { class: "panel" });
    // Doubling by doubling; the slider's place is the exponent.
    const dial = (label, name, limits) => slider(label, {
      ...limits, value: Math.log2(this.data[name]), meaning: (x) => short(2 ** x),
    }, (x) => { this.data[name] = 2 ** x; this.update(); });
    return [
      h("div", { class: "dials" }, dial("Width dₖ", "width", { min: 0, max: 12 }),
        dial("Spread", "spread", { min: -3, max: 3, step: 0.25 }), this.reset()),
      this.panel,
    ];
  }

  update() {
    const { width, spread } = this.data;
    const scores = this.scores.map((x) => spread * x);
    this.result = { divided: answer(scores), raw: answer(scores.map((x) => Math.sqrt(width) * x)) };
    this.panel.replaceChildren(this.row(),
      h("div", { class: "side top" }, this.sums(), this.drawing()));
    this.reach();
    this.say(`Width ${width}, spread ${short(spread)}. ` + Object.entries(WAYS).map(([way, words]) =>
      `${words}: largest weight ${write(Math.max(...this.result[way].weights))}, ` +
      `size of the Jacobian ${small(this.result[way].size)}`).join(". "));
  }

  row() {
    const { divided, raw } = this.result;
    const rows = this.tokens.map((_, j) =>
      [divided.scores[j], divided.weights[j], raw.scores[j], raw.weights[j]]);
    return steady(table("one query, its keys", rows, {
      rowNames: this.tokens, columnNames: ["q·k / √dₖ", "weight", "q·k", "weight"],
      look: (x, _, i) => (i % 2 ? { class: "bar", style: `--weight: ${x}` } : {}),
      cell: (j, i) => write(rows[j][i], i % 2 ? 4 : Math.abs(rows[j][i]) < 100 ? 2 : 0),
    }));
  }

  sums() {
    const rows = Object.keys(WAYS).map((way) => {
      const { spread, weights, size } = this.result[way];
      return [spread, Math.max(...weights), size];
    });
    return steady(table("what becomes of them", rows, {
      rowNames: ["q·k / √dₖ", "q·k"],
      columnNames: ["spread", "largest\nweight", "size of\nJacobian"],
      cell: (i, j) => (j < 2 ? write(rows[i][j], j ? 4 : 2) : small(rows[i][j])),
    }), { width: "20rem", columns: "auto" });
  }

  // The size of the Jacobian for every factor on the scores, and where the two ways stand.
  drawing() {
    const { width, spread } = this.data;
    const log = (x) => Math.max(Math.log10(x), LOWEST);
    const size = (exponent) => log(jacobianSize(softmax(this.scores.map((x) => x * 2 ** exponent))));
    const under = this.result.raw.size < 10 ** LOWEST; // below the floor of the chart
    const place = (way, factor, name, below) => ({
      at: [Math.log2(factor), log(this.result[way].size)], name, line: 0, below });
    const raw = place("raw", spread * Math.sqrt(width), under ? "" : "not divided", true);
    raw.below = raw.at[1] > LOWEST * 0.8; // no label on the ticks
    const drawn = chart("Size of the Jacobian against the factor on the scores", {
      x: { from: -3, to: 9, title: "factor on the scores",
        ticks: [-3, 0, 3, 6, 9].map((e) => [e, short(2 ** e)]) },
      y: { from: LOWEST, to: 0, title: "size of the Jacobian",
        ticks: [0, -5, -10, -15, LOWEST].map((e) => [e, power(e)]) },
      lines: [{ points: Array.from({ length: 97 }, (_, i) => [i / 8 - 3, size(i / 8 - 3)])
        .filter(([, y], i) => i === 0 || y > LOWEST) }],
      dots: [...(under ? [] : [raw]), place("divided", spread, "divided", false)],
    });
    return under ? fill(drawn, {}, this.fallen(raw.at[0])) : drawn;
  }

  // An arrow through the floor, and how far below it the size is.
  fallen(at) {
    const x = FRAME.left + (at + 3) / 12 * (FRAME.right - FRAME.left);
    const y = FRAME.bottom;
    const exponent = Math.floor(Math.log10(this.result.raw.size));
    return [
      s("path", { class: "dot line-0", d: `M${x - 5} ${y - 9}h10l-5 9z` }),
      s("text", { x, y: y - 26 }, "not divided:"),
      s("text", { x, y: y - 14 }, `${power(exponent)}, below`),
    ];
  }
}
