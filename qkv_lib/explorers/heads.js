// The weights of every head of a model on a text: choose text, block, head and query.

const counted = (things) => things.map((_, i) => [String(i), String(i + 1)]);
const named = (things) => things.map((thing, i) => [String(i), thing]);

class Heads extends Explorer {
  build({ texts, block, head, decimals }) {
    Object.assign(this, { texts, block, head, decimals, text: 0, row: 1 });
    this.panel = h("div", { class: "panel" });
    this.queries = h("div", {});
    // What leaves no choice is not offered.
    const pick = (legend, name, options) => (options.length < 2 ? []
      : choice(legend, name, options, String(this[name]), (i) => this.go({ [name]: Number(i) })));
    const { weights } = texts[0];
    return [
      pick("Text", "text", named(texts.map((text) => text.name))),
      pick("Block", "block", counted(weights)), pick("Head", "head", counted(weights[0])),
      this.queries, this.panel,
    ].flat();
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

  // Another text has other queries to follow; while it stays, so do they, and the focus.
  follow() {
    if (this.asked === this.text) return;
    this.asked = this.text;
    const { rows } = this.texts[this.text];
    this.row = Math.min(this.row, rows.length - 1);
    this.queries.replaceChildren(choice("Query to follow", "row", named(rows), String(this.row),
      (i) => this.go({ row: Number(i) })));
  }

  update() {
    this.follow();
    const { map, row } = this;
    const { name, rows, columns, weights } = this.texts[this.text];
    const which = weights.length * weights[0].length > 1
      ? `block ${this.block + 1}, head ${this.head + 1}` : "the text";
    this.panel.replaceChildren(table(`weights of ${which}`, map, {
      rowNames: rows, columnNames: columns, selected: row, corner: "query ↓\nkey →",
      look: (w) => ({ style: `--weight: ${w}` }), cell: (i, j) => write(map[i][j], 2),
    }));
    this.reach();
    this.say(`${name ? `${name}: ` : ""}${which}. Query ${rows[row]}: ` +
      map[row].map((w, j) => `${columns[j]} ${write(w, 2)}`).join(", "));
  }
}
