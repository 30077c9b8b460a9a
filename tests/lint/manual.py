#!/usr/bin/python3
"""manual.py PROGRAM MANUAL - do `jukebox VERB --help' and the manual name the same options?

Options stand in .It lines of subsections that name their verbs: "jukebox mix" for one, "Options of mix and plan"
for more; those before the first subsection are for all.
"""
import re
import subprocess
import sys

# "  -o, --output=SPEC   text" or "      --plain   text": the letter, the name, the argument
HELP_LINE = re.compile(r"^ {2,6}(?:-(\w), )?--([a-z][a-z0-9-]*)(\[?=\S+)?", re.M)
VERB_LINE = re.compile(r"^  ([a-z]+) {2,}\S", re.M)


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


def options_of_verbs(manual, verbs):
    """Verb -> its options; and those for all, under ""."""
    lines = {verb: [] for verb in (*verbs, "")}
    named = {""}
    for line in manual.splitlines():
        if line.startswith(".Sh"):
            named = {""}
        elif line.startswith(".Ss"):
            named = set(re.findall(r"\w+", line[3:])) & set(verbs)
        for verb in named:
            lines[verb].append(line)
    return {verb: options_of_manual(lines[verb]) for verb in lines}


def main(program, manual_path):
    verbs = VERB_LINE.findall(ask(program))
    with open(manual_path, encoding="utf-8") as f:
        manual = f.read()
    told = options_of_verbs(manual, verbs)
    bad = [f"the manual has no subsection jukebox {v}" for v in verbs if f".Ss jukebox {v}\n" not in manual]
    for verb in verbs:
        helped = options_of_help(ask(program, verb))
        for name in sorted(helped.keys() | told[verb].keys()):
            here, there = helped.get(name), told[verb].get(name) or told[""].get(name)
            if here != there:
                bad.append(f"{verb} --{name}: help says {here}, the manual {there} (letter, has an argument)")
    if not verbs:
        bad.append("the program's help names no verbs")
    print("\n".join(bad))
    return bool(bad)


sys.exit(main(*sys.argv[1:]))
