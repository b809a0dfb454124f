"""What the fixture gives: run with the plugin, alone and by several workers."""

import json
import urllib.request

import pytest

from fakedapr import FakedaprError, VerificationFailed


def post(fakedapr, path, body):
    """As a program under test would, which knows nothing but the URL and the headers."""
    request = urllib.request.Request(
        fakedapr.url + path,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **fakedapr.headers},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.status


@pytest.mark.parametrize("number", range(20))
def test_each_test_has_a_world_of_its_own(fakedapr, number):
    assert "counter" not in fakedapr.state
    fakedapr.state["counter"] = number
    assert fakedapr.state["counter"] == number
    fakedapr.verify(api="state", operation="set", key="counter", exactly=1)


def test_the_program_under_test_needs_the_url_alone(fakedapr):
    post(fakedapr, "/v1.0/state/statestore", [{"key": "a", "value": {"b": 1}}])
    assert fakedapr.state["a"] == {"b": 1}
    assert fakedapr.env["DAPR_HTTP_ENDPOINT"] == fakedapr.url


def test_state_is_a_mapping(fakedapr):
    state = fakedapr.state
    assert state.get("a") is None and state.get("a", 7) == 7
    with pytest.raises(KeyError):
        state["a"]
    state["a"] = [1, 2]
    assert state.etag("a")
    with pytest.raises(FakedaprError):
        state.save("a", 3, etag="999")
    del state["a"]
    assert "a" not in state
    with pytest.raises(FakedaprError, match="none"):
        fakedapr.store("none").get("a")


def test_a_failed_verify_tells_what_came_nearest(fakedapr):
    fakedapr.state["nearly"] = 1
    with pytest.raises(VerificationFailed) as failure:
        fakedapr.verify(api="state", operation="set", key="exactly", exactly=1)
    assert not failure.value.timed_out
    assert "nearly" in str(failure.value)


def test_a_wait_gives_up(fakedapr):
    with pytest.raises(VerificationFailed) as failure:
        fakedapr.wait(api="state", key="never", timeout=0.05)
    assert failure.value.timed_out


def test_questions_in_their_order(fakedapr):
    fakedapr.state["a"] = 1
    del fakedapr.state["a"]
    done = {"api": "state", "key": "a"}
    fakedapr.verify({**done, "operation": "set"}, {**done, "operation": "delete"})
    with pytest.raises(VerificationFailed):
        fakedapr.verify({**done, "operation": "delete"}, {**done, "operation": "set"})


def test_a_stub_answers_for_a_neighbour(fakedapr):
    with fakedapr.stub(
        "stock",
        {"method": "POST", "path": "/reserve"},
        {"status": 201, "json": {"item": "${request.json.item}", "left": 3}},
    ):
        answer = fakedapr.invoke("stock", "reserve", {"item": 42})
        assert (answer.status, answer.json()) == (201, {"item": 42, "left": 3})
        assert "no stub of stock" in fakedapr.invoke("stock", "other").text
    assert "couldn't find service: stock" in fakedapr.invoke("stock", "reserve").text


def test_a_stub_subscribes(fakedapr):
    fakedapr.stub(
        "billing", subscribe=[{"pubsubname": "pubsub", "topic": "orders", "route": "/orders"}],
        when="/orders", reply={"json": {"status": "SUCCESS"}},
    )
    fakedapr.publish("orders", {"id": 7})
    fakedapr.wait(app="billing", api="deliver", topic="orders", status=200)


def test_a_fault_ends_with_its_block(fakedapr):
    with fakedapr.fault(match={"api": "state"}, kind="error", status=500):
        with pytest.raises(FakedaprError):
            fakedapr.state["a"] = 1
    fakedapr.state["a"] = 1


def test_time_passes_at_once(fakedapr):
    fakedapr.state.save("a", 1, ttl=3600)
    fakedapr.clock.advance("59m")
    assert "a" in fakedapr.state
    fakedapr.clock.advance(61)
    assert "a" not in fakedapr.state


def test_a_world_can_be_seeded_kept_and_reset(fakedapr):
    fakedapr.seed(state={"statestore": {"a": 1}})
    fakedapr.save_snapshot("before")
    fakedapr.state["a"] = 2
    fakedapr.load_snapshot("before")
    assert fakedapr.state["a"] == 1
    fakedapr.reset()
    assert "a" not in fakedapr.state
    assert fakedapr.journal(operation="set") == []


def test_a_slip_is_told(fakedapr):
    with pytest.raises(FakedaprError, match="operation"):
        fakedapr.verify(operatoin="set")
