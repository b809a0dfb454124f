"""Tells what it is asked for and, if HOLDS says so, answers only when it is let go."""
from dapr_app import *

holds = os.environ.get("HOLDS", "")
let_go = threading.Event()


def wait(what):
    if what in holds:
        let_go.wait()


def asked(handler, body):
    tell("asked")
    wait("subscribe")
    subscribe(pubsubname="pubsub", topic="orders", route="/orders")(handler, body)


def take(handler, body):
    number = json.loads(body)["data"]
    tell("got", number)
    wait("delivery")
    tell("done", number)
    handler.answer()


def hello(handler, body):
    tell("called")
    wait("call")
    handler.answer(200, "hello")


def stream(handler, _):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"5\r\nfirst\r\n")
    handler.wfile.flush()
    tell("streaming")
    wait("stream")
    handler.wfile.write(b"0\r\n\r\n")


def release(handler, _):
    let_go.set()
    handler.answer()


tell("pid", os.getpid())
serve({"/dapr/subscribe": asked, "/orders": take, "/hello": hello, "/stream": stream,
       "/release": release})
tell("up")
threading.Event().wait()
