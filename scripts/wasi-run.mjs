// Runs one wasm32-wasip1 test binary under Node: `node wasi-run.mjs FILE.wasm [ARGUMENT]…`.
// The runner of `cargo test --target wasm32-wasip1`, named in .cargo/config.toml.
import { readFile } from 'node:fs/promises';
import { argv, cwd, env, exit } from 'node:process';
import { fileURLToPath } from 'node:url';

// Node calls its WASI experimental, once for each binary.
process.removeAllListeners('warning');
const { WASI } = await import('node:wasi');

const [, , file, ...args] = argv;
const repository = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const wasi = new WASI({
  version: 'preview1',
  args: [file, ...args],
  env,
  // Absolute paths reach the repository (goldens, through env!("CARGO_MANIFEST_DIR")), relative ones the package.
  preopens: { [repository]: repository, '.': cwd() },
});
const module = await WebAssembly.compile(await readFile(file));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
exit(wasi.start(instance));
