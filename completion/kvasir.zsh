#compdef kvasir
# zsh completion for kvasir(1).  Commands and options are asked of the program
# itself, so that they cannot go stale.

_kvasir_commands() {
    local -a commands
    # "  ask       answer a question ..."
    commands=(${(f)"$(_call_program commands ${(q)program} help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\)  *\(.*\)/\1:\2/p')"})
    _describe -t commands command commands
}

_kvasir_corpora() {
    local -a corpora
    corpora=(${(f)"$(_call_program corpora ${(q)program} corpus list 2>/dev/null | sed 's/  [0-9]* document.*//')"})
    _wanted corpora expl corpus compadd -a corpora
}

# Numbers of answers, or with "chat --list" of conversations, with the words behind them.
_kvasir_numbers() {
    local -a numbers
    numbers=(${(f)"$(_call_program numbers ${(q)program} $@ 2>/dev/null | sed -n 's/^ *\([0-9]\{1,\}\)  *\(.*\)/\1:\2/p')"})
    _describe -V -t numbers number numbers
}

_kvasir_answers() { _kvasir_numbers history }
_kvasir_conversations() { _kvasir_numbers chat --list }
_kvasir_records() { _alternative 'files:record:_files' 'numbers:number:_kvasir_answers' }

_kvasir_languages() {
    local -a languages
    languages=(${(f)"$(_call_program languages tesseract --list-langs 2>/dev/null | sed 1d)"})
    _sequence -s + compadd -a languages
}

# Sets REPLY to what completes the value NAME of option $1.
_kvasir_value() {
    local name=$2
    case $1 in
    --kv)                  REPLY='(int8 f16 f32)' ;;
    --isa)                 REPLY='(c blas avx2 avx512)' ;;
    --shape)               REPLY='(glm-4-9b tiny)' ;;
    --type)                REPLY='(q4_0 q5_0 q8_0 q4_k q5_k q6_k q4_k_m bf16 f16 f32)' ;;
    --corpus)              REPLY=_kvasir_corpora ;;
    --ocr-language)        REPLY=_kvasir_languages ;;
    --continue | --delete) REPLY=_kvasir_conversations ;;
    *)                     REPLY=
                           [[ $name == (FILE|MODEL) ]] && REPLY=_files ;;
    esac
    REPLY=":$name:$REPLY"
}

# Fills SPECS with the options in the help of $1, as _arguments wants them.
_kvasir_options() {
    local line text option value REPLY
    local -a match mbegin mend
    for line in ${(f)"$(_call_program options ${(q)program} ${(q)1} --help 2>/dev/null)"}; do
        [[ $line =~ '^  (-[a-z], )?(--[a-z-]+)(=([A-Z]+))?  +(.*)$' ]] || continue
        option=$match[2] value=
        [[ -n $match[3] ]] && { _kvasir_value $option $match[4]; value=$REPLY }
        text="[${match[5]//(#m)[\[\]\\:]/\\$MATCH}]"
        if [[ $option == --continue ]]; then
            specs+=("$option$text" "$option=-$text$value")
        elif [[ -n $match[1] ]]; then
            specs+=("(${match[1]%, } $option)${match[1]%, }$text$value" "(${match[1]%, } $option)$option${match[3]:+=}$text$value")
        else
            # These can be given more than once.
            [[ $option == --(include|exclude|bibliography) ]] && option="*$option"
            specs+=("$option${match[3]:+=}$text$value")
        fi
    done
}

_kvasir() {
    local program=$words[1] command expl
    local -a specs

    if (( CURRENT == 2 )); then
        _kvasir_commands
        return
    fi
    command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
    help)    (( CURRENT == 2 )) && _kvasir_commands; return ;;
    version) return 1 ;;
    corpus)  specs=('1:action:(list show remove)' '2:corpus:_kvasir_corpora') ;;
    cache)   specs=('1:action:(status verify trim clear export import)' '2:archive:_files') ;;
    model)   specs=('1:action:(info list prepare prepared calibrate)' '2:model:_files') ;;
    history) (( $words[(I)--delete] )) && specs=('*:number:_kvasir_answers') ;;
    show)    specs=('1:number:_kvasir_answers') ;;
    verify)  specs=('1:record:_kvasir_records' '*:document:_files') ;;
    search)  specs=('*:word:') ;;
    ask)     (( $words[(I)--batch*] )) && specs=('*:document:_files') || specs=('1:question:' '*:document:_files') ;;
    *)       specs=('*:file:_files') ;;
    esac
    _kvasir_options $command
    _arguments -s : $specs
}

_kvasir "$@"
