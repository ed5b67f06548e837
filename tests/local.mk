# Tests: programs (g_test, TAP) and shell scripts (TAP).  One fragment per layer.
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
# Waiting threads sleep: tests run several at a time on few cores.  Of LSAN_OPTIONS only a build with sanitizers takes notice.
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	G_TEST_SRCDIR='$(abs_top_srcdir)/tests'; G_TEST_BUILDDIR='$(abs_top_builddir)/tests'; \
	: $${KVASIR_SHARED:='$(abs_top_srcdir)/../shared'}; \
	: $${OMP_WAIT_POLICY:=passive}; export OMP_WAIT_POLICY; \
	: $${LSAN_OPTIONS:='suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0'}; export LSAN_OPTIONS; \
	export top_srcdir top_builddir G_TEST_SRCDIR G_TEST_BUILDDIR KVASIR_SHARED;

EXTRA_DIST += tests/lsan.supp

include tests/base.mk
include tests/kernel.mk
include tests/model.mk
include tests/ingest.mk
include tests/cache.mk
include tests/answer.mk
include tests/cli.mk
include tests/docs.mk
include tests/eval/local.mk
