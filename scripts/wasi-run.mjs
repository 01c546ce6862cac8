// Runs one wasm32-wasip1 test binary under Node: `node wasi-run.mjs FILE.wasm [ARGUMENT]…`.
// The runner of `cargo test --target wasm32-wasip1`, named in .cargo/config.toml.
import { readFile } from 'node:fs/promises';
import { argv, cwd, env, exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// Node says for each binary that its WASI is experimental.
process.removeAllListeners('warning');
const { WASI } = await import('node:wasi');

// Through V8's fast calls, Node 20 aborts in fd_write.
setFlagsFromString('--no-turbo-fast-api-calls');

const [, , file = '', ...args] = argv;
const repository = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const wasi = new WASI({
  version: 'preview1',
  args: [file, ...args],
  env,
  // Absolute paths reach the repository (goldens, by env!("CARGO_MANIFEST_DIR")), relative ones the package.
  preopens: { [repository]: repository, '.': cwd() },
});
const module = new WebAssembly.Module(await readFile(file));
const imports = /** @type {WebAssembly.Imports} */ (wasi.getImportObject());
exit(wasi.start(new WebAssembly.Instance(module, imports)));
