/**
 * Where the engine or a peer is measured. Lanes measure at the same time, one measurement each.
 * @typedef {import('../measure.mjs').Request} Request
 * @typedef {import('../weights.mjs').Training} Training
 * @typedef {{ measure(request: Request): Promise<import('../measure.mjs').Measurement> }} Lane
 * @typedef {Lane & { weights(training: Training): Promise<string> }} EngineLane
 * @typedef {{ name: string, lanes: Lane[], close(): Promise<void> }} Host
 * @typedef {Host & { lanes: EngineLane[] }} EngineHost
 * @typedef {(lanes: number) => Promise<Host | undefined>} Open nothing, when there is no such host here
 */

/**
 * The lane of a worker that can be asked for what `tasks.mjs` has.
 * @type {(ask: (request: object) => Promise<any>) => EngineLane}
 */
export function inWorker(ask) {
  return {
    measure: (request) => ask({ task: 'measure', ...request }),
    weights: (training) => ask({ task: 'weights', ...training }),
  };
}

/**
 * Opens what is there of these hosts, and closes them in the end.
 * @type {<Result>(openers: readonly Open[], lanes: number, body: (hosts: Host[]) => Promise<Result>) => Promise<Result>}
 */
export async function withHosts(openers, lanes, body) {
  const hosts = [];
  try {
    for (const open of openers) {
      const host = await open(lanes);
      if (host) hosts.push(host);
    }
    return await body(hosts);
  } finally {
    for (const host of hosts) await host.close();
  }
}
