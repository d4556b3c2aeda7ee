/* Makes a book of the page: contents, running titles, and nothing that is wider than the paper. It is called by
   utils/course/web/printing.py, first compose and then number, once for each print. */
"use strict";

window.book = (() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  async function drawn() {
    if (window.MathJax) await MathJax.startup.promise;
    await document.fonts.ready;
    await Promise.all(all("img").map((image) => image.decode()));
  }

  /* Words for a style sheet. */
  const quoted = (words) => `"${words.replace(/["\\]/g, "\\$&").replace(/\s+/g, " ").trim()}"`;

  /* What begins with a heading of the first level, and the answers in it, get pages of a kind of their own. */
  function runningTitles() {
    const rules = [];
    const give = (section, title) => {
      section.style.page = `part-${rules.length}`;
      rules.push(`@page part-${rules.length} { @top-right { content: ${quoted(title)} } }`);
    };
    for (const heading of all("h1")) {
      const section = heading.parentElement;
      const mark = section.previousElementSibling; // where links to it lead; between two sections it would be a page
      if (mark?.id.startsWith("document-")) section.prepend(mark);
      give(section, heading.textContent);
      for (const answers of all('[id^="answers-"]', section)) {
        give(answers.closest("section"), `${heading.textContent}: answers`);
      }
    }
    document.head.append(Object.assign(document.createElement("style"), { textContent: rules.join("\n") }));
  }

  /* Tables, listings and formulas that are too wide become smaller as a whole. */
  function fit() {
    const body = document.querySelector(".body").getBoundingClientRect();
    for (const element of all("table, mjx-container, svg, img")) {
      const { left, width } = element.getBoundingClientRect();
      const room = body.right - left;
      if (width > room + 1) element.style.zoom = (Number(element.style.zoom) || 1) * (room / width);
    }
  }

  /* A list of the headings of the first two levels, each with an identifier of its own. */
  function contents() {
    const parts = document.createElement("ol");
    const headings = all("h1, h2").filter((heading) => !heading.closest("#contents"));
    headings.forEach((heading, place) => {
      heading.id = `heading-${place}`;
      const link = Object.assign(document.createElement("a"), { href: `#${heading.id}` });
      link.append(Object.assign(document.createElement("span"), { innerHTML: heading.innerHTML }));
      link.append(Object.assign(document.createElement("span"), { className: "number", textContent: "000" }));
      const entry = document.createElement("li");
      entry.append(link);
      if (heading.localName === "h1") parts.append(entry);
      else {
        const part = parts.lastElementChild;
        (part.querySelector("ol") ?? part.appendChild(document.createElement("ol"))).append(entry);
      }
    });
    document.getElementById("contents").append(parts);
    return headings.map((heading) => heading.id);
  }

  return {
    /* Returns the identifiers of the headings in the contents. */
    async compose() {
      await drawn();
      runningTitles();
      fit();
      return contents();
    },
    /* Writes page numbers, by identifier, into the contents. */
    number(numbers) {
      for (const [id, page] of Object.entries(numbers)) {
        document.querySelector(`#contents a[href="#${id}"] .number`).textContent = page;
      }
    },
  };
})();
