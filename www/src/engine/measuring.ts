/** Measures this browser in a worker of its own. */
import type { FromMeasuring, OpenMeasuring } from '../protocol/messages';
import type { Measuring } from './engine';
import { EngineFailure, asEngineError } from './errors';

export interface MeasuringParts {
  readonly module: Promise<WebAssembly.Module>;
  readonly worker: () => Worker;
  /** Share of the operators that are measured. */
  readonly progress: (share: number) => void;
}

export function startMeasuring({ module, worker: makeWorker, progress }: MeasuringParts): Measuring {
  let cancel = (): void => undefined;
  let isOver = false;
  const csv = new Promise<string>((resolve, reject) => {
    let worker: Worker | undefined;
    const end = (settle: () => void): void => {
      isOver = true;
      worker?.terminate();
      settle();
    };
    cancel = () => {
      end(() => {
        reject(new EngineFailure('cancelled', 'the measurement was cancelled'));
      });
    };
    const fail = (error: unknown): void => {
      const { code, message } = asEngineError(error);
      end(() => {
        reject(new EngineFailure(code, message));
      });
    };
    module.then((compiled) => {
      if (isOver) return;
      worker = makeWorker();
      worker.onmessage = ({ data: message }: MessageEvent<FromMeasuring>) => {
        switch (message.kind) {
          case 'progress':
            progress(message.done / message.all);
            break;
          case 'done':
            end(() => {
              resolve(message.csv);
            });
            break;
          case 'failed':
            fail(message.error);
            break;
          default:
            message satisfies never;
        }
      };
      worker.onerror = (event) => {
        fail(new EngineFailure('measuring-lost', event.message || 'the worker that measures broke down'));
      };
      worker.postMessage({ module: compiled } satisfies OpenMeasuring);
    }, fail);
  });
  return {
    csv,
    cancel: () => {
      cancel();
    },
  };
}
