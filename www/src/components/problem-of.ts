import type { EngineError } from '../engine/engine';
import type { Catalog } from '../i18n/en';

/** What kind of trouble an error is, as far as a person can do something about it. */
export type Problem = keyof Catalog['errors']['what'];

const PROBLEMS: readonly (readonly [RegExp, Problem])[] = [
  [/^no-webassembly|WebAssembly|CompileError/, 'wasm'],
  [/^no-workers|Worker/, 'workers'],
  [/^(bad|wrong)-data/, 'data'],
  [/^(engine|data)-unavailable/, 'network'],
  [/^bad-network/, 'file'],
  [/^table: |by the method '(measured|look-up-table)'/, 'table'],
  [/^(infeasible|bad-configuration)/, 'space'],
];

export function problemOf({ code, message }: EngineError): Problem {
  return PROBLEMS.find(([pattern]) => pattern.test(code) || pattern.test(message))?.[1] ?? 'engine';
}
