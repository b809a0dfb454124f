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


def release(handler, _):
    let_go.set()
    handler.answer()


serve({"/dapr/subscribe": asked, "/orders": take, "/hello": hello, "/release": release})
tell("up")
threading.Event().wait()
