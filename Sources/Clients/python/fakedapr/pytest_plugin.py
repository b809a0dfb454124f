"""One fakedapr per test run, one sandbox per test.

    def test_orders_are_stored(fakedapr):
        place_order(dapr_url=fakedapr.url)
        fakedapr.wait(api="state", operation="set", key="order-1")

The process is started when the first test wants it, on a free port, or is the one at FAKEDAPR_URL.
Workers of pytest-xdist share one.
"""

import os
import shlex

import pytest

from .client import Fakedapr, entry_text
from .process import Process, ProcessError

_run = pytest.StashKey()
_used = pytest.StashKey()


def pytest_addoption(parser):
    group = parser.getgroup("fakedapr")
    group.addoption("--fakedapr-program", metavar="FILE", help="The program; fakedapr in PATH.")
    group.addoption(
        "--fakedapr-args", metavar="ARGS", help="Arguments of `fakedapr serve`: --store memory."
    )
    parser.addini("fakedapr_args", "Arguments of `fakedapr serve`.", default="--store memory")
    parser.addini(
        "fakedapr_sandbox",
        "How a test reaches its sandbox: by a port of its own, or by a header.",
        default="port",
    )


def pytest_configure(config):
    config.stash[_run] = _Run(config)


def pytest_unconfigure(config):
    run = config.stash.get(_run, None)
    if run:
        run.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Of pytest-xdist: a worker is told of the one process of the run."""
    node.workerinput["fakedapr_url"] = node.config.stash[_run].url


class _Run:
    """The process of a test run, started when somebody asks where it is."""

    def __init__(self, config):
        self._config = config
        self._process = None
        worker = getattr(config, "workerinput", {})
        self._url = worker.get("fakedapr_url") or os.environ.get("FAKEDAPR_URL")

    @property
    def url(self):
        if not self._url:
            arguments = self._config.getoption("fakedapr_args")
            if arguments is None:
                arguments = self._config.getini("fakedapr_args")
            self._process = Process(
                shlex.split(arguments),
                self._config.getoption("fakedapr_program"),
                folder=str(self._config.rootpath),
            )
            self._url = self._process.url
        return self._url

    def stop(self):
        if self._process:
            self._process.stop()


@pytest.fixture(scope="session")
def fakedapr_process(pytestconfig):
    """The fakedapr of the test run, with its first sandbox."""
    try:
        url = pytestconfig.stash[_run].url
    except ProcessError as error:
        pytest.fail(str(error), pytrace=False)
    return Fakedapr(url, token=os.environ.get("DAPR_API_TOKEN"))


@pytest.fixture
def fakedapr(fakedapr_process, request):
    """A sandbox of the test's own: its state, topics, journal, clock, faults and stubs."""
    has_port = request.config.getini("fakedapr_sandbox") != "header"
    sandbox = fakedapr_process.new_sandbox(port=has_port)
    request.node.stash[_used] = sandbox
    yield sandbox
    fakedapr_process.delete_sandbox(sandbox.sandbox)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    sandbox = item.stash.get(_used, None)
    if sandbox is None or report.when != "call" or not report.failed:
        return
    try:
        entries = sandbox.journal(limit=20)
    except Exception:  # The report is about the test, not about this.
        return
    text = "\n".join(entry_text(entry) for entry in entries)
    report.sections.append(("fakedapr journal", text or "nothing was asked"))
