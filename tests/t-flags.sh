#!/bin/sh
# Instructions beyond the baseline only in the objects of their own set: the rest
# of the program must run on every x86-64 machine.
. "$top_srcdir/tests/tap.sh"

command -v objdump >/dev/null || skip_all "no objdump"
[ "$(uname -m)" = x86_64 ] || skip_all "not x86-64"
if grep -Eq '^C(FLAGS|PPFLAGS|C) = .*-m(arch|avx|fma|tune=native)' "$top_builddir/Makefile"; then
    skip_all "the user's flags choose the instruction set"
fi

# Archive members of $1 with instructions above what their name allows.
strays() {
    objdump -d --no-show-raw-insn "$1" | awk -v archive="${1##*/}" '
        / file format / { member = $1; sub(/:$/, "", member); next }
        member ~ /avx512/ { next }
        /%zmm|%k[0-7]/ { zmm[member]++ }
        /\tv[a-z0-9]+ .*%[xy]mm/ && member !~ /avx2/ { vex[member]++ }
        END {
            for (m in zmm) print archive "(" m "): " zmm[m] " AVX-512 instructions"
            for (m in vex) print archive "(" m "): " vex[m] " AVX instructions"
        }'
}

clean() {
    strays "$1" >"$scratch/found"
    cat "$scratch/found"
    [ ! -s "$scratch/found" ]
}

finds_a_leak() {
    printf 'void leak(float *x);\nvoid leak(float *x) { for (int i = 0; i < 16; i++) x[i] *= 2; }\n' >"$scratch/leak.c"
    cc -O3 -mavx512f -mprefer-vector-width=512 -c "$scratch/leak.c" -o "$scratch/leak.o" &&
    ar cr "$scratch/libleak.a" "$scratch/leak.o" &&
    strays "$scratch/libleak.a" | grep 'AVX-512'
}

ok "a leak is found" finds_a_leak
for archive in "$top_builddir"/lib*.a; do
    ok "${archive##*/} keeps to its instruction sets" clean "$archive"
done
finish
