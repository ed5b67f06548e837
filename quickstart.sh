#!/bin/sh
# quickstart.sh - from a clone to an answer, on Debian.
#
# Installs missing packages (as root or with sudo), bootstraps, configures and
# builds in build/, then asks two questions about a real PDF, kvasir's own
# manual.  What it caches lies in build/quickstart; your own files are not touched.
set -eu
cd "$(dirname "$0")"
. ./scripts/setup.sh

setup

home=$PWD/build/quickstart
mkdir -p "$home"
export KVASIR_CACHE_DIR="$home/cache" KVASIR_DATA_DIR="$home/data" XDG_CONFIG_HOME="$home/config"
export KVASIR_MODEL="$PWD/build/demo/demo.gguf"
unset KVASIR_ISA KVASIR_THREADS
manual=build/man/kvasir.pdf

# Shows one "ask --json" answer: its words, its pages, and what it cost.
show() {
    perl -MJSON::PP -0777 -ne '
        binmode STDOUT, ":encoding(UTF-8)";
        my $reply = decode_json($_);
        my ($answer, $usage) = @$reply{"answer", "usage"};
        $answer =~ s/\s+/ /g;
        print "    ", substr($answer, 0, 70), (length $answer > 70 ? "..." : ""), "\n";
        printf "    prompt: %d tokens; read back from the cache: %d; computed: %d; answer: %d\n",
            $usage->{prompt_tokens}, $usage->{cache_read_tokens},
            $usage->{prompt_tokens} - $usage->{cache_read_tokens}, $usage->{output_tokens};
        printf "    it rests on: %s, page %d\n", @$_{qw(document_title start_page_number)} for @{$reply->{citations}};
        print "    it rests on no page\n" unless @{$reply->{citations}};'
}

ask() {
    echo "\$ kvasir ask --max-tokens 64 \"$1\" $manual"
    # 1 is "not found in the documents", an honest answer.
    status=0
    build/kvasir ask --json --max-tokens 64 "$1" "$manual" >"$home/answer.json" || status=$?
    [ "$status" -le 1 ] || exit "$status"
    show <"$home/answer.json"
    echo
}

echo "The demonstration model has random weights: its words mean nothing, only the counts do."
echo
ask "How can a long computation be interrupted?"
ask "Where is the configuration file?"
echo "\$ kvasir cache status"
build/kvasir cache status | sed 's/^/    /'
echo
echo "For real answers: build/kvasir needs GLM-4-9B-Chat; see man/kvasir-models.7."
