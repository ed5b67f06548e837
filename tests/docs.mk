# Tests of docs.
