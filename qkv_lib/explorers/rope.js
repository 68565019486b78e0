// Rotary positions: queries and keys turned pair by pair, on a dial for each pair.

// Features i and i + d/2 are pair i, as in qkv_lib.formula.positions.
const speeds = (d, base) => Array.from({ length: d / 2 }, (_, i) => base ** (-2 * i / d));
const pairs = (row) => row.slice(0, row.length / 2).map((x, i) => [x, row[i + row.length / 2]]);
const turn = ([a, b], angle) =>
  [a * Math.cos(angle) - b * Math.sin(angle), a * Math.sin(angle) + b * Math.cos(angle)];
const rope = (row, position, base) => {
  const frequencies = speeds(row.length, base);
  return pairs(row).map((pair, i) => turn(pair, position * frequencies[i]));
};
const pairScores = (query, key, s, t, base) => {
  const turned = rope(key, t, base);
  return rope(query, s, base).map((pair, i) => dot(pair, turned[i]));
};

const FURTHEST = 64;
const RADIUS = 40;
const whose = { query: "s", key: "t" };

class Rope extends Explorer {
  build({ query, key, base, s: start, t }) {
    Object.assign(this, { query, key, base, data: { s: start, t, both: 0 } });
    this.speeds = speeds(query.length, base);
    this.unit = Math.max(...[query, key].flatMap(pairs).map(([a, b]) => Math.hypot(a, b))) || 1;
    this.dials = Object.fromEntries(Object.entries({
      s: ["Position i of the query", FURTHEST], t: ["Position j of the key", FURTHEST],
      both: ["Both moved by", 1000],
    }).map(([name, [label, max]]) => [name, slider(label, { min: 0, max, value: this.data[name] },
      (x) => this.move({ [name]: x }))]));
    this.panel = h("div", { class: "panel" });
    this.faces = this.speeds.map((_, i) => this.face(i));
    return [h("div", { class: "dials" }, Object.values(this.dials), this.reset()),
      h("div", { class: "faces" }, this.faces.map((face, i) => h("figure", {}, face,
        h("figcaption", {}, `pair ${i}: ${short(this.speeds[i])} rad per position`)))), this.panel];
  }

  face(i) {
    const hands = Object.keys(whose).map((name) => this.hand(name, i));
    return s("svg", { viewBox: "-54 -54 108 108", role: "img", class: "face" },
      s("circle", { class: "axes", r: RADIUS }), hands);
  }

  // Each hand can be dragged; what it does, the sliders do for the keyboard.
  hand(name, i) {
    return s("g", { class: `hand ${name}`, ...dragging((event) => this.drag(event, name, i)) },
      s("line", {}), s("circle", { class: "hit", r: 14 }), s("circle", { class: "tip", r: 4 }),
      s("text", {}, name[0]));
  }

  drag(event, name, i) {
    const [x, y] = place(this.faces[i], event);
    const [a, b] = this.turned[name][i];
    const angle = Math.atan2(-y, x) - Math.atan2(b, a);
    const nearest = angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
    const position = whose[name];
    const to = this.data[position] + Math.round(nearest / this.speeds[i]);
    this.move({ [position]: Math.min(Math.max(to, 0), FURTHEST) });
  }

  move(change) {
    Object.assign(this.data, change);
    for (const [name, dial] of Object.entries(this.dials)) dial.set(this.data[name]);
    this.update();
  }

  update() {
    const { s: from, t, both } = this.data;
    const { query, key, base } = this;
    this.turned = { query: rope(query, from + both, base), key: rope(key, t + both, base) };
    const parts = pairScores(query, key, from + both, t + both, base);
    const relative = sum(pairScores(query, key, from - t, 0, base));
    this.result = { parts, score: sum(parts), relative };
    this.draw();
    this.panel.replaceChildren(h("div", { class: "side top" }, this.parts(), this.curve()),
      h("p", {}, h("strong", {}, `score = ${write(sum(parts))}`), h("br"),
        `The query stands at ${from + both}, the key at ${t + both}. ` +
        `With the query turned by ${write(from - t, 0)} positions and the key unturned, the score is ${write(relative)}.`));
    this.reach();
    this.say(`Query at ${from + both}, key at ${t + both}, distance ${write(from - t, 0)}: score ${write(sum(parts))}`);
  }

  draw() {
    this.faces.forEach((face, i) => {
      for (const name of Object.keys(whose)) {
        const [x, y] = this.turned[name][i].map((z) => z / this.unit * RADIUS);
        const [line, hit, tip, word] = face.querySelector(`.${name}`).children;
        fill(line, { x1: 0, y1: 0, x2: x, y2: -y }, []);
        for (const circle of [hit, tip]) fill(circle, { cx: x, cy: -y }, []);
        const far = 1 + 9 / Math.max(Math.hypot(x, y), 1);
        fill(word, { x: far * x, y: 3 - far * y }, []);
      }
      face.setAttribute("aria-label", `Pair ${i}: ` + Object.keys(whose).map((name) =>
        `${name} (${this.turned[name][i].map(short).join(", ")})`).join(", "));
    });
  }

  parts() {
    const rows = this.result.parts.map((part, i) =>
      [...this.turned.query[i], ...this.turned.key[i], part]);
    return table("turned by their positions", rows, {
      rowNames: rows.map((_, i) => `pair ${i}`),
      columnNames: ["q, a", "q, b", "k, a", "k, b", "product"],
      cell: (i, j) => write(rows[i][j], j < 4 ? 2 : 4),
    });
  }

  // The score at every distance: a dot that stays when both move.
  curve() {
    const { query, key, base } = this;
    const score = (distance) => sum(pairScores(query, key, distance, 0, base));
    const points = Array.from({ length: 4 * FURTHEST + 1 }, (_, i) => i / 2 - FURTHEST).map((d) => [d, score(d)]);
    const edge = Math.max(...points.map(([, y]) => Math.abs(y))) * 1.15 || 1;
    const at = this.data.s - this.data.t;
    return chart("Score against the distance i − j", {
      x: { from: -FURTHEST, to: FURTHEST, title: "distance i − j",
        ticks: [-64, -32, 0, 32, 64].map((x) => [x, write(x, 0)]) },
      y: { from: -edge, to: edge, title: "score", ticks: [-edge, 0, edge].map((y) => [y, write(y, 1)]) },
      lines: [{ points }], dots: [{ at: [at, this.result.score], line: 0 }],
    });
  }
}
