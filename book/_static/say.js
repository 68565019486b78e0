// What the scripts of the pages say, in the language of the page: where it is not English, `qkvWords`
// holds the translations (book/_ext/translated.py). Braces are filled in by name.
window.qkvSay = (text, filled) =>
  (window.qkvWords?.[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => filled?.[name] ?? all);
