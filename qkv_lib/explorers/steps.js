// Attention in five steps, on numbers that can be edited.

const STAGES = [
  { name: "Scores", result: "scores", formula: "scores = Q Kᵀ",
    words: "The dot product of each query with each key." },
  { name: "Scale", from: "scores", result: "scaled", formula: "scaled = scores / √dₖ",
    words: "Divided by the root of the width of the keys." },
  { name: "Mask", from: "scaled", result: "masked", formula: "masked = scaled, or −∞",
    words: "The score stays where the query may attend to the key; elsewhere it becomes −∞." },
  { name: "Softmax", from: "masked", result: "weights", formula: "weights = softmax(masked)",
    words: "Along each row: positive, with sum 1. A row with nothing to attend to is 0." },
  { name: "Output", from: "weights", result: "output", formula: "output = weights V",
    words: "The rows of V, averaged with the weights of the query." },
];

// What each step does to the selected query, number by number: one line a key, or a feature.
const WORKED = [
  ({ query, key }, { scores }, i) => key.map((k, j) =>
    `${k.map((x, f) => `${short(query[i][f])} × ${short(x)}`).join(" + ")} = ${short(scores[i][j])}`),
  ({ key }, { scores, scaled }, i) => key.map((k, j) =>
    `${short(scores[i][j])} / √${k.length} = ${write(scaled[i][j])}`),
  ({ mask }, { scaled, masked }, i) => scaled[i].map((x, j) =>
    mask[i][j] ? `${write(x)} stays` : `${write(x)} becomes ${write(masked[i][j])}`),
  (_, { masked, weights }, i) => {
    const { total, peak } = exponentials(masked[i]);
    return weights[i].map((w, j) => (masked[i][j] === -Infinity ? "masked: 0"
      : `exp(${write(masked[i][j])} − ${write(peak)}) / ${write(total)} = ${write(w)}`
        .replace("− −", "+ ")));
  },
  ({ value }, { weights, output }, i) => output[i].map((x, f) =>
    `${weights[i].map((w, j) => `${write(w)} × ${short(value[j][f])}`).join(" + ")} = ${write(x)}`),
];

const OPERANDS = { query: "Q, queries", key: "K, keys", value: "V, values" };
const numbered = (row) => row.map((_, j) => String(j + 1));

class Steps extends Explorer {
  build({ tokens, query, key, value }) {
    const n = tokens.length;
    Object.assign(this, { tokens, data: { query, key, value, mask: everything(n) } });
    Object.assign(this, { step: 0, row: 0, panel: h("div", { class: "panel tall" }) });
    this.allowed = this.data.mask.map((row, i) => row.map((_, j) => h("input", {
      type: "checkbox", "aria-label": `${tokens[i]} may attend to ${tokens[j]}`,
      onchange: () => this.tick(i, j),
    })));
    this.presets = choice("Mask", "mask",
      [["none", "none"], ["causal", "causal"], ["padding", `padding (${tokens.at(-1)})`], ["custom", "custom"]], "none",
      (name) => this.preset(name));
    return [
      h("div", { class: "side" }, Object.keys(OPERANDS).map((name) => this.operand(name)),
        h("div", { class: "of-queries" }, this.presets, this.grid())),
      h("div", { class: "side apart" }, choice("Query to follow", "row",
        tokens.map((token, i) => [String(i), token]), "0", (i) => this.go({ row: Number(i) })), this.reset()),
      this.steps(), this.panel,
    ];
  }

  operand(name) {
    const rows = this.data[name];
    const box = table(inked(`${OPERANDS[name]}: ${rows.length} × ${rows[0].length}`), rows, {
      rowNames: this.tokens, columnNames: numbered(rows[0]),
      cell: (i, j) => numberField(`${name} of ${this.tokens[i]}, feature ${j + 1}`, rows[i][j],
        (x) => { rows[i][j] = x; this.update(); }),
    });
    box.classList.toggle("of-queries", name === "query");
    return box;
  }

  grid() {
    return table("ticked = may attend", this.data.mask, {
      rowNames: this.tokens, columnNames: this.tokens, corner: corner(),
      cell: (i, j) => h("label", { class: "tick" }, this.allowed[i][j]),
    });
  }

  // The ticks are the mask; the presets only set them. Padding: the last token is none.
  preset(name) {
    const n = this.tokens.length;
    if (name === "none") this.data.mask = everything(n);
    if (name === "causal") this.data.mask = causalMask(n);
    if (name === "padding") this.data.mask = paddingMask(n, n - 1);
    this.update();
  }

  tick(i, j) {
    this.data.mask[i][j] = !this.data.mask[i][j];
    this.presets.querySelector("[value=custom]").checked = true;
    this.update();
  }

  steps() {
    const move = (by, label) => h("button", {
      type: "button", "data-by": by, onclick: () => this.go({ step: this.step + by }) }, label);
    return h("div", { class: "stepper", role: "group", "aria-label": "Step" },
      move(-1, "← Previous"),
      h("ol", {}, STAGES.map(({ name }, step) => h("li", {}, h("button", {
        type: "button", "data-step": step, onclick: () => this.go({ step }) },
      `${step + 1} ${name}`)))),
      move(1, "Next →"));
  }

  go({ step = this.step, row = this.row }) {
    this.step = Math.min(Math.max(step, 0), STAGES.length - 1);
    this.row = row;
    this.update();
  }

  update() {
    const { query, key, value, mask } = this.data;
    this.result = attentionSteps(query, key, value, mask);
    const stage = STAGES[this.step];
    this.allowed.forEach((row, i) => row.forEach((box, j) => { box.checked = mask[i][j]; }));
    this.mark();
    this.panel.replaceChildren(
      h("p", {}, h("strong", {}, inked(stage.formula)), h("br"), inked(stage.words)),
      h("div", { class: "side" }, [stage.from, stage.result].filter(Boolean).map((x) => this.stage(x))),
      this.worked());
    this.reach();
    const token = this.tokens[this.row];
    const heads = this.columns(stage.result);
    this.say(`Step ${this.step + 1} of ${STAGES.length}, ${stage.name}. Query ${token}: ` +
      this.result[stage.result][this.row].map((x, j) => `${heads[j]} ${write(x)}`).join(", "));
  }

  mark() {
    for (const button of this.live.querySelectorAll("[data-step]")) {
      const current = Number(button.dataset.step) === this.step;
      button.setAttribute("aria-current", current ? "step" : "false");
    }
    for (const button of this.live.querySelectorAll("[data-by]")) {
      const next = this.step + Number(button.dataset.by);
      button.setAttribute("aria-disabled", String(!(next in STAGES)));
    }
    for (const row of this.live.querySelectorAll(".of-queries [data-row]")) {
      row.classList.toggle("selected", Number(row.dataset.row) === this.row);
    }
  }

  columns(name) {
    return name === "output" ? numbered(this.result.output[0]) : this.tokens;
  }

  stage(name) {
    const rows = this.result[name];
    const { mask } = this.data;
    const hidden = (i, j) => ["masked", "weights"].includes(name) && !mask[i][j];
    return table(`${name}: ${rows.length} × ${rows[0].length}`, rows, {
      rowNames: this.tokens, columnNames: this.columns(name), selected: this.row,
      corner: name === "output" ? "" : corner(),
      look: (x, i, j) => ({
        class: hidden(i, j) && "hidden",
        style: name === "weights" && !hidden(i, j) && `--weight: ${x}`,
      }),
    });
  }

  worked() {
    const names = this.columns(STAGES[this.step].result);
    const lines = WORKED[this.step](this.data, this.result, this.row);
    return h("dl", { "aria-label": `The row of ${this.tokens[this.row]}` }, lines.map((line, j) =>
      h("div", {}, h("dt", {}, `${this.tokens[this.row]} → ${names[j]}`), h("dd", {}, line))));
  }
}
