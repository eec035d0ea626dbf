"""The binding to Qt counts as Python does: 6.12.0 lost a reference to None with every call, and ended Python 3.11 so."""

import sys

from PySide6.QtCore import QObject


def test_a_call_that_answers_nothing_costs_no_reference(qapp):
    found = QObject()
    before = sys.getrefcount(None)
    for _ in range(1_000):
        found.setObjectName("x")
    assert abs(sys.getrefcount(None) - before) < 100
