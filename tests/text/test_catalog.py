"""A text is said in the language that is spoken, and what is no text of ours stands as it is."""

import threading

from govsync.model.languages import Language
from govsync.text import po
from govsync.text.catalog import Counted, counted, said, said_of, speaking, spoken
from govsync.text.units import duration, near_moment, shown_day, size
from tests.desktop.samples import NOW

FILE = r"""
msgid ""
msgstr "Plural-Forms: nplurals=2; plural=(n != 1);\n"

# Over several lines, with quotation marks.
#: a.py
msgid ""
"One \"two\"\t"
"three"
msgstr "Eins"

#, fuzzy
msgid "Left"
msgstr "Links?"

msgid "{count} file"
msgid_plural "{count} files"
msgstr[0] "{count} Datei"
msgstr[1] "{count} Dateien"
"""


def test_a_file_of_translators_is_read():
    head, several, count = po.entries(FILE)
    assert head.one == ""
    assert several == po.Entry('One "two"\tthree', "", ("Eins",))
    assert count == po.Entry("{count} file", "{count} files", ("{count} Datei", "{count} Dateien"))


def test_a_text_is_said_in_the_language_that_is_spoken():
    assert said("Open folder") == "Open folder"
    with speaking(Language.KOREAN):
        assert said("Open folder") == "폴더 열기"
        with speaking(Language.SERBIAN_LATIN):
            assert said("Open folder") == "Otvori fasciklu"
        assert said("Open folder") == "폴더 열기"
    assert spoken() is Language.ENGLISH


def test_what_is_no_text_of_ours_stands_as_it_is():
    with speaking(Language.KOREAN):
        assert said("") == ""
        assert said("brand_new") == "brand_new"


def test_facts_are_data_in_every_language():
    """A file that is called as one of our texts is not translated, nor are its letters written in other ones."""
    with speaking(Language.KOREAN):
        assert said("Versions of {name}", name="Open") == "버전: Open"
    with speaking(Language.SERBIAN_LATIN):
        assert said("Versions of {name}", name="Буџет {x}") == "Verzije: Буџет {x}"


def test_what_is_counted_has_the_form_of_its_count():
    texts = Counted("{count} file was deleted here.", "{count} files were deleted here.")
    assert said_of(texts, 1) == "1 file was deleted here."
    with speaking(Language.SERBIAN):
        assert [said_of(texts, count) for count in (1, 22, 412)] == [
            "Избрисана је овде 1 датотека.", "Избрисане су овде 22 датотеке.", "Избрисано је овде 412 датотека.",
        ]  # fmt: skip
        assert said_of("Nothing", 5) == "Ништа"
        assert (
            counted("{count} change waits. {rest}", "{count} changes wait. {rest}", 3, rest="Да.")
            == "3 промене чекају. Да."
        )


def test_another_thread_speaks_as_the_sources_do():
    """What an agent answers to a program, in whichever of its threads, is never translated."""
    heard = []
    with speaking(Language.KOREAN):
        thread = threading.Thread(target=lambda: heard.append(said("Open folder")))
        thread.start()
        thread.join()
    assert heard == ["Open folder"]


def test_sizes_times_and_days_are_written_as_the_language_does():
    def all_of() -> list[str]:
        return [
            size(1_572_864), size(1), size(2), duration(7_500), near_moment("2026-11-24T00:02:00Z", NOW),
            near_moment("2026-11-23T00:12:00Z", NOW), near_moment("2026-03-02T00:12:00Z", NOW),
            near_moment("2025-03-02T00:12:00Z", NOW), shown_day("2025-03-02T20:12:00Z", NOW.tzinfo),
        ]  # fmt: skip

    assert all_of() == [
        "1.5 MiB", "1 byte", "2 bytes", "2 h 5 min", "09:02", "yesterday 09:12", "2 Mar, 09:12", "2025-03-02", "2025-03-03",
    ]  # fmt: skip
    with speaking(Language.KOREAN):
        assert all_of() == [
            "1.5 MiB", "1바이트", "2바이트", "2시간 5분", "09:02", "어제 09:12", "3월 2일 09:12", "2025. 03. 02.", "2025. 03. 03.",
        ]  # fmt: skip
    with speaking(Language.SERBIAN):
        assert all_of() == [
            "1,5 MiB", "1 бајт", "2 бајта", "2 ч 5 мин", "09:02", "јуче 09:12", "2. март 09:12", "02.03.2025.", "03.03.2025.",
        ]  # fmt: skip
