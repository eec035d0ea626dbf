"""Every word has the room that it needs, in every language, in a window as small as it can be (`make screenshots` looks at all
sizes, dialogs and colours)."""

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QVBoxLayout, QWidget

from govsync.desktop.languages import Interpreter
from govsync.desktop.widgets.buttons import Button
from govsync.desktop.widgets.grounds import Card
from govsync.desktop.widgets.layouts import Beside, Flow
from govsync.desktop.widgets.words import Name, Words
from govsync.desktop.window import PAGES, Window
from govsync.model.languages import Language
from tests.desktop import samples
from tests.desktop.clipping import clipped


@pytest.fixture
def speak(dressed):
    interpreter = Interpreter(dressed)
    yield interpreter.speak
    interpreter.speak(Language.ENGLISH)


def seen(qtbot, agent, desk, window):
    """Yields what is to be seen, by name, when all that was asked for has come."""

    def settled() -> bool:
        return not desk.link._under_way and not desk.link._waiting

    for page in PAGES:
        window.turn_to(page)
        if page == "settings":
            qtbot.waitUntil(window.made(page).is_whole)
        for status in samples.STATES.values() if page == "status" else (samples.HOLD,):
            agent.status = status
            agent.become(status)
            qtbot.waitUntil(lambda status=status: desk.status == status and settled())
            yield f"{page} {status.state}"
    page = window.made("problems")
    for number in range(1, 3):
        qtbot.waitUntil(lambda: page.model.rowCount() > 2)
        page.list.setCurrentIndex(page.model.index(number))
        yield f"problems {number}"


@pytest.mark.parametrize("language", Language)
def test_nothing_is_cut_on_any_page(qtbot, speak, agent, desk, tmp_path, language):
    speak(language)
    agent.answers = samples.answers(samples.HOLD)
    window = Window(desk, QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(window)
    window.resize(window.minimumSize())
    desk.link.watch()
    window.turn_to("status")
    window.show()
    for name in seen(qtbot, agent, desk, window):

        def has_room(name=name) -> None:
            assert clipped(window) == [], name

        qtbot.waitUntil(has_room)  # A layout takes some turns to come to rest.


@pytest.fixture
def ground(qtbot, dressed):
    found = QWidget()
    found.column = QVBoxLayout(found)
    qtbot.addWidget(found)
    return found


@pytest.mark.parametrize(
    "make",
    [
        lambda: Button("Delete them for everyone"),
        lambda: Words("Nothing is lost, and there is no hurry."),
        lambda: Words("Incomprehensibilities", wrap=True),
        lambda: Name("Synced folder"),
    ],
)
def test_what_is_cut_is_found(ground, make):
    widget = make()
    ground.column.addWidget(widget)
    ground.resize(400, 100)
    ground.show()
    assert clipped(ground) == []
    widget.setFixedWidth(60)
    ground.column.activate()
    assert len(clipped(ground)) == 1


def test_what_reaches_beyond_its_ground_is_found(ground):
    words = Words("Nothing is lost, and there is no hurry.")
    words.setParent(ground)
    words.resize(words.sizeHint())
    ground.resize(100, 50)
    ground.show()
    assert [each for each in clipped(ground) if "ends at 100" in each]


def test_what_has_no_room_beside_the_other_stands_below_it(ground):
    cards = [Card(margin=4) for _ in range(2)]
    both = Beside(gap=12)
    for card in cards:
        card.inside.addWidget(Button("Keep only this"))
        both.addWidget(card)
    ground.column.addLayout(both)
    ground.resize(600, 200)
    ground.show()
    assert cards[0].y() == cards[1].y()
    assert cards[0].size() == cards[1].size()
    ground.resize(200, 400)
    assert cards[0].x() == cards[1].x()
    assert cards[1].y() == cards[0].geometry().bottom() + 1 + 12
    assert both.heightForWidth(150) > 2 * cards[0].minimumSizeHint().height()


def test_buttons_stand_in_as_many_lines_as_they_need_the_last_at_the_right(ground):
    buttons = [Button(text) for text in ("Open folder", "Pause", "Check now")]
    flow = Flow()
    for button in buttons[:-1]:
        flow.addWidget(button)
    flow.add_right(buttons[-1])
    ground.column.addLayout(flow)
    ground.resize(600, 100)
    ground.show()
    assert len({button.y() for button in buttons}) == 1
    assert buttons[-1].geometry().right() == flow.geometry().right()
    ground.resize(ground.minimumSizeHint().width() + 60, 300)
    assert buttons[-1].y() > buttons[0].y()
    assert buttons[-1].geometry().right() == flow.geometry().right()
