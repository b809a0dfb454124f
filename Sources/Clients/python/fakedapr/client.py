"""Speaks to one sandbox of a running fakedapr: Dapr's API and the control API."""

import http.client
import json
import urllib.parse


class FakedaprError(Exception):
    """A request that was refused, in fakedapr's own words."""

    def __init__(self, message, answer=None):
        super().__init__(message)
        self.answer = answer


class VerificationFailed(AssertionError):
    """A `verify` or a `wait` that did not come true.

    `answer` is what fakedapr answered: `expected`, `actual`, `nearest`, `timedOut`.
    """

    def __init__(self, answer):
        super().__init__(_failure_text(answer))
        self.answer = answer
        self.timed_out = bool(answer.get("timedOut"))


class Answer:
    """An HTTP answer: `status`, `headers` (names in lower case), `body` (bytes)."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<Answer {self.status} {self.text[:80]!r}>"


class Fakedapr:
    """One sandbox of a running fakedapr.

    `url` is where an application finds its sidecar; `headers` are what its requests must carry
    besides (none for a sandbox that has a port of its own).
    """

    def __init__(self, url, sandbox=None, headers=None, token=None, timeout=60.0):
        self.url = url.rstrip("/")
        self.sandbox = sandbox
        self.headers = dict(headers or {})
        if token:
            self.headers["dapr-api-token"] = token
        self.clock = Clock(self)
        self.state = State(self, "statestore")
        self._timeout = timeout

    # Where it is

    @property
    def port(self):
        return urllib.parse.urlsplit(self.url).port

    @property
    def env(self):
        """What a Dapr SDK, or a child process that uses one, finds the sidecar by."""
        return {"DAPR_HTTP_ENDPOINT": self.url, "DAPR_HTTP_PORT": str(self.port)}

    # Any request

    def request(self, method, path, body=None, headers=None, timeout=None):
        """Sends a request; a `body` that is neither bytes nor text is sent as JSON."""
        fields = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            if not any(name.lower() == "content-type" for name in fields):
                fields["Content-Type"] = "application/json"
        if isinstance(body, str):
            body = body.encode()
        parts = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=timeout or self._timeout
        )
        try:
            connection.request(method, path, body=body, headers=fields)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()

    def control(self, method, path, body=None, timeout=None):
        """A request to the control API: `path` follows `/_fakedapr`. Returns the answer's JSON."""
        answer = self.request(method, f"/_fakedapr{path}", body, timeout=timeout)
        value = _json_or_none(answer)
        if answer.status == 409 and isinstance(value, dict) and "expected" in value:
            raise VerificationFailed(value)
        if answer.status >= 400:
            raise FakedaprError(_refusal_text(answer, value), answer)
        return value

    # Building blocks

    def store(self, name):
        """The state store of this name; `state` is the one called `statestore`."""
        return State(self, name)

    def publish(self, topic, data, pubsub="pubsub", metadata=None, headers=None):
        """Publishes a message; text and bytes go as they are, all else as JSON."""
        query = _query({f"metadata.{name}": value for name, value in (metadata or {}).items()})
        path = f"/v1.0/publish/{_escaped(pubsub)}/{_escaped(topic)}{query}"
        return _succeeded(self.request("POST", path, data, headers))

    def invoke(self, app, method, data=None, verb="POST", headers=None):
        """Calls a method of an application; its answer is returned whatever its status."""
        path = f"/v1.0/invoke/{_escaped(app)}/method/{method.lstrip('/')}"
        return self.request(verb, path, data, headers)

    # What has happened

    def journal(self, **filters):
        """The entries that fit, oldest first: `app`, `api`, `topic`, `store`, `key`, `since`, ...."""
        return self.control("GET", f"/journal{_query(filters)}")["entries"]

    def verify(self, *in_order, **question):
        """Fails unless it was done: `verify(api="state", key="a", exactly=1)`.

        Without a count, at least once. Several questions, as dictionaries, must have come true in
        their order.
        """
        body = _question(in_order, question)
        if not in_order and not {"exactly", "atLeast", "atMost", "inOrder"} & body.keys():
            body["atLeast"] = 1
        return self.control("POST", "/verify", body)

    def wait(self, *in_order, timeout=5.0, **question):
        """The same, once it is so; fails after `timeout` (seconds, or a text such as `500ms`)."""
        body = _question(in_order, question)
        body["timeout"] = timeout if isinstance(timeout, str) else f"{round(timeout * 1000)}ms"
        return self.control("POST", "/wait", body, timeout=self._timeout + 3600)

    # What is to happen

    def fault(self, rule=None, **members):
        """Adds a fault; usable in `with`. See `GET /_fakedapr/faults` for what it then is."""
        return Rule(self, "faults", {**(rule or {}), **members})

    def stub(self, app, when=None, reply=None, **members):
        """Answers in place of an application that is not there; usable in `with`."""
        rule = {"app": app, "when": when, "reply": reply, **members}
        return Rule(self, "stubs", {name: it for name, it in rule.items() if it is not None})

    # State of the world

    def reset(self, *parts):
        """Back to how the sandbox began: all, or `state`, `topics`, `journal`, `faults`, ...."""
        return self.control("POST", "/reset", {"only": list(parts)} if parts else {})

    def seed(self, document=None, **parts):
        """Puts `state`, `topics`, `faults`, `stubs` in; a text may be YAML."""
        return self.control("POST", "/seed", document if document is not None else parts)

    def save_snapshot(self, name):
        return self.control("POST", f"/snapshots/{_escaped(name)}")

    def load_snapshot(self, name):
        return self.control("POST", f"/snapshots/{_escaped(name)}/load")

    def diff_snapshot(self, name, other=None):
        query = _query({"with": other} if other else {})
        return self.control("GET", f"/snapshots/{_escaped(name)}/diff{query}")

    # Sandboxes

    def new_sandbox(self, port=True, **members):
        """Makes an isolated world, with a port of its own or reached by a header."""
        made = self.control("POST", "/sandboxes", {"port": port, **members})
        token = self.headers.get("dapr-api-token")
        if port:
            return Fakedapr(made["url"], made["id"], token=token)
        headers = {"fakedapr-sandbox": made["id"]}
        return Fakedapr(self.url, made["id"], headers, token=token)

    def delete_sandbox(self, sandbox):
        return self.control("DELETE", f"/sandboxes/{_escaped(sandbox)}")


class State:
    """One state store, as a mapping of keys to values."""

    def __init__(self, dapr, store):
        self._dapr = dapr
        self._path = f"/v1.0/state/{_escaped(store)}"

    def get(self, key, default=None):
        answer = _succeeded(self._dapr.request("GET", f"{self._path}/{_escaped(key)}"))
        return answer.json() if answer.status == 200 else default

    def etag(self, key):
        answer = _succeeded(self._dapr.request("GET", f"{self._path}/{_escaped(key)}"))
        return answer.headers.get("etag")

    def save(self, key, value, etag=None, ttl=None):
        """`ttl` counts in seconds."""
        item = {"key": key, "value": value}
        if etag is not None:
            item["etag"] = etag
        if ttl is not None:
            item["metadata"] = {"ttlInSeconds": str(ttl)}
        _succeeded(self._dapr.request("POST", self._path, [item]))

    def delete(self, key):
        _succeeded(self._dapr.request("DELETE", f"{self._path}/{_escaped(key)}"))

    def __getitem__(self, key):
        answer = _succeeded(self._dapr.request("GET", f"{self._path}/{_escaped(key)}"))
        if answer.status != 200:
            raise KeyError(key)
        return answer.json()

    def __setitem__(self, key, value):
        self.save(key, value)

    def __delitem__(self, key):
        self.delete(key)

    def __contains__(self, key):
        answer = self._dapr.request("GET", f"{self._path}/{_escaped(key)}")
        return _succeeded(answer).status == 200


class Clock:
    """The sandbox's clock."""

    def __init__(self, dapr):
        self._dapr = dapr

    def advance(self, duration):
        """Lets time pass (seconds, or a text such as `1h`); what became due has run afterwards.

        A clock that follows the machine's is made to stand still first.
        """
        if self.status().get("mode") == "real":
            self.manual()
        text = duration if isinstance(duration, str) else f"{round(duration * 1000)}ms"
        return self._dapr.control("POST", "/clock", {"advance": text})

    def manual(self, at=None):
        return self._dapr.control("POST", "/clock", {"mode": "manual", **({"at": at} if at else {})})

    def accelerated(self, rate):
        return self._dapr.control("POST", "/clock", {"mode": "accelerated", "rate": rate})

    def real(self):
        return self._dapr.control("POST", "/clock", {"mode": "real"})

    def status(self):
        return self._dapr.control("GET", "/clock")


class Rule:
    """A fault or a stub that was added; taken away by `remove` or at the end of `with`."""

    def __init__(self, dapr, kind, rule):
        self._dapr = dapr
        self._kind = kind
        made = dapr.control("POST", f"/{kind}", rule)
        if isinstance(made, dict) and isinstance(made.get(kind), list):
            made = made[kind]
        if isinstance(made, list):
            made = made[0]
        self.id = made["id"]

    def remove(self):
        self._dapr.control("DELETE", f"/{self._kind}/{_escaped(str(self.id))}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def entry_text(entry):
    """An entry of the journal on one line."""
    words = [f"#{entry.get('sequence')}", entry.get("app"), entry.get("api")]
    words += [entry.get("method"), entry.get("path"), entry.get("status")]
    for done in entry.get("state") or []:
        words.append(f"{done.get('operation')} {done.get('store')}/{done.get('key')}")
    if entry.get("topic"):
        words.append(f"{entry.get('pubsub')}/{entry['topic']}")
    words.append(entry.get("outcome"))
    words += [f"{name}: {entry[name]}" for name in ("fault", "hint") if entry.get(name)]
    return "  ".join(str(word) for word in words if word not in (None, ""))


def _question(in_order, question):
    spelt = {"at_least": "atLeast", "at_most": "atMost", "in_order": "inOrder"}
    body = {spelt.get(name, name): value for name, value in question.items()}
    if in_order:
        body["inOrder"] = [_question((), each) for each in in_order]
    return body


def _failure_text(answer):
    lines = [answer.get("message", "the expectation failed")]
    for miss in answer.get("nearest") or []:
        lines.append(f"nearest: {entry_text(miss.get('entry') or {})}")
        for difference in miss.get("differs") or []:
            lines.append(
                f"  {difference.get('path')}: expected {difference.get('expected')}, "
                f"found {difference.get('actual')}"
            )
    return "\n".join(lines)


def _refusal_text(answer, value):
    if not isinstance(value, dict) or "message" not in value:
        return f"fakedapr answered {answer.status}: {answer.text[:500]}"
    hint = value.get("hint")
    return value["message"] + (f": {hint}" if hint else "")


def _json_or_none(answer):
    try:
        return answer.json()
    except ValueError:
        return None


def _succeeded(answer):
    if answer.status >= 400:
        raise FakedaprError(f"fakedapr answered {answer.status}: {answer.text}", answer)
    return answer


def _escaped(text):
    return urllib.parse.quote(text, safe="")


def _query(pairs):
    given = {name: value for name, value in pairs.items() if value is not None}
    return "?" + urllib.parse.urlencode(given) if given else ""
