"""What the tests of several drawings ask of a figure."""


def texts(figure):
    return [text for axes in figure.axes for text in axes.texts if text.get_text()]


def assert_nothing_is_cut_off(figure):
    figure.draw_without_rendering()
    page = figure.bbox
    for text in texts(figure):
        box = text.get_window_extent()
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, text.get_text()
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, text.get_text()
