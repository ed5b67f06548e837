# Tests of answer.
