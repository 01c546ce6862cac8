/** The engine's WebAssembly modules: that of the page, that of the coordinator, and that of the trainers. */
import { EngineFailure, asEngineError } from './errors';
import { fetchBytes } from './fetch-bytes';

/** Fetches and compiles a module. Throws an `EngineError` if the browser lacks what it needs, or it cannot be had. */
export async function compileModule(url: string): Promise<WebAssembly.Module> {
  if (typeof WebAssembly === 'undefined') throw noWebAssembly();
  const bytes = await fetchBytes(url).catch((error: unknown) => {
    throw unavailable(asEngineError(error).message);
  });
  // Not `compileStreaming`: it refuses hosts that serve wasm under another media type.
  return WebAssembly.compile(bytes);
}

/** A module that is fetched when it is first asked for. After trouble it is fetched again the next time. */
export class LazyModule {
  #module: Promise<WebAssembly.Module> | undefined;

  constructor(private readonly url: string) {}

  get(): Promise<WebAssembly.Module> {
    if (this.#module) return this.#module;
    const module = compileModule(this.url);
    this.#module = module;
    module.catch(() => {
      this.#module = undefined;
    });
    return module;
  }
}

function noWebAssembly(): EngineFailure {
  return new EngineFailure(
    'no-webassembly',
    'this browser does not run WebAssembly: use another, or switch it on',
  );
}

function unavailable(reason: string): EngineFailure {
  return new EngineFailure(
    'engine-unavailable',
    `the engine could not be loaded (${reason}): reload the page`,
  );
}
