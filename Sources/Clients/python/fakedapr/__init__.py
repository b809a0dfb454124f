"""A client of fakedapr's control API, and the process behind it.

Standard library only. `fakedapr.pytest_plugin` makes fixtures of it.
"""

from .client import Answer, Clock, Fakedapr, FakedaprError, Rule, State, VerificationFailed
from .process import Process, ProcessError

__all__ = [
    "Answer",
    "Clock",
    "Fakedapr",
    "FakedaprError",
    "Process",
    "ProcessError",
    "Rule",
    "State",
    "VerificationFailed",
]
