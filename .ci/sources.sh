# For the rules: the C files of the project, or of one part of it.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C.UTF-8
# A rule that pipes what grep found into sed has found something only when grep did.
set -o pipefail

c_files() { git ls-files -co --exclude-standard -- "${@:-*.[ch]}" | grep -E '\.[ch]$' | while read -r f; do
	[ ! -f "$f" ] || echo "$f"; done; }
