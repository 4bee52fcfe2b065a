#!/bin/sh
# Installs hikyaku: the Debian package where there is dpkg and root, else the folder with its own Node. It says what it
# will do and asks (or --yes), checks SHA256SUMS, and runs nothing that did not arrive whole. Run again, it upgrades.
#
#   sh install.sh [--yes] [--user]
#
# HIKYAKU_RELEASE_URL: where SHA256SUMS and the files are. The sums guard against damage on the way; that the host is the
# right one is for HTTPS to prove.
set -eu

# The one address, written here when a release is made (makers.ts), from `repository` in package.json.
release_url=''

# All of it is a function, called in the last line: of a script that was cut on its way nothing is run.
main() {
  release_url=${HIKYAKU_RELEASE_URL:-$release_url}
  release_url=${release_url%/}
  yes=no user=no
  for word in "$@"; do
    case $word in
      --yes | -y) yes=yes ;;
      --user) user=yes ;;
      --help | -h) usage && exit 0 ;;
      *) usage >&2 && exit 2 ;;
    esac
  done
  check_address
  find_machine
  find_tools
  choose_way
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' HUP INT TERM
  fetch SHA256SUMS
  choose_file
  tell_plan
  ask
  fetch "$file"
  check_sum
  if [ "$way" = deb ]; then install_deb; else install_folder; fi
  tell_next
}

usage() {
  say 'usage: install.sh [--yes] [--user]
  --yes   asks nothing
  --user  for yourself alone, into ~/.local, without root
  HIKYAKU_RELEASE_URL=https://... where the files of a release are' \
    '使い方: install.sh [--yes] [--user]
  --yes   質問しません
  --user  root を使わず、自分だけのために ~/.local へ入れます
  HIKYAKU_RELEASE_URL=https://... リリースのファイルがある場所'
}

# say ENGLISH JAPANESE: in the owner's language, chosen as hikyaku itself does.
say() {
  locale=${HIKYAKU_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}}
  case $locale in
    ja | ja[._@-]* | JA | JA[._@-]*) printf '%s\n' "$2" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

fail() {
  say "$1" "$2" >&2
  exit 1
}

check_address() {
  [ -n "$release_url" ] || fail \
    'Nothing was installed: this copy of install.sh does not know where releases are. Give it: HIKYAKU_RELEASE_URL=https://...' \
    '何もインストールしていません。この install.sh はリリースの場所を知りません。HIKYAKU_RELEASE_URL=https://... で指定してください。'
  case $release_url in
    https://* | http://127.0.0.1:* | http://127.0.0.1/* | http://localhost:* | http://\[::1\]:*) ;;
    *) fail "Nothing was installed: $release_url is not https." "何もインストールしていません。$release_url は https ではありません。" ;;
  esac
}

# Where hikyaku's own Node runs: Linux, 64 bits, glibc 2.28 or newer.
find_machine() {
  system=$(uname -s)
  machine=$(uname -m)
  case $system in
    Linux) ;;
    Darwin) refuse_machine 'macOS' 'Install Node.js 22.13 or newer, then: npm install --global hikyaku' \
      'Node.js 22.13 以上を入れてから: npm install --global hikyaku' ;;
    *) refuse_machine "$system" 'Where Node.js 22.13 or newer runs: npm install --global hikyaku' \
      'Node.js 22.13 以上が動くなら: npm install --global hikyaku' ;;
  esac
  case $machine in
    x86_64 | amd64) architecture=amd64 ;;
    aarch64 | arm64) architecture=arm64 ;;
    *) refuse_machine "Linux $machine" 'It needs a 64-bit system (x86_64 or aarch64).' \
      '64 ビットのシステム（x86_64 または aarch64）が必要です。' ;;
  esac
  # A kernel of 64 bits below a system of 32, as on many a Raspberry Pi.
  [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 64 ] ||
    refuse_machine 'Linux, 32-bit' 'It needs a 64-bit system; for a Raspberry Pi there is Raspberry Pi OS (64-bit).' \
      '64 ビットのシステムが必要です。Raspberry Pi には Raspberry Pi OS (64-bit) があります。'
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | head -n 1 || true)
  case $libc in
    *glibc* | *GLIBC* | *'GNU libc'*) ;;
    *) refuse_machine 'Linux without glibc (musl, as in Alpine)' \
      'Use the container image, or Node.js 22.13 or newer of your system: npm install --global hikyaku' \
      'コンテナのイメージを使うか、システムの Node.js 22.13 以上で: npm install --global hikyaku' ;;
  esac
  number=${libc##* }
  major=${number%%.*}
  minor=${number#*.}
  minor=${minor%%[!0-9]*}
  if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -lt 28 ]; }; then
    refuse_machine "glibc $number" 'It needs glibc 2.28 or newer (Debian 10, Ubuntu 18.10, RHEL 8 or later).' \
      'glibc 2.28 以上（Debian 10、Ubuntu 18.10、RHEL 8 以降）が必要です。'
  fi
}

refuse_machine() {
  fail "Nothing was installed: there is no package for this computer ($1). $2" \
    "何もインストールしていません。このコンピューター（$1）のためのパッケージはありません。$3"
}

has() { command -v "$1" >/dev/null 2>&1; }

find_tools() {
  if has curl; then fetcher=curl; elif has wget; then fetcher=wget; else
    fail 'Nothing was installed: neither curl nor wget is here.' '何もインストールしていません。curl も wget もありません。'
  fi
  for tool in sha256sum tar gzip mktemp awk; do
    has "$tool" || fail "Nothing was installed: $tool is missing." "何もインストールしていません。$tool がありません。"
  done
}

# The package needs root: as root, or by sudo.
choose_way() {
  as_root='' way=folder
  id=$(id -u)
  if [ "$user" = no ] && has dpkg && [ "$(dpkg --print-architecture)" = "$architecture" ]; then
    if [ "$id" -eq 0 ]; then way=deb; elif has sudo; then way=deb as_root=sudo; fi
  fi
  [ "$way" = folder ] || return 0
  if [ "$id" -eq 0 ] && [ "$user" = no ]; then library=/opt/hikyaku programs=/usr/local/bin; else
    library=${HOME:?}/.local/lib/hikyaku programs=$HOME/.local/bin
  fi
}

# fetch NAME: into the temporary folder, whole or not at all.
fetch() {
  # A line that broke is tried again by hand; GNU's wget by itself would try for hours. Busybox's knows no tries.
  if [ "$fetcher" = curl ]; then
    curl --fail --silent --show-error --location --proto-redir =https --connect-timeout 30 --speed-limit 1 \
      --speed-time 60 --output "$work/$1" "$release_url/$1" && return 0
  elif wget --help 2>&1 | grep -q -e --tries; then
    wget --quiet --tries=2 --timeout=60 --output-document="$work/$1" "$release_url/$1" && return 0
  else
    wget -q -T 60 -O "$work/$1" "$release_url/$1" && return 0
  fi
  fail "Nothing was installed: $release_url/$1 could not be fetched whole. Try again later." \
    "何もインストールしていません。$release_url/$1 を最後まで取得できませんでした。時間をおいて試してください。"
}

# The release's own list says which version there is.
choose_file() {
  if [ "$way" = deb ]; then form="^hikyaku_[0-9][0-9A-Za-z.+~-]*_${architecture}[.]deb\$"; else
    form="^hikyaku-[0-9][0-9A-Za-z.+~-]*-linux-${architecture}[.]tar[.]gz\$"
  fi
  file=$(awk -v form="$form" 'NF == 2 && length($1) == 64 { sub(/^[*]/, "", $2); if ($2 ~ form) print $2 }' "$work/SHA256SUMS")
  case $file in
    '' | *[!0-9A-Za-z.+~_-]*) fail "Nothing was installed: SHA256SUMS at $release_url names no one package for this computer ($way, $architecture)." \
      "何もインストールしていません。$release_url の SHA256SUMS に、このコンピューター（$way、$architecture）のためのパッケージが 1 つ見つかりません。" ;;
  esac
}

tell_plan() {
  say "This will be done:
  fetch   $release_url/$file
  check   its SHA-256 against $release_url/SHA256SUMS" \
    "次のことを行います:
  取得    $release_url/$file
  照合    $release_url/SHA256SUMS にある SHA-256 と"
  if [ "$way" = deb ]; then
    say "  as root $(deb_command): program, manual pages, user \"hikyaku\", service (not started)" \
      "  root で $(deb_command)：プログラム、マニュアル、ユーザー hikyaku、サービス（開始はしません）"
    return
  fi
  say "  unpack  into $library
  link    $programs/hikyaku" \
    "  展開    $library へ
  リンク  $programs/hikyaku"
  [ "$(id -u)" -ne 0 ] || say '  all of it as root' '  すべて root として行います'
}

# What the owner has changed in /etc stays.
deb_command() {
  if has apt-get; then echo "${as_root:+$as_root }apt-get install --yes -o Dpkg::Options::=--force-confold ./$file"; else
    echo "${as_root:+$as_root }dpkg --install --force-confold $file"
  fi
}

ask() {
  [ "$yes" = no ] || return 0
  # The script itself may be standard input: curl ... | sh.
  # In a shell of its own: where it cannot be opened, dash would end this one.
  if ! (: </dev/tty) 2>/dev/null; then
    fail 'Nothing was installed: there is no terminal to ask at. With --yes it asks nothing.' \
      '何もインストールしていません。質問するための端末がありません。--yes を付けると質問しません。'
  fi
  say 'Go on? [y/N]' '続けますか? [y/N]'
  read -r answer </dev/tty || answer=
  case $answer in
    y | Y | yes | はい) ;;
    *) fail 'Nothing was installed.' '何もインストールしていません。' ;;
  esac
}

check_sum() {
  if ! (cd "$work" && awk -v file="$file" '{ name = $2; sub(/^[*]/, "", name); if (name == file) print $1 "  " file }' \
    SHA256SUMS | sha256sum -c - >/dev/null 2>&1); then
    fail "Nothing was installed: $file is not what SHA256SUMS says. It was damaged on its way, or somebody changed it." \
      "何もインストールしていません。$file は SHA256SUMS と一致しません。途中で壊れたか、だれかが変更しています。"
  fi
}

install_deb() {
  # apt reads it as another user.
  chmod 755 "$work"
  chmod 644 "$work/$file"
  # Standard input may be this script.
  if has apt-get; then
    (cd "$work" && $as_root apt-get install --yes -o Dpkg::Options::=--force-confold "./$file" </dev/null) || fail_command
  else
    $as_root dpkg --install --force-confold "$work/$file" </dev/null || fail_command
  fi
  program=hikyaku
}

fail_command() {
  fail "It did not end well: $(deb_command). Its own words stand above." "うまくいきませんでした: $(deb_command)。理由は上の表示にあります。"
}

# Each version has a folder of its own, and the link says which one runs: the one before stays, to go back to.
install_folder() {
  version=${file#hikyaku-}
  version=${version%-linux-*}
  mkdir -p "$library" "$programs"
  rm -rf "$library/new.$$"
  mkdir "$library/new.$$"
  trap 'rm -rf "$work" "$library/new.$$"' EXIT
  gzip -dc "$work/$file" | (cd "$library/new.$$" && tar -xf -)
  "$library/new.$$/hikyaku-$version/hikyaku" --version >/dev/null ||
    fail 'Nothing was changed: the program does not start on this computer. Its own words stand above.' \
      '何も変更していません。このコンピューターではプログラムが起動しません。理由は上の表示にあります。'
  rm -rf "$library/hikyaku-$version"
  mv "$library/new.$$/hikyaku-$version" "$library/hikyaku-$version"
  rm -rf "$library/new.$$"
  ln -s "$library/hikyaku-$version/hikyaku" "$programs/hikyaku.new.$$"
  mv -f "$programs/hikyaku.new.$$" "$programs/hikyaku"
  program=$programs/hikyaku
}

tell_next() {
  installed=$("$program" --version)
  say "hikyaku $installed is installed." "hikyaku $installed をインストールしました。"
  case ":$PATH:" in
    *":${programs:-}:"*) ;;
    *) [ "$way" = deb ] || say "$programs is not in your PATH: write the whole path, or add it." \
      "$programs は PATH にありません。パス全体を書くか、PATH に加えてください。" ;;
  esac
  say "Set it up: $program setup" "設定する: $program setup"
  # Each folder is a version of its own, which a service is bound to; the package sees to its service itself.
  [ "$way" = deb ] || say "Where it runs as a service already: $program service install, with the options of before" \
    "すでにサービスとして動いている場合: 前と同じオプションで $program service install"
}

main "$@"
