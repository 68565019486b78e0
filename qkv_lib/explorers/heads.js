// The weights of every head of a model on a text: all of them small, and one of them large.

const named = (things) => things.map((thing, i) => [String(i), thing]);
const LEVELS = 10; // of darkness in a small map
const brief = (x) => (x < 0.005 ? "0" : write(x, 2).replace(/^0/, ""));

class Heads extends Explorer {
  build({ texts, block, head, decimals }) {
    Object.assign(this, { texts, block, head, decimals, text: 0, row: 1 });
    this.panel = h("div", { class: "panel rows" });
    this.overview = h("div", {});
    this.queries = h("div", {});
    // What leaves no choice is not offered.
    const text = texts.length < 2 ? [] : choice("Text", "text", named(texts.map((t) => t.name)), "0",
      (i) => this.go({ text: Number(i) }));
    this.panel.addEventListener("click", ({ target }) => {
      const row = target.closest("tbody tr")?.dataset.row;
      if (row) this.queries.querySelectorAll("input")[row].click();
    });
    return [text, this.overview, this.queries, this.panel].flat();
  }

  // Weights come as whole numbers of the last decimal, to keep the page small.
  get map() {
    return this.texts[this.text].weights[this.block][this.head]
      .map((row) => row.map((x) => x / 10 ** this.decimals));
  }

  go(change) {
    Object.assign(this, change);
    this.update();
  }

  // Another text has other maps, and other queries to follow; while it stays, so do they.
  follow() {
    if (this.asked === this.text) return;
    this.asked = this.text;
    const { rows } = this.texts[this.text];
    this.row = Math.min(this.row, rows.length - 1);
    this.overview.replaceChildren(...this.all());
    this.queries.replaceChildren(choice("Query to follow", "row", named(rows), String(this.row),
      (i) => this.go({ row: Number(i) })));
  }

  // Every head as a small map; the maps are the labels of radio buttons.
  all() {
    const { weights } = this.texts[this.text];
    const [blocks, heads] = [weights.length, weights[0].length];
    if (blocks * heads < 2) return [];
    const mark = (text) => h("span", { "aria-hidden": "true" }, text);
    const columns = weights[0].map((_, j) => mark(`${j + 1}`));
    const lines = weights.map((block, i) =>
      [mark(blocks > 1 ? `${i + 1}` : ""), block.map((map, j) => this.small(map, i, j))].flat());
    return [h("fieldset", { class: "all" },
      h("legend", {}, blocks > 1 ? "All heads: a row per block, a column per head" : "All heads"),
      h("div", { style: `--heads: ${heads}` }, mark(""), columns, lines.flat()))];
  }

  small(map, block, head) {
    const paths = Array.from({ length: LEVELS }, () => "");
    map.forEach((row, i) => row.forEach((x, j) => {
      const level = Math.round((LEVELS * x) / 10 ** this.decimals);
      if (level) paths[level - 1] += `M${j} ${i}h1v1h-1z`;
    }));
    const name = `block ${block + 1}, head ${head + 1}`;
    return h("label", { title: name },
      h("input", {
        type: "radio", name: "head", value: `${block} ${head}`, "aria-label": name, class: "unseen",
        checked: block === this.block && head === this.head && "",
        onchange: () => this.go({ block, head }),
      }),
      s("svg", { viewBox: `0 0 ${map[0].length} ${map.length}`, preserveAspectRatio: "none" },
        paths.map((d, i) => s("path", { d, "fill-opacity": (i + 1) / LEVELS }))));
  }

  update() {
    this.follow();
    const { map, row } = this;
    const { name, rows, columns, weights } = this.texts[this.text];
    const which = weights.length * weights[0].length > 1
      ? `block ${this.block + 1}, head ${this.head + 1}` : "the text";
    this.panel.replaceChildren(table(`weights of ${which}`, map, {
      rowNames: rows, columnNames: columns, selected: row, corner: corner(),
      look: (w) => ({ style: `--weight: ${w}` }), cell: (i, j) => brief(map[i][j]),
    }));
    this.reach();
    this.say(`${name ? `${name}: ` : ""}${which}. Query ${rows[row]}: ` +
      map[row].map((w, j) => `${columns[j]} ${write(w, 2)}`).join(", "));
  }
}
