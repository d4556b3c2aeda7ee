"""The course as pages for a browser: the web edition, slides and the printed book."""
