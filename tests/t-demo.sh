#!/bin/sh
# The demonstration model: the same bytes on every machine, and a model that loads.
. "$top_srcdir/tests/tap.sh"
demo=$top_builddir/demo/demo.gguf
sum=2f6f4191b5ec3e6b4e934839c220d98606fefd67cfd243b1b90910e628e69cff

same_bytes() {
    echo "$sum  $demo" | sha256sum -c
}

loads() {
    "$top_builddir/kvasir" model info "$demo" | tee "$scratch/info" && grep -q chatglm "$scratch/info"
}

refuses() {
    ! "$top_builddir/demo/make-demo" "$1" "$scratch/out.gguf" && [ ! -e "$scratch/out.gguf" ]
}

ok "demo.gguf has its known checksum" same_bytes
ok "the program loads it" loads
echo "no vocabulary" >"$scratch/bad"
ok "make-demo refuses a file that is no vocabulary" refuses "$scratch/bad"
ok "make-demo refuses a missing file" refuses "$scratch/missing"
finish
