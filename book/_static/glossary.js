/* The meaning of a word of the glossary, beside it while the pointer or the keyboard is on it. The
   style sheet shows it; this tells who does not see the page, keeps it on the page, and lets Escape
   put it away. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".glossary-word").forEach((word, number) => {
    const link = word.querySelector("a");
    const meaning = word.querySelector(".glossary-meaning");
    if (!meaning) return;
    meaning.id = `glossary-meaning-${number}`;
    meaning.setAttribute("role", "tooltip");
    link.setAttribute("aria-describedby", meaning.id);

    const show = () => {
      word.classList.remove("put-away");
      const room = document.documentElement.clientWidth - 16;
      meaning.style.left = "0";
      const over = meaning.getBoundingClientRect().right - room;
      meaning.style.left = `${Math.min(0, -over)}px`;
    };
    word.addEventListener("mouseenter", show);
    word.addEventListener("focusin", show);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll(".glossary-word:is(:hover, :focus-within)").forEach((word) => {
      word.classList.add("put-away");
    });
  });
});
