#!/bin/sh
# The order of the layers, read from the #include lines of the sources:
# base <- kernel <- model; base <- ingest; base <- cache; answer joins them; cli on top.
. "$top_srcdir/tests/tap.sh"

# Prints "FILE:LINE: what is wrong" for each violation in the tree $1.
violations() {
    ( cd "$1" && find src ingest cache -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include' {} + ) |
    sort | awk -F: '
        function layer_of(path) {
            if (path !~ "/")
                return "top"
            sub(/^src\//, "", path)
            sub(/\/.*/, "", path)
            return path
        }
        BEGIN {
            may["base"]   = " base "
            may["kernel"] = " base kernel "
            may["model"]  = " base kernel model "
            may["ingest"] = " base ingest "
            may["cache"]  = " base cache "
            may["answer"] = " base model ingest cache answer "
            may["cli"]    = " base model ingest cache answer cli "
            # Headers that make the boundary of a layer; its others are its own.
            open["model"] = " engine.h tokenizer.h chat.h sample.h machine.h "
            open["ingest"] = " bibliography.h document.h pack.h places.h pool.h sketch.h tree.h "
            open["cache"] = " store.h catalogue.h search.h search_query.h "
            # Libraries that one layer has to itself.
            only["cblas.h"] = only["immintrin.h"] = "kernel"
            only["poppler.h"] = only["libxml"] = only["uchardet"] = "ingest"
            only["sqlite3.h"] = "cache"
            only["readline/"] = "cli"
        }
        {
            file = $1; layer = layer_of(file)
            place = file ":" $2 ": "
            name = $0
            if (name ~ /include[[:space:]]*</) {
                sub(/.*</, "", name); sub(/>.*/, "", name)
                if (layer == "kernel" && name ~ /^(glib|gio)/)
                    print place "kernel is plain C and includes <" name ">"
                for (library in only)
                    if (index(name, library) == 1 && only[library] != layer)
                        print place "<" name "> belongs to " only[library] " alone"
                next
            }
            sub(/[^"]*"/, "", name); sub(/".*/, "", name)
            if (name == "config.h")
                next
            wanted = layer_of(name)
            if (!(wanted in may))
                print place "\"" name "\" does not name its folder"
            else if (index(may[layer], " " wanted " ") == 0)
                print place layer " must not include \"" name "\""
            else if ((wanted in open) && layer != wanted) {
                sub(/.*\//, "", name)
                if (index(open[wanted], " " name " ") == 0)
                    print place "\"" name "\" is for " wanted " alone"
            }
        }'
}

in_order() {
    violations "$1" >"$scratch/found"
    cat "$scratch/found"
    [ ! -s "$scratch/found" ]
}

# A tree with one violation of each kind; all must be found by file and line.
make_bad_tree() {
    mkdir -p "$scratch/bad/src/base" "$scratch/bad/src/kernel" "$scratch/bad/src/answer" \
        "$scratch/bad/ingest" "$scratch/bad/cache"
    printf '#include "config.h"\n#include "cache/store.h"\n' >"$scratch/bad/ingest/a.c"
    printf '#include "src/kernel/types.h"\n' >"$scratch/bad/src/base/a.h"
    printf '#include <glib.h>\n' >"$scratch/bad/src/kernel/a.c"
    printf '#include <glib.h>\n#include "src/model/weights.h"\n#include <sqlite3.h>\n' >"$scratch/bad/src/answer/a.c"
    printf '#include "store.h"\n' >"$scratch/bad/cache/a.c"
    cat >"$scratch/expected" <<'END'
cache/a.c:1: "store.h" does not name its folder
ingest/a.c:2: ingest must not include "cache/store.h"
src/answer/a.c:2: "weights.h" is for model alone
src/answer/a.c:3: <sqlite3.h> belongs to cache alone
src/base/a.h:1: base must not include "src/kernel/types.h"
src/kernel/a.c:1: kernel is plain C and includes <glib.h>
END
}

finds_violations() {
    violations "$scratch/bad" | diff -u "$scratch/expected" -
}

make_bad_tree
ok "violations are found by file and line" finds_violations
ok "the layers include only what lies below them" in_order "$top_srcdir"
finish
