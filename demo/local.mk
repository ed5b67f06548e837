# The model that is installed.  It is nearly empty, so that it is kept compressed: 0.6 MB of 30.
pkgdata_DATA += demo/demo.gguf
CLEANFILES += demo/demo.gguf
demo/demo.gguf: $(srcdir)/demo/lookup.gguf.gz
	$(AM_V_GEN)$(MKDIR_P) demo && gzip -dc $(srcdir)/demo/lookup.gguf.gz >$@.tmp && mv $@.tmp $@

# What it is made of: HACKING.md.
EXTRA_DIST += demo/lookup.gguf.gz demo/vocabulary demo/README.md demo/construct.py demo/export.py demo/forward.py \
	demo/learn_words.py demo/make_model.py demo/rotary.py demo/rounding.py demo/tokens.py
