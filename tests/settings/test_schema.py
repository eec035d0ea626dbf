"""Every key of the contract is there, its default can be said, and what cannot be a value is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsync.model.codes import Code
from govsync.model.problems import Failure
from govsync.settings import schema
from govsync.settings.schema import SETTINGS, Setting, find, parse

KEYS = {
    "hold.deletions", "hold.deletions_share", "hold.rewrites", "folder.minimum_free", "network.upload_limit",
    "network.download_limit", "sync.ignore", "app.autostart", "app.notifications", "app.language",
    "network.proxy", "sync.on_metered", "endpoint.url", "endpoint.locked", "folder.path", "folder.locked",
    "network.ca_file", "sync.max_file_size", "sync.blocked_extensions", "app.show_tray", "log.level", "log.keep_days",
    "privacy.health_reports",
    "app.update_url", "app.update_root", "app.update_channel", "app.update_defer", "app.update_command",
}  # fmt: skip


def read(key: str, text: str) -> object:
    return parse(find(key), text)


def test_the_keys_of_the_contract_are_there_once():
    keys = [setting.key for setting in SETTINGS]
    assert set(keys) >= KEYS
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_a_default_is_a_value_that_could_be_set(setting):
    default = setting.default
    text = "\n".join(default) if isinstance(default, tuple) else str(default)
    assert parse(setting, text) == default


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("folder.minimum_free", "1 GiB", 1 << 30),
        ("folder.minimum_free", "0", 0),
        ("network.upload_limit", "5 MB", 5_000_000),
        ("network.upload_limit", "1.5kib", 1_536),
        ("hold.deletions", "1", 1),
        ("hold.deletions_share", "1", 1.0),
        ("app.autostart", " Off ", False),
        ("app.autostart", "yes", True),
        ("network.upload_limit", "1,5 KiB", 1_536),
        ("folder.minimum_free", "2,25 GiB", 2_415_919_104),
        ("app.language", " sr-Latn ", "sr-Latn"),
        ("app.language", "system", "system"),
        ("network.proxy", "system", "system"),
        ("network.proxy", " none ", "none"),
        ("network.proxy", "http://proxy.example.gov:3128/", "http://proxy.example.gov:3128"),
        ("network.proxy", "https://[fd00::1]:8080", "https://[fd00::1]:8080"),
        ("sync.on_metered", "sync", "sync"),
        ("privacy.health_reports", " counts ", "counts"),
        ("app.update_url", "https://mirror.example.gov/govsync/", "https://mirror.example.gov/govsync"),
        ("app.update_root", "/etc/govsync/update-root.json", "/etc/govsync/update-root.json"),
        ("app.update_channel", " pilot ", "pilot"),
        ("app.update_defer", "90", 90),
        ("app.update_command", "/usr/bin/install-it --from 'a b'", ("/usr/bin/install-it", "--from", "a b")),
        ("app.update_command", "/usr/bin/install-it\n--from\na b", ("/usr/bin/install-it", "--from", "a b")),
        ("sync.ignore", "*.tmp, /build/\n!keep.tmp", ("*.tmp", "/build/", "!keep.tmp")),
        ("sync.ignore", "", ()),
        ("folder.path", " {home}/{user} Files ", "{home}/{user} Files"),
        ("folder.path", "C:\\Users\\{user}\\GovSync", "C:\\Users\\{user}\\GovSync"),
        ("folder.path", "\\\\server\\{user}", "\\\\server\\{user}"),
        ("network.ca_file", "/etc/agency.pem", "/etc/agency.pem"),
        ("network.ca_file", "", ""),
        ("sync.blocked_extensions", "pst, .ISO\n*.Tar.GZ", ("pst", "iso", "tar.gz")),
        ("sync.max_file_size", "2 GB", 2_000_000_000),
        ("log.level", " debug ", "debug"),
    ],
)
def test_a_value_is_read_as_people_write_it(key, text, value):
    assert read(key, text) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("hold.deletions", "0"),
        ("network.proxy", ""),
        ("network.proxy", "proxy:3128"),
        ("network.proxy", "http://"),
        ("network.proxy", "http://proxy:0"),
        ("network.proxy", "http://proxy:99999"),
        ("network.proxy", "http://anna:secret@proxy:3128"),
        ("network.proxy", "http://proxy:3128/path"),
        ("network.proxy", "socks5://proxy:1080"),
        ("sync.on_metered", "limit"),
        ("app.update_url", "ftp://mirror.example.gov"),
        ("app.update_url", "https://anna:secret@mirror.example.gov"),
        ("app.update_url", "https://"),
        ("app.update_root", "root.json"),
        ("app.update_channel", "nightly"),
        ("app.update_defer", "-1"),
        ("app.update_defer", "91"),
        ("app.update_command", "install-it"),
        ("app.update_command", "/usr/bin/install-it 'a"),
        ("hold.deletions", "-3"),
        ("hold.deletions", "many"),
        ("hold.deletions", "2000000000"),
        ("hold.deletions_share", "0"),
        ("hold.deletions_share", "1.01"),
        ("hold.deletions_share", "nan"),
        ("folder.minimum_free", "-1"),
        ("folder.minimum_free", "GiB"),
        ("folder.minimum_free", "1 parsec"),
        ("folder.minimum_free", "9" * 400),
        ("folder.minimum_free", "1e25"),
        ("folder.minimum_free", "1,000 MB"),
        ("folder.minimum_free", "1,5,2 MB"),
        ("app.autostart", "perhaps"),
        ("app.language", "de"),
        ("app.language", ""),
        ("sync.ignore", "no text \udcff"),
        ("folder.path", ""),
        ("folder.path", "Files"),
        ("folder.path", "../Files"),
        ("folder.path", "~anna/Files"),
        ("folder.path", "{home}/{group}"),
        ("folder.path", "{user}/Files"),
        ("folder.path", "/a\0b"),
        ("network.ca_file", "agency.pem"),
        ("network.ca_file", "{home}/agency.pem"),
        ("sync.blocked_extensions", "a b"),
        ("sync.blocked_extensions", "*"),
        ("sync.blocked_extensions", "a/b"),
        ("sync.blocked_extensions", "x" * 21),
        ("log.level", "loud"),
        ("log.keep_days", "0"),
        ("log.keep_days", "4000"),
    ],
)
def test_what_cannot_be_a_value_is_refused_with_key_and_text(key, text):
    with pytest.raises(Failure) as raised:
        read(key, text)
    assert raised.value.code is Code.SETTING_BAD
    assert raised.value.facts == {"name": key, "value": text}


@given(st.sampled_from(SETTINGS), st.text() | st.text(st.characters(exclude_categories=())))
def test_no_text_whatever_makes_anything_but_a_value_or_a_refusal(setting, text):
    try:
        value = parse(setting, text)
    except Failure as failure:
        assert failure.code is Code.SETTING_BAD  # noqa: PT017 - either end is right, no other is
    else:
        assert type(value) is type(setting.default)


def test_a_key_that_there_is_not_is_told():
    with pytest.raises(Failure) as raised:
        find("hold.everything")
    assert raised.value.code is Code.SETTING_UNKNOWN
    assert raised.value.facts == {"name": "hold.everything"}


def test_a_setting_is_found_by_the_name_that_it_had():
    renamed = Setting(key="a.new", default=1, parse=int, meaning="", renamed_from="a.old")
    assert find("a.old", [renamed]) is renamed
    assert find("a.new", [renamed]) is renamed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"C:\Windows\System32\msiexec.exe /qn /i", [r"C:\Windows\System32\msiexec.exe", "/qn", "/i"]),
        (
            r'"C:\Program Files\IT\new.exe" --log "C:\a b\"',
            [r"C:\Program Files\IT\new.exe", "--log", "C:\\a b\\"],
        ),
        (r"\\files.example\it\new.exe", [r"\\files.example\it\new.exe"]),
        (r"/usr/bin/new\ one 'a b' #c", ["/usr/bin/new one", "a b", "#c"]),
    ],
)
def test_a_backslash_of_windows_is_one_in_a_command(text, words):
    assert list(schema._words(text)) == words
