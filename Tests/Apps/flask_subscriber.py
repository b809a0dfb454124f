"""A Dapr application on Flask: takes MESSAGES orders and ends. What it got is its output."""
import os
import threading

from flask import Flask, jsonify, request
from werkzeug.serving import make_server

app = Flask(__name__)
wanted = int(os.environ.get("MESSAGES", "1"))
seen = set()


@app.get("/dapr/subscribe")
def subscriptions():
    return jsonify([{"pubsubName": "pubsub", "topic": "orders", "route": "orders"}])


@app.post("/orders")
def order():
    event = request.get_json(force=True)
    print("received", event["data"]["orderId"], request.headers["Content-Type"], event["source"],
          flush=True)
    # After it is told: who counts the last one may end before the others have spoken.
    seen.add(event["data"]["orderId"])
    if len(seen) >= wanted:
        threading.Thread(target=server.shutdown).start()
    return jsonify(success=True)


@app.route("/hello/<name>", methods=["GET", "POST", "PUT", "DELETE"])
def hello(name):
    return jsonify(hello=name, method=request.method, query=request.query_string.decode(),
                   caller=request.headers.get("dapr-caller-app-id"),
                   body=request.get_data(as_text=True)), 200, {"X-App": "flask"}


server = make_server("127.0.0.1", int(os.environ["APP_PORT"]), app, threaded=True)
server.serve_forever()
print("got", len(seen), flush=True)
# Python aborts when a thread that still answers holds its output at the end.
os._exit(0)
