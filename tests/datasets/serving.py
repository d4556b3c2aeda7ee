"""A real HTTP server on this machine that behaves well or badly."""

import io
import json
import pickle
import ssl
import tarfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.conversions import cifar

CERTIFICATE = Path(__file__).parent / "self_signed.pem"  # made for these tests: nobody trusts it


class Server:
    """Serves ``content`` under ``/MODE/NAME``; ``asked`` counts the requests a mode got.

    good, corrupt (one byte changed), truncated (closes half-way), short (half, with a length that fits), slow (stalls
    half-way), stumbling (503 twice, then good), down (always 503), missing (404), forbidden (403), circle (sends on to
    itself). pages: path → the page (HTML) that is served there instead. tls: over https, with a certificate of its own.
    """

    def __init__(self, content, pages=None, tls=False):
        self.pages = pages or {}
        self.content, self.asked, self.released = content, Counter(), threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mode = self.path.strip("/").split("/")[0]
                server.asked[mode] += 1
                if self.path in server.pages:
                    return server.show(self, server.pages[self.path])
                return server.answer(self, mode)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.address = f"http{'s' if tls else ''}://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def show(self, handler, page):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", str(len(page.encode())))
        handler.end_headers()
        handler.wfile.write(page.encode())

    def answer(self, handler, mode):
        if mode in ("missing", "forbidden"):
            return handler.send_error({"missing": 404, "forbidden": 403}[mode])
        if mode == "circle":
            handler.send_response(302)
            handler.send_header("Location", handler.path)
            handler.send_header("Content-Length", "0")
            return handler.end_headers()
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


def cifar_archives(images, labels):
    """The two halves of CIFAR's two archives, made small: pickled batches in a tar, and pictures in a tar."""
    toronto, npm = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=toronto, mode="w:gz") as one, tarfile.open(fileobj=npm, mode="w:gz") as two:

        def add(tar, name, content):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

        for place, name in enumerate([*cifar.BATCHES, "test_batch"]):
            rows = images[place::6]
            batch = {
                b"data": rows.transpose(0, 3, 1, 2).reshape(len(rows), -1).copy(),
                b"labels": labels[place::6].tolist(),
            }
            add(one, f"cifar-10-batches-py/{name}", pickle.dumps(batch, protocol=2))
            picture = io.BytesIO()
            Image.fromarray(rows.reshape(len(rows), 1024, 3)).save(picture, "PNG")
            add(two, f"package/{name}.png", picture.getvalue())
        train = np.concatenate([labels[place::6] for place in range(5)]).tolist()
        add(two, "package/train_lables.json", json.dumps(train).encode())
        add(two, "package/test_lables.json", json.dumps(labels[5::6].tolist()).encode())
    return toronto.getvalue(), npm.getvalue()
