"""Which slides a chapter gives, and what stands on each."""

from utils.course.web import talk


def text(source, *tags):
    return {"cell_type": "markdown", "source": source, "metadata": {"tags": list(tags)}}


def code(*tags, source="draw()", printed="0.9\n", **metadata):
    outputs = [{"output_type": "stream", "name": "stdout", "text": [printed]}] if printed else []
    return {"cell_type": "code", "source": source, "outputs": outputs, "metadata": {"tags": list(tags), **metadata}}


def slides(*cells):
    return list(talk._tagged(cells)) + list(talk._closing(cells))


def test_a_cell_of_code_stands_between_its_question_and_its_finding():
    (slide,) = slides(text("## A test\n\nWe look. **How good is it?**"), code("slide"), text("It is 0.9.\n\n## Next"))
    assert (slide.title, slide.before, slide.after) == ("A test", "We look. **How good is it?**", "It is 0.9.")
    assert slide.code == "" and slide.outputs[0]["text"] == "0.9\n"
    assert "We look." in slide.notes and "```\n0.9\n```" in slide.notes and "It is 0.9." in slide.notes


def test_a_finding_may_come_after_more_code_and_never_from_below_a_heading():
    (slide,) = slides(code("slide"), code(), text("It is 0.9."))
    assert slide.after == "It is 0.9."
    (slide,) = slides(code("slide"), text("## Next\n\nAnother thing."))
    assert slide.after == ""


def test_an_open_slide_has_no_finding():
    (slide,) = slides(text("Look."), code("slide-open"), text("First a baseline."))
    assert (slide.before, slide.after) == ("Look.", "")


def test_a_sentence_is_not_told_twice_in_a_row():
    one, two = slides(code("slide"), text("It is 0.9. Now the rest."), code("slide"), text("It is 0.8."))
    assert (one.after, two.before, two.after) == ("It is 0.9. Now the rest.", "", "It is 0.8.")


def test_code_is_shown_where_it_is_tagged_so():
    (slide,) = slides(code("slide-code", source="model.fit(x)", printed=""))
    assert (slide.code, slide.outputs) == ("model.fit(x)", ())


def test_an_exercise_has_its_own_title_and_gives_nothing_away():
    cells = (
        text("## Pooling\n\nKeep the largest.\n\n### Exercise 3.4 — max-pooling\n\nWrite it."),
        code("slide-code", exercise="3.4", printed=""),
        code(),
        text("Now a test."),
        code("slide"),
    )
    stub, after = slides(*cells)
    assert (stub.title, stub.before, stub.after) == ("Exercise 3.4 — max-pooling", "Write it.", "")
    assert after.title == "Pooling"


def test_a_cell_of_text_gives_its_last_section_or_its_formula():
    told = "It was 0.9.\n\n## Softmax\n\nIt makes probabilities.\n\n### Exercise 2.1 — do it\n\nWrite it."
    (slide,) = slides(text(told, "slide"))
    assert (slide.title, slide.before) == ("Softmax", "It makes probabilities.")
    (slide,) = slides(text("## Why"), text("A finding.\n\nThe formula is\n\n$$x$$\n\n## Masks\n\nHide it.", "slide"))
    assert (slide.title, slide.before) == ("Why", "The formula is\n\n$$x$$")
    (slide,) = slides(text("## Conclude\n\nThis much.\n\n## Quiz", "slide"))
    assert (slide.title, slide.before) == ("Conclude", "This much.")
    (slide,) = slides(text("### Exercise 1.1 — alone", "slide"))
    assert (slide.title, slide.before) == ("Exercise 1.1 — alone", "")


def test_a_talk_ends_with_risks_and_a_summary():
    risk, end = slides(
        text("## What can go wrong in the clinic\n\n- **Leaks.** " + "Very many words. " * 30 + "\n\nNo device."),
        text("## Summary\n\n- One.\n- Two.\n\n## Further reading\n\n- A paper."),
    )
    assert risk.title == "What can go wrong in the clinic" and risk.before.startswith("- **Leaks.** Very many words.")
    assert len(risk.before.split()) <= talk.RISK_WORDS + 1 and "No device." in risk.notes
    assert (end.title, end.before) == ("Summary", "- One.\n- Two.")
