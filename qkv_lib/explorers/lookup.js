// Soft lookup on a plane: move the query, turn the temperature, watch weights and output.

const SIZE = 100; // half the width of the drawing, in its own units

class Lookup extends Explorer {
  build({ tokens, axes, query, keys, values, temperature, score }) {
    Object.assign(this, { tokens, axes, keys, values, data: { query, temperature, score } });
    const furthest = Math.max(...keys.flat().map(Math.abs), ...query.map(Math.abs)) || 1;
    this.unit = 10 ** Math.floor(Math.log10(furthest / 200)); // the grain of a drag
    this.reachOfPlane = Number((Math.ceil(furthest * 1.25 / this.unit) * this.unit).toPrecision(12));
    this.panel = h("div", { class: "panel" });
    this.fields = axes.map((axis, i) => numberField(`query, ${axis}`, query[i],
      (x) => this.move(this.data.query.map((old, j) => (i === j ? x : old))),
      { min: -this.reachOfPlane, max: this.reachOfPlane }));
    this.score = choice("Score", "score", [["dot", "q · k"], ["distance", "−½ ‖q − k‖²"]], score,
      (chosen) => { this.data.score = chosen; this.update(); });
    this.dial = this.temperature();
    const edge = short(this.reachOfPlane);
    return [h("div", { class: "lookup" }, this.plane(), h("div", { class: "panel" },
      h("fieldset", {}, h("legend", { class: "q" }, `Query, from −${edge} to ${edge}`), h("div", { class: "options" },
        this.fields.map((field, i) => h("label", {}, axes[i], field)))),
      this.score, this.dial, this.panel,
      h("div", {}, this.reset())))];
  }

  temperature() {
    return slider("Temperature", {
      min: -5, max: 5, step: 0.1, value: Math.log2(this.data.temperature),
      meaning: (x) => (2 ** x).toPrecision(3),
    }, (x) => { this.data.temperature = 2 ** x; this.update(); });
  }

  // From numbers to the drawing and back; y points up.
  point([x, y]) { return [x, -y].map((z) => z / this.reachOfPlane * SIZE); }
  position(event) {
    const [x, y] = place(this.drawing, event);
    return [x, -y].map((z) => z / SIZE * this.reachOfPlane);
  }

  plane() {
    this.links = this.keys.map(() => s("line", { class: "link" }));
    this.discs = this.keys.map(() => s("circle", { class: "disc" }));
    const rims = this.keys.map((key, j) => {
      const [x, y] = this.point(key);
      return s("g", { class: "key", transform: `translate(${x} ${y})` }, this.discs[j],
        s("circle", { class: "rim", r: 12 }), s("text", {}, this.tokens[j]));
    });
    this.rims = rims;
    this.handle = this.grip();
    this.drawing = s("svg", {
      viewBox: "-105 -105 210 210", role: "group", "aria-label": "Keys and query on a plane",
      onclick: (event) => this.move(this.position(event)),
    }, s("path", { class: "axes", d: "M-100 0H100M0-100V100" }), this.names(), this.links, rims, this.handle);
    return this.drawing;
  }

  // Axes that mean something say so.
  names() {
    const [x, y] = this.axes;
    this.across = s("text", { x: 100, style: "text-anchor: end" }, `${x} →`);
    return this.axes.join("") === "xy" ? [] : [
      this.across, s("text", { x: -4, y: -94, style: "text-anchor: end" }, `↑ ${y}`)];
  }

  grip() {
    this.label = s("text", { y: 3 }, "query");
    return s("g", {
      tabindex: 0, role: "slider", "aria-label": "query, moved by the four arrow keys",
      "aria-valuemin": -this.reachOfPlane, "aria-valuemax": this.reachOfPlane, class: "grip query",
      ...dragging((event) => this.move(this.position(event))), onkeydown: (event) => this.key(event),
    }, s("circle", { class: "hit", r: 16 }), s("circle", { class: "knob", r: 6 }),
    this.label);
  }

  key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const by = this.reachOfPlane * (event.shiftKey ? 0.008 : 0.04); // of a width of 2
    this.move(this.data.query.map((x, i) => x + way[i] * by));
  }

  // The query keeps to the plane, and to numbers short enough to read.
  move(query) {
    const edge = this.reachOfPlane;
    this.data.query = query.map((x) => {
      const whole = Math.round(Math.min(Math.max(x, -edge), edge) / this.unit);
      return Number((whole * this.unit).toPrecision(12));
    });
    this.fields.forEach((field, i) => {
      if (field === this.shadowRoot.activeElement) return;
      field.value = this.data.query[i];
      field.setAttribute("aria-invalid", "false");
    });
    this.tellLimits();
    this.update();
  }

  update() {
    const { query, temperature, score } = this.data;
    this.result = softLookup(query, this.keys, this.values, temperature, score);
    this.draw();
    const output = this.result.output.map((x) => write(x)).join(", ");
    this.panel.replaceChildren(this.found(), h("p", {}, h("strong", {}, `output = ${this.result.output.length > 1 ? `(${output})` : output}`),
      h("br"), "The values, averaged with the weights softmax(score / temperature)."));
    this.reach();
    this.say(`Query ${query.map(short).join(", ")}. Weights: ` + this.tokens.map((token, j) =>
      `${token} ${write(this.result.weights[j])}`).join(", ") + `. Output: ${output}`);
  }

  draw() {
    const [x, y] = this.point(this.data.query);
    this.handle.setAttribute("transform", `translate(${x} ${y})`);
    // The names of the keys stand above or below them; this one stands beside.
    fill(this.label, { x: x > 60 ? -14 : 14, style: `text-anchor: ${x > 60 ? "end" : "start"}` }, []);
    this.across.setAttribute("y", y < 0 ? 19 : -15); // on the other side of the axis than the query
    this.handle.setAttribute("aria-valuenow", this.data.query[0]);
    this.handle.setAttribute("aria-valuetext",
      this.data.query.map((z, i) => `${this.axes[i]} ${short(z)}`).join(", "));
    this.result.weights.forEach((weight, j) => {
      const [x2, y2] = this.point(this.keys[j]);
      fill(this.links[j], { x1: x, y1: y, x2, y2, "stroke-width": 8 * weight }, []);
      // Its name stands on the other side than the query, out of the way of the line.
      this.rims[j].lastChild.setAttribute("y", y < y2 ? 23 : -16);
      this.discs[j].setAttribute("r", 12 * Math.sqrt(weight)); // its area is the weight
    });
  }

  found() {
    const { scores, weights } = this.result;
    const rows = this.values.map((value, j) => [...value, scores[j], weights[j]]);
    const width = this.values[0].length;
    const named = this.values[0].map((_, f) => (width === 1 ? "value" : `value ${f + 1}`));
    const caption = ["each ", h("span", { class: "k" }, "key"), ": ", h("span", { class: "v" }, "value"), ", score, weight"];
    return table(caption, rows, {
      rowNames: this.tokens, columnNames: [...named, "score", "weight"],
      look: (x, j, i) => ({ class: i > width && "bar", style: i > width && `--weight: ${x}` }),
      cell: (j, i) => (i < width ? short(rows[j][i]) : write(rows[j][i])),
    });
  }
}
