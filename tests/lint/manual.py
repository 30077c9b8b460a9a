#!/usr/bin/python3
"""manual.py PROGRAM MANUAL - do `jukebox VERB --help' and the manual name the same options?

The manual has a subsection "jukebox VERB" for each verb, whose options are the .It lines in it.
"""
import re
import subprocess
import sys

# "  -o, --output=SPEC   text" or "      --plain   text": the letter, the name, the argument
HELP_LINE = re.compile(r"^ {2,6}(?:-(\w), )?--([a-z][a-z0-9-]*)(\[?=\S+)?", re.M)
VERB_LINE = re.compile(r"^  ([a-z]+)\b", re.M)


def ask(program, *arguments):
    return subprocess.run([program, *arguments, "--help"], stdin=subprocess.DEVNULL, text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def options_of_help(text):
    return {name: (letter or "", bool(argument)) for letter, name, argument in HELP_LINE.findall(text)}


def options_of_manual(lines):
    found = {}
    for line in lines:
        if line.startswith(".It Fl"):
            name = re.search(r"Fl -([a-z][a-z0-9-]*)", line)
            letter = re.search(r"Fl (\w)\b", line)
            if name:
                found[name[1]] = (letter[1] if letter else "", " Ar " in line or " Cm " in line)
    return found


def sections(manual):
    """Verb -> its lines; what stands before the first subsection is "" (for all verbs)."""
    found, verb = {"": []}, ""
    for line in manual.splitlines():
        if line.startswith(".Sh"):
            verb = ""
        elif line.startswith(".Ss"):
            words = line.replace('"', "").split()
            verb = words[-1] if words[1:2] == ["jukebox"] else ""
        found.setdefault(verb, []).append(line)
    return found


def main(program, manual_path):
    with open(manual_path, encoding="utf-8") as f:
        manual = sections(f.read())
    verbs = VERB_LINE.findall(ask(program))
    bad = [f"the manual has no subsection of the verb {v}" for v in verbs if v not in manual]
    bad += [f"the program's help does not name the verb {v}" for v in manual if v and v not in verbs]
    common = options_of_manual(manual[""])
    for verb in verbs:
        helped = options_of_help(ask(program, verb))
        told = options_of_manual(manual.get(verb, []))
        for name in sorted(helped.keys() | told.keys()):
            here, there = helped.get(name), told.get(name) or common.get(name)
            if here != there:
                bad.append(f"{verb} --{name}: help says {here}, the manual {there} (letter, has an argument)")
    if not verbs:
        bad.append("the program's help names no verbs")
    print("\n".join(bad))
    return bool(bad)


sys.exit(main(*sys.argv[1:]))
