"""A disk that hangs and clocks that jump or hurry: tests/support/preload/meddle.c under a program."""
import os
import subprocess

from cli import TOP, is_sanitized, skip
from streams import have


def _library():
    if not os.path.exists("meddle.so"):
        source = os.path.join(TOP, "tests", "support", "preload", "meddle.c")
        subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", "meddle.so", source], check=True)
    return os.path.abspath("meddle.so")


def meddle(speed=1):
    """The environment in which a disk hangs, at a word; time goes so many times as fast."""
    if not have("cc"):
        skip("no compiler here")
    if is_sanitized():
        skip("a sanitizer's library comes first")
    return {"LD_PRELOAD": _library(), "MEDDLE_HANG": os.path.abspath("hangs"), "MEDDLE_SPEED": str(speed)}


def hasten(speed):
    """The environment in which time goes so many times as fast, where that can be had: elsewhere a test takes longer."""
    return meddle(speed) if have("cc") and not is_sanitized() else {}


def hang(what):
    with open("hangs.new", "w", encoding="utf-8") as f:
        f.write(what + "\n")
    os.rename("hangs.new", "hangs")
