// Attention, one function a formula, as in qkv_lib.formula.steps. A matrix is an array of rows.
// Nothing here touches the page, so that the tests can run it beside the library.

const sum = (row) => row.reduce((total, x) => total + x, 0);
const dot = (a, b) => sum(a.map((x, i) => x * b[i]));
const column = (matrix, j) => matrix.map((row) => row[j]);

const dotScores = (query, key) => query.map((q) => key.map((k) => dot(q, k)));
const scaleScores = (scores, scale) => scores.map((row) => row.map((s) => s * scale));
const maskScores = (scores, mask) =>
  scores.map((row, i) => row.map((s, j) => (mask[i][j] ? s : -Infinity)));
const weightedSum = (weights, value) =>
  weights.map((row) => value[0].map((_, j) => dot(row, column(value, j))));

// exp(scores - peak), their sum, and the peak: subtracting it keeps exp from overflowing.
function exponentials(scores) {
  const peak = Math.max(...scores);
  const terms = scores.map((s) => (peak === -Infinity ? 0 : Math.exp(s - peak)));
  return { terms, total: sum(terms), peak };
}

// A row in which everything is masked has nothing to attend to: its weights are 0.
function softmax(scores) {
  const { terms, total } = exponentials(scores);
  return terms.map((term) => (total === 0 ? 0 : term / total));
}

function attentionSteps(query, key, value, mask) {
  const scores = dotScores(query, key);
  const scaled = scaleScores(scores, 1 / Math.sqrt(key[0].length));
  const masked = maskScores(scaled, mask);
  const weights = masked.map(softmax);
  return { scores, scaled, masked, weights, output: weightedSum(weights, value) };
}

const everything = (n) => Array.from({ length: n }, () => Array(n).fill(true));
const causalMask = (n) => everything(n).map((row, i) => row.map((_, j) => j <= i));
const paddingMask = (n, length) => everything(n).map((row) => row.map((_, j) => j < length));

// How well each key matches the query: a dot product, or half the squared distance, negated.
const matching = {
  dot: (query, keys) => keys.map((key) => dot(query, key)),
  distance: (query, keys) =>
    keys.map((key) => -sum(key.map((x, i) => (query[i] - x) ** 2)) / 2),
};

function softLookup(query, keys, values, temperature, score) {
  const scores = matching[score](query, keys);
  const weights = softmax(scores.map((s) => s / temperature));
  return { scores, weights, output: weightedSum([weights], values)[0] };
}
