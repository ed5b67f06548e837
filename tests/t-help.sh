#!/bin/sh
# Pages and program say the same: commands, options and configuration keys.
. "$top_srcdir/tests/tap.sh"
kvasir=$top_builddir/kvasir

page_text() {
    groff -mdoc -Tascii -P-cbou "$top_srcdir/man/$1"
}

# Options of "kvasir $1 --help": the words at the start of an entry.
help_options() {
    "$kvasir" "$1" --help | sed -n 's/^  \(-[^ =,]*\(, --[a-z-]*\)\{0,1\}\).*/\1/p' | tr -d ' ' | tr ',' '\n' | sort -u
}

# Long options that the text on standard input mentions.
long_options() {
    grep -oE '(^|[^-a-z])--[a-z][a-z-]*' | sed 's/^[^-]//' | sort -u
}

all_in() {
    missing=0
    while read -r word; do
        grep -qFxe "$word" "$2" || { echo "$word $3"; missing=1; }
    done <"$1"
    [ "$missing" -eq 0 ]
}

options_of_command_in_page() {
    help_options "$1" >"$scratch/help"
    page_text "kvasir-$1.1" >"$scratch/text"
    grep -q -- '--help' "$scratch/help" || { echo "no options in the help of $1"; return 1; }
    grep -oE -- '(^|[^-a-z])--?[a-zA-Z][a-z-]*' "$scratch/text" | sed 's/^[^-]//' | sort -u >"$scratch/mentioned"
    printf '%s\n' -h --help --model --threads --quiet >>"$scratch/mentioned"    # in kvasir(1)
    all_in "$scratch/help" "$scratch/mentioned" "is not in kvasir-$1(1)"
}

options_of_page_in_command() {
    # Other programs and commands may stand in the examples.
    page_text "kvasir-$1.1" | grep -vF '$ ' | long_options >"$scratch/page"
    help_options "$1" >"$scratch/help"
    printf '%s\n' --kv --isa --precise --no-cache >>"$scratch/help"    # common; a page may name them all
    all_in "$scratch/page" "$scratch/help" "of kvasir-$1(1) is not in the program"
}

has_page() {
    [ -f "$top_srcdir/man/kvasir-$1.1" ] && grep -Fqx ".Xr kvasir-$1 1 ." "$top_srcdir/man/kvasir.1"
}

keys_in_page() {
    sed -n 's/.*strcmp(key, "\([a-z-]*\)").*/\1/p' "$top_srcdir/src/cli/settings.c" | sort >"$scratch/program"
    sed -n 's/^\.It Ic \([a-z-]*\)$/\1/p' "$top_srcdir/man/kvasir.conf.5" | sort >"$scratch/page"
    [ -s "$scratch/page" ] && diff "$scratch/program" "$scratch/page"
}

variables_in_page() {
    grep -oh '"KVASIR_[A-Z_]*"' "$top_srcdir"/src/cli/*.c | tr -d '"' | sort -u >"$scratch/program"
    sed -n 's/^\.It Ev \(KVASIR_[A-Z_]*\)$/\1/p' "$top_srcdir/man/kvasir.1" | sort >"$scratch/page"
    [ -s "$scratch/page" ] && diff "$scratch/program" "$scratch/page"
}

commands=$("$kvasir" help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')
for command in $commands; do
    case $command in help | version) continue ;; esac
    ok "$command has a page that kvasir(1) points to" has_page "$command"
    ok "$command: its options are in the page" options_of_command_in_page "$command"
    ok "$command: the options of the page are its own" options_of_page_in_command "$command"
done
ok "configuration keys are those of kvasir.conf(5)" keys_in_page
ok "environment variables are those of kvasir(1)" variables_in_page
finish
