# Completion for bash.
EXTRA_DIST += completion/kvasir.bash

# bash-completion looks for a file of the command's name.
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(bashcompdir)"
	$(INSTALL_DATA) $(srcdir)/completion/kvasir.bash "$(DESTDIR)$(bashcompdir)/kvasir"
uninstall-local:
	rm -f "$(DESTDIR)$(bashcompdir)/kvasir"
