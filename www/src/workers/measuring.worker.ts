/** Measures the operators of this browser once, in the trainer's own module. */
import { Measurement, initSync } from '../../pkg/trainer/trainer.js';
import { asEngineError } from '../engine/errors';
import type { FromMeasuring, OpenMeasuring } from '../protocol/messages';
import { measure } from './measuring';

const post = (message: FromMeasuring): void => {
  self.postMessage(message);
};

self.addEventListener(
  'message',
  ({ data: { module } }: MessageEvent<OpenMeasuring>) => {
    try {
      initSync({ module });
      measure({ bench: new Measurement(), post, now: () => performance.now() });
    } catch (error) {
      post({ kind: 'failed', error: asEngineError(error) });
    }
  },
  { once: true },
);
