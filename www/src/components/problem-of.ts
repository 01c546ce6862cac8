import type { EngineError } from '../engine/engine';
import type { Catalog } from '../i18n/en';

/** What kind of trouble an error is, as far as a person can do something about it. */
export type Problem = keyof Catalog['errors']['what'];

const PROBLEMS: readonly (readonly [RegExp, Problem])[] = [
  [/wasm|webassembly|simd/, 'wasm'],
  [/worker/, 'workers'],
  [/data/, 'data'],
  [/fetch|network|load/, 'network'],
  [/space|infeasible|feasible|config|limit|unknown-member/, 'space'],
];

export function problemOf({ code }: EngineError): Problem {
  return PROBLEMS.find(([pattern]) => pattern.test(code))?.[1] ?? 'engine';
}
