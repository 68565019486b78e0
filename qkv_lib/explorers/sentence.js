// One sentence: which word asks, what it asks for, what it finds, and what it is handed.

const two = (x) => String(Number(x.toFixed(2)));
const named = (row, names) =>
  row.map((x, j) => (x ? `${names[j]} ${two(x)}` : "")).filter(Boolean).join(", ");

// Why a score is what it is: the product in each column, and the sum.
function reason(q, k, names) {
  const told = named(q.map((x, j) => x * k[j]), names).replaceAll(", ", " + ");
  return told ? `${told} = ${two(dot(q, k))}` : "0";
}

// One head on the rows X; what it hands over is added to the features of the same names.
function readWith(X, head, features, mask) {
  const [Q, K, V] = [head.W_Q, head.W_K, head.W_V].map((W) => weightedSum(X, W));
  const steps = attentionSteps(Q, K, V, mask);
  const added = X.map((row, i) => row.map((x, f) => {
    const j = head.handed.indexOf(features[f]);
    return j < 0 ? x : x + steps.output[i][j];
  }));
  return { X, Q, K, V, ...steps, added };
}

function readSentence({ lexicon, features, heads }, { words, depth, causal }) {
  const mask = causal ? causalMask(words.length) : everything(words.length);
  let X = words.map((word) => features.map((f) => lexicon[word][f] ?? 0));
  return heads[depth - 1].map((head) => {
    const step = readWith(X, head, features, mask);
    X = step.added;
    return step;
  });
}

const split = (text) => text.toLowerCase().split(/\s+/)
  .map((word) => word.replace(/^[.,，。]+|[.,，。]+$/g, "")).filter(Boolean);
const i = (word) => h("i", { lang: lang(word) }, word);
const q = (text) => h("span", { class: "q" }, text);
const k = (text) => h("span", { class: "k" }, text);
const v = (text) => h("span", { class: "v" }, text);

class Sentence extends Explorer {
  build({ words, row, depth, causal, ...made }) {
    this.made = made;
    this.start = { words, row, depth, causal };
    this.data = { ...this.start };
    this.line = h("div", { class: "words", role: "radiogroup", "aria-label": "The word that asks" });
    this.arcs = s("svg", { class: "arcs", "aria-hidden": "true" });
    this.panel = h("div", { class: "panel" });
    const dials = this.dials();
    return [h("div", { class: "sentence" }, this.arcs, this.line), dials, this.panel, this.words()];
  }

  dials() {
    const { sentences } = this.made;
    this.last = choice("Change a word", "last", sentences.map((words, n) => [String(n), this.told(words)]),
      "", (n) => this.go({ words: sentences[n] }));
    this.mask = this.start.causal === null ? [] : choice("Mask", "mask",
      [["false", "none"], ["true", "causal"]], "", (on) => this.go({ causal: on === "true" }));
    this.layers = choice("Layers", "depth", [["1", "one"], ["2", "two"]], "",
      (n) => this.go({ depth: Number(n) }));
    return h("div", { class: "switches" }, this.last, this.layers, this.mask,
      this.reset());
  }

  // The word by which the sentences differ, which describes.
  told(words) {
    const { lexicon } = this.made;
    return words.findLast((word) => !lexicon[word].pronoun &&
      (lexicon[word]["of-living"] || lexicon[word]["of-drink"]));
  }

  words() {
    this.fault = h("p", { class: "fault", id: "fault" });
    this.field = h("input", {
      type: "text", "aria-describedby": "fault", autocapitalize: "off", autocomplete: "off",
      spellcheck: "false", oninput: ({ target }) => this.take(target.value),
    });
    const known = Object.keys(this.made.lexicon);
    return h("section", { class: "own" }, h("label", {}, "Your own words", this.field), this.fault,
      h("details", {}, h("summary", {}, "The words it knows"),
        h("p", {}, known.flatMap((word) => [h("span", { lang: lang(word) }, word), " "]))));
  }

  // What was typed counts once every word is known; until then the last sentence stands.
  take(text) {
    const words = split(text);
    const unknown = words.filter((word) => !Object.hasOwn(this.made.lexicon, word));
    this.fault.textContent = unknown.length ? `Not among the words it knows: ${unknown.join(", ")}.`
      : words.length > this.made.longest ? `At most ${this.made.longest} words.`
        : words.length ? "" : "One word at least.";
    this.field.setAttribute("aria-invalid", String(Boolean(this.fault.textContent)));
    if (this.fault.textContent) this.say(this.fault.textContent);
    else this.go({ words });
  }

  // In a new sentence the same word asks, if it stands where it stood; else the first pronoun.
  go(change) {
    const old = this.data;
    this.data = { ...old, ...change };
    const { words, row } = this.data;
    if (change.row === undefined && words[row] !== old.words[row]) {
      this.data.row = Math.max(0, words.findIndex((word) => this.made.lexicon[word].pronoun));
    }
    this.update();
  }

  update() {
    const { words, row, depth } = this.data;
    this.result = readSentence(this.made, this.data);
    this.seen = words.map((_, j) => !this.data.causal || j <= row);
    this.tick();
    this.chips();
    this.panel.replaceChildren(...this.result.map((step, n) => this.layer(step, n)));
    this.reach();
    const weights = this.result[depth - 1].weights[row];
    const { Q } = this.result.at(-1);
    this.say(`${words[row]} asks for ${named(Q[row], this.made.asked) || "nothing"}. Weights: ` +
      words.map((word, j) => `${word} ${write(weights[j], 2)}`).join(", "));
  }

  // The controls follow the numbers, whoever has set them.
  tick() {
    const { words, depth, causal } = this.data;
    const text = words.join(" ");
    this.made.sentences.forEach((made, n) => {
      this.last.querySelector(`[value="${n}"]`).checked = made.join(" ") === text;
    });
    this.layers.querySelector(`[value="${depth}"]`).checked = true;
    if (causal !== null) this.mask.querySelector(`[value="${causal}"]`).checked = true;
    if (this.field !== this.shadowRoot.activeElement) {
      this.field.value = text;
      this.field.setAttribute("aria-invalid", "false");
      this.fault.textContent = "";
    }
  }

  // The words stay while the sentence does, and so does the focus.
  chips() {
    const { words, row } = this.data;
    if (this.shown !== words) {
      this.shown = words;
      this.line.replaceChildren(...words.map((word, j) => h("label", { class: "word" },
        h("input", { type: "radio", name: "asks", value: j, onchange: () => this.go({ row: j }) }),
        h("span", { lang: lang(word) }, word), h("small"))));
    }
    const weights = this.result.at(-1).weights[row];
    [...this.line.children].forEach((label, j) => {
      label.firstChild.checked = j === row;
      label.classList.toggle("hidden", !this.seen[j]);
      label.style.setProperty("--weight", weights[j]);
      label.lastChild.textContent = write(weights[j], 2);
    });
  }

  layer(step, n) {
    const { words, row, depth } = this.data;
    const { features, asked, heads } = this.made;
    const head = heads[depth - 1][n];
    const asks = head.W_Q.map((line, f) => [step.X[row][f], line, features[f]])
      .filter(([x, line]) => x && line.some(Boolean))
      .map(([x, line, f]) => `${f} ${two(x)} → ${named(line.map((y) => x * y), asked)}`);
    const output = named(step.output[row], head.handed);
    return h("section", {}, h("p", {},
      h("strong", {}, depth > 1 ? `Layer ${n + 1}: ${head.name}` : `One attention: ${head.name}`),
      h("br"), i(words[row]), " asks (", q("query"), "): ", q(asks.join("; ") || "nothing"),
      asks.length ? "" : ". Every score is 0, so all words get the same weight."),
    this.found(step), h("p", {}, i(words[row]), " is handed (", v("values"), "): ",
      v(this.handed(step, head) || "nothing"), h("br"),
      "The row of ", i(words[row]), output ? ` becomes: ${named(step.added[row], features)}` : " stays as it was"));
  }

  handed(step, head) {
    const { words, row } = this.data;
    return head.handed.map((name, c) => {
      const parts = words.flatMap((word, j) => (step.V[j][c] && step.weights[row][j]
        ? `${write(step.weights[row][j], 2)} × ${two(step.V[j][c])} (${word})` : []));
      return parts.length ? `${name}: ${parts.join(" + ")} = ${two(step.output[row][c])}` : "";
    }).filter(Boolean).join("; ");
  }

  // What a key has of what the query asks for; dots stand for the rest.
  met(key, query) {
    const has = named(key.map((x, c) => (query[c] ? x : 0)), this.made.asked);
    return key.some((x, c) => x && !query[c]) ? `${has}, …` : has;
  }

  // A line for each word that is found, and one for all the others.
  found(step) {
    const { words, row } = this.data;
    const { asked, heads } = this.made;
    const { handed } = heads[this.data.depth - 1][this.result.indexOf(step)];
    const scores = step.scores[row];
    const all = words.map((_, j) => j).filter((j) => this.seen[j]);
    const hits = all.filter((j) => scores[j]);
    const rest = all.filter((j) => !scores[j]);
    const line = (name, j, key, score, value) => h("tr", { role: "row" },
      h("th", { scope: "row", role: "rowheader", lang: lang(name) }, name),
      [["key", key, "k"], ["score", score], ["÷ 2", scores[j] ? two(scores[j] / 2) : ""],
        ["weight", write(step.weights[row][j], 2), "bar"], ["value", value, "v"]]
        .map(([label, text, look]) => h("td", {
          role: "cell", "data-label": label, class: look,
          style: look === "bar" && `--weight: ${step.weights[row][j]}`,
        }, text)));
    return h("table", { class: "found", role: "table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, h("td", { role: "cell" }),
        ["key", "score", "÷ 2", "weight", "value"].map((name) =>
          h("th", { scope: "col", role: "columnheader" }, name)))),
      h("tbody", { role: "rowgroup" }, hits.map((j) => line(words[j], j, this.met(step.K[j], step.Q[row]),
        reason(step.Q[row], step.K[j], asked), named(step.V[j], handed))),
      rest.length ? line(hits.length ? `each of the other ${rest.length}` : `each of ${rest.length}`,
        rest[0], hits.length ? "not asked for" : "any key", "0", "") : []));
  }

  // Lines from the word that asks to the words it finds, where all words stand on one line.
  reach() {
    super.reach();
    if (!this.result) return;
    const labels = [...this.line.children];
    const flat = labels.every((label) => label.offsetTop === labels[0].offsetTop);
    this.arcs.classList.toggle("none", !flat);
    if (!flat) return;
    const middle = (label) => label.offsetLeft + label.offsetWidth / 2;
    const { row } = this.data;
    const from = middle(labels[row]);
    this.arcs.replaceChildren(...labels.map((label, j) => {
      const weight = this.result.at(-1).weights[row][j];
      const [to, top] = [middle(label), 56 - Math.min(52, 14 + Math.abs(middle(label) - from) / 5)];
      const d = j === row ? `M${from - 6} 56C${from - 16} 34 ${from + 16} 34 ${from + 6} 56`
        : `M${from} 56C${from} ${top} ${to} ${top} ${to} 56`;
      return s("path", { d, "stroke-width": Math.max(0.4, 9 * weight) });
    }));
  }
}
