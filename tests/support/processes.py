"""The processes of a run, as anybody may see them: what a decoder has open, the kernel shows to root alone."""
import glob
import os


def _state_and_parent(stat):
    try:
        with open(stat, encoding="utf-8", errors="replace") as f:
            state, parent = f.read().rsplit(")", 1)[1].split()[:2]
    except OSError:
        return "X", 0
    return state, int(parent)


def is_running(pid):
    return _state_and_parent(f"/proc/{pid}/stat")[0] not in "ZX"


def children(pid):
    """Those that have not ended."""
    found = ((name, _state_and_parent(name)) for name in glob.glob("/proc/[0-9]*/stat"))
    return [int(name.split("/")[2]) for name, (state, parent) in found if parent == pid and state not in "ZX"]


def decoders_of(pid):
    """The processes that decode for a run: children of its helper, its only child."""
    return [child for helper in children(pid) for child in children(helper)]


def group_of(pid):
    """Its process group; None when it has ended."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def processor_ticks(pid):
    """What it took of the processor, in the kernel's ticks of 10 ms; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return sum(int(field) for field in f.read().rsplit(")", 1)[1].split()[11:13])
    except OSError:
        return 0
