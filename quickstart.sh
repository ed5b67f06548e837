#!/bin/sh
# quickstart.sh - from a clone to an answer, on Debian.
#
# Installs missing packages (as root or with sudo), bootstraps, configures and
# builds in build/, then asks two questions about a page of kvasir's own manual as
# PDF, and compares the answers with what stands there.  What it caches lies in
# build/quickstart; your own files are not touched.
set -eu
cd "$(dirname "$0")"
. ./scripts/setup.sh

setup

home=$PWD/build/quickstart
kvasir=$PWD/build/kvasir
rm -rf "$home"
mkdir -p "$home"
export KVASIR_CACHE_DIR="$home/cache" KVASIR_DATA_DIR="$home/data" XDG_CONFIG_HOME="$home/config"
export KVASIR_MODEL="$PWD/build/demo/demo.gguf"
unset KVASIR_ISA KVASIR_THREADS

# What it cost, from the JSON of an answer; fails unless the answer has the words $1 and rests on page $2.
check() {
    perl -MJSON::PP -0777 -e '
        my ($words, $page, $reply) = (@ARGV, decode_json(<STDIN>));
        my ($answer, $usage) = @$reply{"answer", "usage"};
        $answer =~ s/\s+/ /g;
        printf "    (%d tokens of %d read back from the cache, %d computed, %.1f s)\n", $usage->{cache_read_tokens},
            $usage->{prompt_tokens}, $usage->{prompt_tokens} - $usage->{cache_read_tokens}, $reply->{timings}{total_s};
        my @pages = map { $_->{start_page_number} } @{$reply->{citations}};
        exit !(index($answer, $words) >= 0 && "@pages" eq $page);' "$@"
}

# ask QUESTION WORDS PAGE: asks, as text and once more as JSON.
ask() {
    echo "\$ kvasir ask \"$1\" kvasir-ingest.pdf"
    "$kvasir" ask -q --json "$1" kvasir-ingest.pdf >answer.json || die "kvasir failed"
    "$kvasir" ask -q "$1" kvasir-ingest.pdf | sed 's/^/    /'
    check "$2" "$3" <answer.json || die "that is not what stands on page $3: \"$2\""
    echo
}

groff -mdoc -Tpdf man/kvasir-ingest.1 >"$home/kvasir-ingest.pdf"
cd "$home"
echo "The small model that is installed finds and copies; it does not reason."
echo
ask "What does the option --no-ignore do?" "Do not look at .kvasirignore files" 2
ask "What does --bibliography do?" "Cite the documents by the names that file has for them" 2
echo "\$ kvasir cache status"
"$kvasir" cache status | sed 's/^/    /'
echo
echo "For a model that reasons: GLM-4-9B-Chat; see man/kvasir-models.7."
