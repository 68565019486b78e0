// The page of the search: finds sections and glossary entries, not pages, and quotes them. Their
// words are in passages.js (book/_ext/passages.py), so that this works from a file too. Sphinx
// still stems words (Stemmer) and finds names of the library.
const MOST_RESULTS = 50;
const AROUND = 120; // characters on either side of what was found
const CHINESE = /[\u3400-\u4dbf\u4e00-\u9fff]/u;
const WORD = /[\u3400-\u4dbf\u4e00-\u9fff]+|(?:(?![\u3400-\u4dbf\u4e00-\u9fff])[\p{L}\p{N}_])+/gu;
const stemmer = new Stemmer();
const stems = new Map();

function stem(word) {
  if (!stems.has(word)) stems.set(word, stemmer.stemWord(word));
  return stems.get(word);
}

const wordsOf = (text) => text.toLowerCase().match(WORD) ?? [];

const all = Object.entries(window.qkvPages).flatMap(([page, { title, passages }]) =>
  passages.map(([anchor, heading, text]) => ({
    page, anchor, heading, text, pageTitle: title,
    inHeading: wordsOf(heading), inText: wordsOf(text),
  })));

// Whether one of the words is the one asked for, begins with it, or has the same stem. Chinese has
// no spaces: there the characters asked for stand somewhere inside a run of them.
const holds = (words, asked) => (CHINESE.test(asked)
  ? words.some((word) => word.includes(asked))
  : words.some((word) => word.startsWith(asked) || stem(word) === stem(asked)));

function rank(passage, asked) {
  const phrase = asked.join(" ");
  const heading = passage.inHeading.join(" ");
  if (!asked.every((word) => holds(passage.inHeading, word) || holds(passage.inText, word))) return 0;
  const inHeading = asked.filter((word) => holds(passage.inHeading, word)).length;
  return 1 + 3 * inHeading
    + (passage.inText.join(" ").includes(phrase) ? 2 : 0)
    + (heading.includes(phrase) ? 4 : 0)
    + (passage.inHeading.includes(phrase) || heading === phrase ? 4 : 0)
    + (inHeading === asked.length && passage.inHeading.length <= asked.length + 2 ? 8 : 0)
    - (passage.page.includes("/library") ? 2 : 0);
}

function quotation(text, asked) {
  const words = asked.map((word) =>
    (CHINESE.test(word) ? word : stem(word).slice(0, Math.max(3, word.length - 2))));
  const places = words.map((word) => text.toLowerCase().indexOf(word)).filter((place) => place >= 0);
  const from = places.length ? Math.max(0, Math.min(...places) - AROUND) : 0;
  const start = from > 0 ? text.indexOf(" ", from) + 1 : 0;
  const until = text.indexOf(" ", start + 2 * AROUND);
  const part = text.slice(start, until < 0 ? text.length : until);
  const shown = document.createElement("p");
  shown.className = "context";
  shown.append(start > 0 ? "… " : "");
  const patterns = words.map((word) =>
    (CHINESE.test(word) ? word : `(?<![\\p{L}\\p{N}])${word}\\p{L}*`));
  const pattern = new RegExp(patterns.join("|"), "giu");
  let end = 0;
  for (const match of part.matchAll(pattern)) {
    const mark = document.createElement("mark");
    mark.textContent = match[0];
    shown.append(part.slice(end, match.index), mark);
    end = match.index + match[0].length;
  }
  shown.append(part.slice(end), until < 0 ? "" : " …");
  return shown;
}

function link(address, text) {
  const item = document.createElement("li");
  const anchor = item.appendChild(document.createElement("a"));
  anchor.href = address;
  anchor.textContent = text;
  return item;
}

// Damerau's distance with neighbours that change places, as slips of the keyboard do.
function distance(a, b) {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.length][b.length];
}

function nearest(asked) {
  const counts = new Map();
  all.forEach(({ inHeading, inText }) => [...inHeading, ...inText].forEach((word) =>
    counts.set(word, (counts.get(word) ?? 0) + 1)));
  const known = [...counts].filter(([word, count]) => count > 2 && word.length > 3);
  const mended = asked.map((word) => {
    if (all.some(({ inHeading, inText }) => holds(inHeading, word) || holds(inText, word))) return word;
    const near = known
      .map(([each, count]) => [distance(word, each), -count, each])
      .filter(([far]) => far <= (word.length < 6 ? 1 : 2))
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return near.length ? near[0][2] : null;
  });
  return mended.includes(null) ? null : mended.join(" ");
}

Search.query = (query) => {
  const asked = wordsOf(query).filter((word) => !stopwords.includes(word));
  const found = asked.length === 0 ? [] : all
    .map((passage) => [rank(passage, asked), passage])
    .filter(([score]) => score > 0)
    .sort((a, b) => b[0] - a[0]);
  found.slice(0, MOST_RESULTS).forEach(([, { page, anchor, heading, text, pageTitle }]) => {
    const name = heading === pageTitle ? heading : `${pageTitle} › ${heading}`;
    const item = link(`${page}.html#${anchor}`, name);
    item.append(quotation(text, asked));
    Search.output.append(item);
  });
  const names = asked.flatMap((word) => Search.performObjectSearch(word, new Set(asked)));
  names.forEach(([page, name, anchor, about]) => {
    const item = link(`${page}.html${anchor}`, name);
    item.append(` (${about})`);
    Search.output.append(item);
  });
  const total = Math.min(found.length, MOST_RESULTS) + names.length;
  Search.stopPulse();
  Search.title.textContent = "";
  Search.status.textContent = total === 0
    ? qkvSay("Nothing found.") : qkvSay("Places found: {total}.", { total });
  const instead = total === 0 && asked.length ? nearest(asked) : null;
  if (instead) {
    Search.status.append(qkvSay(" Did you mean "));
    const other = document.createElement("a");
    other.href = `?q=${encodeURIComponent(instead)}`;
    other.textContent = instead;
    Search.status.append(other, qkvSay("?"));
  }
};
