// The switch to the other language stays at the place of the page that is being read: the last
// section, cell or figure that begins above its text. Anchors are the same in both.
(() => {
  const place = () => {
    const above = [...document.querySelectorAll(".bd-article section[id], .bd-article .cell[id], .bd-article figure[id]")]
      .filter((each) => each.getBoundingClientRect().top < 120);
    const title = document.querySelector(".bd-article section[id]");
    const last = above.at(-1);
    return last && last !== title ? `#${last.id}` : "";
  };
  document.addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll("a.language-switch")) {
      const address = link.getAttribute("href");
      const lead = () => { link.setAttribute("href", address + (location.search ? location.search : "") + place()); };
      for (const event of ["pointerenter", "focus", "click", "touchstart"]) {
        link.addEventListener(event, lead, { passive: true });
      }
    }
  });
})();
