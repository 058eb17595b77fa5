#!/bin/sh
# bootstrap.sh [test]: does all the set-up that is missing, and says how long each step took. Quiet when nothing is to
# do. `test` adds what only the tests need: a browser that opens the report, tshark, a PostgreSQL server, other programs
# for cards (opensc-tool, pcsc_scan), valgrind for the reader driver, and atheris.
# As root it installs Debian packages; otherwise it prints the one command to run (SETUP=sudo lets it use sudo) and
# goes on without them: the reader then stands in process, and reports say so.
set -eu
unset PYTHONDONTWRITEBYTECODE
cd "$(dirname "$0")/.."
PACKAGES="gcc libc6-dev python3-dev libpcsclite-dev pcscd fonts-wqy-microhei"
[ "${1:-}" != test ] || PACKAGES="$PACKAGES chromium tshark postgresql opensc pcsc-tools valgrind"
PYTHON="${PYTHON:-python3}"
VENV=.venv

step() { # step "what" command...
	what="$1"
	shift
	start=$(date +%s)
	printf '%s ... ' "$what"
	if "$@" >"$LOG" 2>&1; then
		printf 'done in %s s\n' "$(($(date +%s) - start))"
	else
		printf 'failed\n'
		tail -n 20 "$LOG"
		return 1
	fi
}

packages() {
	[ -n "$(command -v dpkg-query)" ] || return 0
	missing=""
	for package in $PACKAGES; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" = 0 ]; then
		step "Debian packages:$missing" install_packages "" || echo "Going on without them."
	elif [ "${SETUP:-}" = sudo ]; then
		step "Debian packages:$missing" install_packages sudo || echo "Going on without them."
	elif [ ! -e "$VENV/told" ] || [ "$(cat "$VENV/told")" != "$missing" ]; then
		echo "For the real PC/SC service, Chinese text in the PDF and all tests, install:"
		echo "  sudo apt-get install -y --no-install-recommends$missing"
		echo "Going on without them (or run with SETUP=sudo)."
		[ ! -d "$VENV" ] || printf '%s' "$missing" >"$VENV/told"
	fi
}

install_packages() {
	$1 apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $1 apt-get install -y -qq --no-install-recommends $missing
}

wanted() { # what the environment must be made from
	cat requirements/*.txt setup/bootstrap.sh simulators/reader/ifdhandler/* simulators/card/authority.py | cksum
	"$PYTHON" -c 'import sys; print(sys.version_info[:2])'
	if command -v gcc >/dev/null && [ -e /usr/include/PCSC/winscard.h ]; then echo compiler; fi
}

environment() {
	[ "$(cat "$VENV/stamp" 2>/dev/null)" != "$(wanted)" ] || return 0
	[ -x "$VENV/bin/python" ] || step "virtual environment" "$PYTHON" -m venv "$VENV"
	[ -x "$VENV/bin/uv" ] || step "uv" "$VENV/bin/python" -m pip install -q --require-hashes -r requirements/uv.txt
	step "Python packages" "$VENV/bin/uv" pip install -q --compile-bytecode --python "$VENV/bin/python" --require-hashes -r requirements/base.txt
	pyscard
	launcher
	[ ! -x /usr/sbin/pcscd ] || ! can_compile || step "reader driver" "$VENV/bin/python" -c "
from simulators.reader import unavailable
from simulators.reader.build import build
unavailable() or build()"
	step "keys of the test CA" "$VENV/bin/python" -c "from simulators.card.authority import kept_keys; kept_keys()"
	wanted >"$VENV/stamp"
}

can_compile() { # pyscard has no wheel for Linux
	command -v gcc >/dev/null && [ -e /usr/include/PCSC/winscard.h ] &&
		[ -e "$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ]
}

pyscard() {
	if ! can_compile; then
		echo "pyscard ... left out: it needs a compiler and headers. The reader stands in process, and reports say so."
		return 0
	fi
	step "pyscard" "$VENV/bin/uv" pip install -q --compile-bytecode --python "$VENV/bin/python" --require-hashes -r requirements/pcsc.txt ||
		echo "No PC/SC then: the reader stands in process, and reports say so."
}

fuzzer() { # atheris has wheels for some Pythons on some machines; nothing else is tried
	[ "$(cat "$VENV/fuzz-stamp" 2>/dev/null)" != "$(cksum <requirements/fuzz.txt)" ] || return 0
	step "atheris" "$VENV/bin/uv" pip install -q --compile-bytecode --only-binary :all: --python "$VENV/bin/python" --require-hashes -r requirements/fuzz.txt ||
		echo "No atheris for this Python then: Hypothesis drives the fuzz targets, without coverage."
	cksum <requirements/fuzz.txt >"$VENV/fuzz-stamp"
}

launcher() { # Holdfast is an application in its checkout: a path file and a command, nothing is built
	site=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	pwd >"$site/holdfast-checkout.pth"
	printf '#!%s\nfrom holdfast.cli import main\n\nmain()\n' "$(pwd)/$VENV/bin/python" >"$VENV/bin/holdfast"
	chmod +x "$VENV/bin/holdfast"
}

python_is_new_enough() {
	"$PYTHON" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
	echo "Holdfast needs python3 3.11 or newer with its venv module (Debian: apt-get install python3 python3-venv)." >&2
	exit 4
}

LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT
[ -x "$VENV/bin/python" ] || python_is_new_enough
packages
environment
[ "${1:-}" != test ] || fuzzer
