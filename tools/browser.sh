#!/bin/sh
# Install Debian's chromium and a Chinese font for the browser tests, when they are missing and root may.
# Never fails: browser tests without a browser are skipped with their reason, and CITYOPS_NEED_BROWSER=1 makes that a failure.
have_browser() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1; }
have_font() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ]; }
have_browser && have_font && exit 0
wanted=""
have_browser || wanted="chromium"
have_font || wanted="$wanted fontconfig fonts-noto-cjk"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "browser tests: cannot install:$wanted (needs root and apt-get). Without chromium they are skipped."
    exit 0
fi
echo "browser tests: installing $wanted from Debian"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends $wanted >/dev/null ||
    echo "browser tests: apt-get could not install $wanted; without chromium they are skipped."
exit 0
