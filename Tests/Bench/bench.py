#!/usr/bin/env python3
"""Measures fakedapr against nginx and webdis in one run and prints ratios.

Processor time of the server process per request is what counts: it hardly depends on what else the
machine does. Each row is the median of several rounds, and nginx is measured again in every round, so
that both sides of a ratio have seen the same machine. All servers listen on free loopback ports and
are stopped by their process ids; every load is bounded in time.

    Tests/Bench/bench.py [--fakedapr PATH] [--rounds N] [--seconds S] [--only WORD] [--json FILE]
"""
import argparse
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CONNECTIONS = 32
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.005)
    sys.exit(f"bench: nobody listens at port {port}")


def cpu_nanoseconds(pid):
    """Processor time of all threads of a process, from the scheduler's own count."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError), open(path) as file:
            total += int(file.read().split()[0])
    return total


class Servers:
    """Child processes in a folder of their own, all gone at the end."""

    def __init__(self, folder):
        self.folder, self.children = folder, []

    def start(self, command, **options):
        child = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, cwd=self.folder, **options)
        self.children.append(child)
        return child

    def stop(self):
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()

    def nginx(self):
        port, path = free_port(), os.path.join(self.folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(
                "daemon off; worker_processes 1; master_process off;\n"
                f"pid {self.folder}/nginx.pid; error_log /dev/null;\n"
                "events { worker_connections 1024; }\n"
                "http { access_log off; keepalive_requests 1000000000; server {\n"
                f"  listen 127.0.0.1:{port}; client_body_buffer_size 64k;\n"
                "  location / { default_type application/json; return 200 '\"Death Star\"'; } } }\n")
        child = self.start(["nginx", "-c", path, "-p", self.folder])
        wait_for(port)
        return child.pid, port

    def nginx_app(self):
        """An application, and a proxy before it with connections kept alive: (pid, port) of each."""
        app, proxy, path = free_port(), free_port(), os.path.join(self.folder, "app.conf")
        # Two processes, so that the proxy's processor time is its own.
        for port, what in ((app, "return 200 '{\"status\":\"SUCCESS\"}';"),
                           (proxy, f"proxy_pass http://127.0.0.1:{app}; proxy_http_version 1.1; "
                                   "proxy_set_header Connection '';")):
            path = os.path.join(self.folder, f"nginx-{port}.conf")
            upstream = "keepalive 64; keepalive_requests 1000000000;"
            with open(path, "w") as file:
                file.write(
                    "daemon off; worker_processes 1; master_process off;\n"
                    f"pid {self.folder}/nginx-{port}.pid; error_log /dev/null;\n"
                    "events { worker_connections 1024; }\n"
                    "http { access_log off; keepalive_requests 1000000000;\n"
                    f"upstream app {{ server 127.0.0.1:{app}; {upstream} }}\n"
                    f"server {{ listen 127.0.0.1:{port}; client_body_buffer_size 64k;\n"
                    "  location /dapr { return 404; } location /count { stub_status; }\n"
                    f"  location / {{ default_type application/json; "
                    f"{what.replace(f'http://127.0.0.1:{app};', 'http://app;')} }} }} }}\n")
            child = self.start(["nginx", "-c", path, "-p", self.folder])
            wait_for(port)
            if port == app:
                app_pid = child.pid
        return (app_pid, app), (child.pid, proxy)

    def redis(self):
        port = free_port()
        self.start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                    "--appendonly", "no"])
        wait_for(port)
        return port

    def webdis(self, redis_port):
        port, path = free_port(), os.path.join(self.folder, "webdis.json")
        with open(path, "w") as file:
            json.dump({"redis_host": "127.0.0.1", "redis_port": redis_port, "http_host": "127.0.0.1",
                       "http_port": port, "threads": 1, "pool_size": 4, "daemonize": False,
                       "verbosity": 0, "logfile": "/dev/null"}, file)
        child = self.start(["webdis", path])
        wait_for(port)
        return child.pid, port

    def fakedapr(self, program, *arguments):
        port = free_port()
        child = self.start([program, "serve", "--port", str(port), *arguments])
        wait_for(port)
        return child.pid, port


def wrk(url, seconds, folder, method="GET", body=None):
    """Requests done and failed within `seconds` over 32 keep-alive connections, one thread."""
    script = os.path.join(folder, "request.lua")
    with open(script, "w") as file:
        file.write(f'wrk.method = "{method}"\n')
        if body is not None:
            file.write(f"wrk.body = [==[{body}]==]\n")
            file.write('wrk.headers["Content-Type"] = "application/json"\n')
    text = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, url],
        capture_output=True, text=True, timeout=seconds + 30, check=True).stdout
    done = re.search(r"(\d+) requests in ([\d.]+)(m?s)", text)
    if re.search(r"Non-2xx|Socket errors", text):
        sys.exit(f"bench: {url} answered errors:\n{text}")
    return int(done[1]), float(done[2]) / (1000 if done[3] == "ms" else 1)


def measure(pid, url, seconds, folder, method="GET", body=None):
    """Microseconds of processor time per request, and requests per second."""
    before = cpu_nanoseconds(pid)
    count, elapsed = wrk(url, seconds, folder, method, body)
    return (cpu_nanoseconds(pid) - before) / 1000 / count, count / elapsed


def post(port, path, body):
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        data = body.encode()
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: b\r\nConnection: close\r\n"
                       f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        answer = client.recv(4096)
    if not answer.startswith(b"HTTP/1.1 204"):
        sys.exit(f"bench: could not save: {answer[:200]!r}")


SAVE = '[{"key":"weapon","value":"Death Star"}]'
STATE = "/v1.0/state/statestore"


def throughput(options, servers):
    """Rows of (work, daprd's figure, bound, µs, req/s, ratio to nginx)."""
    folder = servers.folder
    nginx = servers.nginx()
    redis = servers.redis()
    webdis = servers.webdis(redis)
    sidecars = {
        "memory": servers.fakedapr(options.fakedapr, "--store", "memory"),
        "SQLite": servers.fakedapr(options.fakedapr, "--store", "sqlite", "--data-dir",
                                   os.path.join(folder, "data")),
        "Redis": servers.fakedapr(options.fakedapr, "--store", "redis", "--redis-url",
                                  f"redis://127.0.0.1:{redis}"),
    }
    for _, port in sidecars.values():
        post(port, STATE, SAVE)
    subprocess.run(["redis-cli", "-p", str(redis), "set", "weapon", "Death Star"],
                   check=True, stdout=subprocess.DEVNULL)
    works = [("GET, nginx return 200", nginx, "/", "GET", None, "1.0", None),
             ("GET, webdis", webdis, "/GET/weapon", "GET", None, "2.4", None)]
    bounds = {("GET", "memory"): ("6.2", 1.8), ("POST", "memory"): ("7.5", 2.2),
              ("GET", "Redis"): ("9.0", 2.6), ("POST", "Redis"): ("10-13", 3.0),
              ("GET", "SQLite"): ("16", 3.0), ("POST", "SQLite"): ("40", 5.0)}
    for (method, store), (daprd, bound) in bounds.items():
        path = f"{STATE}/weapon" if method == "GET" else STATE
        works.append((f"{method} state, {store}", sidecars[store], path, method,
                      SAVE if method == "POST" else None, daprd, bound))
    works = [work for work in works if not options.only or options.only in work[0]]
    figures = {work[0]: [] for work in works}
    for _ in range(options.rounds):
        base = measure(nginx[0], f"http://127.0.0.1:{nginx[1]}/", options.seconds, folder)
        for name, (pid, port), path, method, body, _, _ in works:
            url = f"http://127.0.0.1:{port}{path}"
            cpu, rate = (base if pid == nginx[0]
                         else measure(pid, url, options.seconds, folder, method, body))
            figures[name].append((cpu, rate, cpu / base[0]))
    rows = []
    for name, _, _, _, _, daprd, bound in works:
        cpu, rate, ratio = (statistics.median(column) for column in zip(*figures[name]))
        rows.append((name, f"{daprd} x", f"<= {bound} x" if bound else "", f"{ratio:.2f} x",
                     f"{cpu:.1f} us, {rate:,.0f}/s", bound is None or ratio <= bound))
    return rows


def latency(port, path, count=4000):
    """The median of the microseconds that a GET over one kept connection takes."""
    request = f"GET {path} HTTP/1.1\r\nHost: b\r\n\r\n".encode()
    took = []
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            begin = time.perf_counter()
            client.sendall(request)
            answer = client.recv(65536)
            while b'SUCCESS"}' not in answer:
                answer += client.recv(65536)
            took.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(took)


def invoke(options, servers):
    """The sidecar's processor time per invocation against nginx as a reverse proxy, and what it adds
    to the time of a call."""
    folder = servers.folder
    (_, app), (proxy, proxy_port) = servers.nginx_app()
    sidecar, port = servers.fakedapr(
        options.fakedapr, "--app-id", "app", "--app-port", str(app), "--store", "memory")
    path = "/v1.0/invoke/app/method/hello"
    wait_until_ready(port)
    figures = []
    for _ in range(options.rounds):
        base, _ = measure(proxy, f"http://127.0.0.1:{proxy_port}/hello", options.seconds, folder)
        cpu, rate = measure(sidecar, f"http://127.0.0.1:{port}{path}", options.seconds, folder)
        added = latency(port, path) - latency(app, "/hello")
        figures.append((cpu, rate, cpu / base, added))
    cpu, rate, ratio, added = (statistics.median(column) for column in zip(*figures))
    return [("invoke, against nginx proxy_pass", "", "<= 1.6 x", f"{ratio:.2f} x",
             f"{cpu:.1f} us, {rate:,.0f}/s", ratio <= 1.6),
            ("invoke, added to a direct call", "", "<= 100 us", f"{added:.0f} us", "", added <= 100)]


def wait_until_ready(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as client:
            client.sendall(b"GET /v1.0/healthz HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
            if client.recv(64).startswith(b"HTTP/1.1 204"):
                return
        time.sleep(0.01)
    sys.exit("bench: the sidecar did not become ready")


SUBSCRIPTION = """apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {{ name: {topic} }}
spec: {{ pubsubname: pubsub, topic: {topic}, routes: {{ default: /{topic} }} }}
---
"""
BROKER = """apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: pubsub }
spec: { type: pubsub.in-memory, version: v1 }
---
"""


def delivered(port):
    """How many requests an nginx has answered."""
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(b"GET /count HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := client.recv(4096):
            answer += piece
    return int(re.search(rb"\n (\d+) (\d+) (\d+)", answer)[3])


def settled(port):
    """The requests that an nginx has answered once no more come, and when the last one came."""
    count, end = delivered(port), time.monotonic()
    while time.monotonic() < end + 0.3:
        time.sleep(0.02)
        # Each asking is a request too.
        asked, count = count + 1, delivered(port)
        if count > asked:
            end = time.monotonic()
    return count, end


def publish(options, servers, topics):
    """Messages that went in by HTTP, through the memory broker and out to the application by HTTP:
    how many a second. Bulk publishing keeps the queues full; what is counted arrived."""
    (_, app), _ = servers.nginx_app()
    resources = os.path.join(servers.folder, f"resources-{topics}")
    os.makedirs(resources)
    names = [f"topic{number}" for number in range(topics)]
    with open(os.path.join(resources, "all.yaml"), "w") as file:
        file.write(BROKER + "".join(SUBSCRIPTION.format(topic=name) for name in names))
    _, port = servers.fakedapr(options.fakedapr, "--app-id", "app", "--app-port", str(app),
                               "--resources-path", resources)
    wait_until_ready(port)
    body = json.dumps([{"entryId": str(number), "event": {"n": number},
                        "contentType": "application/json"} for number in range(100)])
    script = os.path.join(servers.folder, "publish.lua")
    with open(script, "w") as file:
        file.write(f"""
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local body = [==[{body}]==]
request = function()
    n = n + 1
    return wrk.format(nil, "/v1.0/publish/bulk/pubsub/topic" .. (n % {topics}), nil, body)
end
""")
    figures = []
    for _ in range(options.rounds):
        before, begin = delivered(app), time.monotonic()
        text = subprocess.run(
            ["wrk", "-t1", "-c8", f"-d{options.seconds}s", "-s", script, f"http://127.0.0.1:{port}"],
            capture_output=True, text=True, timeout=options.seconds + 30, check=True).stdout
        if re.search(r"Non-2xx", text):
            sys.exit(f"bench: publishing answered errors:\n{text}")
        # What is still queued when the load ends is delivered and counted with its time.
        count, end = settled(app)
        figures.append((count - before) / (end - begin))
    return statistics.median(figures)


def pubsub(options, servers):
    rows = []
    for topics, bound in ((1, 8000), (4, 20000)):
        rate = publish(options, servers, topics)
        rows.append((f"publish to deliver, memory, {topics} subscription{'s'[:topics - 1]}", "",
                     f">= {bound:,}/s", f"{rate:,.0f}/s", "", rate >= bound))
    return rows


def first_204(program, folder, arguments):
    """Milliseconds from exec to the first 204 of healthz.

    The sidecar tells by its ready descriptor when to ask: asking again and again would take the
    processor from the one that is asked.
    """
    port, (ready, told) = free_port(), os.pipe()
    os.set_inheritable(told, True)
    command = [program, "serve", "--port", str(port), "--ready-fd", str(told), *arguments]
    null = os.open(os.devnull, os.O_RDWR)
    quiet = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    begin = time.perf_counter()
    child = os.posix_spawn(program, command, os.environ, file_actions=quiet)
    os.close(told)
    try:
        if not os.read(ready, 100):
            sys.exit("bench: the sidecar did not become ready")
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(b"GET /v1.0/healthz HTTP/1.1\r\nHost: b\r\n\r\n")
            if not client.recv(64).startswith(b"HTTP/1.1 204"):
                sys.exit("bench: healthz is not 204")
        return (time.perf_counter() - begin) * 1000, resident_mebibytes(child)
    finally:
        os.close(ready)
        os.close(null)
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)


def resident_mebibytes(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024


def start_up(options, folder):
    rows = []
    for store, bound in (("memory", 10), ("sqlite", 15)):
        data = os.path.join(folder, f"start-{store}")
        samples = [first_204(options.fakedapr, folder, ["--store", store, "--data-dir", data])
                   for _ in range(20)]
        took = statistics.median(sample[0] for sample in samples)
        rss = statistics.median(sample[1] for sample in samples)
        rows.append((f"exec to first 204, {store}", "44-58 ms", f"<= {bound} ms", f"{took:.1f} ms",
                     "", took <= bound))
        rows.append((f"idle RSS, {store}", "78 MiB", "<= 15 MiB", f"{rss:.1f} MiB", "", rss <= 15))
    return rows


def size(options, folder):
    stripped = os.path.join(folder, "stripped")
    subprocess.run(["strip", "-o", stripped, options.fakedapr], check=True)
    megabytes = os.path.getsize(stripped) / 1e6
    return [("release binary, stripped", "73 MB", "<= 20 MB", f"{megabytes:.1f} MB", "",
             megabytes <= 20)]


GUEST_SCENARIO = """version: 1
name: a guest
sidecar: {{ components: {{ statestore: state.in-memory }} }}
steps:
  - guest: {module}
    expect: {{ exit: 0 }}
"""


def guest(options, folder):
    """A Dapr guest from nothing: libwasmtime opened, compiled or loaded, instantiated, run."""
    scenario, cache = os.path.join(folder, "guest.yaml"), os.path.join(folder, "cache")
    with open(scenario, "w") as file:
        file.write(GUEST_SCENARIO.format(
            module=os.path.join(ROOT, "Scenarios", "guests", "statestore.wasm")))
    rows = []
    for name, bound, daprless in (("cold", 15, "9-27 ms"), ("cached", 4, "2.5 ms")):
        runs = []
        for _ in range(12):
            if name == "cold":
                shutil.rmtree(cache, ignore_errors=True)
            run = subprocess.run(
                [options.fakedapr, "scenario", "run", "--timings", "--cache-dir", cache, scenario],
                capture_output=True, text=True, timeout=30)
            parts = re.search(r"load .*?run [\d.]+ ms", run.stdout)
            if run.returncode != 0 or not parts:
                sys.exit(f"bench: the guest failed: {run.stdout}{run.stderr}")
            runs.append((sum(float(part) for part in re.findall(r"([\d.]+) ms", parts[0])), parts[0]))
        # The first runs bring libwasmtime's pages into memory.
        took, parts = sorted(runs[2:])[len(runs[2:]) // 2]
        rows.append((f"Dapr guest, {name} (prototype)", daprless, f"<= {bound} ms", f"{took:.1f} ms",
                     parts, took <= bound))
    return rows


SCENARIO = """version: 1
name: number {number}
matrix: {{ store: [{store}] }}
sidecar: {{ components: {{ statestore: "state.${{store}}" }} }}
apps:
  worker:
    subscribe: [{{ pubsubname: pubsub, topic: orders, route: /orders }}]
    routes: [{{ when: {{ path: /orders, json: {{ data: {{ id: {number} }} }} }}, reply: {{ json: {{}} }} }}]
setup:
  - put: {{ store: statestore, key: a, value: {{ n: {number} }} }}
steps:
  - get: /v1.0/state/statestore/a
    expect: {{ status: 200, json: {{ n: {number} }} }}
    capture: {{ etag: headers.etag }}
  - post: /v1.0/state/statestore
    json: [{{ key: a, value: 2, etag: "999999" }}]
    expect: {{ status: 409 }}
  - get: /v1.0/invoke/worker/method/nothing
    expect: {{ status: 404 }}
  - verify: {{ api: state, operation: set, key: a, exactly: 2 }}
"""

SCENARIO_WITH_GUEST = """version: 1
name: guest {number}
steps:
  - guest: {module}
    expect: {{ exit: 0, stdout: {{ contains: "Test successfully!" }}, calls: {{ length: 4 }} }}
"""


def scenarios(options, folder):
    """Whole runs of many scenarios, from exec to exit; guests compiled before."""
    module = os.path.join(ROOT, "Scenarios", "guests", "statestore.wasm")
    cache = os.path.join(folder, "modules")
    rows = []
    for name, count, bound, text in (
            ("500 scenarios", 500, 10, SCENARIO), ("200 scenarios with a guest", 200, 2, SCENARIO_WITH_GUEST)):
        place = os.path.join(folder, name.split()[0])
        os.makedirs(place)
        for number in range(count):
            with open(os.path.join(place, f"{number:03}.yaml"), "w") as file:
                file.write(text.format(
                    number=number, store=("memory", "sqlite")[number % 2], module=module))
        times = []
        for _ in range(4):
            begin = time.monotonic()
            run = subprocess.run(
                [options.fakedapr, "scenario", "run", "--cache-dir", cache, place],
                capture_output=True, text=True, timeout=120)
            times.append(time.monotonic() - begin)
            if run.returncode != 0:
                sys.exit(f"bench: a scenario failed: {run.stdout[-2000:]}{run.stderr}")
        # The first run compiles the guest and brings pages into memory.
        took = statistics.median(times[1:])
        rows.append((name, "", f"<= {bound} s", f"{took:.2f} s",
                     f"{took * 1000 / count:.1f} ms each", took <= bound))
    return rows


def table(rows):
    heads = ("work", "daprd 1.18.3", "reach", "measured", "", "")
    lines = [heads] + [(*row[:5], "ok" if row[5] else "MISSED") for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fakedapr", default=os.path.join(ROOT, ".build", "release", "fakedapr"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--only", help="throughput rows whose name holds this word")
    parser.add_argument("--json", help="write the rows to this file too")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="fakedapr-bench-")
    servers = Servers(folder)
    try:
        # What takes milliseconds is measured before the load, on a machine at rest.
        rest = [] if options.only else (
            start_up(options, folder) + size(options, folder) + guest(options, folder)
            + scenarios(options, folder))
        rows = throughput(options, servers)
        for name, part in (("invoke", invoke), ("publish", pubsub)):
            if not options.only or options.only in name:
                rows += part(options, servers)
        rows += rest
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)
    table(rows)
    if options.json:
        with open(options.json, "w") as file:
            json.dump([dict(zip(("work", "daprd", "reach", "measured", "detail", "ok"), row))
                       for row in rows], file, indent=2)


if __name__ == "__main__":
    main()
