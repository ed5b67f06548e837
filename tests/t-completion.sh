#!/bin/sh
# Completion for bash: what pressing Tab offers.
. "$top_srcdir/tests/tap.sh"
command -v bash >/dev/null || skip_all "no bash"

# complete EXPECTED WORD...: the last WORD is the one under the cursor; EXPECTED are the
# offers, sorted, with spaces between.
cat >"$scratch/complete" <<'END'
. "$1/completion/kvasir.bash"
expected=$2
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_kvasir
got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
[ "$got" = "$expected " ] || { echo "got: $got"; exit 1; }
END

offers() {
    bash "$scratch/complete" "$top_srcdir" "$@"
}

kvasir=$top_builddir/kvasir

all_options() {
    for command in $("$kvasir" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        case $command in help | version) continue ;; esac
        # shellcheck disable=SC2046
        offers "$(echo $("$kvasir" "$command" --help | sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort))" "$kvasir" "$command" -- ||
            { echo "of $command"; return 1; }
    done
}

KVASIR_MODEL=$top_builddir/demo/demo.gguf KVASIR_DATA_DIR=$scratch/data KVASIR_CACHE_DIR=$scratch/cache
export KVASIR_MODEL KVASIR_DATA_DIR KVASIR_CACHE_DIR
mkdir "$scratch/files"
: >"$scratch/files/my paper.pdf"
: >"$scratch/files/thesis.txt"

ok "commands" offers "ask" "$kvasir" as
ok "commands behind help" offers "logits" "$kvasir" help lo
ok "options of a command" offers "--precise" "$kvasir" ask --pre
ok "types of the KV cache" offers "f16 f32" "$kvasir" ask --kv f
ok "instruction sets" offers "avx2 avx512" "$kvasir" ask --isa avx
ok "what cache can do" offers "trim" "$kvasir" cache t
ok "files, with spaces in their names" offers "$scratch/files/my paper.pdf" "$kvasir" text "$scratch/files/m"
ok "files behind what is quoted" offers "$scratch/files/my paper.pdf" "$kvasir" text "$scratch/files/my\\ p"
ok "a value behind =" offers "f16 f32" "$kvasir" ask --kv = f
ok "files for other values" offers "$scratch/files/thesis.txt" "$kvasir" ask --record "$scratch/files/t"
ok "no corpora yet" offers "" "$kvasir" ask -c ""
"$kvasir" ingest -q --no-prefill -c thesis "$top_srcdir/README.md" 2>/dev/null
ok "names of corpora" offers "thesis" "$kvasir" ask -c th
"$kvasir" ask -q --max-tokens 4 "What?" -c thesis >/dev/null 2>&1
ok "numbers of the history" offers "1" "$kvasir" show ""
ok "names of corpora for corpus show" offers "thesis" "$kvasir" corpus show ""
ok "options before an argument do not count" offers "thesis" "$kvasir" corpus show --json ""
ok "the same with values" offers "status" "$kvasir" cache -c thesis st
"$kvasir" ingest -q --no-prefill -c "my books" "$top_srcdir/README.md" 2>/dev/null
ok "names with spaces are quoted" offers 'my\ books' "$kvasir" ask -c m
ok "and found again" offers 'my\ books' "$kvasir" ask -c 'my\ b'
ok "numbers to verify" offers "1" "$kvasir" verify 1
ok "numbers to delete" offers "1" "$kvasir" history --delete ""
echo "Why?" | "$kvasir" chat -q --max-tokens 2 -c thesis >/dev/null 2>&1
ok "numbers of conversations" offers "1" "$kvasir" chat --continue = ""
ok "every option of every command" all_options
finish
