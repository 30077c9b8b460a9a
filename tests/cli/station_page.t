#!/usr/bin/python3
"""doc/station.md as a new user would follow it: its commands, its rotation, the arguments of its service, its logrotate."""
import os
import shlex
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa
from radio import *  # noqa

with open(os.path.join(TOP, "doc/station.md"), encoding="utf-8") as f:
    PAGE = f.read()


def here(text):
    """Its /srv/music is here."""
    return text.replace("/srv/music", os.path.join(WORK, "music"))


def blocks():
    """The indented blocks, as text."""
    return [re.sub(r"^    ", "", block, flags=re.M) for block in re.findall(r"(?:^    .*\n)+", PAGE, re.M)]


def block_with(text):
    found = [block for block in blocks() if text in block]
    assert found, f"no block with {text!r}"
    return found[0]


@test("music, rotation and plan")
def _():
    for folder, n in (("new", 6), ("old", 2), ("jingles", 2), ("news", 1)):
        os.makedirs(f"music/{folder}")
        for i in range(n):
            tone(f"music/{folder}/{folder} {i}.wav", 3, 300 + 40 * i)
    with open("music/station.rotation", "w") as f:
        f.write(block_with("every 4 songs"))
    commands = [line for block in blocks() for line in block.splitlines() if line.startswith(("jukebox ", "sudo jukebox analyze "))]
    assert len(commands) >= 3, commands
    os.makedirs("CACHE")
    for command in commands:
        run(*shlex.split(here(command.replace("sudo ", "").replace("/var/cache/jukebox", WORK + "/CACHE")))[1:])


@test("the arguments of the service play; ctl answers; the page is there")
def _():
    if b"httpd" not in run("--version").out:
        skip("needs libmicrohttpd")
    value = re.search(r'JUKEBOX_ARGUMENTS="(.*?)"', PAGE, re.S)[1].replace("\\\n", " ")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    arguments = shlex.split(here(value).replace("httpd://:8831", f"httpd://127.0.0.1:{port}"))
    with open(os.path.join(TOP, "packaging/systemd/jukebox.service.in")) as f:
        own = re.search(r"ExecStart=\S+ mix (.*?)\$JUKEBOX_ARGUMENTS", f.read().replace("\\\n", " "), re.S)[1]
    for name in ("STATE", "CACHE", "LOGS", "RUNTIME"):
        os.makedirs(name, exist_ok=True)
        own = own.replace("${%s_DIRECTORY}" % name, os.path.join(WORK, name))
    process = subprocess.Popen([JUKEBOX, "mix", *shlex.split(own), *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        control = f"--socket={WORK}/RUNTIME/control"
        wait_for(lambda: process.poll() is not None or run("ctl", control, "status", status=None).status == 0, "nobody answers")
        status = subprocess.run(["curl", "-sf", f"http://127.0.0.1:{port}/status.json"], capture_output=True, check=True).stdout
        equal(sorted(m["path"] for m in json.loads(status)["mounts"]), ["/hq.ogg", "/lq.ogg", "/radio.mp3"])
        for command in re.findall(r"sudo jukebox ctl --socket \S+ (.*)", PAGE):
            if "special" not in command:
                run("ctl", control, *shlex.split(here(command)))
        wait_for(lambda: os.path.exists("STATE/state") and os.path.exists("RUNTIME/now.json") and os.path.getsize("LOGS/jukebox.log"), "no files")
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=LONGEST_SECONDS)[1]
    equal((process.returncode, said), (0, b""))


@test("logrotate understands its part")
def _():
    if not shutil.which("logrotate"):
        skip("needs logrotate")
    with open("logrotate", "w") as f:
        f.write(block_with("delaycompress").replace("/var/log/jukebox", WORK + "/LOGS"))
    subprocess.run(["logrotate", "--debug", "--state", "rotated", "logrotate"], check=True, stderr=subprocess.DEVNULL)


@test("what the page names is there")
def _():
    with open(os.path.join(TOP, "packaging/systemd/jukebox.service.in")) as f:
        unit = f.read()
    for option in re.search(r"The unit gives the program (.*?);", PAGE, re.S)[1].replace("`", "").replace(" and ", ", ").replace("\n", " ").split(", "):
        assert option.strip() in unit, option
    assert os.path.exists(os.path.join(TOP, "doc/soak.svg"))
    for target in re.findall(r"make (setup|deb|install)", PAGE):
        with open(os.path.join(TOP, "Makefile")) as f:
            assert re.search(rf"^{target}:", f.read(), re.M), target


main()
