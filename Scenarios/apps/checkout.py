"""A Dapr application on the standard library: subscribes, counts orders in the state store."""
import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIDECAR = f"http://127.0.0.1:{os.environ['DAPR_HTTP_PORT']}"


def save(key, value):
    request = urllib.request.Request(
        f"{SIDECAR}/v1.0/state/statestore", json.dumps([{"key": key, "value": value}]).encode(),
        {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/dapr/subscribe":
            return self.answer(
                200, [{"pubsubname": "pubsub", "topic": "orders", "route": "/orders"}])
        self.answer(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/orders":
            return self.answer(404)
        order = json.loads(body)["data"]
        save(f"order-{order['id']}", {"paid": True, "amount": order["amount"]})
        self.answer(200, {"status": "SUCCESS"})

    def log_message(self, *arguments):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), App).serve_forever()
