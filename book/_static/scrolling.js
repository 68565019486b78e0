// Boxes wider than the page scroll. One that does can be reached and moved by the keyboard, and says
// what it is; the theme does so for code, outputs and tables, but names none of them.
(() => {
  const NAMES = [
    [".katex-display", qkvSay("Formula {n}, scrolls sideways")],
    ["pre", qkvSay("Code {n}, scrolls sideways")],
    [".pst-scrollable-table-container", qkvSay("Table {n}, scrolls sideways")],
    [".cell_output > .output", qkvSay("Output {n}, scrolls sideways")],
  ];

  const reach = (box, name) => {
    const wide = box.scrollWidth > box.clientWidth + 1;
    if (wide) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", name);
    } else if (box.getAttribute("role") === "region") {
      for (const each of ["tabindex", "role", "aria-label"]) box.removeAttribute(each);
    }
  };

  const reachAll = () => {
    for (const [selector, name] of NAMES) {
      let count = 0;
      for (const box of document.querySelectorAll(`.bd-article ${selector}`)) {
        count += 1;
        reach(box, name.replace("{n}", count));
      }
    }
  };

  let pause;
  const soon = () => { clearTimeout(pause); pause = setTimeout(reachAll, 350); };
  window.addEventListener("load", () => { reachAll(); soon(); });
  window.addEventListener("resize", soon);
  document.addEventListener("toggle", soon, true);
})();
