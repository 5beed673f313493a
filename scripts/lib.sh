# What the scripts share. They run from any folder, as root or as a user with sudo.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
mkdir -p build
jobs=$(nproc)
export LC_ALL=C.UTF-8

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -n "$@" 2>/dev/null || sudo "$@"
	else
		die "not root, and there is no sudo: as root, run: $*"
	fi
}

# quietly LOG COMMAND...: the output goes to build/LOG; a failure shows its end.
quietly() {
	local log=build/$1
	shift
	"$@" >"$log" 2>&1 && return 0
	grep -nE 'error|undefined|FAILED' "$log" | head -40 >&2 || true # of set -e
	tail -25 "$log" >&2
	printf 'failed: %s (all of it: %s)\n' "$*" "$log" >&2
	return 1
}
