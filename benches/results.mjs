// From measurements to results.
import { quantile } from './statistics.mjs';

/** Forward, and backward to the inputs and to the weights, of two operations a multiply-accumulate. */
const FLOPS_PER_FORWARD_MAC = 6;

/** Who is compared with whom: the best of the peers counts. */
const COMPARISONS = [
  { host: 'native', peers: ['torch', 'torch-channels-last'] },
  { host: 'chromium', peers: ['tfjs'] },
];

/**
 * @typedef {{ round: number, workload: string, host: string } & import('./measure.mjs').Measurement} Sample
 * @typedef {object} Result
 * @property {string} id of the workload
 * @property {string} host
 * @property {number} ms_per_step median of the rounds
 * @property {[number, number]} ms_spread the fastest and the slowest round
 * @property {number} images_per_s
 * @property {number} gflops 6 × forward MACs × batch / time
 * @property {number} [share_of_peak] of the register loop on the same host; not known of peers
 * @property {Record<string, number>} [profile_ms]
 * @typedef {{ workloads: Result[], peak_gflops: Record<string, number> }} Summary
 */

/**
 * @param {readonly Sample[]} samples
 * @param {number} batch
 * @returns {Summary}
 */
export function summarize(samples, batch) {
  const peaks = [...groups(samples, ({ host }) => host)]
    .map(([host, group]) => [host, group.flatMap(({ peak_gflops }) => peak_gflops ?? [])])
    .filter(([, values]) => values.length > 0)
    .map(([host, values]) => [host, median(values)]);
  const peak_gflops = Object.fromEntries(peaks);
  const workloads = [...groups(samples, ({ workload, host }) => `${workload} ${host}`).values()].map(
    (group) => {
      const [{ workload: id, host }] = group;
      const times = group.map(({ ms }) => ms);
      const ms = median(times);
      const gflops = (FLOPS_PER_FORWARD_MAC * macsOf(samples, id) * batch) / ms / 1e6;
      const profile_ms = profileOf(group);
      return {
        id,
        host,
        ms_per_step: ms,
        ms_spread: [Math.min(...times), Math.max(...times)],
        images_per_s: (batch / ms) * 1000,
        gflops,
        ...(host in peak_gflops && { share_of_peak: gflops / peak_gflops[host] }),
        ...(profile_ms && { profile_ms }),
      };
    },
  );
  workloads.sort((a, b) => a.id.localeCompare(b.id));
  return { workloads, peak_gflops };
}

/**
 * @typedef {object} Ratio
 * @property {string} id of the workload
 * @property {string} host
 * @property {string} peer the faster one, if there are several
 * @property {number} ratio how many times as fast as the peer the engine is: the median of the rounds
 * @property {[number, number]} spread the worst and the best round
 */

/** @type {(samples: readonly Sample[]) => Ratio[]} */
export function ratios(samples) {
  const results = [];
  for (const [id, group] of groups(samples, ({ workload }) => workload)) {
    const params = new Set(group.map((sample) => sample.params));
    // Other parameters would be another network.
    if (params.size > 1) throw new Error(`${id}: the hosts train ${[...params].join(', ')} parameters`);
    const timesOf = (name) => group.filter(({ host }) => host === name).map(({ ms }) => ms);
    for (const { host, peers } of COMPARISONS) {
      const own = timesOf(host);
      const [best] = peers
        .map((peer) => ({ peer, times: timesOf(peer) }))
        .filter(({ times }) => times.length > 0)
        .sort((a, b) => median(a.times) - median(b.times));
      if (own.length === 0 || best === undefined) continue;
      const each = own.map((ms, round) => best.times[round] / ms);
      const spread = [Math.min(...each), Math.max(...each)];
      results.push({ id, host, peer: best.peer, ratio: median(each), spread });
    }
  }
  return results;
}

/**
 * @typedef {import('./measure.mjs').Measurement} Measurement
 * @typedef {object} Scaling
 * @property {string} id of the workload
 * @property {string} host
 * @property {number} speedup of all workers together over one alone, by the work done in all: medians would hide waiting
 * @property {number} peak_speedup the same of the register loop: what the machine can give
 * @property {number} share of the second that the first is: the median of the rounds
 */

/** @type {(samples: readonly { workload: string, host: string, alone: Measurement, together: Measurement[] }[]) => Scaling[]} */
export function scaling(samples) {
  return [...groups(samples, ({ workload, host }) => `${workload} ${host}`).values()].map((group) => {
    const rounds = group.map(({ alone, together }) => ({
      speedup: sum(together.map(({ mean_ms }) => alone.mean_ms / mean_ms)),
      peak: sum(together.map(({ peak_gflops }) => rate(peak_gflops))) / rate(alone.peak_gflops),
    }));
    return {
      id: group[0].workload,
      host: group[0].host,
      speedup: median(rounds.map(({ speedup }) => speedup)),
      peak_speedup: median(rounds.map(({ peak }) => peak)),
      share: median(rounds.map(({ speedup, peak }) => speedup / peak)),
    };
  });
}

function macsOf(samples, id) {
  return samples.find(({ workload, macs }) => workload === id && macs !== undefined)?.macs;
}

/** Medians of the rounds, the longest first. */
function profileOf(group) {
  const profiles = group.flatMap(({ profile_ms }) => profile_ms ?? []);
  if (profiles.length === 0) return undefined;
  const names = new Set(profiles.flatMap(Object.keys));
  const entries = [...names].map((name) => [name, median(profiles.map((profile) => profile[name] ?? 0))]);
  return Object.fromEntries(entries.sort(([, a], [, b]) => b - a));
}

/** @type {<Item>(items: readonly Item[], keyOf: (item: Item) => string) => Map<string, Item[]>} */
export function groups(items, keyOf) {
  const map = new Map();
  for (const item of items) {
    const key = keyOf(item);
    map.set(key, [...(map.get(key) ?? []), item]);
  }
  return map;
}

const median = (values) => quantile(values, 0.5);
/** Of equal pieces of work, one after the other. */
const rate = (rates) => rates.length / sum(rates.map((each) => 1 / each));
const sum = (values) => values.reduce((total, value) => total + value, 0);
