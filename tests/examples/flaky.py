"""A bad network between an example and the ledger: `flaky.py BASE` prints its port, and then each body's digest.

Of the bodies sent through it the first gets 503, the second reaches the ledger but its answer is lost, and all
further ones go through.
"""

import hashlib
import http.server
import sys
import urllib.error
import urllib.request

BASE = sys.argv[1]
seen = 0


class Flaky(http.server.BaseHTTPRequestHandler):
    """Passes requests on, but for the first two bodies."""

    def answer(self, status, headers, body):
        self.send_response(status)
        for name in ("Content-Type", "Retry-After"):
            if headers.get(name):
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def passed_on(self, body=None):
        names = ("Content-Type", "Accept-Language") if body else ()
        request = urllib.request.Request(BASE + self.path, body, {name: self.headers[name] for name in names})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers, refusal.read()

    def do_GET(self):
        self.answer(*self.passed_on())

    def do_POST(self):
        global seen
        seen += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(hashlib.sha256(body).hexdigest(), flush=True)
        if seen == 1:
            return self.answer(503, {"Content-Type": "text/html", "Retry-After": "1"}, b"<h1>busy</h1>")
        answer = self.passed_on(body)
        if seen == 2:
            self.close_connection = True  # and not a word
            return None
        return self.answer(*answer)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Flaky)
print(server.server_port, flush=True)
server.serve_forever()
