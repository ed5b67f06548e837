# bash completion for kvasir(1).  Commands and options are asked of the program
# itself, so that they cannot go stale.

# Offers the lines of $1 that begin with $2, quoted for the shell.
_kvasir_words() {
    local line
    while IFS= read -r line; do
        if [[ -n $line && $line == "$2"* ]]; then
            COMPREPLY+=("$(printf %q "$line")")
        fi
    done <<<"$1"
}

_kvasir_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_kvasir_corpora() {
    "$1" corpus list 2>/dev/null | sed 's/  [0-9]* document.*//'
}

# The numbers of answers, or with "chat --list" of conversations.
_kvasir_numbers() {
    "$@" 2>/dev/null | sed -n 's/^ *\([0-9]\{1,\}\) .*/\1/p'
}

# Whether option $1 wants a value, by the help in $2.
_kvasir_wants_value() {
    grep -qE -- "^  (-[a-z], )?$1=|^  $1, --[a-z-]*=" <<<"$2"
}

# Offers values of option $1 that begin with $2; fails if there is none to offer but files.
_kvasir_value() {
    case $1 in
    --kv)           _kvasir_words $'int8\nf16\nf32' "$2" ;;
    --isa)          _kvasir_words $'c\nblas\navx2\navx512' "$2" ;;
    --shape)        _kvasir_words $'glm-4-9b\ntiny' "$2" ;;
    --type)         _kvasir_words $'q4_0\nq5_0\nq8_0\nq4_k\nq5_k\nq6_k\nq4_k_m\nbf16\nf16\nf32' "$2" ;;
    -c | --corpus)  _kvasir_words "$(_kvasir_corpora "$program")" "$2" ;;
    --ocr-language) _kvasir_words "$(tesseract --list-langs 2>/dev/null | sed 1d)" "$2" ;;
    --continue | --delete)
                    _kvasir_words "$(_kvasir_numbers "$program" chat --list)" "$2" ;;
    *)              return 1 ;;
    esac
}

_kvasir() {
    local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} help i place=0 deleting=
    local word=${COMP_WORDS[COMP_CWORD]//\\/} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()

    # "--kv=f" comes as three words.
    if [ "$word" = = ]; then
        word=
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [ "$COMP_CWORD" -eq 1 ] || { [ "$command" = help ] && [ "$COMP_CWORD" -eq 2 ]; }; then
        _kvasir_words "$("$program" help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')" "$word"
        return
    fi

    help=$("$program" "$command" --help 2>/dev/null)
    if [[ $before == -* ]] && _kvasir_wants_value "$before" "$help"; then
        _kvasir_value "$before" "$word" || _kvasir_files "$word"
        return
    fi
    if [[ $word == -* ]]; then
        _kvasir_words "$(grep -oE -- '^  (-[a-z], )?--[a-z][a-z-]*' <<<"$help" | grep -oE -- '--[a-z-]*' | sort -u)" "$word"
        return
    fi

    # How many arguments stand before this one.
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        =)        i=$((i + 1)) ;;
        --delete) deleting=yes ;;
        -*)       [ "${COMP_WORDS[i + 1]}" != = ] && _kvasir_wants_value "${COMP_WORDS[i]}" "$help" && i=$((i + 1)) ;;
        *)        place=$((place + 1)) ;;
        esac
    done
    case $command/$place in
    corpus/0)   _kvasir_words $'list\nshow\nremove' "$word" ;;
    corpus/1)   _kvasir_words "$(_kvasir_corpora "$program")" "$word" ;;
    cache/0)    _kvasir_words $'status\nverify\ntrim\nclear\nexport\nimport' "$word" ;;
    model/0)    _kvasir_words $'info\nlist\nprepare\nprepared\ncalibrate' "$word" ;;
    history/*)  [ -z "$deleting" ] || _kvasir_words "$(_kvasir_numbers "$program" history)" "$word" ;;
    show/0)     _kvasir_words "$(_kvasir_numbers "$program" history)" "$word" ;;
    verify/0)   _kvasir_files "$word"
                _kvasir_words "$(_kvasir_numbers "$program" history)" "$word" ;;
    search/* | help/* | version/*) ;;
    *)          _kvasir_files "$word" ;;
    esac
}

complete -F _kvasir kvasir
