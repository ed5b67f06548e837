# Tests of kernel.
