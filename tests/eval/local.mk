# The measure of retrieval: scripts to be run by hand.  tests/t-eval.sh tests them.
EXTRA_DIST += tests/eval/README.md tests/eval/evaluate.py tests/eval/report.py tests/eval/oracle.py tests/eval/lossy.py \
	tests/eval/long_model.py tests/eval/long_text.py \
	tests/eval/haystack.py tests/eval/runner.py tests/eval/scoring.py tests/eval/sources.py tests/eval/tasks.py
TESTS += tests/t-eval.sh
EXTRA_DIST += tests/t-eval.sh
