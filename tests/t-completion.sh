#!/bin/sh
# Completion for bash, zsh and fish: what pressing Tab offers.
. "$top_srcdir/tests/tap.sh"
command -v bash >/dev/null || skip_all "no bash"

# offers EXPECTED WORD...: of bash; the last WORD is the one under the cursor; EXPECTED are the
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

# zsh_offers EXPECTED LINE: the same of zsh, with Tab pressed at the end of LINE in a terminal of its own.
mkdir "$scratch/functions"
cp "$top_srcdir/completion/kvasir.zsh" "$scratch/functions/_kvasir"
cat >"$scratch/start.zsh" <<'END'
PROMPT=
autoload -Uz compinit
compinit -u -C -d "$fpath[1]/../dump"
bindkey '^M' undefined
bindkey '^J' undefined
bindkey '^I' complete-word
null-line() { echo -E - $'\0' }
compprefuncs=(null-line)
comppostfuncs=(null-line exit)
zstyle ':completion:*' insert-tab false
compadd() {
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    typeset -a hits
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits
    builtin compadd "$@"
}
echo ready
END
cat >"$scratch/complete.zsh" <<'END'
zmodload zsh/zpty || exit 1
zpty z zsh -f -i
zpty -w z "fpath=($1/functions \$fpath); source $1/start.zsh"
repeat 9; do
    zpty -r z line
    [[ $line == ready* ]] && break
done
zpty -w z "$2"$'\t'
integer shown=0
while zpty -r z line; do
    if [[ $line == *$'\0'* ]]; then
        (( shown++ )) && break
    elif (( shown )); then
        print -r -- ${line%%[$'\r\n']*}
    fi
done
END
zsh_offers() {
    got=$(timeout 20 zsh -f "$scratch/complete.zsh" "$scratch" "$2" | sort -u | tr '\n' ' ')
    [ "$got" = "${1:+$1 }" ] || { echo "got: $got"; return 1; }
}

# fish_offers EXPECTED LINE: the same of fish.
fish_offers() {
    # shellcheck disable=SC2016
    got=$(HOME=$scratch XDG_CONFIG_HOME=$scratch XDG_DATA_HOME=$scratch \
        fish -N -c 'source $argv[1]; complete -C $argv[2]' "$top_srcdir/completion/kvasir.fish" "$2" 2>&1 |
        sed "s/$(printf '\t').*//" | sort -u | tr '\n' ' ')
    [ "$got" = "${1:+$1 }" ] || { echo "got: $got"; return 1; }
}

# all_options OFFERS: every option that the help of a command lists is offered.
all_options() {
    for command in $("$kvasir" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        case $command in help | version) continue ;; esac
        # shellcheck disable=SC2046
        expected=$(echo $("$kvasir" "$command" --help | sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p' | sort))
        if [ "$1" = offers ]; then
            offers "$expected" "$kvasir" "$command" --
        else
            $1 "$expected" "$kvasir $command --"
        fi || { echo "of $command"; return 1; }
    done
}

# shell SHELL: the same questions as of bash.
shell() {
    if ! command -v "$1" >/dev/null; then
        skip "completion for $1" "no $1"
        return
    fi
    on=$1_offers
    ok "$1: commands" "$on" "ask" "$kvasir as"
    ok "$1: commands behind help" "$on" "logits" "$kvasir help lo"
    ok "$1: options of a command" "$on" "--precise" "$kvasir ask --pre"
    ok "$1: types of the KV cache" "$on" "f16 f32" "$kvasir ask --kv f"
    ok "$1: instruction sets" "$on" "avx2 avx512" "$kvasir ask -c thesis --isa avx"
    ok "$1: actions" "$on" "trim" "$kvasir cache -c thesis t"
    ok "$1: names of corpora" "$on" "thesis" "$kvasir ask -c t"
    ok "$1: for corpus show" "$on" "thesis" "$kvasir corpus --json show t"
    ok "$1: numbers of the history" "$on" "1" "$kvasir show 1"
    ok "$1: numbers to delete" "$on" "1" "$kvasir history --delete 1"
    ok "$1: numbers of conversations" "$on" "${2}1" "$kvasir chat --continue="
    ok "$1: no words to search for" "$on" "" "$kvasir search t"
    ok "$1: every option of every command" all_options "$on"
}

kvasir=$top_builddir/kvasir

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
ok "every option of every command" all_options offers
shell zsh
shell fish --continue=
finish
