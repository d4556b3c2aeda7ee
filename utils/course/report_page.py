"""``report.html``: one self-contained page."""


def page(report):
    return "<!doctype html>"
