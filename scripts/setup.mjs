// Brings what the commands need into place; asks for nothing but rustup and Node.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from 'node:process';
import { capture, root, run } from './house.mjs';

const oldestNode = [20, 19];

/** Takes a fraction of a second when everything is there. */
export function setUp() {
  checkNode();
  installToolchain();
  installPackages();
}

function checkNode() {
  const [major, minor] = versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new Error(`Node ${versions.node} is too old: install ${oldestNode.join('.')} or newer (nodejs.org).`);
}

/** The compiler, its components and the wasm targets of rust-toolchain.toml. */
function installToolchain() {
  if (capture('rustup --version') === undefined || capture('cargo --version --quiet') === undefined) {
    throw new Error('Rust is missing: install it with rustup (rustup.rs), open a new shell and try again.');
  }
  const wanted = readFileSync(join(root, 'rust-toolchain.toml'), 'utf8').match(/wasm32-[\w-]+|rustfmt|clippy/g) ?? [];
  const installed = `${capture('rustup target list --installed')}\n${capture('rustup component list --installed')}`;
  if (wanted.every((part) => installed.includes(part))) return;
  run('rustup toolchain install --no-self-update');
}

/** The packages of package-lock.json, when it is another than the one they were installed from. */
function installPackages() {
  const stamp = join(root, 'node_modules', '.installed-from');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  run('npm ci');
  writeFileSync(stamp, lock);
}
