// In another language: what the live figures say is translated when it stands there. A figure's
// script is part of a notebook's stored output and stays as it is. WORDS holds the translations; in
// their braces is what the figure filled in, which is looked up in turn. Run again, it takes in the
// figures that have come since.
// A figure that comes in one piece with this script is built when both are in the page: a moment later.
if (window.qkvSpeak) {
  queueMicrotask(window.qkvSpeak);
  return;
}
const FIELD = /\{\d+\}/g;
const SPOKEN = ["aria-label", "aria-valuetext", "title", "placeholder", "data-label"];
const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
// What ends in a colon begins a list, as in "Query 1, 0. Weights: ". Of two fields side by side the
// first is a name and its colon, or nothing.
const begins = (each) => each.endsWith(": ");
const rank = (each) => each.replace(FIELD, "").length + (begins(each) ? 1000 : 0);
const pattern = (each) => each.split(FIELD).map(literal).join("([^]+?)")
  .replace("([^]+?)([^]+?)", "((?:[^]+?: )?)([^]+?)") + (begins(each) ? "([^]*)" : "");
const templates = Object.keys(WORDS).filter((each) => each.match(FIELD))
  .sort((a, b) => rank(b) - rank(a))
  .map((each) => [new RegExp(`^${pattern(each)}$`), each]);
// The features of the sentence, in lists: "thing 2, living 2"; a language joins a list by signs of its own.
const features = FEATURES.filter((each) => WORDS[each]);
const feature = features.length ? new RegExp(`(?<![\\w-])(${features.map(literal).join("|")})(?![\\w-])`, "g") : null;
const LIST = /^(?![^]*\. [a-z])(?:[\w-]+:? [\d.]|[^]*nothing)/;
const WORD_LIST = /^\p{L}+(, \p{L}+)+$/u;
const joined = (text) => text.replace(/[,;:] /g, (sign) => WORDS[sign] ?? sign);
// What a list holds are words of a text, which stay, each with its number: "cat 0.79, milk 0.11. Output: 1".
const listed = (text) => {
  const [list, end = ""] = text.split(/(?=\. [A-Z])/);
  return list.replace(/(?<=\d), (?![\d−])/g, (sign) => WORDS[sign] ?? sign) + (translated(end) ?? end);
};
// What heads a table, or a choice of a row, in these figures is a word of their text: it stays.
const OF_TEXTS = ["QKV-HEADS", "QKV-WRITER"];
const isOfText = (element) => OF_TEXTS.includes(
  (element?.getRootNode().host ?? element?.closest("[data-explorer]"))?.tagName,
) && Boolean(element.closest("th, label:has(> input[name=row])"));

const translated = (text) => {
  if (text in WORDS) return WORDS[text];
  if (text.trim() in WORDS) return WORDS[text.trim()];
  for (const [form, template] of templates) {
    const found = form.exec(text);
    if (!found) continue;
    const order = template.match(FIELD);
    const told = (filled) => translated(filled) ?? (WORD_LIST.test(filled) ? joined(filled) : filled);
    return WORDS[template].replace(FIELD, (field) => told(found[1 + order.indexOf(field)])) +
      listed(found[1 + order.length] ?? "");
  }
  const sentences = text.split(/(?<=\. )(?=[A-Z])/);
  if (sentences.length > 1) {
    const said = sentences.map(translated);
    if (!said.includes(undefined)) return said.join("");
  }
  return feature && LIST.test(text) ? joined(text.replace(feature, (each) => WORDS[each])) : undefined;
};

const read = (node) => {
  if (node.nodeType === Node.TEXT_NODE) {
    if (isOfText(node.parentElement)) return;
    const said = /[A-Za-z]|^\): $/.test(node.data) ? translated(node.data) : undefined;
    if (said !== undefined && said !== node.data) node.data = said;
    else if (node.parentElement?.getAttribute("role") === "status") {
      node.parentElement.lang = /\p{Script=Han}/u.test(node.data) ? "zh" : "en";
    }
    return;
  }
  if (node.nodeType !== Node.ELEMENT_NODE || ["SCRIPT", "STYLE"].includes(node.tagName)) return;
  for (const name of SPOKEN) {
    const said = node.hasAttribute(name) ? translated(node.getAttribute(name)) : undefined;
    if (said !== undefined && said !== node.getAttribute(name)) node.setAttribute(name, said);
  }
  node.childNodes.forEach(read);
};

const follow = (root) => {
  root.childNodes.forEach(read);
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "childList") addedNodes.forEach(read);
      else read(target);
    }
  }).observe(root, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: SPOKEN,
  });
};

// What a style writes: "Scroll the table sideways".
const restyle = (root) => {
  for (const { cssRules } of [...root.styleSheets, ...root.adoptedStyleSheets]) {
    for (const { style } of cssRules) {
      const text = /^"(.*?)"/.exec(style?.content)?.[1];
      if (text in WORDS) style.content = style.content.replace(text, WORDS[text]);
    }
  }
};

const heard = new WeakSet();
window.qkvSpeak = () => {
  for (const figure of document.querySelectorAll("[data-explorer]")) {
    if (heard.has(figure)) continue;
    heard.add(figure);
    figure.style.textAutospace = "normal"; // as on the pages
    follow(figure);
    if (figure.shadowRoot) {
      follow(figure.shadowRoot);
      restyle(figure.shadowRoot);
    }
  }
};
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", window.qkvSpeak);
else queueMicrotask(window.qkvSpeak);
