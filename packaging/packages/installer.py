"""A folder as a package of the Windows Installer: for a machine and all who work there, or for one person without any rights.

The source is in the language of WiX 3, as far as wixl (msitools) has it; what it lacks is put into the tables afterwards. All numbers
follow from names and content, so that the same folder gives the same package, and each component keeps its number from version to
version.
"""

import hashlib
import os
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from packages import programs, summary
from packages.release import Refused, Release
from packages.signing import Signer
from packages.windows import Made

COMPILER, TABLES = "wixl", "msibuild"
KEY = r"Software\GovSync"
"""Of the registry: what the installer was told, which version is there, and where (`system.windows.installed` reads that). Policies
lie elsewhere and are nobody's but IT's."""
RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
PROPERTIES = {"ENDPOINT": ("endpoint.url", "Endpoint")}
"""What can be said when it is installed, which setting that is, and the value of the registry that holds it."""
NO_AUTOSTART = "NOAUTOSTART"
_NUMBERS = uuid.UUID("6f0c2a52-5d1e-4c41-9f5e-9a4b3b6f1d10")
"""From which all other numbers follow. Never another: the next version would not find the one that is there."""
_LANGUAGE = "1033"

_FROM_PACKAGE, _ON = 2, 64 + 1024
_AS_SYSTEM, _WHEN_DONE = 2048, 512
"""Kinds of custom actions: a program that the package brings; whatever comes of it, when the files are changed; by whom; afterwards."""


class Variant(NamedTuple):
    """For whom it is installed."""

    name: str
    scope: str
    root: str
    """Of the registry."""
    folder: tuple[str, ...]
    """Where the folder lies: one that Windows names, and what is below it."""

    def number(self, what: str) -> str:
        """Answers the number of something of this variant."""
        return str(uuid.uuid5(_NUMBERS, f"{self.name}/{what}")).upper()


MACHINE = Variant("machine", "perMachine", "HKLM", ("ProgramFiles64Folder", "GovSync"))
PERSON = Variant("person", "perUser", "HKCU", ("LocalAppDataFolder", "Programs", "GovSync"))
VARIANTS = (MACHINE, PERSON)


def file_name(variant: Variant, release: Release) -> str:
    """Answers what a package is called."""
    ending = "" if variant is MACHINE else f"-{variant.name}"
    return f"GovSync-{release.python}-x64{ending}.msi"


def write_all(made: Made, release: Release, signer: Signer, output: Path) -> list[Path]:
    """Makes a package of each variant of a folder, signed; answers them in the order of `VARIANTS`."""
    output.mkdir(parents=True, exist_ok=True)
    files = [output / file_name(variant, release) for variant in VARIANTS]
    for variant, file in zip(VARIANTS, files, strict=True):
        write(made, release, variant, file)
        signer.sign(file, release.epoch)
    return files


def write(made: Made, release: Release, variant: Variant, file: Path) -> None:
    """Makes the package of a folder, unsigned."""
    _same_each_time(made, release.epoch)
    source = file.with_suffix(".wxs")
    source.write_bytes(ElementTree.tostring(tree(made, release, variant), "utf-8", xml_declaration=True))
    file.unlink(missing_ok=True)
    done = subprocess.run(
        [COMPILER, "--arch", "x64", "--output", file, source],
        cwd=made.folder.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    if done.stderr or done.stdout:
        raise Refused(
            f"{COMPILER} left something out: {done.stderr}{done.stdout}"
        )  # It only warns of what it does not know.
    subprocess.run([TABLES, file, "-q", *statements(variant)], check=True)
    summary.settle(file, release.epoch)
    source.unlink()


def _same_each_time(made: Made, epoch: int) -> None:
    """Gives all files the time of the commit, which the package bears of each."""
    for file in [*made.folder.rglob("*"), made.running, made.icon]:
        os.utime(file, (epoch, epoch))


def tree(made: Made, release: Release, variant: Variant) -> Element:
    """Answers the source; all that it names lies beside the folder."""
    wix = Element("Wix", xmlns="http://schemas.microsoft.com/wix/2006/wi")
    product = SubElement(
        wix, "Product", Id=variant.number(f"product {release.python}"), UpgradeCode=variant.number("upgrade"), Name="GovSync",
        Version=release.windows, Language=_LANGUAGE, Manufacturer="GovSync project",
    )  # fmt: skip
    SubElement(
        product, "Package", InstallerVersion="500", Compressed="yes", InstallScope=variant.scope,
        Description="GovSync", Comments=f"GovSync {release.python}",
    )  # fmt: skip
    SubElement(product, "MajorUpgrade", DowngradeErrorMessage="A newer GovSync is already installed.")
    SubElement(product, "MediaTemplate", EmbedCab="yes")
    for name, (_, value) in PROPERTIES.items():
        asked = SubElement(product, "Property", Id=name)
        SubElement(
            asked,
            "RegistrySearch",
            Id=f"Known{value}",
            Root=variant.root,
            Key=KEY,
            Name=value,
            Type="raw",
            Win64="yes",
        )
    fixed = {
        "ARPNOMODIFY": "1",
        "ARPPRODUCTICON": "Icon",
        "MSIRESTARTMANAGERCONTROL": "Disable",
        "REINSTALLMODE": "amus",
    }
    for name, value in fixed.items():
        SubElement(product, "Property", Id=name, Value=value)
    SubElement(product, "Icon", Id="Icon", SourceFile=made.icon.name)
    SubElement(product, "Binary", Id="Running", SourceFile=made.running.name)
    target = SubElement(product, "Directory", Id="TARGETDIR", Name="SourceDir")
    SubElement(target, "Directory", Id="ProgramMenuFolder", Name="Programs")
    place = SubElement(target, "Directory", Id=variant.folder[0])
    for name in variant.folder[1:-1]:
        place = SubElement(place, "Directory", Id=f"D{name}", Name=name)
    installed = SubElement(place, "Directory", Id="INSTALLDIR", Name=variant.folder[-1])
    feature = Element("Feature", Id="All", Level="1", Title="GovSync")
    ids = [*_files(made.folder, made.folder, installed, variant), *_registry(installed, release, variant)]
    for each in ids:
        SubElement(feature, "ComponentRef", Id=each)
    product.append(feature)
    return wix


def statements(variant: Variant) -> list[str]:
    """Answers what is put into the tables afterwards: conditions, who may say what, and what is done with what runs."""
    secure = ["WIX_DOWNGRADE_DETECTED", "WIX_UPGRADE_DETECTED", *PROPERTIES, NO_AUTOSTART]
    found = [_condition(f"C{value}", name) for name, (_, value) in PROPERTIES.items()]
    found += [
        _condition("CAutostart", f"NOT {NO_AUTOSTART}"),
        # Before the new files come, all of the old version goes, or a file that has the higher number there would stay.
        "UPDATE `InstallExecuteSequence` SET `Sequence`=1501 WHERE `Action`='RemoveExistingProducts'",
        f"UPDATE `Property` SET `Value`='{';'.join(secure)}' WHERE `Property`='SecureCustomProperties'",
    ]
    who = _AS_SYSTEM if variant is MACHINE else 0
    for verb, condition, sequence, when in (
        ("end", 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE', 1510, 0),
        ("pause", "UPGRADINGPRODUCTCODE OR REINSTALL", 1511, 0),
        ("resume", 'NOT REMOVE="ALL"', 6590, _WHEN_DONE),
    ):
        kind = _FROM_PACKAGE + _ON + who + when
        command = f'{verb} {variant.name} "[INSTALLDIR]."'
        found += [
            "INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`) "
            f"VALUES ('{verb}Running',{kind},'Running','{command}')",
            "INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) "
            f"VALUES ('{verb}Running','{condition}',{sequence})",
        ]
    return found


def _condition(component: str, condition: str) -> str:
    return f"UPDATE `Component` SET `Condition`='{condition}' WHERE `Component`='{component}'"


def _files(top: Path, folder: Path, place: Element, variant: Variant) -> Iterator[str]:
    """Puts a component for each file below a folder; yields their names."""
    for each in sorted(folder.iterdir()):
        within = each.relative_to(top).as_posix()
        if each.is_dir():
            below = SubElement(place, "Directory", Id=named("D", within), Name=each.name)
            yield from _files(top, each, below, variant)
            continue
        component = SubElement(
            place, "Component", Id=named("C", within), Guid=variant.number(f"file {within}"), Win64="yes"
        )
        SubElement(
            component,
            "File",
            Id=named("F", within),
            Source=f"{top.name}/{within}",
            Name=each.name,
            KeyPath="yes",
        )
        yield named("C", within)


def named(kind: str, path: str) -> str:
    """Answers the name of a row that is about a path: the same in each version."""
    return f"{kind}{hashlib.sha256(path.encode()).hexdigest()[:24]}"


def _registry(place: Element, release: Release, variant: Variant) -> Sequence[str]:
    """Puts what is not a file: the start menu's entry, the start at sign-in, and what the installer was told."""
    program = f"[INSTALLDIR]{programs.WINDOW}"
    rows = [
        ("CMenu", KEY, "Version", release.python),
        ("CAutostart", RUN, "GovSync", f'"{program}" --minimized'),
        *((f"C{value}", KEY, value, f"[{name}]") for name, (_, value) in PROPERTIES.items()),
    ]
    for component_id, key, name, value in rows:
        component = SubElement(
            place, "Component", Id=component_id, Guid=variant.number(component_id), Win64="yes"
        )
        if component_id == "CMenu":
            SubElement(
                component, "Shortcut", Id="Menu", Directory="ProgramMenuFolder", Name="GovSync", Target=program,
                WorkingDirectory="INSTALLDIR", Icon="Icon", IconIndex="0",
            )  # fmt: skip
            where = {"Name": "Folder", "Type": "string", "Value": "[INSTALLDIR]"}
            SubElement(component, "RegistryValue", Root=variant.root, Key=key, **where)
        SubElement(
            component,
            "RegistryValue",
            Root=variant.root,
            Key=key,
            Name=name,
            Type="string",
            Value=value,
            KeyPath="yes",
        )
    return [row[0] for row in rows]
