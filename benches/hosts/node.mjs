// The browser's binary in threads of Node.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { inWorker } from './host.mjs';

/** @type {import('./host.mjs').Open} */
export async function openNode(lanes) {
  const workers = Array.from(
    { length: lanes },
    () => new Worker(new URL('node-worker.mjs', import.meta.url)),
  );
  return {
    name: 'node',
    lanes: workers.map((worker) =>
      inWorker(async (request) => {
        worker.postMessage(request);
        const [{ result, error }] = await once(worker, 'message');
        if (error) throw new Error(error);
        return result;
      }),
    ),
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
