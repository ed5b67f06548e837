# Completion for shells, each in a folder where the shell looks for a file of the command's name.
EXTRA_DIST += completion/kvasir.bash completion/kvasir.zsh completion/kvasir.fish

install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(bashcompdir)" "$(DESTDIR)$(zshcompdir)" "$(DESTDIR)$(fishcompdir)"
	$(INSTALL_DATA) $(srcdir)/completion/kvasir.bash "$(DESTDIR)$(bashcompdir)/kvasir"
	$(INSTALL_DATA) $(srcdir)/completion/kvasir.zsh "$(DESTDIR)$(zshcompdir)/_kvasir"
	$(INSTALL_DATA) $(srcdir)/completion/kvasir.fish "$(DESTDIR)$(fishcompdir)/kvasir.fish"
uninstall-local:
	rm -f "$(DESTDIR)$(bashcompdir)/kvasir" "$(DESTDIR)$(zshcompdir)/_kvasir" "$(DESTDIR)$(fishcompdir)/kvasir.fish"
