/** The coordinator: holds the run, and the only one that talks with the trainers. */
import { Coordinator, initSync } from '../../pkg/coordinator/coordinator.js';
import { asEngineError } from '../engine/errors';
import type { FromCoordinator, ToCoordinator } from '../protocol/messages';
import { Coordination } from './coordination';

const SILENCE_CHECK_MS = 5_000;

let coordination: Coordination | undefined;

const post = (message: FromCoordinator): void => {
  self.postMessage(message);
};

self.addEventListener('message', ({ data: message }: MessageEvent<ToCoordinator>) => {
  if (message.kind !== 'open') {
    coordination?.handle(message);
    return;
  }
  try {
    initSync({ module: message.module });
    const run = new Coordinator(message.config, message.table);
    coordination = new Coordination({ run, post, now: () => performance.now() });
  } catch (error) {
    post({ kind: 'failed', error: asEngineError(error) });
  }
});

setInterval(() => {
  coordination?.checkSilence();
}, SILENCE_CHECK_MS);
