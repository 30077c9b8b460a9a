#!/usr/bin/python3
"""Which folder may include what.  Lower folders know nothing of higher ones.

A quoted include is "jukebox/x.h", or a header of the same folder without a slash (tests may also
include a module's private header as "folder/x.h", and their own as "support/x.h").
"""
import pathlib
import re
import sys

# Headers of include/jukebox that do not carry their folder's name.
BELONGS_TO = {name: "base" for name in (
    "clock", "cue_text", "dither", "downmix", "json", "limits", "loader", "log", "options", "part", "record", "replace", "resampler",
    "ring", "source", "status", "tags", "text", "thread")}
BELONGS_TO.update({
    "cache": "cache", "decoder": "decode", "kept": "decode", "module": "decode", "sandbox": "decode", "encoder": "encode",
    "measure": "measure", "meter": "measure",
    "control": "radio", "errands": "radio", "events": "radio", "fallback": "radio", "library": "radio", "lineup": "radio",
    "notify": "radio", "onair": "radio", "player": "radio", "programme": "radio", "separation": "radio", "state": "radio", "timetable": "radio",
    "mix": "mix", "output": "output", "plan": "plan", "playlist": "playlist", "rotation": "playlist"})

# Folder under src/: the folders whose headers it may use, besides its own.
MAY_USE = {
    "base": set(),
    "playlist": {"base"},
    "decode": {"base"},
    "modules": {"base", "decode"},
    "encode": {"base"},
    "measure": {"base", "decode"},
    "cache": {"base"},
    "plan": {"base"},
    "mix": {"base", "decode", "plan"},
    "output": {"base", "encode"},
}
MAY_USE["radio"] = set(MAY_USE)
MAY_USE["commands"] = set(MAY_USE)
MAY_USE["main.c"] = set(MAY_USE)

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]*)"', re.M)


def complaint(path, folder, name):
    """Why this include is wrong, or None."""
    parts = name.split("/")
    if folder == "tests":
        return None if parts[0] in ("jukebox", "support") or len(parts) == 1 or parts[0] in MAY_USE else "unknown folder"
    if len(parts) == 1:
        return None if (path.parent / name).is_file() else "no such header in this folder"
    if parts[0] != "jukebox":
        # main.c is the one file outside a folder: it may name the table of verbs.
        if folder == "main.c" and parts[0] in MAY_USE[folder]:
            return None
        return "private header of another folder"
    header = parts[1].removesuffix(".h")
    owner = BELONGS_TO.get(header)
    if owner is None:
        return "not in the table of tests/lint/includes.py: which folder is it of?"
    if folder == "include":
        # An interface may use the types of what lies below it.
        own = BELONGS_TO.get(path.stem)
        return None if own == owner or owner in MAY_USE.get(own, ()) else f"{own} may not use {owner}"
    if owner == folder or owner in MAY_USE[folder]:
        return None
    return f"{folder} may not use {owner}"


def main():
    bad = 0
    files = sorted(p for top in ("include", "src", "tests") for p in pathlib.Path(top).rglob("*.[ch]"))
    for path in files:
        folder = path.parts[1] if path.parts[0] == "src" else path.parts[0]
        if folder not in MAY_USE and folder not in ("include", "tests"):
            print(f"{path}: folder {folder} is not in the table of tests/lint/includes.py")
            bad += 1
            continue
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            why = complaint(path, folder, name)
            if why:
                print(f'{path}: "{name}": {why}')
                bad += 1
    return bad != 0


sys.exit(main())
