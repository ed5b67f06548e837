#!/bin/sh
# The examples of the man pages run as they are written.
#
# An example is a line "$ command" in a literal display, with further lines
# "> ..." behind it as a shell would prompt for them.  A display behind a comment
# '.\" not run: REASON' is left out.  Each page has a folder of its own with the
# files that the examples name, and the look-up model.
. "$top_srcdir/tests/tap.sh"

command -v bash >/dev/null || skip_all "no bash"

# Prints the examples of page $1, each ended by a line with a lone form feed.
examples() {
    awk '
        /^\.\\" not run: / { skip = 1; next }
        /^\.Bd -literal/   { literal = !skip; skip = 0; next }
        /^\.Ed/            { flush_command(); literal = 0; next }
        literal && /^\$ /  { flush_command(); command = substr($0, 3); next }
        literal && command != "" && /^> / { command = command "\n" substr($0, 3) }
        function flush_command() {
            if (command != "") {
                gsub(/\\e/, "\\", command)
                print command "\n\f"
            }
            command = ""
        }' "$1"
}

sample_files() {
    mkdir -p papers manuals
    groff -mdoc -Tpdf "$top_srcdir/man/kvasir-tokens.1" >paper.pdf 2>groff.log || return
    cp paper.pdf papers/first.pdf
    printf '.TH FROB 1\n.SH NAME\nfrob \\- twiddle\n' >frob.1
    cat >notes.html <<'END'
<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Notes</title></head>
<body><h1>Learning rate</h1><p>The learning rate is 0.003 in all runs.</p></body></html>
END
    printf '# Backup\n\nA backup is restored with the command *restore*.\n' >manuals/backup.md
    printf 'Printers\n\nThe printer stands in the cellar.\n' >manuals/printer.txt
    printf '@misc{frob, author = {Frob, J}, year = 2020, title = {Notes}}\n' >library.bib
    printf 'What is a token?\nWhat does --decode do?\n' >questions.txt
    ln -s "$top_builddir/demo/demo.gguf" model.gguf
    ln -s "$top_builddir/demo/demo.gguf" glm-4-9b-chat-Q4_K_M.gguf
}

# Status 1, "nothing found", is an honest answer of a model of random words.
run_example() {
    case $1 in
    *'| head'*) pipefail= ;;    # which closes the pipe on purpose
    *) pipefail='-o pipefail' ;;
    esac
    status=0
    # shellcheck disable=SC2086
    bash $pipefail -c "$1" </dev/null >"$scratch/said" || status=$?
    tee -a "$scratch/$name.out" <"$scratch/said"
    case $1 in
    *kvasir\ ask*) [ "$status" -le 1 ] ;;
    *) [ "$status" -eq 0 ] ;;
    esac || { echo "exit status $status"; return 1; }
}

PATH=$top_builddir:$PATH
unset KVASIR_ISA KVASIR_THREADS
for page in "$top_srcdir"/man/*.[1-9]; do
    name=${page##*/}
    home=$scratch/$name
    mkdir "$home" && cd "$home" || exit 1
    HOME=$home XDG_CONFIG_HOME=$home/.config KVASIR_CACHE_DIR=$home/.cache KVASIR_DATA_DIR=$home/.data
    KVASIR_MODEL=$top_builddir/demo/demo.gguf
    export PATH HOME XDG_CONFIG_HOME KVASIR_CACHE_DIR KVASIR_DATA_DIR KVASIR_MODEL
    ok "$name: sample files" sample_files
    examples "$page" >"$scratch/examples"
    command=
    while IFS= read -r line; do
        if [ "$line" = "$(printf '\f')" ]; then
            ok "$name: $(printf '%s' "$command" | head -n 1 | tr '#' ' ')" run_example "$command"
            command=
        else
            command=${command:+$command
}$line
        fi
    done <"$scratch/examples"
done
cd "$top_builddir" || exit 1
ok "the loop of kvasir-workflows(7) answered both questions" \
    test "$(grep -c "\"answer\"" "$scratch/kvasir-workflows.7/answers.json")" -eq 2
ok "kvasir-models(7) shows what the look-up model answers" \
    grep -Fqx "Take the vocabulary from file, a tokenizer.model with lines of a token in base64 and its rank, instead of from a model. [1]" "$scratch/kvasir-models.7.out"
finish
