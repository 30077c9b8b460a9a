#!/usr/bin/python3
"""Decoders from outside: the example in doc/ built as its readers would, and modules that are none."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cli import *  # noqa

CC = os.environ.get("CC", "cc").split()
RATE = 44100
# Every value of a byte, and a length that is no round number.
SAMPLES = (numpy.arange(70001) * 7 % 256 - 128).astype("i1")


def make_toy(path="song.toy"):
    with open(path, "wb") as f:
        f.write(b"TOY1" + RATE.to_bytes(4, "big") + SAMPLES.tobytes())
    return path


def build(source, module):
    os.makedirs(os.path.dirname(module), exist_ok=True)
    subprocess.run([*CC, "-shared", "-fPIC", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
                    "-I", os.path.join(TOP, "include"), "-o", module, source], check=True)


def with_modules(folder):
    return {"JUKEBOX_MODULES": os.path.abspath(folder)}


@test("doc/example-decoder.c is built as it says, and plays its format to the sample")
def _():
    build(os.path.join(TOP, "doc", "example-decoder.c"), "good/toy.so")
    run("--plain", make_toy(), "-o", "toy.wav", env=with_modules("good"))
    made = Wav("toy.wav")
    equal(made.rate, RATE)
    equal(made.frames.shape, (len(SAMPLES), 2))
    equal(float(numpy.abs(made.frames - SAMPLES[:, None] / 128).max()), 0.0, "largest difference")


@test("without a module folder the file is refused by its name, and built-in formats play")
def _():
    tone("good.wav", 1)
    ran = run("--plain", playlist("two.m3u", "song.toy", "good.wav"), "-o", "one.wav", env={"JUKEBOX_MODULES": ""})
    assert any("song.toy" in line and "known format" in line for line in ran.lines), ran
    equal(len(Wav("one.wav").frames), RATE)


@test("a module for another version is not used, and one line says so")
def _():
    text = open(os.path.join(TOP, "doc", "example-decoder.c")).read()
    assert "{JUKEBOX_MODULE_VERSION," in text
    with open("old.c", "w") as f:
        f.write(text.replace("{JUKEBOX_MODULE_VERSION,", "{999,"))
    build("old.c", "old/toy.so")
    ran = run("--plain", make_toy("another.toy"), "-o", "none.wav", env=with_modules("old"), status=1)
    lines = [line for line in ran.lines if "another.toy" in line]
    equal(len(lines), 1)
    assert "toy.so" in lines[0] and "version 999" in lines[0], ran


@test("what is no module at all is named, and harms nobody")
def _():
    os.makedirs("junk", exist_ok=True)
    with open("junk/junk.so", "wb") as f:
        f.write(b"not a shared object")
    ran = run("--plain", make_toy("third.toy"), "-o", "none.wav", env=with_modules("junk"), status=1)
    assert any("junk.so" in line for line in ran.lines), ran
    run("--plain", "good.wav", "-o", "still.wav", env=with_modules("junk"))
    equal(len(Wav("still.wav").frames), RATE)


@test("a file that was refused plays as soon as its module is there")
def _():
    run("--plain", make_toy("later.toy"), "-o", "none.wav", env={"JUKEBOX_MODULES": ""}, status=1)
    run("--plain", "later.toy", "-o", "later.wav", env=with_modules("good"))
    equal(len(Wav("later.wav").frames), len(SAMPLES))


@test("a song that was measured and whose module is gone is left out, not silent")
def _():
    with_toy = playlist("gone.m3u", make_toy("gone.toy"), "good.wav")
    run("analyze", with_toy, env=with_modules("good"))
    ran = run("--plain", with_toy, "-o", "without.wav", env={"JUKEBOX_MODULES": ""})
    assert any("gone.toy" in line and "skipped" in line for line in ran.lines), ran
    equal(len(Wav("without.wav").frames), RATE)
    run("analyze", playlist("all.m3u", "gone.toy"), env=with_modules("good"))
    run("all.m3u", "-o", "none.wav", env={"JUKEBOX_MODULES": ""}, status=1)


@test("the program itself links none of the modules' libraries, and few others")
def _():
    said = subprocess.run(["ldd", JUKEBOX], stdout=subprocess.PIPE, text=True).stdout
    assert "libc.so" in said or "libc.musl" in said, said
    for library in "libav", "libsw", "libasound", "libshout", "libmicrohttpd", "libgnutls", "libssl":
        assert library not in said, said
    assert len(said.splitlines()) <= 30, said


def outputs_in_modules():
    there = [name[len("output-"):-len(".so")] for name in os.listdir(os.environ.get("JUKEBOX_MODULES") or
             os.path.join(os.path.dirname(JUKEBOX), "modules")) if name.startswith("output-")]
    return [(name, {"httpd": "httpd://127.0.0.1:0/x.ogg", "icecast": "icecast://127.0.0.1:1/x.ogg", "alsa": "alsa:null"}[name])
            for name in there]


@test("an output whose module is missing fails by one line with its name; a file of that name is none")
def _():
    for name, spec in outputs_in_modules():
        for folder in "", os.path.abspath("nothing-there"):
            ran = run("--plain", "good.wav", "-o", spec, env={"JUKEBOX_MODULES": folder}, status=1)
            equal(len(ran.lines), 1, str(ran))
            assert f"{name}: cannot be used" in ran.err, ran
            assert not folder or f"output-{name}.so" in ran.err and "No such file" in ran.err, ran
    run("--plain", "good.wav", "-o", "null:", env={"JUKEBOX_MODULES": ""})


@test("an output's module of another version is not used; what is none is named")
def _():
    os.makedirs("wrong", exist_ok=True)
    with open("wrong.c", "w") as f:
        f.write('const struct { const char *version; const void *target; } jukebox_output = {"0.0.0-other", 0};\n')
    for name, spec in outputs_in_modules():
        build("wrong.c", f"wrong/output-{name}.so")
        ran = run("--plain", "good.wav", "-o", spec, env=with_modules("wrong"), status=1)
        assert "is of version 0.0.0-other" in ran.err and len(ran.lines) == 1, ran
        build(os.path.join(TOP, "doc", "example-decoder.c"), f"wrong/output-{name}.so")
        ran = run("--plain", "good.wav", "-o", spec, env=with_modules("wrong"), status=1)
        assert "has no jukebox_output" in ran.err and len(ran.lines) == 1, ran


@test("modules of outputs are never looked into for decoders")
def _():
    os.makedirs("trap", exist_ok=True)
    with open("trap.c", "w") as f:
        f.write('#include <unistd.h>\n__attribute__((constructor)) static void spring(void)\n'
                '{\n\tif (write(2, "SPRUNG", 6))\n\t\t_exit(7);\n}\n')
    build("trap.c", "trap/output-trap.so")
    ran = run("--plain", "--sandbox=off", make_toy("fourth.toy"), "-o", "none.wav", env=with_modules("trap"), status=1)
    assert "SPRUNG" not in ran.err, ran


@test("beside the program its own modules are found, others' are not")
def _():
    os.makedirs("copy/modules", exist_ok=True)
    shutil.copy(JUKEBOX, "copy/jukebox")
    shutil.copy("good/toy.so", "copy/modules")
    environment = {name: value for name, value in os.environ.items() if name != "JUKEBOX_MODULES"}

    def play(status):
        made = subprocess.run(["copy/jukebox", "--plain", "--no-cache", make_toy("beside.toy"), "-o", "beside.wav", "-q"], env=environment,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        equal(made.returncode, status, made.stderr)
    play(0)
    os.chmod("copy/modules", 0o777)
    play(1)
    os.chmod("copy/modules", 0o755)
    os.rename("copy/modules", "copy/elsewhere")
    os.symlink("elsewhere", "copy/modules")
    play(1)


main()
