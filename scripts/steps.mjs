// Every step of `npm run check` and `npm test`, in the order in which they find mistakes soonest.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installChromium } from './browsers.mjs';
import { root, run } from './house.mjs';
import { checkSizes } from './sizes.mjs';

/** @typedef {{ name: string, run: () => void }} Step */

/** The crates that know JavaScript. */
const border = ['nas-wasm-border', 'nas-wasm-page', 'nas-wasm-coordinator', 'nas-wasm-trainer'];
const engine = `--workspace ${each('--exclude', [...border, 'nas-cli', 'xtask'])}`;
const denyWarnings = { RUSTDOCFLAGS: '-D warnings' };

const committedTypes = join(root, 'www/src/protocol/generated');
const generatedTypes = join(root, 'target/generated-types');

/**
 * Formatting, lints and types.
 * @type {Step[]}
 */
export const checks = [
  step('rustfmt', () => run('cargo fmt --all --check')),
  step('prettier', () => run('prettier --check --log-level warn .')),
  step('clippy', () => run('cargo clippy --all-targets -- -D warnings')),
  // The engine's crates are linted with the border that depends on them.
  step('clippy for the browser', () => {
    for (const packages of [each('--package', border), '--package nas-wasm-trainer --features bench'])
      run(`cargo clippy ${packages} --all-targets --target wasm32-unknown-unknown -- -D warnings`);
  }),
  step('rustdoc', () => run('cargo doc --no-deps', denyWarnings)),
  step('wasm packages', () => run('cargo xtask wasm')),
  step('svelte-check', () =>
    run('svelte-check --workspace www --tsconfig ./tsconfig.json --fail-on-warnings'),
  ),
  step('tsc', () => run('tsc --project tests')),
  step('eslint', () =>
    run('eslint --config www/eslint.config.js --max-warnings 0 www scripts tests benches'),
  ),
  step('dependency rules', () => run('depcruise --config www/.dependency-cruiser.js www/src')),
];

/**
 * What runs the code.
 * @type {Step[]}
 */
export const tests = [
  step('cargo test', () => {
    rmSync(generatedTypes, { recursive: true, force: true });
    run('cargo test --no-fail-fast', { TS_RS_EXPORT_DIR: generatedTypes });
  }),
  step('generated types are the committed ones', compareTypes),
  step('cargo test on wasm32-wasip1', () =>
    run(`cargo test --no-fail-fast --tests --target wasm32-wasip1 ${engine} -- --skip export_bindings`),
  ),
  step('wasm-bindgen-test', () =>
    run(`cargo test --no-fail-fast ${each('--package', border)} --target wasm32-unknown-unknown`),
  ),
  step('vitest', () => run('vitest run --root www')),
  // Compared with what the browser gets by the steps below.
  step('the command nas', () => run('cargo build --release --package nas-cli')),
  step('the browser binary in Node', () => {
    const files = filesIn(join(root, 'tests/node'), '.test.mjs').map((name) => `tests/node/${name}`);
    if (files.length === 0) throw new Error('tests/node has no *.test.mjs');
    run(`node --test ${files.join(' ')}`);
  }),
  step('built site and its size', () => {
    run('vite build www');
    checkSizes();
  }),
  step('playwright', () => {
    installChromium();
    run('playwright test --config tests/e2e/playwright.config.ts');
  }),
];

/** @type {(name: string, run: () => void) => Step} */
function step(name, run) {
  return { name, run };
}

/** An option, given once for each value. @type {(option: string, values: readonly string[]) => string} */
function each(option, values) {
  return values.map((value) => `${option} ${value}`).join(' ');
}

/** Compares what `cargo test` has just generated from Rust with what is committed. */
function compareTypes() {
  const names = new Set([...filesIn(generatedTypes, '.ts'), ...filesIn(committedTypes, '.ts')]);
  const text = (/** @type {string} */ path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
  const drifted = [...names].filter(
    (name) => text(join(generatedTypes, name)) !== text(join(committedTypes, name)),
  );
  if (drifted.length === 0) return;
  throw new Error(
    `www/src/protocol/generated differs from the Rust types in ${drifted.join(', ')}: empty it, run \`cargo test\`, commit it.`,
  );
}

/** @type {(folder: string, ending: string) => string[]} */
function filesIn(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
}
