"""The package for Windows: what its source says, and that the same folder gives the same package."""

import shutil
import subprocess

import pytest

from govsync.cli.app import app
from govsync.cli.main import _WHERE
from govsync.settings import schema
from packages import installer, programs, signing, summary
from packages.release import Refused
from packages.windows import Made
from tests.packaging.conftest import RELEASE

LATER = RELEASE._replace(commits=RELEASE.commits + 1, commit="0123456789abcdef")
FILES = ("GovSync.exe", "lib/a/__init__.py", "lib/b/__init__.py", "lib/한글 ж.txt")
VARIANTS = pytest.mark.parametrize("variant", installer.VARIANTS, ids=lambda variant: variant.name)

needs_tools = pytest.mark.skipif(
    any(shutil.which(each) is None for each in ("wixl", "msibuild", signing.TOOL)),
    reason="packaging/install-windows-tools.sh",
)


@pytest.fixture
def made(tmp_path):
    return folder_at(tmp_path / "work")


def folder_at(work):
    """A folder as the package's, but small; what it holds does not matter here."""
    for name in FILES:
        file = work / "GovSync" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    (work / "running.exe").write_bytes(b"running")
    (work / "govsync.ico").write_bytes(b"icon")
    return Made(work / "GovSync", work / "running.exe", work / "govsync.ico")


def rows(tree, tag):
    return {each.get("Id"): each for each in tree.iter(tag)}


def guids(tree):
    return {each.get("Id"): each.get("Guid") for each in tree.iter("Component")}


@VARIANTS
def test_every_file_is_a_component_that_keeps_its_number_from_version_to_version(made, variant):
    tree, later = (installer.tree(made, each, variant) for each in (RELEASE, LATER))
    assert sorted(each.get("Source") for each in tree.iter("File")) == sorted(
        f"GovSync/{name}" for name in FILES
    )
    assert guids(tree) == guids(later)
    assert len(set(guids(tree).values())) == len(guids(tree)) == len(FILES) + 3
    assert all(number == number.upper() for number in guids(tree).values())
    assert {each.get("Id") for each in tree.iter("ComponentRef")} == guids(tree).keys()


def test_the_two_variants_have_no_number_in_common(made):
    machine, person = (guids(installer.tree(made, RELEASE, each)) for each in installer.VARIANTS)
    assert machine.keys() == person.keys()
    assert set(machine.values()).isdisjoint(person.values())


@VARIANTS
def test_the_next_version_finds_the_one_that_is_there_and_is_another(made, variant):
    now, later = (installer.tree(made, each, variant).find("Product") for each in (RELEASE, LATER))
    assert now.get("UpgradeCode") == later.get("UpgradeCode")
    assert now.get("Id") != later.get("Id")
    assert [int(each) for each in now.get("Version").split(".")] < [
        int(each) for each in later.get("Version").split(".")
    ]


def test_the_number_by_which_versions_find_each_other_never_changes():
    assert installer.MACHINE.number("upgrade") == "3B5AE474-DA67-50C3-8770-2B8006BF3CEA"
    assert installer.PERSON.number("upgrade") == "D039CDB1-B18E-5F8F-A332-3B38C83AA14E"


@VARIANTS
def test_what_can_be_said_at_the_installation_is_a_setting_and_is_known_to_the_next_version(made, variant):
    tree = installer.tree(made, RELEASE, variant)
    for name, (key, value) in installer.PROPERTIES.items():
        schema.find(key)
        assert name == name.upper()
        (known,) = rows(tree, "Property")[name]
        assert (known.get("Root"), known.get("Key"), known.get("Name")) == (
            variant.root,
            installer.KEY,
            value,
        )
        (written,) = rows(tree, "Component")[f"C{value}"]
        assert (written.get("Root"), written.get("Name"), written.get("Value")) == (
            variant.root,
            value,
            f"[{name}]",
        )


@VARIANTS
def test_version_and_folder_are_written_down_and_go_with_the_package(made, variant):
    rows_of_it = rows(installer.tree(made, RELEASE, variant), "Component")["CMenu"].iter("RegistryValue")
    assert [
        (each.get("Root"), each.get("Key"), each.get("Name"), each.get("Value")) for each in rows_of_it
    ] == [
        (variant.root, installer.KEY, "Folder", "[INSTALLDIR]"),
        (variant.root, installer.KEY, "Version", RELEASE.python),
    ]


@needs_tools
@VARIANTS
def test_every_package_of_a_folder_is_made_and_signed(made, tmp_path, variant):
    signer = signing.of_nobody(tmp_path / "try")
    files = dict(
        zip(installer.VARIANTS, installer.write_all(made, RELEASE, signer, tmp_path / "dist"), strict=True)
    )
    assert files[variant].name == installer.file_name(variant, RELEASE)
    assert signing.verify(files[variant], signer.certificate)


@VARIANTS
def test_the_start_at_sign_in_is_a_command_that_there_is(made, variant):
    (run,) = rows(installer.tree(made, RELEASE, variant), "Component")["CAutostart"]
    assert run.get("Root") == variant.root
    program, option = run.get("Value").rsplit(" ", 1)
    assert program == f'"[INSTALLDIR]{programs.WINDOW}"'
    assert "app" in _WHERE  # What the program runs where no command is named.
    assert option in {flag for parameter in app.params for flag in parameter.opts}


@VARIANTS
def test_conditions_and_actions_speak_of_rows_that_there_are(made, variant):
    tree, statements = installer.tree(made, RELEASE, variant), installer.statements(variant)
    conditions = [each for each in statements if "`Condition`=" in each]
    assert len(conditions) == len(installer.PROPERTIES) + 1
    for each in conditions:
        assert each.rsplit("'", 2)[1] in guids(tree)
    actions = [each for each in statements if "INTO `CustomAction`" in each]
    assert [
        f'{verb} {variant.name} "[INSTALLDIR]."' in each
        for verb, each in zip(("end", "pause", "resume"), actions, strict=True)
    ]
    assert all("'Running'" in each for each in actions)
    assert "Running" in rows(tree, "Binary")
    secure = next(each for each in statements if "SecureCustomProperties" in each)
    assert all(name in secure for name in (*installer.PROPERTIES, installer.NO_AUTOSTART))


def tables(file, name):
    said = subprocess.run(
        ["msiinfo", "export", file, name], check=True, capture_output=True, text=True
    ).stdout
    return [line.rstrip("\r").split("\t") for line in said.splitlines()][3:]


@needs_tools
@VARIANTS
def test_the_same_folder_gives_the_same_package_and_another_one_another_number(tmp_path, variant):
    files = [tmp_path / name for name in ("one.msi", "two.msi", "other.msi")]
    for number, file in enumerate(files):
        made = folder_at(tmp_path / f"work{number}")
        if file.name == "other.msi":
            (made.folder / FILES[1]).write_bytes(b"another")
        installer.write(made, RELEASE, variant, file)
    one, two, other = (file.read_bytes() for file in files)
    assert one == two
    numbers = {summary.number(data) for data in (one, other)}
    assert len(numbers) == 2
    assert not list(tmp_path.glob("*.wxs"))


@needs_tools
@VARIANTS
def test_the_tables_have_what_wixl_knows_no_word_for(made, tmp_path, variant):
    installer.write(made, RELEASE, variant, tmp_path / "a.msi")
    conditions = {row[0]: row[4] for row in tables(tmp_path / "a.msi", "Component")}
    assert conditions["CEndpoint"] == "ENDPOINT"
    assert conditions["CAutostart"] == "NOT NOAUTOSTART"
    order = {row[0]: int(row[2]) for row in tables(tmp_path / "a.msi", "InstallExecuteSequence")}
    assert (
        order["InstallInitialize"]
        < order["RemoveExistingProducts"]
        < order["pauseRunning"]
        < order["RemoveFiles"]
    )
    assert order["InstallInitialize"] < order["endRunning"] < order["RemoveFiles"]
    assert order["InstallFiles"] < order["resumeRunning"] < order["InstallFinalize"]
    kinds = {row[0]: int(row[1]) for row in tables(tmp_path / "a.msi", "CustomAction")}
    assert all(
        (kinds[f"{verb}Running"] & 2048 != 0) == (variant is installer.MACHINE)
        for verb in ("end", "pause", "resume")
    )


@needs_tools
def test_what_wixl_does_not_know_ends_the_build_instead_of_being_left_out(made, tmp_path, monkeypatch):
    tree = installer.tree(made, RELEASE, installer.MACHINE)
    tree.find("Product/Feature").set("NoSuchWord", "yes")
    monkeypatch.setattr(installer, "tree", lambda *_: tree)
    with pytest.raises(Refused, match="NoSuchWord"):
        installer.write(made, RELEASE, installer.MACHINE, tmp_path / "a.msi")


def test_a_package_that_says_nothing_of_itself_is_refused(tmp_path):
    (tmp_path / "a.msi").write_bytes(b"no package")
    with pytest.raises(Refused):
        summary.settle(tmp_path / "a.msi", RELEASE.epoch)
