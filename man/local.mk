# Man pages, and all of them as one PDF: the manual.  Its order is the order of reading.
man_pages = \
	man/kvasir.1 man/kvasir-ask.1 man/kvasir-chat.1 man/kvasir-ingest.1 man/kvasir-corpus.1 \
	man/kvasir-search.1 man/kvasir-history.1 man/kvasir-show.1 man/kvasir-verify.1 \
	man/kvasir-text.1 man/kvasir-cache.1 man/kvasir-model.1 \
	man/kvasir-tokens.1 man/kvasir-logits.1 man/kvasir-plan.1 man/kvasir-bench.1 man/kvasir.conf.5 man/kvasir-cache.5 man/kvasir-json.5 \
	man/kvasir-formats.7 man/kvasir-models.7 man/kvasir-workflows.7
dist_man_MANS += $(man_pages)
EXTRA_DIST += man/pdf.roff

doc_DATA = man/kvasir.pdf
CLEANFILES += man/kvasir.pdf
# A fixed date, that of the pages, so that the same pages give the same file.
man/kvasir.pdf: man/pdf.roff $(man_pages)
	$(AM_V_GEN)$(MKDIR_P) man && pages= && \
	for page in $(man_pages); do pages="$$pages $(srcdir)/$$page"; done && \
	SOURCE_DATE_EPOCH=1795478400 $(GROFF) -k -mdoc -Tpdf -P-pa4 $(srcdir)/man/pdf.roff $$pages >$@.tmp && \
	mv $@.tmp $@
