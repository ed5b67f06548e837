# fish completion for kvasir(1).  Commands and options are asked of the program
# itself, so that they cannot go stale.

function __kvasir_run
    set -l words (commandline -opc)
    $words[1] $argv 2>/dev/null
end

function __kvasir_commands
    __kvasir_run help | string match -rg '^  ([a-z]+  +.*)' | string replace -r '  +' \t
end

function __kvasir_corpora
    __kvasir_run corpus list | string replace -r '  [0-9]+ document.*' ''
end

# Numbers of answers, or with "chat --list" of conversations, with the words behind them.
function __kvasir_numbers
    __kvasir_run $argv | string match -rg '^ *([0-9]+  +.*)' | string replace -r '  +' \t
end

# The lines of the help of command $argv[1] that are options: "-m, --model=MODEL      Use ...".
function __kvasir_options
    __kvasir_run $argv[1] --help | string match -r '^  (?:-[a-z], )?--[a-z].*'
end

# Whether option $argv[1] wants a value, by the lines behind it.
function __kvasir_wants_value
    string match -qr -- '^  (-[a-z], )?'$argv[1]'=|^  '$argv[1]', --[a-z-]*=' $argv[2..]
end

# What can be the value of option $argv[1]; $argv[2]: the beginning that is there, for names of files.
function __kvasir_values
    switch $argv[1]
        case --kv
            printf '%s\n' int8 f16 f32
        case --isa
            printf '%s\n' c blas avx2 avx512
        case --shape
            printf '%s\n' glm-4-9b tiny
        case --type
            printf '%s\n' q4_0 q5_0 q8_0 q4_k q5_k q6_k q4_k_m bf16 f16 f32
        case -c --corpus
            __kvasir_corpora
        case --ocr-language
            tesseract --list-langs 2>/dev/null | tail -n +2
        case --continue --delete
            __kvasir_numbers chat --list
        case '*'
            __fish_complete_path $argv[2]
    end
end

# The words of the command line that are no options and no values of them, the command first; $argv: the options of the command.
function __kvasir_arguments
    set -l words (commandline -opc)[2..]
    set -l value
    for word in $words
        if test -n "$value"
            set value
        else if not string match -q -- '-*' $word
            echo $word
        else if not string match -q -- '*=*' $word; and __kvasir_wants_value $word $argv
            set value yes
        end
    end
end

function __kvasir_complete
    set -l token (commandline -ct)
    set -l words (commandline -opc)
    set -l options (__kvasir_options $words[2])

    if string match -qr -- '^--[a-z-]+=' $token
        set -l parts (string split -m 1 = -- $token)
        __kvasir_values $parts[1] $parts[2] | string replace -r -- '^' $parts[1]=
        return
    end
    if string match -q -- '-*' $words[-1]; and __kvasir_wants_value $words[-1] $options
        __kvasir_values $words[-1] $token
        return
    end
    if string match -q -- '-*' $token
        string replace -rf -- '^  (?:-[a-z], )?(--[a-z-]+)\S*  +(.*)' '$1\t$2' $options
        return
    end
    set -l arguments (__kvasir_arguments $options)
    switch $arguments[1]/(math (count $arguments) - 1)
        case help/0
            __kvasir_commands
        case corpus/0
            printf '%s\n' list show remove
        case corpus/1
            __kvasir_corpora
        case cache/0
            printf '%s\n' status verify trim clear export import
        case model/0
            printf '%s\n' info list prepare prepared calibrate
        case 'history/*'
            contains -- --delete $words; and __kvasir_numbers history
        case show/0
            __kvasir_numbers history
        case verify/0
            __fish_complete_path $token
            __kvasir_numbers history
        case 'search/*' 'help/*' 'version/*' 'show/*'
        case '*'
            __fish_complete_path $token
    end
end

complete -c kvasir -f
complete -c kvasir -n 'test (count (commandline -opc)) -eq 1' -a '(__kvasir_commands)'
complete -c kvasir -n 'test (count (commandline -opc)) -gt 1' -a '(__kvasir_complete)' -k
