// Brings what the commands need into place; asks for nothing but rustup and Node.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from 'node:process';
import { capture, root, run } from './house.mjs';

const oldestNode = { major: 20, minor: 19 };

/** Takes a fraction of a second when everything is there. */
export function setUp() {
  checkNode();
  installToolchain();
  installPackages();
}

function checkNode() {
  const [major = 0, minor = 0] = versions.node.split('.').map(Number);
  if (major > oldestNode.major || (major === oldestNode.major && minor >= oldestNode.minor)) return;
  const wanted = `${oldestNode.major}.${oldestNode.minor}`;
  throw new Error(`Node ${versions.node} is too old: install ${wanted} or newer from nodejs.org.`);
}

/** The compiler of rust-toolchain.toml, with its components and wasm targets. */
function installToolchain() {
  if (capture('rustup --version') === '') {
    throw new Error('Rust is missing: install rustup from rustup.rs, open a new shell and try again.');
  }
  const description = readFileSync(join(root, 'rust-toolchain.toml'), 'utf8');
  const wanted = description.match(/rustfmt|clippy|wasm32-[\w-]+/g) ?? [];
  const installed = capture('rustup component list --installed');
  if (wanted.every((part) => installed.includes(part))) return;
  run('rustup toolchain install --no-self-update');
}

/** The packages of package-lock.json, unless they were installed from this very file. */
function installPackages() {
  const stamp = join(root, 'node_modules', '.installed-from');
  const lock = readFileSync(join(root, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  // Standard output is left to the command.
  run('npm ci 1>&2');
  writeFileSync(stamp, digest);
}
