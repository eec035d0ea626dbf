"""What has something to decide stays on the list, in order, until it is taken off; what failed waits its time."""

from govsync.store import dirty, intents
from govsync.store.intents import Intent
from tests.store.desk import StoredDesk


def nobody(_: int) -> bool:
    return False


def three(desk: StoredDesk) -> tuple[int, int, int]:
    a, b, c = desk.show("a"), desk.show("b"), desk.show("c")
    dirty.add(desk.store, [b, c, a])
    return a, b, c


def test_the_oldest_come_first_and_adding_again_moves_nobody(desk: StoredDesk) -> None:
    a, b, c = three(desk)
    dirty.add(desk.store, [a, b])
    assert dirty.due(desk.store, 0, 10, nobody) == [b, c, a]
    assert dirty.count(desk.store) == 3


def test_at_most_so_many_are_answered_and_the_skipped_do_not_count(desk: StoredDesk) -> None:
    a, b, c = three(desk)
    assert dirty.due(desk.store, 0, 1, nobody) == [b]
    assert dirty.due(desk.store, 0, 1, lambda lid: lid == b) == [c]
    assert dirty.due(desk.store, 0, 2, lambda lid: lid == c) == [b, a]


def test_a_node_that_waits_is_due_when_its_time_has_come(desk: StoredDesk) -> None:
    a, b, c = three(desk)
    dirty.delay(desk.store, b, 500)
    assert dirty.due(desk.store, 499, 10, nobody) == [c, a]
    assert dirty.next_time(desk.store, 499) == 500
    assert dirty.due(desk.store, 500, 10, nobody) == [b, c, a]
    assert dirty.next_time(desk.store, 500) is None


def test_a_new_fact_does_not_cut_a_wait_short(desk: StoredDesk) -> None:
    _, b, _ = three(desk)
    dirty.delay(desk.store, b, 500)
    dirty.add(desk.store, [b])
    assert b not in dirty.due(desk.store, 499, 10, nobody)


def test_what_an_operation_or_a_change_is_under_way_for_is_not_due(desk: StoredDesk) -> None:
    a, b, c = three(desk)
    desk.store.run("INSERT INTO op_cover VALUES (?, ?)", (b, b"k" * 16))
    (number,) = intents.record(desk.store, [Intent(c, b"", b"")])
    assert dirty.due(desk.store, 0, 10, nobody) == [a]
    intents.drop(desk.store, [number])
    assert dirty.due(desk.store, 0, 10, nobody) == [c, a]


def test_attempts_are_counted_since_the_last_success(desk: StoredDesk) -> None:
    lid = desk.show("a")
    assert [dirty.count_attempt(desk.store, lid) for _ in range(3)] == [1, 2, 3]
    dirty.delay(desk.store, lid, 500)
    dirty.reset_attempts(desk.store, [lid])
    assert dirty.due(desk.store, 0, 10, nobody) == [lid], "a success ends the wait"
    assert dirty.count_attempt(desk.store, lid) == 1


def test_the_waits_of_another_life_of_the_process_mean_nothing(desk: StoredDesk) -> None:
    _, b, _ = three(desk)
    dirty.count_attempt(desk.store, b)
    dirty.delay(desk.store, b, 1 << 40)
    dirty.begin(desk.store)
    assert b in dirty.due(desk.store, 0, 10, nobody)
    assert dirty.count_attempt(desk.store, b) == 1


def test_what_is_taken_off_is_on_the_list_no_more(desk: StoredDesk) -> None:
    a, b, c = three(desk)
    dirty.drop(desk.store, [b, c])
    assert dirty.due(desk.store, 0, 10, nobody) == [a]


def test_the_list_can_be_looked_through_from_where_the_last_look_ended(desk: StoredDesk) -> None:
    a, b = desk.show("a"), desk.show("b")
    dirty.add(desk.store, [a, b])
    last = dirty.turn(desk.store)
    assert (dirty.turn(desk.store, b), dirty.turn(desk.store, a)) == (last, last - 1)
    assert dirty.due(desk.store, 0, 10, nobody, dirty.turn(desk.store, a)) == [b]
    c = desk.show("c")
    dirty.add(desk.store, [c])
    assert dirty.due(desk.store, 0, 10, nobody, last) == [c]
    dirty.drop(desk.store, [a, b, c])
    assert dirty.turn(desk.store) == dirty.turn(desk.store, a) == 0
