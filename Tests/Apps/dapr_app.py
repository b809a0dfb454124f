"""What the tests' small applications share: calls to the sidecar, and a server of their own."""
import http.client
import http.server
import json
import os
import threading


def call(method, path, body=None, headers={}, host="127.0.0.1", connection=None):
    """One request to the sidecar with no header field but those named: status, text, fields."""
    connection = connection or http.client.HTTPConnection(
        host, int(os.environ["DAPR_HTTP_PORT"]), timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers


def tell(*words):
    print("TOLD", *words, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by `routes`: path to function of the handler and the body."""
    protocol_version = "HTTP/1.1"
    routes = {}

    def answer(self, status=200, body="", fields={}):
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(data), **fields}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)

    def take(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        route = self.routes.get(self.path.split("?")[0])
        if route:
            route(self, body.decode())
        else:
            self.answer(404)

    do_GET = do_POST = do_PUT = do_DELETE = take

    def log_message(self, *_):
        pass


def subscribe(**fields):
    """The route that Dapr asks for subscriptions: one, with fields spelled as given."""
    return lambda handler, _: handler.answer(
        200, json.dumps([fields]), {"Content-Type": "application/json"})


def serve(routes):
    """Opens the application's port, on a thread."""
    Handler.routes = routes
    # One may start before the other of its kind has gone.
    http.server.ThreadingHTTPServer.allow_reuse_port = True
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", int(os.environ["APP_PORT"])), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def until_ready():
    """Asks until the sidecar has found the application."""
    while call("GET", "/v1.0/healthz")[0] != 204:
        pass
