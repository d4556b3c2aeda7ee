"""A class: an nbgrader course made of the chapters, and grading that survives what students send."""
