/** A trainer: performs the coordinator's jobs, one after the other. */
import { Evaluator, initSync } from '../../pkg/trainer/trainer.js';
import type { FromTrainer, OpenTrainer, ToTrainer } from '../protocol/messages';
import { asEngineError } from '../engine/errors';
import { soon } from './soon';
import { Training } from './training';

self.addEventListener(
  'message',
  ({ data: { module, data, file, port } }: MessageEvent<OpenTrainer>) => {
    const post = (message: FromTrainer, transfer: Transferable[] = []): void => {
      port.postMessage(message, transfer);
    };
    try {
      initSync({ module });
      const evaluator = new Evaluator(new Uint8Array(file), data);
      const training = new Training({ evaluator, post, now: () => performance.now(), soon });
      port.onmessage = (event: MessageEvent<ToTrainer>) => {
        training.handle(event.data);
      };
      post({ kind: 'ready' });
    } catch (error) {
      post({ kind: 'failed', error: asEngineError(error) });
    }
  },
  { once: true },
);
