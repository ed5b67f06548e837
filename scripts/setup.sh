# setup.sh - what quickstart.sh and test.sh share: packages, configure, make.
# To be sourced by a shell that stands at the top of the tree.

# What the build needs on Debian 12; mandoc is for the tests of the man pages.
packages='autoconf automake binutils gcc groff libarchive-dev libbrotli-dev libc6-dev libglib2.0-dev
    libjson-glib-dev libopenblas-dev libpoppler-glib-dev libreadline-dev libseccomp-dev libsqlite3-dev
    libuchardet-dev libxml2-dev libxxhash-dev libzstd-dev make mandoc perl pkgconf'

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$0: $*"
    exit 1
}

# Runs a step with its output in build/NAME.log; shows the end of that if it fails.
step() {
    step_name=$1
    shift
    "$@" >"build/$step_name.log" 2>&1 && return
    tail -n 40 "build/$step_name.log" >&2
    die "$step_name failed; all of its output is in build/$step_name.log"
}

missing_packages() {
    for package in $packages; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            printf '%s ' "$package"
    done
}

apt_get() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
}

install_packages() {
    set -- --yes --no-install-recommends install "$@"
    # A fresh image has no package lists, or old ones that name files which are gone.
    if ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 && apt_get "$@"; then
        return
    fi
    apt_get update && apt_get "$@"
}

setup_packages() {
    command -v apt-get >/dev/null 2>&1 || return 0    # not Debian: configure says what it lacks
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        sudo=sudo
        command -v sudo >/dev/null 2>&1 ||
            die "run this as root, or install these packages: $missing"
    fi
    say "Installing Debian packages: $missing"
    # shellcheck disable=SC2086
    step packages install_packages $missing
}

configure_build() {
    ( cd build && ../configure --config-cache )
}

setup_build() {
    [ ! -f config.status ] || die "the sources are configured in place; run \"make distclean\" first"
    # A tree that was copied together with its build folder still points to the old place.
    if [ -f build/Makefile ] && ! grep -Fqx "abs_top_builddir = $PWD/build" build/Makefile; then
        rm -rf build
        mkdir build
    fi
    if [ ! -x configure ]; then
        say "Making configure"
        step autoreconf autoreconf --install
    fi
    if [ ! -f build/Makefile ]; then
        say "Configuring in build/"
        step configure configure_build
    fi
    make -C build --question all >/dev/null 2>&1 || say "Building with $(nproc) jobs"
    step make make -C build --no-print-directory -j"$(nproc)"
}

setup() {
    mkdir -p build
    setup_packages
    setup_build
}
