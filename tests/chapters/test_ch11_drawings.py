"""The drawing of chapter 11 says what its network is."""

from chapters.drawn import assert_nothing_is_cut_off, texts
from utils.applications.molecules import message_passing_network
from utils.chapters.ch11_drawings import message_passing


def test_the_network_is_drawn_with_its_shapes():
    figure = message_passing(width=24, extra=30)
    words = [text.get_text() for text in texts(figure)]
    network = message_passing_network(1, 30, width=24)
    inside = {name: network.get_layer(name).output.shape[-1] for name in ("atoms", "embed", "round_3", "read_out")}
    assert f"(N, {inside['atoms']})" in words
    assert words.count(f"(N, {inside['embed']})") == 2
    assert inside["embed"] == inside["round_3"]
    assert f"({inside['read_out']},)" in words
    assert f"({inside['read_out'] + 30},)" in words
    assert f"bonds (N, D, {network.get_layer('bonds').output.shape[-1]})" in words
    assert_nothing_is_cut_off(figure)
