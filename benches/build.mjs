import { run } from '../scripts/house.mjs';
import { setUp } from '../scripts/setup.mjs';

/** Builds what is measured. Standard output is left to the results. */
export function build() {
  setUp();
  run('cargo xtask wasm --bench 1>&2');
  run('cargo build --release --package nas-cli 1>&2');
}
