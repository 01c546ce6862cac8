/**
 * Where the engine or a peer is measured. Lanes measure at the same time, one measurement each.
 * @typedef {{ measure(request: import('../measure.mjs').Request): Promise<import('../measure.mjs').Measurement> }} Lane
 * @typedef {{ name: string, lanes: Lane[], close(): Promise<void> }} Host
 * @typedef {(lanes: number) => Promise<Host | undefined>} Open nothing, when there is no such host here
 */
export {};
