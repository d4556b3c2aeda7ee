/* The quizzes: say whether an answer is right, and why. The questions are in the page, as the chapters have them. */
(() => {
  const MARKS = { right: "✓", wrong: "✗" };

  function say(form, answer, element) {
    const verdict = answer.correct ? "right" : "wrong";
    const line = form.querySelector(".quiz-says");
    line.textContent = `${MARKS[verdict]} ${answer.feedback || (answer.correct ? "Right." : "Not right.")}`;
    line.dataset.verdict = verdict;
    if (element) element.dataset.verdict = verdict;
  }

  /* The first answer whose value or range the number falls into; else the one for everything else. */
  function judged(answers, number) {
    const fits = (answer) =>
      answer.type === "range"
        ? number >= answer.range[0] && number <= answer.range[1]
        : answer.type === "value" && Math.abs(number - answer.value) <= 1e-9 * Math.max(1, Math.abs(answer.value));
    return answers.find(fits) || answers.find((answer) => answer.type === "default") || { correct: false };
  }

  function number(form, answers) {
    const text = form.querySelector("input").value.trim().replace(",", ".").replace("−", "-").replace(/\s*%$/, "");
    const value = Number(text);
    if (!text || Number.isNaN(value)) say(form, { correct: false, feedback: "Type a number, such as 0.25." });
    else say(form, judged(answers, value));
  }

  for (const form of document.querySelectorAll("form.quiz")) {
    const answers = JSON.parse(form.dataset.answers);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (form.dataset.kind === "number") number(form, answers);
    });
    form.addEventListener("change", ({ target }) => {
      if (form.dataset.kind === "number") return;
      for (const label of form.querySelectorAll("label")) {
        if (form.dataset.kind === "radio") delete label.dataset.verdict;
      }
      say(form, answers[Number(target.value)], target.closest("label"));
    });
  }
})();
