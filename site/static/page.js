/* Terms of the glossary: their meaning appears on hovering and on focus, and is read to those who do not see it. */
(() => {
  for (const link of document.querySelectorAll("a.term[title]")) {
    link.dataset.meaning = link.title;
    link.setAttribute("aria-description", link.title);
    link.removeAttribute("title");
  }
})();
