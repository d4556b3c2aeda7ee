"""A real HTTP server on this machine that behaves well or badly."""

import io
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np


class Server:
    """Serves ``content`` under ``/MODE/NAME``; ``asked`` counts the requests a mode got.

    good, corrupt (one byte changed), truncated (closes half-way), short (half, with a length that fits), slow (stalls
    half-way), stumbling (503 twice, then good), down (always 503), missing (404).
    """

    def __init__(self, content):
        self.content, self.asked, self.released = content, Counter(), threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mode = self.path.strip("/").split("/")[0]
                server.asked[mode] += 1
                server.answer(self, mode)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, handler, mode):
        if mode == "missing":
            return handler.send_error(404)
        if mode == "down" or (mode == "stumbling" and self.asked[mode] <= 2):
            return handler.send_error(503)
        content, half = self.content, len(self.content) // 2
        if mode == "corrupt":
            content = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        if mode == "short":
            content = content[:half]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:half] if mode in ("truncated", "slow") else content)
        if mode == "slow":
            handler.wfile.flush()
            self.released.wait(20)
        return None

    def close(self):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()


def medmnist_like():
    """The bytes of a file in MedMNIST's layout, and how many images each part has."""
    rng = np.random.default_rng(0)
    counts = {"train": 546, "val": 78, "test": 156}
    arrays = {f"{part}_images": rng.integers(0, 256, (n, 28, 28), dtype=np.uint8) for part, n in counts.items()}
    arrays |= {f"{part}_labels": rng.integers(0, 2, (n, 1), dtype=np.uint8) for part, n in counts.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue(), counts


def files_below(folder):
    """Names of the files in a folder and below it."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())
