#!/bin/sh
# Installs what a full test run needs beyond Python, where this machine allows it.
# Never fails: a test whose tool is missing says so itself (and fails when CI is set).
want=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || want="$want chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || want="$want postgresql"
fc-list 2>/dev/null | grep -qi "cjk\|wqy" || want="$want fontconfig fonts-wqy-microhei"
fc-list 2>/dev/null | grep -qi "hanamin" || want="$want fonts-hanazono"
command -v pdfsig >/dev/null 2>&1 || want="$want poppler-utils"
command -v node >/dev/null 2>&1 || want="$want nodejs npm"
ls /usr/lib/apache2/modules/mod_auth_openidc.so >/dev/null 2>&1 || want="$want apache2 libapache2-mod-auth-openidc"
if [ -n "$want" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing for the tests:$want"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $want; } >/dev/null 2>&1 \
            || echo "Could not install:$want (the tests that need them are skipped and say so)"
    else
        echo "Not installed, needs root and apt:$want (the tests that need them are skipped and say so)"
    fi
fi
if [ -f package.json ] && command -v npm >/dev/null 2>&1 && [ ! -f node_modules/.installed ]; then
    echo "Installing Node.js packages for the tests"
    npm install --silent --no-audit --no-fund --no-package-lock >/dev/null 2>&1 \
        && touch node_modules/.installed \
        || echo "Could not install the Node.js packages of package.json"
fi
exit 0
