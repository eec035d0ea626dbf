"""The limit of bytes a second, with a clock that only waiting moves."""

from govsync.remote.rate import Rate


class Time:
    """Moves only when somebody waits."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def wait(self, wait_s: float) -> None:
        assert wait_s > 0
        self.now_s += wait_s


def test_bytes_pass_no_faster_than_the_limit() -> None:
    time = Time()
    rate = Rate(1_000, lambda: time.now_s, time.wait)
    for _ in range(10):
        rate.take(500)
    # The last 500 may pass as soon as the 4,500 before them have had their time.
    assert time.now_s == 100.0 + 4.5


def test_without_a_limit_nobody_waits() -> None:
    time = Time()
    rate = Rate(0, lambda: time.now_s, time.wait)
    rate.take(1 << 40)
    rate.take(1 << 40)
    assert time.now_s == 100.0


def test_idle_time_is_not_saved_up() -> None:
    time = Time()
    rate = Rate(1_000, lambda: time.now_s, time.wait)
    rate.take(1_000)
    time.now_s += 3_600
    rate.take(2_000)
    rate.take(1)
    assert time.now_s == 100.0 + 3_600 + 2


def test_a_limit_that_is_changed_holds_at_once() -> None:
    time = Time()
    rate = Rate(10, lambda: time.now_s, time.wait)
    rate.take(1_000)
    rate.limit = 0
    rate.take(1_000)
    assert time.now_s == 100.0


def test_what_passed_is_counted_limited_or_not() -> None:
    time = Time()
    rate = Rate(0, lambda: time.now_s, time.wait)
    rate.take(3)
    rate.limit = 1
    rate.take(4)
    assert rate.passed_bytes == 7
