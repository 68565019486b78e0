// What attention costs: the formulas of qkv_lib.measures.cost, for all blocks and the whole batch.

const kvWidth = ({ d_model, n_heads, n_kv_heads }) => d_model / n_heads * n_kv_heads;
const crossover = (sizes) => sizes.d_model + kvWidth(sizes) + sizes.d_ff;
const cacheBytes = (sizes, tokens) =>
  2 * kvWidth(sizes) * tokens * sizes.n_blocks * sizes.batch * sizes.bytes;

function bill(sizes) {
  const { n_tokens: n, d_model: d, n_heads: h, d_ff, n_blocks, batch, bytes, window } = sizes;
  const seen = Math.min(n, window || n);
  const all = n_blocks * batch;
  return {
    projections: all * 2 * n * d * (d + kvWidth(sizes)),
    scores: all * n * seen * d,
    weighted_sum: all * n * seen * d,
    feed_forward: all * 2 * n * d * d_ff,
    score_bytes: batch * bytes * h * n * seen,
    caches: [h, sizes.n_kv_heads, 1].map((g) => cacheBytes({ ...sizes, n_kv_heads: g }, seen)),
    crossover: crossover(sizes),
  };
}

const LARGEST = 2 ** 24;
const SIZES = {
  n_tokens: "tokens n", d_model: "width d", n_heads: "heads h", n_kv_heads: "key-value heads g",
  d_ff: "feed-forward width f", n_blocks: "blocks", batch: "batch", window: "window w, 0: none",
};
const PARTS = {
  projections: "projections\n2 n d (d + d g / h)", scores: "scores\nn m d",
  weighted_sum: "weighted sum\nn m d", feed_forward: "feed-forward\n2 n d f",
};
const memory = (x) => spoken(x, 1024, BYTES);
const whole = (x) => Math.round(x).toLocaleString("en");

class Cost extends Explorer {
  build(data) {
    this.data = data;
    this.panel = h("div", { class: "panel" });
    this.fault = h("p", { class: "fault" });
    this.fields = Object.entries(SIZES).map(([name, label]) => h("label", {}, label,
      numberField(label, data[name], (x) => this.change({ [name]: x }),
        { min: Number(!["d_ff", "window"].includes(name)), max: LARGEST, step: 1 })));
    this.length = slider("Length", {
      min: 4, max: 24, step: 0.25, value: Math.log2(data.n_tokens),
      meaning: () => `${whole(this.data.n_tokens)} tokens`,
    }, (x) => {
      this.fields[0].querySelector("input").value = Math.round(2 ** x);
      this.change({ n_tokens: Math.round(2 ** x) });
    });
    return [
      h("div", { class: "sizes" }, this.fields),
      h("div", { class: "side apart" }, choice("Bytes per number", "bytes",
        [["4", "4, float32"], ["2", "2, half"], ["1", "1, 8 bits"]],
        String(data.bytes), (x) => this.change({ bytes: Number(x) })), this.reset()),
      this.fault, h("div", { class: "dials" }, this.length), this.panel,
    ];
  }

  // Sizes that do not divide are told; the last ones that did still stand below.
  change(sizes) {
    this.data = { ...this.data, ...sizes };
    if (sizes.n_tokens) this.length.set(Math.log2(sizes.n_tokens));
    this.update();
  }

  get trouble() {
    const { d_model: d, n_heads: h, n_kv_heads: g } = this.data;
    if (d % h) return `The width ${d} is no multiple of ${h} heads.`;
    return h % g ? `${h} heads are no multiple of ${g} key-value heads.` : "";
  }

  update() {
    const { trouble } = this;
    this.fault.textContent = trouble;
    if (trouble) {
      this.say(trouble);
      return;
    }
    this.result = bill(this.data);
    this.panel.replaceChildren(
      h("div", { class: "side top" }, this.parts(),
        h("div", { class: "panel" }, this.memory(), this.drawing())),
      h("p", {}, this.verdict()));
    this.reach();
    this.say(this.verdict() + ` Cache ${memory(this.result.caches[1])}.`);
  }

  verdict() {
    const { crossover, ...due } = this.result;
    const share = (due.scores + due.weighted_sum) / this.total;
    return `Scores and weighted sum are ${write(100 * share, 1)} % of the multiplications. ` +
      `Without a window they are more than half from n = d + dg/h + f = ${whole(crossover)} on.`;
  }

  get total() { return sum(Object.keys(PARTS).map((part) => this.result[part])); }

  parts() {
    const rows = Object.keys(PARTS).map((part) => [this.result[part], this.result[part] / this.total]);
    return table("multiplications; m = min(n, w)", rows, {
      rowNames: Object.values(PARTS), columnNames: ["number", "share"],
      look: (x, i, j) => (j ? { class: "bar", style: `--weight: ${x}` } : {}),
      cell: (i, j) => (j ? `${write(100 * rows[i][1], 1)} %` : spoken(rows[i][0])),
    });
  }

  memory() {
    const { caches, score_bytes } = this.result;
    const { n_heads, n_kv_heads } = this.data;
    const rows = [score_bytes, ...caches].map((x) => [x]);
    return table("memory", rows, {
      rowNames: ["scores of one block, kept", `cache, ${n_heads} (multi-head)`,
        `cache, ${n_kv_heads} (these)`, "cache, 1 (multi-query)"],
      columnNames: ["size"], cell: (i) => memory(rows[i][0]),
    });
  }

  // Both against the length: the straight part and the square one, and where they cross.
  drawing() {
    const at = (exponent) => bill({ ...this.data, n_tokens: 2 ** exponent });
    const line = (name, count) => ({ name,
      points: Array.from({ length: 41 }, (_, i) => 4 + i / 2).map((e) => [e, Math.log10(count(at(e)))]) });
    const lines = [line("the rest", (due) => due.projections + due.feed_forward),
      line("scores, sum", (due) => due.scores + due.weighted_sum)];
    const { scores, weighted_sum, projections, feed_forward } = this.result;
    const here = Math.log2(this.data.n_tokens);
    const ends = lines.flatMap(({ points }) => [points[0][1], points.at(-1)[1]]);
    const [from, to] = [Math.floor(Math.min(...ends)), Math.ceil(Math.max(...ends))];
    const ticks = Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((e) => e % 3 === 0);
    return chart("Multiplications against the length, of scores and sum, and of the rest", {
      x: { from: 4, to: 24, title: "tokens", ticks: [4, 10, 17, 24].map((e) => [e, whole(2 ** e)]) },
      y: { from, to, title: "multiplications", ticks: ticks.map((e) => [e, power(e)]) },
      lines,
      dots: [[projections + feed_forward, 0], [scores + weighted_sum, 1]].map(([y, i]) =>
        ({ at: [here, Math.log10(y)], line: i })),
    });
  }
}
