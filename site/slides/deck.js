// How a talk is shown, and how its formulas are drawn: everything from the folder beside the page.

window.MathJax = {
  tex: { inlineMath: [["$", "$"]], displayMath: [["$$", "$$"]] },
  loader: { load: ["a11y/assistive-mml"] },
  output: { fontPath: "assets/mathjax-newcm-font", fontCache: "none", linebreaks: { inline: false } },
  options: {
    enableMenu: false,
    // Speech would start a worker, which browsers refuse for pages on a disk: MathML for screen readers is there instead.
    menuOptions: { settings: { enrich: false, speech: false, braille: false, assistiveMml: true } },
    ignoreHtmlClass: "listing|printed|notes",
    processHtmlClass: "math",
  },
  startup: {
    ready() {
      MathJax.startup.defaultReady();
      MathJax.startup.promise.then(() => {
        document.documentElement.setAttribute("data-formulas", "drawn");
        refit();
      });
    },
  },
};

const SMALLEST = 0.55;

// Makes the letters of a slide smaller until its body fits; a slide can be measured only while it is shown.
function fit(slide) {
  const body = slide.querySelector(".body");
  let size = 1;
  do {
    body.style.setProperty("--fit", size.toFixed(2));
    size -= 0.03;
  } while (size > SMALLEST && (body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1));
}

const shown = () => (Reveal.isPrintView() ? Reveal.getSlides() : [Reveal.getCurrentSlide()]);
const refit = () => shown().forEach(fit);

for (const event of ["ready", "slidechanged", "pdf-ready"]) Reveal.on(event, refit);

Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0.03,
  center: false,
  display: "flex",
  hash: true,
  transition: "none",
  slideNumber: "c/t",
  pdfSeparateFragments: false,
  plugins: [RevealNotes],
});
