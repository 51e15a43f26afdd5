#!/usr/bin/env bash
# Brings VS Code in the browser into the folder given: code-server, without the parts of it that need a compiler.
set -euo pipefail
version=4.100.3
target=$1
if [ -e "$target/.$version" ]; then
  exit 0
fi
echo "Installing code-server $version into $target, once …"
rm -rf "$target"
mkdir -p "$target"
cd "$target"
npm install --silent --prefix . --no-save --ignore-scripts "code-server@$version"
npm rebuild --silent argon2
cd node_modules/code-server/lib/vscode
npm install --silent --ignore-scripts --omit=dev
ln -sfn node_modules node_modules.asar
cd extensions
npm install --silent --ignore-scripts --omit=dev
ln -sfn node_modules node_modules.asar
touch "$target/.$version"
