#!/bin/sh
# A release has every file of the repository.
. "$top_srcdir/tests/tap.sh"
command -v git >/dev/null || skip_all "no git"
[ -e "$top_srcdir/.git" ] || skip_all "not a repository"
unset MAKEFLAGS MFLAGS MAKELEVEL

complete() {
    make -s -C "$top_builddir" distdir distdir="$scratch/release" || return
    git -C "$top_srcdir" ls-files | grep -v '^\.\(gitignore\|ci/\)' | while read -r file; do
        [ -f "$scratch/release/$file" ] || echo "$file is not in the release"
    done >"$scratch/missing"
    cat "$scratch/missing"
    [ ! -s "$scratch/missing" ]
}

ok "make dist leaves no file out" complete
finish
