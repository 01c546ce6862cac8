import type { EngineError } from './engine';

/** An `EngineError` as it is thrown on the page. Between workers errors are plain objects: a copy loses the code. */
export class EngineFailure extends Error implements EngineError {
  override readonly name = 'EngineFailure';

  constructor(
    readonly code: string,
    message: string,
    readonly details?: unknown,
  ) {
    super(message);
  }
}

/** Brings whatever was thrown to the form that the page can explain. */
export function asEngineError(error: unknown): EngineError {
  if (isEngineError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message };
}

export function isEngineError(error: unknown): error is EngineError {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    'message' in error &&
    typeof error.code === 'string' &&
    typeof error.message === 'string'
  );
}
