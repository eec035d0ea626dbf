"""Makes and signs a place of updates: `python -m updates init PLACE --keys OFFLINE --online ONLINE` (docs/it/updates.md)."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from updates import keys
from updates.keys import Keys, Lacking
from updates.repository import CHANNELS, Refused, Repository


def main() -> None:
    """Does one thing, and says what it was."""
    arguments = _asked().parse_args()
    folders = [each for each in (arguments.keys, arguments.online) if each is not None]
    place = Repository(arguments.place, Keys(folders), datetime.now(UTC))
    try:
        print(_done(place, arguments))
    except (Refused, Lacking, FileExistsError, FileNotFoundError) as error:
        sys.exit(f"updates: {error}")


def _asked() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(prog="updates", description=__doc__)
    verbs = asked.add_subparsers(dest="verb", required=True)
    for verb, says in (
        ("init", "an empty place, and new keys"),
        ("add", "offers packages in a channel"),
        ("withdraw", "offers a version no more"),
        ("renew", "signs anew whatever keys are at hand for"),
        ("list", "says what each channel offers"),
    ):
        parser = verbs.add_parser(verb, help=says)
        parser.add_argument("place", type=Path)
        parser.add_argument("--keys", type=Path, help="the folder of keys that are locked away")
        parser.add_argument("--online", type=Path, help="the folder of keys of the machine that renews")
        if verb in ("add", "withdraw"):
            parser.add_argument("channel", choices=CHANNELS)
        if verb == "add":
            parser.add_argument("files", type=Path, nargs="+")
        if verb == "withdraw":
            parser.add_argument("version")
    return asked


def _done(place: Repository, arguments: argparse.Namespace) -> str:
    match arguments.verb:
        case "init":
            if arguments.keys is None or arguments.online is None:
                raise Refused("init makes keys: --keys and --online say where")
            public = {
                **keys.make(arguments.keys, keys.OFFLINE),
                **keys.make(arguments.online, keys.ONLINE),
            }
            return f"root of trust, for each desk: {place.begin(public)}"
        case "add":
            place.add(arguments.channel, arguments.files)
            return f"{arguments.channel} offers {', '.join(file.name for file in arguments.files)}"
        case "withdraw":
            place.withdraw(arguments.channel, arguments.version)
            return f"{arguments.channel} offers {arguments.version} no more"
        case "renew":
            return f"signed anew: {', '.join(place.renew())}"
    rows = [
        f"{channel}: {each['version']} {each['file']}"
        for channel in CHANNELS
        for each in place.offered(channel)
    ]
    return "\n".join(rows) or "nothing is offered"


if __name__ == "__main__":
    main()
