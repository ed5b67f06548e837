# Tests of cache.
