import type { EngineError } from '../engine/engine';

/** Whatever was thrown, as an error that the page can show. */
export function engineErrorOf(thrown: unknown): EngineError {
  if (isEngineError(thrown)) {
    return thrown;
  }
  return { code: 'unknown', message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function isEngineError(value: unknown): value is EngineError {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}
