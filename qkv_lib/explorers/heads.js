// The weights of every head of a model on one text: choose block, head and query.

const counted = (things) => things.map((_, i) => [String(i), String(i + 1)]);

class Heads extends Explorer {
  build({ tokens, weights, block, head }) {
    Object.assign(this, { tokens, weights, block, head, row: 1 });
    this.panel = h("div", { class: "panel" });
    return [
      choice("Block", "block", counted(weights), String(block), (i) => this.go({ block: Number(i) })),
      choice("Head", "head", counted(weights[0]), String(head), (i) => this.go({ head: Number(i) })),
      choice("Query to follow", "row", tokens.map((token, i) => [String(i), token]), "1",
        (i) => this.go({ row: Number(i) })),
      this.panel,
    ];
  }

  // Weights come as thousandths, to keep the page small.
  get map() {
    return this.weights[this.block][this.head].map((row) => row.map((x) => x / 1000));
  }

  go(change) {
    Object.assign(this, change);
    this.update();
  }

  update() {
    const { map, tokens, row } = this;
    const name = `block ${this.block + 1}, head ${this.head + 1}`;
    this.panel.replaceChildren(table(`weights of ${name}: rows are queries, columns are keys`, map, {
      rowNames: tokens, columnNames: tokens, selected: row, corner: "query ↓\nkey →",
      look: (w) => ({ style: `--weight: ${w}` }), cell: (i, j) => write(map[i][j], 2),
    }));
    this.reach();
    this.say(`${name}. Query ${tokens[row]}: ` +
      map[row].map((w, j) => `${tokens[j]} ${write(w, 2)}`).join(", "));
  }
}
