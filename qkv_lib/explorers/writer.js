// A small GPT in the page: it reads a text, token by token, and says what may come next.
// The formulas are those of qkv_lib.models.gpt. Nothing above the class touches the page.

// Half precision to a number.
function half(bits) {
  const [sign, power, rest] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (power === 0) return sign * rest * 2 ** -24;
  return sign * (1 + rest / 1024) * 2 ** (power - 15);
}

function unpacked({ base64, shapes }) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let start = 0;
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Float64Array.from({ length: size }, (_, i) => half(view.getUint16(2 * (start + i), true)));
    start += size;
    return [name, values];
  }));
}

// erf after Abramowitz and Stegun, 7.1.26: within 1.5e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t
    + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
const gelu = (x) => x * (1 + erf(x / Math.SQRT2)) / 2;

function normed(x, gain, bias) {
  const mean = sum(Array.from(x)) / x.length;
  const variance = sum(Array.from(x, (each) => (each - mean) ** 2)) / x.length;
  return x.map((each, i) => (each - mean) / Math.sqrt(variance + 1e-5) * gain[i] + bias[i]);
}

// x W^T + b, with the rows of W one after the other.
function linear(x, weight, bias) {
  return bias.map((start, o) => {
    let total = start;
    for (let i = 0; i < x.length; i += 1) total += x[i] * weight[o * x.length + i];
    return total;
  });
}

// RoPE on one head: the first half of the features pairs with the second.
function turned(x, position, base) {
  const d = x.length / 2;
  return x.map((each, i) => {
    const angle = position * base ** (-(i % d) / d);
    const other = i < d ? -x[i + d] : x[i - d];
    return each * Math.cos(angle) + other * Math.sin(angle);
  });
}

class SmallGPT {
  constructor(stored) {
    Object.assign(this, stored.sizes);
    this.weights = unpacked(stored);
    Object.assign(this, { pieces: stored.pieces, merges: stored.merges });
    this.rank = new Map(stored.merges.map(([a, b], i) => [`${a}\t${b}`, i]));
    this.number = new Map(stored.pieces.map((piece, i) => [piece, i]));
    this.forget();
  }

  forget() {
    this.cache = Array.from({ length: this.n_blocks }, () => ({ keys: [], values: [] }));
    this.maps = this.cache.map(() => Array.from({ length: this.n_heads }, () => []));
    this.logits = [];
    this.ids = [];
  }

  encode(text) {
    const words = text.match(/ ?[A-Za-z]+| ?[0-9]| ?[^\sA-Za-z0-9]|\s/g) ?? [];
    return words.flatMap((word) => this.joined([...word])).map((piece) => this.number.get(piece));
  }

  joined(parts) {
    for (;;) {
      const ranks = parts.slice(1).map((part, i) => this.rank.get(`${parts[i]}\t${part}`) ?? Infinity);
      const best = Math.min(...ranks);
      if (best === Infinity) return parts;
      const pair = this.merges[best].join("");
      const joined = [];
      for (let i = 0; i < parts.length; i += 1) {
        if (ranks[i] === best) { joined.push(pair); i += 1; } else joined.push(parts[i]);
      }
      parts = joined;
    }
  }

  // One token through all blocks; keys and values of those before it are in the cache.
  read(id) {
    const w = (name) => this.weights[name];
    const [d, position] = [this.d_model, this.ids.length];
    const table = w("tokens.weight");
    let x = table.slice(id * d, (id + 1) * d);
    const add = (y) => { x = x.map((each, i) => each + y[i]); };
    for (let b = 0; b < this.n_blocks; b += 1) {
      const at = (name) => [w(`blocks.${b}.${name}.weight`), w(`blocks.${b}.${name}.bias`)];
      const input = normed(x, ...at("attention_norm"));
      add(linear(this.attend(b, input, position, at), ...at("attention.output")));
      const inner = linear(normed(x, ...at("feed_forward_norm")), ...at("feed_forward.expand"));
      add(linear(inner.map(gelu), ...at("feed_forward.contract")));
    }
    const last = normed(x, w("norm.weight"), w("norm.bias"));
    this.logits.push(linear(last, table, new Float64Array(this.pieces.length)));
    this.ids.push(id);
  }

  attend(b, input, position, at) {
    const width = this.d_model / this.n_heads;
    const heads = (x) => Array.from({ length: this.n_heads }, (_, i) => x.slice(i * width, (i + 1) * width));
    const turn = (x) => turned(x, position, this.base);
    const { keys, values } = this.cache[b];
    keys.push(heads(linear(input, ...at("attention.key"))).map(turn));
    values.push(heads(linear(input, ...at("attention.value"))));
    const queries = heads(linear(input, ...at("attention.query"))).map(turn);
    const merged = queries.flatMap((query, head) => {
      const scores = keys.map((key) => dot(Array.from(query), key[head]) / Math.sqrt(width));
      const weights = softmax(scores);
      this.maps[b][head].push(weights);
      return weightedSum([weights], values.map((value) => Array.from(value[head])))[0];
    });
    return Float64Array.from(merged);
  }
}

// The probabilities a token is drawn with: sharpened by the temperature, cut by top-p.
function drawnWith(logits, temperature, topP) {
  const p = softmax(Array.from(logits, (z) => z / temperature));
  const order = p.map((_, i) => i).sort((a, b) => p[b] - p[a] || a - b);
  let before = 0;
  const kept = Array(p.length).fill(0);
  for (const i of order) {
    if (before >= topP) break;
    kept[i] = p[i];
    before += p[i];
  }
  return kept.map((each) => each / before);
}

const visible = (piece) => piece.replaceAll(" ", "␣").replaceAll("\n", "↵");
const SHOWN = 8; // tokens of the distribution that are shown

class Writer extends Explorer {
  build({ state, texts, length, source }) {
    Object.assign(this, { state, texts, length, source });
    this.settings = { temperature: 1, topP: 1 };
    this.row = state.pieces.length - 1;
    this.random = Math.random;
    this.fault = h("p", { class: "fault", id: "fault" });
    this.field = h("textarea", {
      rows: 2, "aria-describedby": "fault", spellcheck: "false",
      oninput: () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.take(), 300); },
    });
    this.field.value = state.pieces.join("");
    this.line = h("div", { class: "pieces", role: "radiogroup", "aria-label": "Token to look at" });
    this.panel = h("div", { class: "panel" });
    const button = (label, n) => h("button", { type: "button", onclick: () => this.write(n) }, label);
    return [
      choice("Begin with", "text", texts.map((text, n) => [String(n), text]), "0",
        (n) => { this.field.value = texts[n]; this.take(); }),
      h("section", { class: "own" }, h("label", {}, "Your own text", this.field), this.fault),
      h("div", { class: "dials" },
        slider("Temperature", { value: 1, min: 0.1, max: 2, step: 0.1 },
          (temperature) => this.set({ temperature })),
        slider("Top-p", { value: 1, min: 0.1, max: 1, step: 0.05 }, (topP) => this.set({ topP }))),
      h("div", { class: "side" }, button("Write one token", 1), button("Write 20", 20)),
      this.line, this.panel,
    ];
  }

  // The weights come at the first use, as a script: a page from a file may load nothing else.
  model() {
    this.loading ??= new Promise((resolve, reject) => {
      const done = () => (window.QKV_GPT ? resolve(new SmallGPT(window.QKV_GPT)) : reject());
      if (window.QKV_GPT) { done(); return; }
      const root = document.documentElement.dataset.content_root ?? "";
      this.live.setAttribute("aria-busy", "true");
      document.head.append(h("script", { src: `${root}${this.source}`, onload: done, onerror: reject }));
    }).then((model) => { this.gpt = model; return model; })
      .finally(() => this.live.removeAttribute("aria-busy"));
    return this.loading;
  }

  with(act) {
    this.model().then(act, () => this.complain(
      "The weights of the model could not be loaded here; on the page of the book they can."));
  }

  complain(text) {
    this.fault.textContent = text;
    this.field.setAttribute("aria-invalid", String(Boolean(text)));
    if (text) this.say(text);
  }

  set(change) {
    Object.assign(this.settings, change);
    this.with((model) => { this.catchUp(model); this.update(); });
  }

  // What was typed counts as far as the model knows its characters and has room.
  take() {
    const text = this.field.value;
    const unknown = [...new Set(text.replace(/[\n -~]/g, ""))];
    if (unknown.length) {
      this.complain(`The model knows no ${unknown.join(" ")}: letters of English, digits and signs only.`);
    } else {
      this.with((model) => {
        const ids = model.encode(text);
        if (!ids.length) this.complain("One character at least.");
        else if (ids.length > this.length) this.complain(`At most ${this.length} tokens; these are ${ids.length}.`);
        else {
          this.complain("");
          this.readAll(model, ids);
          this.row = ids.length - 1;
          this.update();
        }
      });
    }
  }

  readAll(model, ids) {
    model.forget();
    ids.forEach((id) => model.read(id));
    this.state = { pieces: ids.map((id) => model.pieces[id]), maps: model.maps };
  }

  // The first text was worked out before the page was made; the model reads it when it is needed.
  catchUp(model) {
    if (!model.ids.length) this.readAll(model, model.encode(this.field.value));
  }

  write(n) {
    this.with((model) => {
      this.catchUp(model);
      const room = this.length - model.ids.length;
      for (let i = 0; i < Math.min(n, room); i += 1) {
        const p = drawnWith(model.logits.at(-1), this.settings.temperature, this.settings.topP);
        let left = this.random();
        const id = p.findIndex((each) => { left -= each; return left < 0; });
        model.read(id < 0 ? p.findLastIndex((each) => each > 0) : id);
      }
      this.state = { pieces: model.ids.map((id) => model.pieces[id]), maps: model.maps };
      this.field.value = this.state.pieces.join("");
      this.row = model.ids.length - 1;
      this.complain(room < n ? `The model reads ${this.length} tokens at most.` : "");
      this.update();
    });
  }

  // What may follow the token that is looked at, the likeliest first.
  following() {
    if (!this.gpt?.logits.length) return this.state.following[this.row];
    const p = drawnWith(this.gpt.logits[this.row], this.settings.temperature, this.settings.topP);
    return p.map((each, i) => [this.gpt.pieces[i], each]).sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
  }

  update() {
    const { pieces, maps } = this.state;
    const following = this.following();
    this.chips(pieces);
    const bars = h("table", {}, h("caption", {}, `what may follow “${visible(pieces[this.row])}”`),
      h("tbody", {}, following.map(([piece, p]) => h("tr", {},
        h("th", { scope: "row" }, visible(piece)),
        h("td", { class: "bar", style: `--weight: ${p}` }, write(p, 3))))));
    const rows = maps.flatMap((block, b) => block.map((head, i) => [`${b + 1}.${i + 1}`, head[this.row]]));
    const all = h("div", { class: "scroll" }, h("table", { class: "all-heads" },
      h("caption", {}, "where each head looks from there (layer.head)"),
      h("thead", {}, h("tr", {}, h("td", {}), pieces.slice(0, this.row + 1).map((piece) =>
        h("th", { scope: "col" }, h("span", {}, visible(piece)))))),
      h("tbody", {}, rows.map(([name, weights]) => h("tr", {}, h("th", { scope: "row" }, name),
        weights.map((weight) => h("td", { style: `--weight: ${weight}` },
          h("span", { class: "unseen" }, write(weight, 2)))))))));
    this.panel.replaceChildren(h("div", { class: "both" }, bars, all));
    this.reach();
    this.say(`After ${visible(pieces[this.row])}: ` + following.slice(0, 3)
      .map(([piece, p]) => `${visible(piece)} ${write(p, 2)}`).join(", "));
  }

  chips(pieces) {
    const text = pieces.join("\t");
    if (this.shown !== text) {
      this.shown = text;
      this.line.replaceChildren(...pieces.map((piece, j) => h("label", { class: "piece" },
        h("input", { type: "radio", name: "row", value: j, onchange: () => { this.row = j; this.update(); } }),
        h("span", {}, visible(piece)))));
    }
    [...this.line.children].forEach((label, j) => { label.firstChild.checked = j === this.row; });
  }
}
