"""A Dapr application on FastAPI: takes MESSAGES orders and ends. What it got is its output."""
import os

import uvicorn
from fastapi import Body, FastAPI

app = FastAPI()
wanted = int(os.environ.get("MESSAGES", "1"))
seen = set()


@app.get("/dapr/subscribe")
def subscriptions():
    return [{"pubsubname": "pubsub", "topic": "orders", "routes": {"rules": [
        {"match": 'event.type == "order.urgent"', "path": "/urgent"}], "default": "/orders"}}]


def take(path, event):
    seen.add(event["data"]["orderId"])
    print("received", event["data"]["orderId"], path, flush=True)
    server.should_exit = len(seen) >= wanted
    return {"status": "SUCCESS"}


@app.post("/urgent")
def urgent(event: dict = Body()):
    return take("/urgent", event)


@app.post("/orders")
def order(event: dict = Body()):
    return take("/orders", event)


# Keeps an open connection from holding the end up.
server = uvicorn.Server(uvicorn.Config(
    app, host="127.0.0.1", port=int(os.environ["APP_PORT"]), log_level="warning",
    timeout_graceful_shutdown=1))
server.run()
print("got", len(seen), flush=True)
