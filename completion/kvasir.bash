# bash completion for kvasir(1).  Commands and options are asked of the program
# itself, so that they cannot go stale.

_kvasir_words() {
    local IFS=$'\n'
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_kvasir_files() {
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_kvasir_corpora() {
    "$1" corpus list 2>/dev/null | sed 's/  .*//'
}

_kvasir_history() {
    "$1" history 2>/dev/null | sed 's/^ *\([0-9]*\) .*/\1/'
}

_kvasir() {
    local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]}
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()

    if [ "$COMP_CWORD" -eq 1 ] || { [ "$command" = help ] && [ "$COMP_CWORD" -eq 2 ]; }; then
        _kvasir_words "$("$program" help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')" "$word"
        return
    fi

    case $before in
    --kv)   _kvasir_words $'int8\nf16\nf32' "$word"; return ;;
    --isa)  _kvasir_words $'c\nblas\navx2\navx512' "$word"; return ;;
    --shape) _kvasir_words $'glm-4-9b\ntiny' "$word"; return ;;
    --type) _kvasir_words $'q4_0\nq5_0\nq8_0\nq4_k\nq5_k\nq6_k\nq4_k_m\nbf16\nf16\nf32' "$word"; return ;;
    -c | --corpus)
            _kvasir_words "$(_kvasir_corpora "$program")" "$word"; return ;;
    esac
    case $word in
    -*) _kvasir_words "$("$program" "$command" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u)" "$word"
        return ;;
    esac

    case $command/$COMP_CWORD in
    corpus/2) _kvasir_words $'list\nshow\nremove' "$word" ;;
    cache/2)  _kvasir_words $'status\nverify\ntrim\nclear\nexport\nimport' "$word" ;;
    model/2)  _kvasir_words $'info\nlist\nprepare\nprepared\ncalibrate' "$word" ;;
    show/2)   _kvasir_words "$(_kvasir_history "$program")" "$word" ;;
    history/*) ;;
    corpus/3) _kvasir_words "$(_kvasir_corpora "$program")" "$word" ;;
    *)        _kvasir_files "$word" ;;
    esac
}

complete -F _kvasir kvasir
