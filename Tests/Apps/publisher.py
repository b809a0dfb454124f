"""A Dapr application that publishes MESSAGES orders in a loop, with the standard library alone."""
import json
import os
import urllib.request

base = f"http://127.0.0.1:{os.environ['DAPR_HTTP_PORT']}"
for number in range(1, int(os.environ.get("MESSAGES", "1")) + 1):
    kind = "?metadata.cloudevent.type=order.urgent" if number % 2 == 0 else ""
    request = urllib.request.Request(
        f"{base}/v1.0/publish/pubsub/orders{kind}", json.dumps({"orderId": number}).encode(),
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        print("published", number, answer.status, flush=True)
